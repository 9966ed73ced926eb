"""What is said, as Statuspage takes it: within its limits, and no markup."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.statuspage.fake.records import MAX_BODY, MAX_NAME
from connectors.statuspage.mapping import body_of, name_of
from incidents.errors import Refused
from tests.connectors.statuspage.conftest import as_read


@given(words=st.text(max_size=400).map(lambda part: part * 100))
def test_whatever_is_said(words: str) -> None:
    """Within Statuspage's limits, with no tag, no entity and no link of Markdown in it, and the same to a reader."""
    try:
        name, body = name_of(words), body_of(words)
    except Refused:
        return
    assert len(name) <= MAX_NAME
    assert len(body) <= MAX_BODY
    assert name
    body.encode()
    assert not any(f"<{letter}" in body for letter in "abz/!?AZ")


@pytest.mark.parametrize(
    "words", ["<script>alert(1)</script>", "a </b> <!-- -->", "&lt;b&gt; &#60;", "[x](https://evil.example)"]
)
def test_markup_is_broken(words: str) -> None:
    assert body_of(words) != words
    assert as_read(body_of(words)) == words
    for part in ("<s", "</", "<!", "&l", "&#", "]("):
        assert part not in body_of(words)


def test_addresses_are_left() -> None:
    """People follow them: what looks like the beginning of an entity is a parameter there."""
    words = "See https://status.example/search?q=pay&lang=en&page=2#now"
    assert body_of(words) == words


def test_an_empty_message() -> None:
    with pytest.raises(Refused, match="empty"):
        body_of(" \u200b\n")
    assert name_of("\u200b") == "Problem"
