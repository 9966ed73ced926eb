"""What is written on a conversation: how ours is known again, and whose the rest is.

https://developer.helpscout.com/mailbox-api/endpoints/conversations/threads/list-v3/
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from connectors.kit.fields import any_text, record, text, utc_time, whole
from connectors.kit.marks import carries_mark, marked, unmarked
from incidents.errors import Unrecognised
from incidents.models import Author, Comment, Origin
from incidents.texts.markup import text_of_markup

NAME = "helpscout"
NOTE = "note"
REPLY = "message"
"""What a reply is called once it is there."""
PUBLIC = frozenset({REPLY, "customer", "chat", "beaconchat"})
"""Kinds whose words their customer reads."""
EVENT = "lineitem"
"""What happened to the conversation: nobody's words."""
SENT = frozenset({"published", "hidden"})
"""A hidden one was mailed, and is left out of later mails; drafts and what waits for a review were not:
https://developer.helpscout.com/help-desk-api/objects/thread/."""
TYPED = frozenset({"web", "mobile"})
"""Of a thread's `source`: in Help Scout itself, where people are logged in; not by mail (`email`, `notification`)."""
AUTOMATIC = frozenset({"api", "coreapi", "orchestration", "workflows"})
_ID = re.compile(r"[1-9][0-9]{0,17}", re.ASCII)
# What a template of the house would fill in: from us it is plain words.
_PLACEHOLDER = re.compile(r"\{(?=[{%])")


def id_from(value: object) -> str | None:
    """An id as text, or None for what cannot be one; ids go into paths, so digits only."""
    found = str(value) if whole(value) is not None else value
    return found if isinstance(found, str) and _ID.fullmatch(found) else None


def html_of(words: str, key: str) -> str:
    """Plain words with the key's mark as HTML: what looks like markup or a placeholder is none."""
    return html.escape(_PLACEHOLDER.sub("{\u2060", marked(words, key))).replace("\n", "<br>")


def words_of(markup: Any) -> str:
    """What a reader sees."""
    return text_of_markup(text(markup)).strip()


def message_key(once: str, *, is_private: bool) -> str:
    """A note and a reply of the same key have different marks: what is public is never taken for the note."""
    return f"{once}/{'note' if is_private else 'reply'}"


def is_own(thread: Mapping[str, Any], key: str, own_id: str) -> bool:
    """Whether we wrote it with this key. A customer's mail that quotes it is not ours."""
    return is_by(thread, own_id) and carries_mark(words_of(thread.get("body")), key)


def is_by(thread: Mapping[str, Any], own_id: str) -> bool:
    """Whether this user wrote it."""
    author = record(thread.get("createdBy"))
    return bool(own_id) and author.get("type") == "user" and any_text(author.get("id")) == own_id


def is_by_customer(thread: Mapping[str, Any]) -> bool:
    """Whether a customer wrote it."""
    return thread.get("type") == "customer" or record(thread.get("createdBy")).get("type") == "customer"


def is_note(thread: Mapping[str, Any]) -> bool:
    """Whether only colleagues read it; only the plain kind counts."""
    return thread.get("type") == NOTE


def is_sent_reply(thread: Mapping[str, Any]) -> bool:
    """Whether it went to its customer."""
    return thread.get("type") == REPLY and text(thread.get("state")) in SENT


def first_of(threads: Iterable[Mapping[str, Any]]) -> Mapping[str, Any] | None:
    """The message with which it began; None where there are but notes."""
    return min((one for one in threads if _is_said(one) and not is_note(one)), key=_order, default=None)


def comments_from(threads: Iterable[Mapping[str, Any]], own_id: str, since: datetime) -> list[Comment]:
    """What was written at or after `since`, oldest first, without the first message. Raises `Unrecognised` for one
    without a time."""
    since = since.replace(microsecond=0)
    said = sorted((one for one in threads if _is_said(one)), key=_order)
    first = first_of(said)
    found = [_comment(one, own_id) for one in said if one is not first]
    return [one for one in found if one.at >= since]


def _is_said(thread: Mapping[str, Any]) -> bool:
    return (
        thread.get("type") != EVENT
        and text(thread.get("state")) in SENT
        and bool(words_of(thread.get("body")))
    )


def _comment(thread: Mapping[str, Any], own_id: str) -> Comment:
    author, source = record(thread.get("createdBy")), text(record(thread.get("source")).get("type"))
    is_typed = author.get("type") == "user" and not _is_by_workflow(thread) and source not in AUTOMATIC
    kind = text(thread.get("type"))
    house = Author.LIAISON if is_by(thread, own_id) else Author.AGENT
    by = Author.CUSTOMER if is_by_customer(thread) else house
    return Comment(
        id=any_text(thread.get("id")),
        author=by,
        author_name=f"{text(author.get('first'))} {text(author.get('last'))}".strip(),
        is_public=kind in PUBLIC or (by is Author.CUSTOMER and kind != NOTE),
        text=unmarked(words_of(thread.get("body"))),
        at=utc_time(thread.get("createdAt"), of=NAME),
        # What Help Scout's AI and other programs write is no person's word, whosever name it bears.
        origin=Origin.PERSON if is_typed or by is not Author.AGENT else Origin.AUTOMATIC,
        author_id=any_text(author.get("id")),
        is_signed_in=by is Author.AGENT and kind == NOTE and is_typed and source in TYPED,
    )


def _is_by_workflow(thread: Mapping[str, Any]) -> bool:
    """Whether a workflow wrote it (`manual-workflow` is documented, others end so, too), whosever name it bears."""
    return text(record(thread.get("action")).get("type")).endswith("workflow")


def written_at(thread: Mapping[str, Any]) -> datetime:
    """When; the end of time where that is not told."""
    try:
        return utc_time(thread.get("createdAt"), of=NAME)
    except Unrecognised:
        # Embedded ones may lack it; what has no time is not taken for the first.
        return datetime.max.replace(tzinfo=UTC)


def _order(thread: Mapping[str, Any]) -> tuple[datetime, int]:
    return written_at(thread), int(id_from(thread.get("id")) or 0)
