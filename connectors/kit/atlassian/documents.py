"""Texts as Jira keeps them: the Atlassian Document Format on Cloud (REST v3), wiki markup on Data Center (v2).

https://developer.atlassian.com/cloud/jira/platform/apis/document/structure/
https://jira.atlassian.com/secure/WikiRendererHelpAction.jspa?section=all (a backslash makes the next sign plain)
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from connectors.kit.fields import record, records, text
from incidents.texts.plain_text import cut

MAX_TEXT = 30_000
"""Letters; Jira takes 32,767 of a text by default, and counts those of our escapes and of the document's frame."""
DEEPEST = 40
"""Levels of a document that are read; one that is nested deeper was made to hurt."""
_BLOCKS = frozenset(
    {
        "paragraph",
        "heading",
        "codeBlock",
        "blockquote",
        "listItem",
        "tableRow",
        "rule",
        "panel",
        "mediaSingle",
    }
)
# Macros, links and mentions, images. A backslash of the text's own would make a line break of ours.
_MARKUP = re.compile(r"[{\[!]|\\|:(?=//)")
_MARKUP_BUT_LINKS = re.compile(r"[{\[!]|\\")
_WORD_JOINER = "\u2060"


def to_document(words: str) -> dict[str, Any]:
    """Plain words as a document: what looks like markup, a link or a mention is none in a text node."""
    paragraphs = [
        {"type": "paragraph", "content": list(_lines(paragraph))} for paragraph in words.split("\n\n")
    ]
    return {"type": "doc", "version": 1, "content": paragraphs}


def text_of(body: Any) -> str:
    """A document or a plain text as plain words; of what is neither, nothing."""
    if isinstance(body, str):
        return text(body)
    return "".join(_words(record(body), DEEPEST)).strip()


def plain_wiki(words: str, *, keeps_links: bool = False) -> str:
    """The same words to a reader, and no macro, mention or image to Jira's wiki renderer, nor a link unless addresses
    may be followed: what customers are told has some of ours."""
    return (_MARKUP_BUT_LINKS if keeps_links else _MARKUP).sub(_escaped, words)


def shortened(words: str) -> str:
    """As many of the words as Jira takes."""
    return cut(words, MAX_TEXT)


def _lines(paragraph: str) -> Iterator[dict[str, Any]]:
    for number, line in enumerate(paragraph.split("\n")):
        if number:
            yield {"type": "hardBreak"}
        if line:
            # An empty text node is refused.
            yield {"type": "text", "text": line}


def _words(node: dict[str, Any], depth: int) -> Iterator[str]:
    kind = text(node.get("type"))
    attributes = record(node.get("attrs"))
    if kind == "text":
        yield text(node.get("text"))
    elif kind == "hardBreak":
        yield "\n"
    else:
        # Mentions, emojis, cards and dates have what a reader sees in their attributes.
        yield text(attributes.get("text")) or text(attributes.get("shortName")) or text(attributes.get("url"))
    if depth > 0:
        for one in records(node.get("content")):
            yield from _words(one, depth - 1)
    if kind in _BLOCKS:
        yield "\n\n" if kind in ("paragraph", "heading", "codeBlock") else "\n"


def _escaped(found: re.Match[str]) -> str:
    if found[0] == ":":
        return f":{_WORD_JOINER}"
    return "&#92;" if found[0] == "\\" else f"\\{found[0]}"
