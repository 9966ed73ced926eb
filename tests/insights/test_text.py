"""Any text has words or has none, quickly, and words that people would call the same come out the same."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from insights.text import (
    LOOKED_AT,
    phrases,
    plain,
    stems,
    terms,
    words,
)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("My card isn't arriving", "my cards ISN’T arrived"),
        ("I can't pay", "i cannot pays"),
        ("he stopped the top-up", "he stops the topup"),
        ("it was stolen", "it is stealing"),
    ],
)
def test_what_means_the_same_is_the_same_stems(one, other):
    assert stems(one) == stems(other)


def test_a_negation_is_kept():
    """`works` and `doesn't work` differ by more than an apostrophe."""
    assert stems("it doesn't work") == ["it", "do", "not", "work"]


def test_phrases_mark_the_ends():
    assert phrases("Card lost") == ["card", "lost", "< card", "card lost", "lost >"]
    assert phrases("?") == []


def test_technical_names_are_found_whole_and_in_parts():
    assert terms("S3AInputStream.close") == ["s3ainputstream.close", "input", "stream", "clos"]


@pytest.mark.parametrize("nothing", [None, float("nan"), "", "  \n", "!?…"])
def test_nothing_has_no_words(nothing):
    assert words(plain(nothing)) == terms(plain(nothing)) == []


@pytest.mark.parametrize("text", ["x" * 1_000_000, "word " * 200_000, "ﷺ" * 100_000, "\u202e\x00" * 500_000])
def test_only_the_beginning_of_a_long_text_is_read(text):
    """Also where Unicode's normal form is many times as long as what was written."""
    assert len(plain(text)) <= LOOKED_AT
    assert sum(map(len, words(plain(text)))) <= LOOKED_AT


@given(st.text() | st.none() | st.floats() | st.integers() | st.binary())
def test_any_value_can_be_read(value):
    """Whatever a column holds, no reader fails."""
    text = plain(value)
    assert all(words(text))
    assert all(stems(text))
    assert all(terms(text))
    assert len(phrases(text)) in (0, 2 * len(words(text)) + 1)
