"""What was written on a conversation or a ticket, its parts, both ways; plain functions.

Shapes: https://github.com/intercom/Intercom-OpenAPI, version 2.15. Texts are HTML there, times Unix seconds.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from connectors.intercom.mapping import CUSTOMERS, NAME, id_from
from connectors.kit.fields import any_text, record, records, text, unix_time, whole
from connectors.kit.marks import carries_mark, marked, unmarked
from incidents.errors import Unreachable
from incidents.models import Author, Comment, Origin
from incidents.texts.markup import text_of_markup

MOST_PARTS = 500
"""Of a conversation or a ticket that are shown; no call gives the others."""
NOTE, COMMENT = "note", "comment"
PUBLIC_PARTS = frozenset({COMMENT, "quick_reply", "open", "close"})
"""Kinds of a part whose words the customer reads."""
# Intercom fills in `{{...}}`: from us it is plain words.
_PLACEHOLDER = re.compile(r"\{(?=[{%])")


def words_of(markup: Any) -> str:
    """What a reader sees."""
    return text_of_markup(text(markup)).strip()


def html_of(words: str, key: str) -> str:
    """Plain words with the key's mark as HTML: what looks like markup or a placeholder is none."""
    return html.escape(_PLACEHOLDER.sub("{\u2060", marked(words, key))).replace("\n", "<br>")


def message_key(once: str, *, is_private: bool) -> str:
    """A note and a reply of the same key have different marks: what is public is never taken for the note."""
    return f"{once}/{'note' if is_private else 'reply'}"


def parts_of(data: Mapping[str, Any], name: str) -> list[dict[str, Any]]:
    """What happened on it after its beginning, at most `MOST_PARTS`; `name` is the list's. Raises `Unreachable` where
    that is not told: who looks for something must see all there is."""
    parts = record(data.get(name)).get(name)
    if not isinstance(parts, list) or len(records(parts)) != len(parts):
        raise Unreachable("intercom: an answer without the list of its parts")
    return parts


def is_cut(data: Mapping[str, Any], name: str) -> bool:
    """Whether there may be parts that are not shown."""
    told = whole(record(data.get(name)).get("total_count")) or 0
    count = len(parts_of(data, name))
    return count >= MOST_PARTS or told > count


def is_by(part: Mapping[str, Any], own_id: str) -> bool:
    """Whether this teammate wrote it."""
    author = record(part.get("author"))
    return bool(own_id) and author.get("type") == "admin" and any_text(author.get("id")) == own_id


def is_by_customer(part: Mapping[str, Any]) -> bool:
    """Whether a customer wrote it."""
    return text(record(part.get("author")).get("type")) in CUSTOMERS


def is_automatic(part: Mapping[str, Any]) -> bool:
    """Whether no person wrote it. What Intercom's AI says may bear a teammate's name, and any customer's words may be
    in it."""
    author = record(part.get("author"))
    return author.get("type") == "bot" or author.get("from_ai_agent") is True


def own_part(parts: Iterable[Mapping[str, Any]], key: str, own_id: str) -> Mapping[str, Any] | None:
    """What we wrote with this key. A customer's answer that quotes it is not ours."""
    for one in parts:
        if is_by(one, own_id) and carries_mark(words_of(one.get("body")), key):
            return one
    return None


def comments_from(
    parts: Iterable[Mapping[str, Any]], own_id: str, since: datetime, *, is_shown: bool = True
) -> list[Comment]:
    """What was written at or after `since`, oldest first; `is_shown`: a customer sees it at all. Raises `Unrecognised`
    for a part without a time."""
    since = since.replace(microsecond=0)
    said = [_comment(one, own_id, is_shown) for one in parts if words_of(one.get("body"))]
    return sorted(
        (one for one in said if one.at >= since), key=lambda one: (one.at, int(id_from(one.id) or 0))
    )


def _comment(part: Mapping[str, Any], own_id: str, is_shown: bool) -> Comment:
    author = record(part.get("author"))
    kind, who = text(author.get("type")), any_text(author.get("id"))
    house = Author.LIAISON if is_by(part, own_id) else Author.AGENT
    by = Author.CUSTOMER if kind in CUSTOMERS else house
    is_public = by is Author.CUSTOMER or (is_shown and text(part.get("part_type")) in PUBLIC_PARTS)
    return Comment(
        id=any_text(part.get("id")),
        author=by,
        author_name=text(author.get("name")),
        is_public=is_public,
        text=unmarked(words_of(part.get("body"))),
        at=unix_time(part.get("created_at"), of=NAME),
        origin=Origin.AUTOMATIC if is_automatic(part) else Origin.PERSON,
        author_id=who,
        # Nothing tells a note that came by mail from one that was typed.
        is_signed_in=None if by is Author.AGENT and kind == "admin" and not is_public else False,
    )
