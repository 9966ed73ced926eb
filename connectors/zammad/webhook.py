"""Zammad's webhooks: proven first, read second.

The default payload has the ticket and the article as they are, in whichever order deliveries come:
https://admin-docs.zammad.org/en/latest/manage/webhook/payload.html. Signature: HMAC-SHA1 of the body, only where the
webhook has a token. Neither a time nor an id is signed: a delivery is told apart by its bytes, which hold the times of
ticket and article.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any

from connectors.kit.fields import a_record, any_text, record, text, utc_time
from connectors.kit.strict_json import parse_json
from connectors.kit.webhooks.signatures import one_header, verify_hex_hmac
from connectors.kit.webhooks.trial import is_trial
from connectors.zammad.mapping import MERGED, REMOVED, id_from
from incidents.errors import Unrecognised
from incidents.events import Event, Ping, TicketEvent, Verified
from incidents.models import Departure, TicketRef

SIGNATURE = "X-Hub-Signature"
PREFIX = "sha1="
_GONE = {MERGED: Departure.MERGED, REMOVED: Departure.DELETED}


def verified_from(headers: Sequence[tuple[str, str]], body: bytes, *, secrets: Sequence[bytes]) -> Verified:
    """The delivery, proven; raises `Forged`."""
    verify_hex_hmac(body, one_header(headers, SIGNATURE), secrets, prefix=PREFIX, algorithm="sha1")
    # Not the others: an Authorization header would be a credential in the inbox.
    kept = tuple((name, value) for name, value in headers if name.lower() == SIGNATURE.lower())
    return Verified(headers=kept, body=body, identity=f"sha256:{hashlib.sha256(body).hexdigest()}")


def events_from(verified: Verified, *, connection: str, own_user_id: str | None) -> Sequence[Event]:
    """What the delivery says, `by_us` where it is of our own change. Raises `Unrecognised`."""
    data = a_record(parse_json(verified.body), "zammad: the body")
    if is_trial(data):
        return [Ping(connection=connection)]
    ticket = record(data.get("ticket"))
    ticket_id = id_from(ticket.get("id"))
    if ticket_id is None:
        raise Unrecognised("zammad: no ticket in the webhook; is its payload customized?")
    return [
        TicketEvent(
            ref=TicketRef(connection=connection, id=ticket_id),
            at=utc_time(ticket.get("updated_at"), of="zammad"),
            comments_to_read=True,
            gone=_GONE.get(text(ticket.get("state"))),
            by_us=_is_by_us(ticket, record(data.get("article")), own_user_id),
        )
    ]


def _is_by_us(ticket: Mapping[str, Any], article: Mapping[str, Any], own_user_id: str | None) -> bool:
    """The article is the one that the delivery is about; the ticket is as it was when the delivery was written, which
    is later (Zammad's `TriggerWebhookJob`): a customer's words before a change of ours name us as its last changer."""
    if own_user_id is None or any_text(ticket.get("updated_by_id")) != own_user_id:
        return False
    return not article or any_text(article.get("created_by_id")) == own_user_id
