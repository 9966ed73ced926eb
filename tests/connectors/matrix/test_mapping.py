"""Our messages as Matrix' content: by properties, whatever a text holds."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.matrix.mapping import MOST_BYTES, edit_content, post_content, transaction_id
from incidents.models import ChatMessage
from incidents.texts.plain_text import printable
from tests.connectors.matrix.reading import seen_in
from tests.contracts.webhook_source import repeated

HOSTILE = st.text() | st.lists(
    st.sampled_from(
        ["<b>", "</code>", "<a href='x'>", "&lt;", "&amp;", "@room", "@anna:fake.test", "https://evil.example",
         "evil.example", "matrix.to/#/@anna:fake.test", "\n", " ", "<!--", "]]>", '"', "javascript:x", "\u202e"]
    ), max_size=12
).map("".join)  # fmt: skip


@repeated
@given(text=HOSTILE)
def test_a_text_is_only_ever_text(text: str) -> None:
    """It is shown as it is, calls nobody, and no tag or link of its own gets through."""
    content = post_content(ChatMessage(text=text), once="p:1", command="liaison")
    seen = seen_in("$1", content)
    assert (list(seen.calls), list(seen.links)) == ([], [])
    assert seen.text == (printable(text) if printable(text).strip() else "(no text)")
    edited = edit_content(ChatMessage(text=text), "$1", once="e:1", command="liaison")
    assert seen_in("$1", edited["m.new_content"]).text == seen.text
    assert edited["m.mentions"] == edited["m.new_content"]["m.mentions"] == {}


@pytest.mark.parametrize(
    "word",
    ["https://evil.example", "evil.com", "www.evil.com/x", "mailto:a@b.example", "@anna:fake.test", "@room",
     "#ops:fake.test", "!room:fake.test", "(tel:+49123)", "a@b.example", "HTTPS://X"],
)  # fmt: skip
def test_what_programs_would_make_a_link_of(word: str) -> None:
    """It stands where they do not."""
    content = post_content(ChatMessage(text=f"see {word} now"), once="p:1", command="liaison")
    assert f"see <code>{word}</code> now" in content["formatted_body"]


@pytest.mark.parametrize("word", ["5.3", "v1.2.3", "checkout", "10:30", "INC-7:", "e.g.", "..."])
def test_what_nobody_would(word: str) -> None:
    content = post_content(ChatMessage(text=word), once="p:1", command="liaison")
    assert content["formatted_body"] == word


@repeated
@given(letters=st.text(min_size=1, max_size=5), times=st.integers(1, 30_000))
def test_whatever_its_length_it_fits(letters: str, times: int) -> None:
    for content in (
        post_content(ChatMessage(text=letters * times), once="p:1", command="liaison"),
        edit_content(ChatMessage(text=letters * times), "$1", once="e:1", command="liaison"),
    ):
        assert len(json.dumps(content, ensure_ascii=False).encode()) <= MOST_BYTES + 100
        assert content["body"]


def test_a_transaction_is_of_its_key_and_its_content() -> None:
    """The same is the same in every process; anything else is another one."""
    content: dict[str, Any] = {"body": "hello", "msgtype": "m.text"}
    known = transaction_id("p:1", content, 0)
    assert known == transaction_id("p:1", dict(reversed(content.items())), 0)
    others = [
        transaction_id("p:2", content, 0),
        transaction_id("p:1", {**content, "body": "hello!"}, 0),
        transaction_id("p:1", content, 1),
    ]
    assert len({known, *others}) == 4
    assert known == "liaison-" + known.removeprefix("liaison-")
    assert known.isascii()
