"""Zendesk's webhooks: proven first, read second.

Two kinds arrive, and one connection takes both (a Zendesk webhook is of one kind for ever):

- event subscriptions, whose body has an `id` of its own:
  https://developer.zendesk.com/api-reference/webhooks/event-types/ticket-events
- triggers, whose body is the operator's template `{"ticket_id": "{{ticket.id}}"}`.

Signature: https://developer.zendesk.com/documentation/webhooks/verifying/
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from connectors.kit.fields import a_record, any_text, record, utc_time
from connectors.kit.strict_json import parse_json
from connectors.kit.webhooks.signatures import one_header, verify_timestamped_base64
from connectors.zendesk.comments.mapping import author_of
from connectors.zendesk.mapping import ticket_id_from
from incidents.errors import Unrecognised
from incidents.events import Event, Ping, TicketEvent, Verified
from incidents.models import Author, Comment, Departure, TicketRef

SIGNATURE = "X-Zendesk-Webhook-Signature"
TIMESTAMP = "X-Zendesk-Webhook-Signature-Timestamp"
# Not the others: an Authorization header would be a credential in the inbox.
KEPT = frozenset({SIGNATURE.lower(), TIMESTAMP.lower()})
EVENT_TYPE = "zen:event-type:"
TICKET = "zen:ticket:"
# https://developer.zendesk.com/api-reference/webhooks/event-types/ticket-events; `ticket.merged` is about the ticket
# that was closed, and its event names the `target_ticket_id`.
GONE = {
    "ticket.soft_deleted": Departure.DELETED,
    "ticket.permanently_deleted": Departure.DELETED,
    "ticket.marked_as_spam": Departure.SPAM,
    "ticket.merged": Departure.MERGED,
}
ENVELOPE = frozenset({"type", "subject", "account_id", "zendesk_event_version", "detail", "event"})
MAX_EVENT_ID = 200
MAX_TEST_CALL = 1024


def verified_from(
    headers: Sequence[tuple[str, str]], body: bytes, *, secrets: Sequence[bytes], now: datetime
) -> Verified:
    """The delivery, proven; raises `Forged`.

    An event is told apart by its own id. All else is told apart by the signed bytes, time and body; it is
    repeatable, because two triggers of one second look alike.
    """
    timestamp = one_header(headers, TIMESTAMP)
    signature = one_header(headers, SIGNATURE)
    verify_timestamped_base64(body, timestamp=timestamp, signature=signature, secrets=secrets, now=now)
    event_id = _event_id(body)
    signed = (timestamp or "").encode() + body
    return Verified(
        headers=tuple((name, value) for name, value in headers if name.lower() in KEPT),
        body=body,
        identity=event_id or f"sha256:{hashlib.sha256(signed).hexdigest()}",
        is_repeatable=event_id is None,
    )


def events_from(verified: Verified, *, connection: str, own_user_id: str | None) -> Sequence[Event]:
    """What the delivery says, `by_us` where it names our own user. Raises `Unrecognised`."""
    if not verified.body.strip():
        return [Ping(connection=connection)]
    data = a_record(parse_json(verified.body), "zendesk: the body")
    if _is_event(data):
        return _event(data, verified, connection, own_user_id)
    if "ticket_id" in data:
        ticket_id = ticket_id_from(data["ticket_id"])
        if ticket_id is None:
            raise Unrecognised("zendesk: ticket_id is not a number; check the trigger's JSON template")
        ref = TicketRef(connection=connection, id=ticket_id)
        # A trigger says that something happened, not what: comments are read.
        return [TicketEvent(ref=ref, at=_signed_at(verified), comments_to_read=True)]
    if _is_test_call(data, verified.body):
        return [Ping(connection=connection)]
    raise Unrecognised("zendesk: neither a ticket event nor a trigger's ticket_id")


def _event(data: Any, verified: Verified, connection: str, own_user_id: str | None) -> Sequence[Event]:
    subject = data.get("subject")
    if not isinstance(subject, str) or not subject.startswith(TICKET):
        raise Unrecognised("zendesk: an event that is not about a ticket; subscribe to ticket events only")
    ticket_id = ticket_id_from(subject.removeprefix(TICKET))
    if ticket_id is None:
        raise Unrecognised("zendesk: the event's subject names no ticket")
    at = utc_time(data["time"], of="zendesk") if data.get("time") else _signed_at(verified)
    kind = str(data.get("type")).removeprefix(EVENT_TYPE)
    detail = record(data.get("detail"))
    comment = None
    # A ticket we created for a customer is news all the same.
    by_us = (
        kind != "ticket.created" and own_user_id is not None and str(detail.get("actor_id")) == own_user_id
    )
    if kind == "ticket.comment_added":
        comment = _comment(record(record(data.get("event")).get("comment")), detail, at, own_user_id)
        by_us = comment.author is Author.LIAISON
    elif kind in GONE:
        # Whoever did it, and if it was us: the ticket is no more.
        into = ticket_id_from(record(data.get("event")).get("target_ticket_id"))
        gone = GONE[kind]
        return [
            TicketEvent(
                ref=TicketRef(connection=connection, id=ticket_id), at=at, gone=gone, merged_into=into
            )
        ]
    ref = TicketRef(connection=connection, id=ticket_id)
    return [TicketEvent(ref=ref, at=at, comment=comment, by_us=by_us)]


def _comment(data: Any, detail: Any, at: datetime, own_user_id: str | None) -> Comment:
    author = record(data.get("author"))
    author_id = str(author.get("id"))
    # What does not say that it is public is not.
    is_public = data.get("is_public") is True
    said = author.get("is_staff")
    return Comment(
        id=any_text(data.get("id")),
        author=author_of(
            author_id,
            is_public=is_public,
            # Who does not say is a customer in public and a colleague in private.
            is_staff=said is True or (said is not False and not is_public),
            requester_id=str(detail.get("requester_id")),
            own_user_id=own_user_id,
        ),
        author_name=any_text(author.get("name")),
        author_id=any_text(author.get("id")),
        is_public=is_public,
        text=any_text(data.get("body")),
        at=at,
    )


def _event_id(body: bytes) -> str | None:
    try:
        data = parse_json(body)
    except Unrecognised:
        return None
    if not isinstance(data, dict) or not _is_event(data):
        return None
    event_id = data.get("id")
    if not isinstance(event_id, str) or not event_id.isascii() or not event_id.isprintable():
        return None
    return event_id if 0 < len(event_id) <= MAX_EVENT_ID else None


def _is_event(data: Any) -> bool:
    kind = data.get("type")
    return isinstance(kind, str) and kind.startswith(EVENT_TYPE)


def _is_test_call(data: Any, body: bytes) -> bool:
    """The admin screen's "Test webhook" sends whatever was typed there, such as `{"message": "hi"}`.

    Flat, small and without a word of a ticket or an event in it; a trigger's broken template must be parked,
    not taken for a test.
    """
    return (
        len(data) > 0
        and len(body) <= MAX_TEST_CALL
        and not any("ticket" in key.lower() or key in ENVELOPE for key in data)
        and not any(isinstance(value, dict | list) for value in data.values())
    )


def _signed_at(verified: Verified) -> datetime:
    return utc_time(one_header(verified.headers, TIMESTAMP), of="zendesk")
