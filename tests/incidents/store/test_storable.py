"""What PostgreSQL cannot hold is replaced, and nothing else is touched."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from incidents.store.storable import to_json
from incidents.texts.plain_text import storable


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("", ""),
        ("plain\n\ttext", "plain\n\ttext"),
        ("Zoë 🧾 \ufeff", "Zoë 🧾 \ufeff"),
        ("\ufeffmark", "\ufeffmark"),
        ("a\x00b", "a\ufffdb"),
        ("\ud83d", "\ufffd"),
        ("\udc00x", "\ufffdx"),
        ("\ud83d\ud83d\ude00", "\ufffd😀"),
    ],
)
def test_each_unstorable_character_becomes_one_replacement(text: str, kept: str):
    """Two halves of an emoji that stand together are the emoji."""
    assert storable(text) == kept


@given(st.text(st.characters(exclude_categories=(), codec=None)))
def test_whatever_comes_out_can_be_encoded(text: str):
    kept = storable(text)
    kept.encode()
    assert "\x00" not in kept
    assert storable(kept) == kept


def test_json_is_cleaned_in_every_corner():
    """Keys, lists, tuples and what is nested in them; numbers and nulls stay what they are."""
    value = {"\x00": [("\ud800", 1), {"deep": "\x00"}], "n": None, "t": True, "f": 1.5}
    assert json.loads(to_json(value)) == {
        "\ufffd": [["\ufffd", 1], {"deep": "\ufffd"}],
        "n": None,
        "t": True,
        "f": 1.5,
    }


def test_a_backslash_is_not_taken_for_an_escape():
    assert json.loads(to_json("\\u0000")) == "\\u0000"
