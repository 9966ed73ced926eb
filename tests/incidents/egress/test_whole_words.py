"""Values are taken out of a text as one pattern of all of them would take them out, only sooner."""

from __future__ import annotations

import re
from collections.abc import Collection

import pytest
from hypothesis import given
from hypothesis import strategies as st

from incidents.egress.whole_words import WholeWords

INSTEAD = r"[taken \1 out]"
"""With what a pattern's replacement would read as a group."""
PIECES = st.text(alphabet="ab #1.…ßé_", min_size=1, max_size=6)


@pytest.mark.parametrize(
    ("values", "text", "left"),
    [
        ({"pro"}, "a pro problem", "a [] problem"),
        ({"#1"}, "#1 and #12, see #1.", "[] and #12, see []."),
        ({"Ada Lovelace", "Ada"}, "Ada Lovelace met Ada", "[] met []"),
        ({"a.b", "a"}, "a.b a.c aXb", "[] [].c aXb"),
        ({"???"}, "Why ??? Why", "Why [] Why"),
        ({"https://desk.example/1"}, "see https://desk.example/12", "see https://desk.example/12"),
        (set(), "untouched", "untouched"),
    ],
)
def test_whole_words_go(values: Collection[str], text: str, left: str):
    assert WholeWords(values, instead="[]").taken_out(text) == left


@given(values=st.sets(PIECES, min_size=1, max_size=8), text=st.lists(PIECES, max_size=12).map("".join))
def test_as_one_pattern_of_all_of_them_would(values: set[str], text: str):
    longest_first = sorted(values, key=len, reverse=True)
    pattern = rf"(?<!\w)(?:{'|'.join(re.escape(one) for one in longest_first)})(?!\w)"
    assert WholeWords(values, instead=INSTEAD).taken_out(text) == re.sub(pattern, lambda _: INSTEAD, text)
