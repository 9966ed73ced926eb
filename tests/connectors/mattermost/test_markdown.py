"""Our words in a world where everything is Markdown: readable where they can be, and never more than words."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.mattermost.fake import rendering
from connectors.mattermost.markdown import CUT, MAX_MESSAGE, fitting, marked

PLAIN = (
    "INC-7 checkout: cards are refused - since 12:30, says Größe & Söhne (12 customers).",
    "Is it 50% of all? Yes; 2. may it end soon!",
    "次のお知らせは 14:30 です 😀",
)
SIGNS = st.sampled_from(list("@~#<>[]()\\`*_|&;:!-+=.123 \n/wxhtps"))
WORDS = st.sampled_from(
    ("@here", "http://x.y", "www.x.y", "a@b.c", "~town-square", "#tag", "```", "1. ", ":tada:", "&lt;", "- ")
)
HOSTILE = st.lists(SIGNS | WORDS, max_size=40).map("".join)


@pytest.mark.parametrize("words", PLAIN)
def test_plain_words_stay_as_they_are(words: str) -> None:
    """People read them: code is for what would be something else."""
    assert marked(words) == words


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("ask @here now", "ask `@here` now"),
        ("- first\n+ second", "`-` first\n`+` second"),
        ("1. first\n 2) second", "`1.` first\n `2)` second"),
        ("a - b = c 3.", "a - b = c 3."),
        ("Title\n===", "Title\n`===`"),
        ("`code`", "`` `code` ``"),
        ("```", "```` ``` ````"),
        ("see https://x.example/a_b", "see `https://x.example/a_b`"),
        ("        deep", "   deep"),
        ("fine :) x-p", "fine `:)` `x-p`"),
    ],
)
def test_what_would_be_something_else_is_code(words: str, expected: str) -> None:
    assert marked(words) == expected


@given(words=HOSTILE)
def test_nothing_calls_or_links(words: str) -> None:
    post = {"message": marked(words)}
    assert rendering.calls(post) == []
    assert rendering.links(post) == []


@given(words=st.text(st.characters(exclude_categories=()), max_size=60) | HOSTILE.map(lambda one: one * 900))
def test_any_text_fits(words: str) -> None:
    """With its code spans; what is cut says so."""
    made = fitting(marked, words)
    assert 0 < len(made) <= MAX_MESSAGE
    made.encode()
    if len(words) > MAX_MESSAGE:
        assert made.endswith(CUT)
