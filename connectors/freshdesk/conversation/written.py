"""Replies and notes: how ours are written and known again, and whose the others are.

https://developers.freshdesk.com/api/#conversations
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from connectors.freshdesk.mapping import NAME, id_from, words_of
from connectors.kit.fields import any_text, text, utc_time
from connectors.kit.marks import carries_mark, marked, unmarked
from incidents.models import Author, Comment, Origin, Ticket

SURVEY = 6
"""Of a conversation's `source`."""
# What a template of the house would fill in: from us it is plain words.
_PLACEHOLDER = re.compile(r"\{(?=[{%])")


def html_of(words: str, key: str) -> str:
    """Plain words with the key's mark as HTML: what looks like markup or a placeholder is none."""
    return escaped(marked(words, key))


def escaped(words: str) -> str:
    """The words as HTML, which are no placeholder to Freshdesk."""
    return html.escape(_PLACEHOLDER.sub("{\u2060", words)).replace("\n", "<br>")


def note_key(once: str, *, is_private: bool) -> str:
    """A note and a reply of the same key have different marks: what is public is never taken for the note."""
    return f"{once}/{'note' if is_private else 'reply'}"


def own_conversation(
    conversations: Iterable[Mapping[str, Any]], key: str, own_id: str
) -> Mapping[str, Any] | None:
    """What we wrote with this key. A customer's mail that quotes it is not ours."""
    for one in conversations:
        is_ours = any_text(one.get("user_id")) == own_id and one.get("incoming") is not True
        if is_ours and carries_mark(text(one.get("body")) or text(one.get("body_text")), key):
            return one
    return None


def is_private(conversation: Mapping[str, Any]) -> bool:
    """Whether customers cannot read it. Only a plain "yes" counts."""
    return conversation.get("private") is True


def comments_from(
    conversations: Iterable[Mapping[str, Any]], ticket: Ticket, own_id: str, since: datetime
) -> list[Comment]:
    """What was written at or after `since`, oldest first. Raises `Unrecognised` for one without a time."""
    since = since.replace(microsecond=0)
    found = [_comment(one, ticket, own_id) for one in conversations]
    return sorted((one for one in found if one.at >= since), key=lambda one: (one.at, _order(one.id)))


def _comment(data: Mapping[str, Any], ticket: Ticket, own_id: str) -> Comment:
    who = any_text(data.get("user_id"))
    is_hidden = is_private(data)
    customer = ticket.requester
    if data.get("incoming") is True or (who == customer.id and who and not is_hidden):
        by = Author.CUSTOMER
    else:
        by = Author.LIAISON if who and who == own_id else Author.AGENT
    return Comment(
        id=any_text(data.get("id")),
        author=by,
        author_name=customer.name if who == customer.id else text(data.get("from_email")),
        is_public=not is_hidden,
        text=unmarked(words_of(data.get("body"), data.get("body_text"))),
        at=utc_time(data.get("created_at"), of=NAME),
        origin=Origin.SURVEY if data.get("source") == SURVEY else Origin.PERSON,
        author_id=who,
        # Freshdesk does not tell a note that came by mail from one that was typed.
        is_signed_in=None if by is Author.AGENT and is_hidden else False,
    )


def _order(own_id: str) -> int:
    return int(own_id) if id_from(own_id) is not None else 0
