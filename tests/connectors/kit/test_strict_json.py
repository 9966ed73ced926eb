"""Strict JSON: only what is plain and unambiguous is understood, and every text in it can be stored."""

from __future__ import annotations

import json
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from connectors.kit.strict_json import parse_json
from incidents.errors import Unrecognised
from incidents.texts.plain_text import storable

NUMBERS = st.integers(-(2**63), 2**63) | st.floats(allow_nan=False, allow_infinity=False)
PLAIN = st.recursive(
    st.none() | st.booleans() | NUMBERS | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=20,
)
ANY_TEXT = st.text(st.characters(exclude_categories=()))


@pytest.mark.parametrize(
    ("body", "why"),
    [
        (b"", "not JSON"),
        (b"   ", "not JSON"),
        (b"{", "not JSON"),
        (b"{} {}", "not JSON"),
        (b"{'a':1}", "not JSON"),
        (b'{"a":"\xff"}', "not UTF-8"),
        ('{"a":1}'.encode("utf-16"), "not UTF-8"),
        (b"[" * 100_000, "too deeply"),
        (b"[" * 100_000 + b"]" * 100_000, "too deeply"),
        (b'{"a":' * 100_000 + b"1" + b"}" * 100_000, "too deeply"),
        (b"9" * 5_000, "not JSON we can trust"),
        (b'{"a":-' + b"9" * 5_000 + b"}", "not JSON we can trust"),
        (b"NaN", "NaN"),
        (b"[Infinity]", "Infinity"),
        (b"[-Infinity]", "-Infinity"),
        (b"[1e400]", "beyond all bounds"),
        (b"[-1e400]", "beyond all bounds"),
        (b'{"a":1,"a":2}', "repeated key"),
        (b'[{"b":{"a":1,"\\u0061":1}}]', "repeated key"),
        (b'{"\\ud800":1,"\\u0000":2}', "repeated key"),
        (b'{"a":"\n"}', "not JSON"),
    ],
    ids=lambda value: repr(value[:16]) if isinstance(value, bytes) else None,
)
def test_not_understood(body, why):
    """Each kind of trap is parked with its reason."""
    with pytest.raises(Unrecognised, match=why):
        parse_json(body)


@pytest.mark.parametrize(
    ("body", "value"),
    [
        (b'{"a":[1,2.5,true,null,"x"]}', {"a": [1, 2.5, True, None, "x"]}),
        (b'\xef\xbb\xbf{"a":1}', {"a": 1}),
        (str(2**70).encode(), 2**70),
        (b'"\\ud83d\\ude00"', "\U0001f600"),
        (rb'"a\\ud800"', r"a\ud800"),
        (rb'["\ud800"]', ["\ufffd"]),
        (rb'["\uDFFF"]', ["\ufffd"]),
        (rb'["\u0000"]', ["\ufffd"]),
        (rb'{"\udbff":[{"\u0000":"a\udfffb"}]}', {"\ufffd": [{"\ufffd": "a\ufffdb"}]}),
        (b'"' + b"[" * 100_000 + b'"', "[" * 100_000),
    ],
    ids=lambda value: repr(value[:16]) if isinstance(value, bytes) else "",
)
def test_understood(body, value):
    """Plain JSON comes out as it is, a byte order mark and pairs of surrogates included."""
    assert parse_json(body) == value


def test_error_tells_nothing_of_the_content():
    """A customer's words do not get into a log by way of an error."""
    with pytest.raises(Unrecognised) as caught:
        parse_json(b'{"card":"4111111111111111" oops')
    assert "4111" not in str(caught.value)


@settings(deadline=None)  # the machine may be busy
@given(PLAIN)
def test_plain_values_survive(value):
    """What a plain sender writes is what we read, NULs aside."""
    assume("\\u0000" not in json.dumps(value))
    assert parse_json(json.dumps(value).encode()) == value
    assert parse_json(json.dumps(value, ensure_ascii=False).encode()) == value


@settings(deadline=None)  # the machine may be busy
@given(st.binary(max_size=200))
def test_any_bytes(body):
    """Of any bytes, only `Unrecognised` comes out."""
    with suppress(Unrecognised):
        parse_json(body)


@settings(deadline=None)  # the machine may be busy
@given(
    st.recursive(ANY_TEXT, lambda inner: st.lists(inner) | st.dictionaries(ANY_TEXT, inner), max_leaves=10)
)
def test_every_text_is_storable(value: Any):
    """Whatever escapes a sender uses, every text that comes out fits PostgreSQL."""
    with suppress(Unrecognised):
        for text in texts(parse_json(json.dumps(value).encode())):
            assert "\x00" not in text
            text.encode()


def texts(value: Any) -> list[str]:
    if isinstance(value, str):
        return [value]
    if isinstance(value, dict):
        return [*value, *(text for item in value.values() for text in texts(item))]
    return [text for item in value for text in texts(item)] if isinstance(value, list) else []


@settings(deadline=None)  # the machine may be busy
@given(ANY_TEXT)
def test_storable(text):
    """Only what cannot be stored is replaced, character by character."""
    kept = storable(text)
    assert len(kept) == len(text)
    kept.encode()
    for before, after in zip(text, kept, strict=True):
        assert after == before or (after == "\ufffd" and (before == "\x00" or "\ud800" <= before <= "\udfff"))
