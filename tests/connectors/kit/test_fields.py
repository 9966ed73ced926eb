"""A vendor's fields: what is there is read, whatever else is there is nothing, and no value breaks a reader."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.kit.fields import a_record, any_text, items, record, records, text, unix_time, utc_time, whole
from incidents.errors import Unrecognised

ANY_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(exclude_categories=())),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@given(ANY_JSON)
def test_every_reader_takes_every_value(value):
    """The right type comes out, and every text can be encoded."""
    assert isinstance(record(value), dict)
    assert isinstance(items(value), list)
    assert all(isinstance(one, dict) for one in records(value))
    assert whole(value) is None or type(whole(value)) is int
    for read in (text(value), any_text(value)):
        read.encode()
        assert "\0" not in read


@given(ANY_JSON)
def test_a_time_is_understood_or_named_as_not_understood(value):
    """Nothing but `Unrecognised` comes out of a hostile time."""
    for read in (utc_time, unix_time):
        try:
            assert read(value, of="vendor").tzinfo is UTC
        except Unrecognised:
            continue


@pytest.mark.parametrize(
    ("read", "value", "expected"),
    [
        (record, {"a": 1}, {"a": 1}),
        (record, ["a"], {}),
        (items, [1, None], [1, None]),
        (items, {"a": 1}, []),
        (records, [{"a": 1}, 2, None, "x", {}], [{"a": 1}, {}]),
        (text, "a\0b\ud800", "a\ufffdb\ufffd"),
        (text, 7, ""),
        (any_text, 7, "7"),
        (any_text, None, ""),
        (whole, 7, 7),
        (whole, True, None),
        (whole, "7", None),
    ],
)
def test_a_value_is_read(read, value, expected):
    """Each reader's own type, and nothing for the others."""
    assert read(value) == expected


@pytest.mark.parametrize(
    ("value", "zone", "expected"),
    [
        ("2025-01-08T15:25:30.123456789+01:00", None, datetime(2025, 1, 8, 14, 25, 30, 123456, tzinfo=UTC)),
        ("2025-01-08T15:25:30Z", None, datetime(2025, 1, 8, 15, 25, 30, tzinfo=UTC)),
        ("2025-01-08 15:25:30", UTC, datetime(2025, 1, 8, 15, 25, 30, tzinfo=UTC)),
    ],
)
def test_a_time_comes_in_utc(value, zone, expected):
    """Nine digits of a second and other zones included."""
    assert utc_time(value, of="vendor", zone=zone) == expected


@pytest.mark.parametrize("value", [None, "", "soon", 7, "2025-01-08T15:25:30", "0001-01-01T00:00:00+14:00"])
def test_what_is_no_time_is_not_guessed(value):
    """A missing zone is not taken for ours, and the calendar's edge is no crash."""
    with pytest.raises(Unrecognised, match="vendor: "):
        utc_time(value, of="vendor")


def test_unix_seconds_come_as_numbers_and_as_texts():
    """Slack writes both, with a fraction or without."""
    assert unix_time("1700000000.5", of="v") == unix_time(1700000000.5, of="v")
    assert unix_time(1700000000, of="v") == datetime(2023, 11, 14, 22, 13, 20, tzinfo=UTC)


def test_what_must_be_an_object_is_asked_for_by_name():
    """A body that is a list is parked with its name."""
    assert a_record({"a": 1}, "the body") == {"a": 1}
    with pytest.raises(Unrecognised, match="the body is not a JSON object"):
        a_record([], "the body")
