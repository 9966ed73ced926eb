"""Links to the board: whose they are, and that a stranger's are nobody's."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from incidents.links.board_links import LONGEST_NAME, board_token, read_board_token
from incidents.links.signed import signature
from tests.incidents.builders import NOW

KEY = "the operator's key"


@given(st.text())
def test_there_and_back(reader: str):
    reader = reader.encode("utf-8", "ignore").decode()
    link = read_board_token(KEY, board_token(KEY, reader, now=NOW, good_for=timedelta(days=2)))
    assert link is not None
    assert (link.reader, link.made, link.until) == (reader[:LONGEST_NAME], NOW, NOW + timedelta(days=2))


@given(st.text(max_size=200))
def test_what_a_stranger_sends(token: str):
    assert read_board_token(KEY, token) is None


@pytest.mark.parametrize("place", range(0, 60, 7))
def test_nothing_of_it_can_be_changed(place: int):
    token = board_token(KEY, "Ana Silva", now=NOW)
    changed = "A" if token[place] != "A" else "B"
    assert read_board_token(KEY, token[:place] + changed + token[place + 1 :]) is None


def test_a_signature_is_for_one_purpose():
    assert signature(KEY, "one", "text") != signature(KEY, "another", "text")
    assert signature(KEY, "one", "text") != signature("another key", "one", "text")
