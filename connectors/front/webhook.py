"""What Front's webhooks tell: which conversation something happened on. It is a hint: that is read again.

An app's are signed by its signing key, with a time (https://dev.frontapp.com/docs/application-webhooks); a rule's by
the company's API secret, without one (https://dev.frontapp.com/docs/rule-webhooks). Only an app's say whose they are:
the secret of a rule's is the company's own.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from connectors.front.mapping import NAME, id_from
from connectors.kit.fields import a_record, items, record, text, unix_time
from connectors.kit.strict_json import parse_json
from connectors.kit.webhooks.schemes import Scheme, SignatureScheme, Verifier
from connectors.kit.webhooks.signatures import one_header
from connectors.kit.webhooks.trial import is_trial
from incidents.errors import Unrecognised
from incidents.events import Event, Ignored, Ping, Reply, TicketEvent, Verified
from incidents.models import Departure, TicketRef

APP = SignatureScheme(scheme=Scheme.FRONT)
RULE = SignatureScheme(
    scheme=Scheme.HMAC, header="X-Front-Signature", algorithm="sha1", encoding="base64", prefix=""
)
TIMESTAMP, CHALLENGE = "X-Front-Request-Timestamp", "X-Front-Challenge"
MERGED = "conversations_merged"


def verified_from(
    headers: Sequence[tuple[str, str]],
    body: bytes,
    *,
    app_keys: Sequence[bytes],
    rule_keys: Sequence[bytes],
    now: datetime,
) -> Verified:
    """The delivery of an app or of a rule; raises `Forged`, and ValueError where no secret is configured."""
    has_time = any(name.lower() == TIMESTAMP.lower() for name, _ in headers)
    # What shows no time can only be a rule's; where one of both is configured, it is of that.
    is_apps = not rule_keys or (has_time and bool(app_keys))
    scheme, keys = (APP, app_keys) if is_apps else (RULE, rule_keys)
    proof = Verifier(scheme, keys).verify(headers, body, now=now)
    reply = _challenge(headers, body) if scheme is APP else None
    return Verified(headers=proof.headers, body=body, identity=_identity(body), reply=reply)


def events_from(verified: Verified, *, connection: str, company: str) -> Sequence[Event]:
    """The conversation that changed, and those that went into it; `Ignored` for another company's. Raises
    `Unrecognised`."""
    data = a_record(parse_json(verified.body), "front: the body")
    if is_trial(data):
        return [Ping(connection=connection)]
    if "authorization" in data:
        owner = text(record(data.get("authorization")).get("id"))
        if not owner:
            raise Unrecognised("front: an app's webhook without its company")
        if owner != company:
            return [Ignored(connection=connection, kind="of another company")]
        if data.get("type") == "sync":
            return [Ping(connection=connection)]
        data = a_record(data.get("payload"), "front: the payload")
    kind = text(data.get("type"))
    if not kind:
        raise Unrecognised("front: an event without its type")
    own_id = id_from(record(data.get("conversation")).get("id"))
    if own_id is None:
        raise Unrecognised("front: an event without its conversation")
    at = unix_time(data.get("emitted_at"), of=NAME)
    changed = TicketEvent(ref=TicketRef(connection=connection, id=own_id), at=at, comments_to_read=True)
    return [changed, *(_merged(one, own_id, connection, at) for one in merged_ids(data) if one != own_id)]


def merged_ids(event: dict[str, Any]) -> list[str]:
    """Which conversations went into this event's."""
    if event.get("type") != MERGED:
        return []
    named = items(record(event.get("target")).get("data"))
    return [own_id for own_id in map(id_from, named) if own_id is not None]


def _merged(own_id: str, into: str, connection: str, at: datetime) -> TicketEvent:
    ref = TicketRef(connection=connection, id=own_id)
    return TicketEvent(ref=ref, at=at, gone=Departure.MERGED, merged_into=into)


def _challenge(headers: Sequence[tuple[str, str]], body: bytes) -> Reply | None:
    """What an app's address is asked when it is saved, within ten seconds."""
    shown = one_header(headers, CHALLENGE)
    if not shown or len(shown) > 500 or not shown.isascii() or not shown.isprintable():
        return None
    try:
        kind = record(parse_json(body)).get("type")
    except Unrecognised:
        return None
    if kind != "sync":
        return None
    return Reply(body=json.dumps({"challenge": shown}).encode(), content_type="application/json")


def _identity(body: bytes) -> str:
    """The event's id, which a delivery that is sent again keeps; of what has none the bytes."""
    told = f"sha256:{hashlib.sha256(body).hexdigest()}"
    try:
        data = record(parse_json(body))
    except Unrecognised:
        return told
    event = record(data.get("payload")) if "authorization" in data else data
    own_id = text(event.get("id"))
    return f"event:{own_id}" if own_id.isascii() and 0 < len(own_id) <= 100 else told
