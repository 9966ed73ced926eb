"""From a payload to a ticket along the paths an operator wrote down, which are split once, not per event."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from connectors.http.fields import TicketFields
from connectors.http.settings import WebhookMapping
from connectors.http.values import MAX_COUNT, MAX_VERSION, Place
from incidents.errors import Unrecognised
from incidents.events import TicketEvent
from incidents.models import (
    Author,
    Comment,
    Contact,
    Ticket,
    TicketRef,
    TicketStatus,
)


class TicketReader:
    """Reads the payloads of one connection. Raises `Unrecognised` with the path that was not understood."""

    def __init__(self, connection: str, mapping: WebhookMapping) -> None:
        self._connection = connection
        self._zone = ZoneInfo(mapping.timezone)
        self._at = {name: Place(getattr(mapping.ticket, name)) for name in TicketFields.model_fields}
        # Our own words mean themselves unless the operator says otherwise.
        self._statuses = {status.value: status for status in TicketStatus} | mapping.status_map
        self._default_status = mapping.default_status
        self._authors = {author.value: author for author in Author} | mapping.author_map

    def event(self, payload: Any, *, sent_at: datetime) -> TicketEvent:
        """What the payload says; `sent_at` stands in for a time of change that it does not have."""
        if not isinstance(payload, dict):
            raise Unrecognised("payload is not a JSON object")
        ticket = self._ticket(payload, sent_at)
        return TicketEvent(
            ref=ticket.ref, at=ticket.updated_at, ticket=ticket, comment=self._comment(payload, ticket)
        )

    def _ticket(self, payload: Any, sent_at: datetime) -> Ticket:
        at = self._at
        ref = TicketRef(connection=self._connection, id=at["id"].required(payload))
        status = at["status"].word(payload, self._statuses, self._default_status)
        updated_at = at["updated_at"].time(payload, self._zone) or sent_at
        version = at["version"].whole(payload, largest=MAX_VERSION)
        if version is None and at["version"].source:
            # Milliseconds beside counters would make this delivery newer than all that follow.
            raise Unrecognised(f"{at['version'].source} is missing")
        return Ticket(
            ref=ref,
            subject=at["subject"].text(payload) or "",
            body=at["body"].text(payload) or "",
            status=status,
            source_status=at["status"].required(payload),
            requester=self._requester(payload),
            version=_milliseconds(updated_at) if version is None else version,
            created_at=at["created_at"].time(payload, self._zone) or updated_at,
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
            due_at=at["due_at"].time(payload, self._zone),
        )

    def _requester(self, payload: Any) -> Contact:
        email = self._at["requester_email"].text(payload) or ""
        return Contact(
            id=self._at["requester_id"].text(payload) or email,
            name=self._at["requester_name"].text(payload) or "",
            email=email,
        )

    def _comment(self, payload: Any, ticket: Ticket) -> Comment | None:
        """The new comment, if the payload has one with an id: without it a repeat could not be told."""
        at = self._at
        comment_id, text = at["comment_id"].text(payload), at["comment_text"].text(payload)
        if comment_id is None or text is None:
            return None
        kind = at["comment_author_kind"]
        return Comment(
            id=comment_id,
            # Taken for an agent's when nothing is said: only a customer's word may reopen or confirm.
            author=kind.word(payload, self._authors, None) if kind.source else Author.AGENT,
            author_name=at["comment_author_name"].text(payload) or "",
            is_public=at["comment_public"].flag(payload) or False,
            text=text,
            at=ticket.updated_at,
        )


def _milliseconds(time: datetime) -> int:
    return round(time.timestamp() * 1000)


def _link(url: str | None) -> str | None:
    """People will click on it, so it is a web address or nothing."""
    return url if url is not None and url.lower().startswith(("https://", "http://")) else None
