"""What paths can say: lists, several in one, the first that is there, the opposite; and times in every form."""

from __future__ import annotations

import json
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from connectors.kit.paths.grammar import Source
from connectors.kit.paths.places import Payload, Place
from connectors.kit.paths.times import time_of
from incidents.errors import Unrecognised

BERLIN = ZoneInfo("Europe/Berlin")
DATA = {
    "id": 7,
    "project": {"id": 3, "name": "shop|eu"},
    "labels": [{"name": "a"}, {"name": ""}, {"title": "no name"}, {"name": "b"}, "odd"],
    "nested": [{"tags": ["x", "y"]}, {"tags": ["z"]}],
    "by_key": {"one": {"v": "1"}, "two": {"v": "2"}},
    "a.b": "dotted",
    "internal": True,
    "visibility": "internal",
}


def at(source: str) -> Place:
    return Place(TypeAdapter(Source).validate_python(source))


def whole(data: Any) -> Payload:
    return Payload(data, data)


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("id", 7),
        ("missing|id", 7),
        ("missing|=low", "low"),
        ("project.name", "shop|eu"),
        (r"a\.b", "dotted"),
        ("{project.id}-{id}", "3-7"),
        ("{project.id}-{missing}", None),
        ("{missing}|{id}", "7"),
        ("#project.name", Place("#project.name").find(whole(DATA))),
        ("#missing", None),
        ("labels.*.name", ["a", "b"]),
        ("nested.*.tags.*", ["x", "y", "z"]),
        ("by_key.*.v", ["1", "2"]),
        ("labels.*.missing", None),
        ("id.*.x", None),
        ("missing.*", None),
        ("=a|b", "a|b"),
    ],
)
def test_a_source_finds(source: str, found: Any) -> None:
    """Each form, and nothing where there is nothing."""
    assert at(source).find(whole(DATA)) == found


def test_a_part_can_look_at_the_whole() -> None:
    """An alert of a group knows the group's key."""
    payload = Payload({"status": "firing"}, {"groupKey": "g1", "status": "group"})
    assert at("$.groupKey").text(payload) == "g1"
    assert at("status").text(payload) == "firing"
    assert at("{$.groupKey}/{status}").text(payload) == "g1/firing"


@pytest.mark.parametrize("source", ["a|", "|a", "a||b", "{a", "{}", "a}b", "!", "#", "x\\"])
def test_a_source_that_cannot_be_read_is_refused(source: str) -> None:
    """When it is configured, not when a ticket comes."""
    with pytest.raises(ValidationError):
        at(source)


@pytest.mark.parametrize(
    ("source", "value", "expected"),
    [
        ("x", True, True),
        ("!x", True, False),
        ("x", "private", False),
        ("internal", True, False),
        ("internal", False, True),
        ("!internal", True, False),
        ("private", "0", True),
        ("is_private", 1, False),
        ("internal", "public", True),
        ("private", "private", False),
        ("visibility", "internal", False),
        ("x", "note", False),
        ("x", "Comment", True),
    ],
)
def test_a_flag_is_read_in_its_keys_sense(source: str, value: Any, expected: bool) -> None:
    """`internal: true` is not public; a word says itself what it means; `!` turns it round."""
    assert at(source).flag(whole({source.removeprefix("!"): value})) is expected


def test_an_operators_words_for_public_come_first() -> None:
    """Vendors have more words than we know; an unknown one is parked with the path's name."""
    assert at("kind").flag(whole({"kind": "Lineitem"}), {"lineitem": False}) is False
    with pytest.raises(Unrecognised, match="kind is neither true nor false"):
        at("kind").flag(whole({"kind": "lineitem"}))


NINE = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("2026-03-02T09:30:00Z", NINE),
        ("2026-03-02T09:30:00.000+0000", NINE),
        ("2026-03-02T10:30:00+01:00", NINE),
        ("2026-03-02 10:30:00", NINE),
        ("2026-03-02 09:30:00 UTC", NINE),
        ("2026-03-02T09:30:00GMT", NINE),
        ("Mon, 02 Mar 2026 09:30:00 GMT", NINE),
        ("Mon, 02 Mar 2026 10:30:00 +0100", NINE),
        (1772443800, NINE),
        (1772443800.0, NINE),
        (1772443800000, NINE),
        ("1772443800", NINE),
        ("1772443800000", NINE),
        ("1772443800.500", NINE.replace(microsecond=500000)),
        ("20260302", datetime(2026, 3, 1, 23, tzinfo=UTC)),
        ("02.03.2026 10:30", NINE),
        ("0001-01-01T00:00:00Z", None),
    ],
)
def test_a_time_is_read_in_its_form(value: Any, expected: datetime | None) -> None:
    """ISO, Unix seconds and milliseconds, mail dates, the operator's own form; the year 1 means never."""
    assert time_of(value, BERLIN, ("%d.%m.%Y %H:%M",)) == expected


@given(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.lists(st.integers(), max_size=2)
)
def test_what_is_no_time_is_a_value_error(value: Any) -> None:
    """Whatever stands there, nothing else comes out."""
    try:
        found = time_of(value, UTC)
    except ValueError:
        return
    assert found is None or found.tzinfo is UTC


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("abc"), inner, max_size=3),
    max_leaves=10,
)


@given(
    JSON, st.sampled_from(["a", "a.b", "a.*", "*.a", "a.*.b.*.c", "{a}-{b.c}", "a.0|b", "!a", "#a", "$.a"])
)
def test_any_payload_is_understood_or_unrecognised(data: Any, source: str) -> None:
    """No stranger's JSON breaks a reader."""
    place = at(source)
    readers: list[Any] = [
        place.text, place.texts, place.flag, place.required_word,
        lambda payload: place.time(payload, UTC), lambda payload: place.whole(payload, largest=10),
    ]  # fmt: skip
    for read in readers:
        with suppress(Unrecognised):
            json.dumps(str(read(whole(data))))
