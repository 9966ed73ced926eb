"""Messages and comments, both ways; plain functions.

A message is HTML and public; a comment is Markdown and for colleagues: https://dev.frontapp.com/reference/messages,
https://dev.frontapp.com/reference/comments.
"""

from __future__ import annotations

import html
import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from connectors.front.mapping import NAME, words_of
from connectors.kit.fields import record, records, text, unix_time
from connectors.kit.markdown import unreferenced
from connectors.kit.marks import carries_mark, marked, unmarked
from incidents.models import Author, Comment, Origin

_JOINER = "\u2060"
# How Front shows a comment with a backslash nobody says: what would be markup or a mention is broken instead.
_MARKUP = re.compile(r"[\\`*_\[\]<>!|~@#]|^(?:[-+]|[0-9]{1,9}[.)])(?=\s)", re.M)
# Front's templates fill in `{{...}}`.
_PLACEHOLDER = re.compile(r"\{(?=[{%])")


def message_key(once: str, *, is_private: bool) -> str:
    """A note and a reply of the same key have different marks: what is public is never taken for the note."""
    return f"{once}/{'note' if is_private else 'reply'}"


def html_of(words: str, key: str) -> str:
    """A message: plain words with the key's mark, none of which is markup or a placeholder."""
    inert = _PLACEHOLDER.sub("{" + _JOINER, marked(words, key))
    return html.escape(inert).replace("\n", "<br>")


def comment_of(words: str, key: str) -> str:
    """A comment: plain words with the key's mark, none of which is markup or mentions anybody."""
    return marked(unreferenced(words, _MARKUP), key)


def is_sent(message: Mapping[str, Any]) -> bool:
    """Whether it is no draft; what could not be sent is one with an error."""
    return not text(message.get("draft_mode"))


def is_own(one: Mapping[str, Any], teammate_id: str, key: str) -> bool:
    """Whether our teammate wrote it with this key: whoever quotes the mark did not."""
    author = text(record(one.get("author")).get("id"))
    return author == teammate_id and carries_mark(words_of(one.get("body")), key)


def message_time(message: Mapping[str, Any]) -> datetime:
    """When it was received or sent. Raises `Unrecognised`."""
    return unix_time(message.get("created_at"), of=NAME)


def from_message(message: Mapping[str, Any], teammate_id: str) -> Comment:
    """What a customer wrote, or what a customer was written."""
    author = record(message.get("author"))
    sender = next((one for one in records(message.get("recipients")) if one.get("role") == "from"), {})
    is_customers = message.get("is_inbound") is True
    own_id = text(author.get("id"))
    house = Author.LIAISON if own_id == teammate_id else Author.AGENT
    return Comment(
        id=text(message.get("id")),
        author=Author.CUSTOMER if is_customers else house,
        author_name=text(sender.get("name")) if is_customers else _name(author),
        is_public=True,
        text=unmarked(words_of(message.get("body"))),
        at=message_time(message),
        # What no teammate wrote a rule sent.
        origin=Origin.PERSON if is_customers or own_id else Origin.AUTOMATIC,
        author_id=text(sender.get("handle")) if is_customers else own_id,
    )


def from_comment(comment: Mapping[str, Any], teammate_id: str) -> Comment:
    """What colleagues wrote for each other."""
    author = record(comment.get("author"))
    own_id = text(author.get("id"))
    is_ours = own_id == teammate_id
    return Comment(
        id=text(comment.get("id")),
        author=Author.LIAISON if is_ours else Author.AGENT,
        author_name=_name(author),
        is_public=False,
        text=unmarked(text(comment.get("body")).replace(_JOINER, "")),
        at=unix_time(comment.get("posted_at"), of=NAME),
        origin=Origin.PERSON if own_id else Origin.AUTOMATIC,
        author_id=own_id,
        # Any program with the company's token writes in any teammate's name.
        is_signed_in=None if own_id and not is_ours else False,
    )


def _name(teammate: Mapping[str, Any]) -> str:
    return f"{text(teammate.get('first_name'))} {text(teammate.get('last_name'))}".strip()
