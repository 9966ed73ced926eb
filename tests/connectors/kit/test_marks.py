"""Marks in texts: known again by their key alone, and taken off again for readers."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from connectors.kit.marks import carries_mark, mark_of, marked, unmarked

texts = st.text(max_size=200).map(str.rstrip)


@given(text=texts, once=st.text(st.characters(codec="utf-8")), other=st.text(st.characters(codec="utf-8")))
def test_a_mark_is_known_by_its_key_only(text: str, once: str, other: str) -> None:
    """And taking it off leaves the text as it was."""
    known = marked(text, once)
    assert carries_mark(known, once)
    assert carries_mark(known, other) is (other == once)
    assert unmarked(known) == text


def test_a_mark_is_a_plain_word() -> None:
    """No markup of any tracker, and not the key itself, which may name customers' tickets."""
    mark = mark_of("INC-7/comment/1")
    assert mark.replace("-", "").isalnum()
    assert "INC" not in mark
    assert unmarked("no mark here") == "no mark here"
