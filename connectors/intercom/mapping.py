"""Intercom's JSON and our words, both ways; plain functions.

Shapes: https://github.com/intercom/Intercom-OpenAPI, version 2.15. Texts are HTML there, times Unix seconds.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from connectors.intercom.settings import IntercomSettings
from connectors.kit.fields import any_text, record, records, text, unix_time, whole
from connectors.kit.marks import carries_mark, marked, unmarked
from incidents.errors import Unreachable, Unrecognised
from incidents.models import Author, Comment, Contact, Origin, Ticket, TicketRef, TicketStatus
from incidents.texts.markup import text_of_markup

NAME = "intercom"
MOST_PARTS = 500
"""A conversation shows its newest ones; no call gives those before."""
CUSTOMERS = frozenset({"user", "lead", "contact"})
NOTE, COMMENT = "note", "comment"
PUBLIC_PARTS = frozenset({COMMENT, "quick_reply", "open", "close"})
"""Kinds of a part whose words the customer reads."""
_STATUS = {
    "open": TicketStatus.OPEN,
    "snoozed": TicketStatus.WAITING_FOR_CUSTOMER,
    "closed": TicketStatus.SOLVED,
}
_STATE = {
    TicketStatus.NEW: "open",
    TicketStatus.OPEN: "open",
    TicketStatus.WAITING_FOR_CUSTOMER: "snoozed",
    TicketStatus.WAITING_FOR_VENDOR: "snoozed",
    TicketStatus.SOLVED: "closed",
    TicketStatus.CLOSED: "closed",
}
_ID = re.compile(r"[1-9][0-9]{0,17}", re.ASCII)
_REGION = re.compile(r"https://api\.((?:eu|au)\.)intercom\.io(?:/|$)")
# Intercom fills in `{{...}}`: from us it is plain words.
_PLACEHOLDER = re.compile(r"\{(?=[{%])")


def id_from(value: object) -> str | None:
    """A conversation's id as text, or None for what cannot be one; ids go into paths, so digits only."""
    found = str(value) if whole(value) is not None else value
    return found if isinstance(found, str) and _ID.fullmatch(found) else None


def state_for(status: TicketStatus) -> str:
    """Intercom's word for a status."""
    return _STATE[status]


def tags_of(conversation: Mapping[str, Any]) -> list[str]:
    """The names of its tags."""
    names = (text(tag.get("name")) for tag in records(record(conversation.get("tags")).get("tags")))
    return [name for name in names if name]


def has_tags(conversation: Mapping[str, Any], wanted: Iterable[str]) -> bool:
    """Whether all are on it; Intercom does not tell capitals from small letters in them."""
    known = {name.casefold() for name in tags_of(conversation)}
    return all(name.casefold() in known for name in wanted)


def ticket_from(data: Mapping[str, Any], connection: str, settings: IntercomSettings) -> Ticket:
    """One conversation. Raises `Unrecognised` without an id or a time."""
    own_id = id_from(data.get("id"))
    if own_id is None:
        raise Unrecognised("intercom: a conversation without an id")
    source = record(data.get("source"))
    tags = tags_of(data)
    requester = _requester(data)
    state = text(data.get("state"))
    return Ticket(
        ref=TicketRef(connection=connection, id=own_id),
        subject=words_of(data.get("title")) or words_of(source.get("subject")),
        body=words_of(source.get("body")),
        # A state that nobody told us of is not taken for an ending.
        status=_STATUS.get(state, TicketStatus.OPEN),
        source_status=state,
        requester=requester,
        version=int(updated_at(data).timestamp() * 1000),
        created_at=unix_time(data.get("created_at"), of=NAME),
        updated_at=updated_at(data),
        assignee=_assigned(data, "admin_assignee_id"),
        group=_assigned(data, "team_assignee_id"),
        priority="high" if data.get("priority") == "priority" else None,
        channel=text(source.get("type")) or None,
        tier=_tier(tags, settings.tier_tag_prefix),
        tags=tuple(tags),
        url=f"{_inbox(settings.base_url)}/a/inbox/{settings.workspace_id}/inbox/conversation/{own_id}",
        is_reachable=bool(requester.id),
    )


def updated_at(data: Mapping[str, Any]) -> datetime:
    """When it changed, to the second. Raises `Unrecognised`."""
    return unix_time(data.get("updated_at"), of=NAME)


def words_of(markup: Any) -> str:
    """What a reader sees."""
    return text_of_markup(text(markup)).strip()


def html_of(words: str, key: str) -> str:
    """Plain words with the key's mark as HTML: what looks like markup or a placeholder is none."""
    return html.escape(_PLACEHOLDER.sub("{\u2060", marked(words, key))).replace("\n", "<br>")


def message_key(once: str, *, is_private: bool) -> str:
    """A note and a reply of the same key have different marks: what is public is never taken for the note."""
    return f"{once}/{'note' if is_private else 'reply'}"


def parts_of(conversation: Mapping[str, Any]) -> list[dict[str, Any]]:
    """What was written on it after its first message, at most the newest `MOST_PARTS`. Raises `Unreachable` where that
    is not told: who looks for something must see all there is."""
    parts = record(conversation.get("conversation_parts")).get("conversation_parts")
    if not isinstance(parts, list) or len(records(parts)) != len(parts):
        raise Unreachable("intercom: a conversation without the list of its parts")
    return parts


def is_cut(conversation: Mapping[str, Any]) -> bool:
    """Whether older parts may be missing."""
    told = whole(record(conversation.get("conversation_parts")).get("total_count")) or 0
    count = len(parts_of(conversation))
    return count >= MOST_PARTS or told > count


def is_by(part: Mapping[str, Any], own_id: str) -> bool:
    """Whether this teammate wrote it."""
    author = record(part.get("author"))
    return bool(own_id) and author.get("type") == "admin" and any_text(author.get("id")) == own_id


def own_part(parts: Iterable[Mapping[str, Any]], key: str, own_id: str) -> Mapping[str, Any] | None:
    """What we wrote with this key. A customer's answer that quotes it is not ours."""
    for one in parts:
        if is_by(one, own_id) and carries_mark(words_of(one.get("body")), key):
            return one
    return None


def comments_from(conversation: Mapping[str, Any], own_id: str, since: datetime) -> list[Comment]:
    """What was written at or after `since`, oldest first. Raises `Unrecognised` for one without a time."""
    since = since.replace(microsecond=0)
    said = [_comment(one, own_id) for one in parts_of(conversation) if words_of(one.get("body"))]
    return sorted(
        (one for one in said if one.at >= since), key=lambda one: (one.at, int(id_from(one.id) or 0))
    )


def _comment(part: Mapping[str, Any], own_id: str) -> Comment:
    author = record(part.get("author"))
    kind, who = text(author.get("type")), any_text(author.get("id"))
    house = Author.LIAISON if is_by(part, own_id) else Author.AGENT
    by = Author.CUSTOMER if kind in CUSTOMERS else house
    is_public = by is Author.CUSTOMER or text(part.get("part_type")) in PUBLIC_PARTS
    return Comment(
        id=any_text(part.get("id")),
        author=by,
        author_name=text(author.get("name")),
        is_public=is_public,
        text=unmarked(words_of(part.get("body"))),
        at=unix_time(part.get("created_at"), of=NAME),
        # What Intercom's AI says may bear a teammate's name, and any customer's words may be in it.
        origin=Origin.AUTOMATIC if kind == "bot" or author.get("from_ai_agent") is True else Origin.PERSON,
        author_id=who,
        # Nothing tells a note that came by mail from one that was typed.
        is_signed_in=None if by is Author.AGENT and kind == "admin" and not is_public else False,
    )


def _requester(data: Mapping[str, Any]) -> Contact:
    """Who wrote first; where that was the house, the first contact, of whom a conversation tells the id alone."""
    author = record(record(data.get("source")).get("author"))
    if text(author.get("type")) in CUSTOMERS:
        return Contact(
            id=any_text(author.get("id")), name=text(author.get("name")), email=text(author.get("email"))
        )
    contacts = records(record(data.get("contacts")).get("contacts"))
    return Contact(id=any_text(contacts[0].get("id")) if contacts else "", name="", email="")


def _inbox(base_url: str) -> str:
    """Where people work: each region has its own."""
    region = _REGION.match(base_url)
    return f"https://app.{region[1] if region else ''}intercom.com"


def _assigned(data: Mapping[str, Any], field: str) -> str | None:
    found = any_text(data.get(field))
    return None if found in ("", "0") else found


def _tier(tags: Sequence[str], prefix: str) -> str | None:
    found = (tag.removeprefix(prefix) for tag in tags if prefix and tag.startswith(prefix))
    return next(found, None) or None
