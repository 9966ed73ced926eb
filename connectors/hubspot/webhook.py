"""What HubSpot's webhooks tell: which tickets something happened on. They are hints: those are read again.

Signed by version 3: the app's client secret over the method, the address, the body and a time of the last five minutes
(https://developers.hubspot.com/docs/apps/developer-platform/build-apps/authentication/request-validation). The address
is the one that the settings say: what a request says of its host, whoever sends it chooses. One delivery has up to a
hundred events, in no order, and `eventId` is not promised to be unique
(https://developers.hubspot.com/docs/api-reference/latest/webhooks/guide).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from connectors.hubspot.mapping import NAME, id_from
from connectors.kit.fields import items, record, text, unix_time, whole
from connectors.kit.strict_json import parse_json
from connectors.kit.webhooks.signatures import (
    one_header,
    require_fresh,
    shown_header,
    time_in,
    verify_hmac,
)
from connectors.kit.webhooks.signing import sign_hmac
from connectors.kit.webhooks.trial import is_trial, trial_body
from incidents.errors import Unrecognised
from incidents.events import Event, Ignored, Ping, TicketEvent, TrialWebhook, Verified
from incidents.models import Departure, TicketRef

SIGNATURE, TIMESTAMP = "X-HubSpot-Signature-v3", "X-HubSpot-Request-Timestamp"
TOLERANCE = 300.0
_TICKETS = "0-5"
"""https://developers.hubspot.com/docs/api-reference/latest/crm/understanding-the-crm"""


def signed_headers(body: bytes, secret: bytes, url: str, at: datetime) -> dict[str, str]:
    """As HubSpot would send it to this address."""
    stamp = str(int(at.timestamp() * 1000))
    signature = sign_hmac(_signed(body, url, stamp), secret, prefix="", algorithm="sha256", encoding="base64")
    return {SIGNATURE: signature, TIMESTAMP: stamp}


def verified_from(
    headers: Sequence[tuple[str, str]], body: bytes, *, keys: Sequence[bytes], url: str, now: datetime
) -> Verified:
    """The delivery; raises `Forged`, and ValueError where no secret is configured."""
    stamp, signature = one_header(headers, TIMESTAMP), one_header(headers, SIGNATURE)
    sent_at = time_in(shown_header(stamp), "milliseconds")
    verify_hmac(
        _signed(body, url, shown_header(stamp)),
        signature,
        keys,
        prefix="",
        algorithm="sha256",
        encoding="base64",
    )
    require_fresh(sent_at, now, TOLERANCE)
    kept = ((SIGNATURE.lower(), shown_header(signature)), (TIMESTAMP.lower(), shown_header(stamp)))
    return Verified(headers=kept, body=body, identity=_identity(body))


def trial_from(secret: bytes, url: str, *, now: datetime) -> TrialWebhook:
    """A delivery that we send to ourselves."""
    body = trial_body()
    return TrialWebhook(headers=tuple(signed_headers(body, secret, url, now).items()), body=body)


def events_from(verified: Verified, *, connection: str, portal: int) -> Sequence[Event]:
    """Each ticket once, and those that went into another; `Ignored` for another portal's and for all that is no
    ticket's. Raises `Unrecognised`."""
    data = parse_json(verified.body)
    if isinstance(data, dict) and is_trial(data):
        return [Ping(connection=connection)]
    told = items(data)
    if not told or not all(isinstance(one, dict) for one in told):
        raise Unrecognised("hubspot: the body is not a list of events")
    changed: dict[str, datetime] = {}
    merged: dict[str, tuple[str, datetime]] = {}
    ignored: dict[str, None] = {}
    for event in told:
        kind, own = text(event.get("subscriptionType")), whole(event.get("portalId"))
        if not kind or own is None:
            raise Unrecognised("hubspot: an event without its type or portal")
        if own != portal:
            ignored["of another portal"] = None
        elif not _is_of_a_ticket(kind, event):
            ignored["no ticket's"] = None
        else:
            at, own_id = unix_time(_seconds(event.get("occurredAt")), of=NAME), _survivor(event)
            if own_id is None:
                raise Unrecognised("hubspot: an event without its ticket")
            changed[own_id] = max(at, changed.get(own_id, at))
            merged |= {one: (own_id, at) for one in _merged(event) if one != own_id}
    return [
        *(
            TicketEvent(ref=TicketRef(connection=connection, id=one), at=at, comments_to_read=True)
            for one, at in changed.items()
            if one not in merged
        ),
        *(
            TicketEvent(
                ref=TicketRef(connection=connection, id=one), at=at, gone=Departure.MERGED, merged_into=into
            )
            for one, (into, at) in merged.items()
        ),
        *(Ignored(connection=connection, kind=kind) for kind in ignored),
    ]


def _signed(body: bytes, url: str, stamp: str) -> bytes:
    return f"POST{url}".encode() + body + stamp.encode()


def _is_of_a_ticket(kind: str, event: Mapping[str, Any]) -> bool:
    """By the older subscriptions, `ticket.creation`, or the generic ones, `object.creation` of a type."""
    return kind.startswith("ticket.") or (
        kind.startswith("object.") and event.get("objectTypeId") == _TICKETS
    )


def _survivor(event: Mapping[str, Any]) -> str | None:
    """The ticket to read: of a merger the record that is left, which may be a new one."""
    for key in ("newObjectId", "primaryObjectId", "objectId", "fromObjectId"):
        if (own_id := id_from(event.get(key))) is not None:
            return own_id
    return None


def _merged(event: Mapping[str, Any]) -> list[str]:
    if not text(event.get("subscriptionType")).endswith(".merge"):
        return []
    named = [event.get("primaryObjectId"), *items(event.get("mergedObjectIds"))]
    return [one for one in map(id_from, named) if one is not None]


def _seconds(value: Any) -> float | None:
    told = whole(value)
    return told / 1000 if told is not None and abs(told) < 2**60 else None


def _identity(body: bytes) -> str:
    """A hash of the events without what another attempt changes; of what cannot be read the bytes'."""
    told = body
    try:
        data = parse_json(body)
        if isinstance(data, list):
            kept = [
                {key: one for key, one in record(event).items() if key != "attemptNumber"} for event in data
            ]
            if all(isinstance(event, dict) for event in data):
                told = json.dumps(kept, sort_keys=True).encode()
    except Unrecognised:
        pass
    return f"sha256:{hashlib.sha256(told).hexdigest()}"
