"""From a payload to tickets along the paths an operator wrote down, which are split once, not per event."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from connectors.http.fields import TicketFields
from connectors.http.settings import WebhookMapping
from connectors.kit.fields import a_record
from connectors.kit.mail_headers import origin_of
from connectors.kit.paths.places import MAX_COUNT, MAX_VERSION, Payload, Place
from connectors.kit.recent import RecentlyUsed
from incidents.errors import Unrecognised
from incidents.events import TicketEvent
from incidents.models import (
    Author,
    Comment,
    Contact,
    Origin,
    Ticket,
    TicketRef,
    TicketStatus,
)
from incidents.texts.tongues import language_tag, time_zone

COMMENTS_REMEMBERED = 10_000
"""Comments without a time of their own, by the moment we first saw them."""
MAX_TICKETS = 1000
"""In one delivery."""


class TicketReader:
    """Reads the payloads of one connection. Raises `Unrecognised` with the path that was not understood."""

    def __init__(self, connection: str, mapping: WebhookMapping) -> None:
        mapping = mapping.with_preset()
        self._connection = connection
        self._zone = ZoneInfo(mapping.timezone)
        self._formats = tuple(mapping.time_formats)
        self._at = {name: Place(getattr(mapping.ticket, name)) for name in TicketFields.model_fields}
        self._each = Place(mapping.each) if mapping.each is not None else None
        # Our own words mean themselves unless the operator says otherwise.
        self._statuses = {status.value: status for status in TicketStatus} | mapping.status_map
        self._default_status = mapping.default_status
        self._public_words = mapping.public_map
        self._origins = {origin.value: origin for origin in Origin} | mapping.origin_map
        self._authors = {author.value: author for author in Author} | mapping.author_map
        self._first_seen: RecentlyUsed[tuple[str, str], datetime] = RecentlyUsed(COMMENTS_REMEMBERED)

    def events(self, data: Any, *, sent_at: datetime) -> list[TicketEvent]:
        """What the delivery says: one ticket, or one for each item of `each`."""
        data = a_record(data, "payload")
        return [self._event(part, sent_at) for part in self._parts(data)]

    def event(self, data: Any, *, sent_at: datetime) -> TicketEvent:
        """What a payload of one ticket says; `sent_at` stands in for a time of change that it does not have."""
        data = a_record(data, "payload")
        return self._event(Payload(data, data), sent_at)

    def ticket(self, data: Any, *, sent_at: datetime) -> Ticket:
        """The ticket alone, as an answer to our own question has it."""
        data = a_record(data, "answer")
        return self._ticket(Payload(data, data), sent_at)

    def _parts(self, data: dict[str, Any]) -> Sequence[Payload]:
        if self._each is None:
            return [Payload(data, data)]
        found = self._each.find(Payload(data, data))
        if not isinstance(found, list) or len(found) > MAX_TICKETS:
            raise Unrecognised(f"{self._each.source} is not a list of at most {MAX_TICKETS} tickets")
        return [Payload(a_record(part, f"{self._each.source}.{n}"), data) for n, part in enumerate(found)]

    def _event(self, payload: Payload, sent_at: datetime) -> TicketEvent:
        ticket = self._ticket(payload, sent_at)
        comment = self._comment(payload, ticket)
        return TicketEvent(ref=ticket.ref, at=ticket.updated_at, ticket=ticket, comment=comment)

    def _ticket(self, payload: Payload, sent_at: datetime) -> Ticket:
        at = self._at
        ref = TicketRef(connection=self._connection, id=at["id"].required(payload))
        status = at["status"].word(payload, self._statuses, self._default_status)
        updated_at = self._time("updated_at", payload) or sent_at
        version = at["version"].whole(payload, largest=MAX_VERSION)
        if version is None and at["version"].source:
            # Milliseconds beside counters would make this delivery newer than all that follow.
            raise Unrecognised(f"{at['version'].source} is missing")
        return Ticket(
            ref=ref,
            subject=at["subject"].text(payload) or "",
            body=at["body"].text(payload) or "",
            status=status,
            source_status=at["status"].required_word(payload),
            requester=self._requester(payload),
            version=_milliseconds(updated_at) if version is None else version,
            created_at=self._time("created_at", payload) or updated_at,
            updated_at=updated_at,
            assignee=at["assignee"].text(payload),
            group=at["group"].text(payload),
            priority=at["priority"].text(payload),
            product=at["product"].text(payload),
            channel=at["channel"].text(payload),
            tier=at["tier"].text(payload),
            tags=at["tags"].texts(payload),
            url=_link(at["url"].text(payload)),
            reassignments=at["reassignments"].whole(payload, largest=MAX_COUNT) or 0,
            reopens=at["reopens"].whole(payload, largest=MAX_COUNT) or 0,
            due_at=self._time("due_at", payload),
        )

    def _time(self, name: str, payload: Payload) -> datetime | None:
        return self._at[name].time(payload, self._zone, self._formats)

    def _requester(self, payload: Payload) -> Contact:
        email = self._at["requester_email"].text(payload) or ""
        return Contact(
            id=self._at["requester_id"].text(payload) or email,
            name=self._at["requester_name"].text(payload) or "",
            email=email,
            language=language_tag(self._at["requester_language"].text(payload) or ""),
            time_zone=time_zone(self._at["requester_time_zone"].text(payload) or ""),
        )

    def _comment(self, payload: Payload, ticket: Ticket) -> Comment | None:
        """The new comment, if the payload has one with an id: without it a repeat could not be told."""
        at = self._at
        comment_id, text = at["comment_id"].text(payload), at["comment_text"].text(payload)
        if comment_id is None or text is None:
            return None
        kind = at["comment_author_kind"]
        # Taken for an agent's when nothing is said: only a customer's word may reopen or confirm.
        author = kind.word(payload, self._authors, None) if kind.source else Author.AGENT
        # Only of a sender that says whose it is and who reads it; by what way it was written, none says.
        is_said = author is Author.AGENT and bool(kind.source) and bool(at["comment_public"].source)
        return Comment(
            id=comment_id,
            author=author,
            author_name=at["comment_author_name"].text(payload) or "",
            is_public=at["comment_public"].flag(payload, self._public_words) or False,
            text=text,
            at=self._time("comment_at", payload) or self._first_seen_at(ticket, comment_id),
            origin=self._origin(payload),
            is_signed_in=None if is_said else False,
        )

    def _first_seen_at(self, ticket: Ticket, comment_id: str) -> datetime:
        """Many senders put the last comment into every update: told again, it is as old as it was."""
        key = (ticket.ref.id, comment_id)
        known = self._first_seen.get(key)
        first = ticket.updated_at if known is None else min(known, ticket.updated_at)
        self._first_seen.put(key, first)
        return first

    def _origin(self, payload: Payload) -> Origin:
        """A word of the source's, else what the mail's headers say. An unknown word is a person's: it must be read."""
        said = self._at["comment_origin"].text(payload)
        if said is not None and said.casefold() in self._origins:
            return self._origins[said.casefold()]
        return origin_of(self._at["comment_headers"].pairs(payload))


def _milliseconds(time: datetime) -> int:
    return round(time.timestamp() * 1000)


def _link(url: str | None) -> str | None:
    """People will click on it, so it is a web address or nothing."""
    return url if url is not None and url.lower().startswith(("https://", "http://")) else None
