"""What an app's webhook tells: which conversation or ticket changed. It is a hint: that is read again.

Signed by HMAC-SHA1 of the body with the app's client secret; no time is signed, so a delivery is known by its id.
https://developers.intercom.com/docs/webhooks/webhook-notifications
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import datetime

from connectors.intercom.mapping import NAME, id_from, ticket_ref_id
from connectors.kit.fields import a_record, record, text, unix_time
from connectors.kit.strict_json import parse_json
from connectors.kit.webhooks.schemes import Scheme, SignatureScheme, Verifier
from connectors.kit.webhooks.trial import is_trial
from incidents.errors import Unrecognised
from incidents.events import Event, Ignored, Ping, TicketEvent, Verified
from incidents.models import TicketRef

SCHEME = SignatureScheme(scheme=Scheme.HUB_SHA1)


def verified_from(
    headers: Sequence[tuple[str, str]], body: bytes, *, secrets: Sequence[bytes], now: datetime
) -> Verified:
    """The delivery of whoever knows the client secret; raises `Forged`, and ValueError where none is configured."""
    proof = Verifier(SCHEME, secrets).verify(headers, body, now=now)
    return Verified(headers=proof.headers, body=body, identity=_identity(body))


def events_from(
    verified: Verified, *, connection: str, workspace: str, reads_tickets: bool = True
) -> Sequence[Event]:
    """The conversation or ticket that changed; `Ignored` for another workspace's and for other things. Raises
    `Unrecognised`."""
    data = a_record(parse_json(verified.body), "intercom: the body")
    if is_trial(data):
        return [Ping(connection=connection)]
    app, topic = text(data.get("app_id")), text(data.get("topic"))
    if not app or not topic:
        raise Unrecognised("intercom: a notification without its app_id or topic")
    # One app may be installed in several workspaces, and signs alike for all.
    if app != workspace:
        return [Ignored(connection=connection, kind="of another workspace")]
    if topic == "ping":
        return [Ping(connection=connection)]
    kind = topic.partition(".")[0]
    item = record(record(data.get("data")).get("item"))
    if kind == "ticket":
        # The topic `ticket.closed` wraps the ticket once more.
        item = record(item.get("ticket")) or item
    # What tells of a deletion has the fields that name the conversation, and no more.
    is_ours = kind == "conversation" or (kind == "ticket" and reads_tickets)
    if not is_ours or item.get("type", kind) != kind:
        return [Ignored(connection=connection, kind=topic[:80])]
    own_id = id_from(item.get("id"))
    if kind == "conversation":
        own_id = own_id or id_from(item.get("conversation_id"))
    if own_id is None:
        raise Unrecognised(f"intercom: a {kind} without an id in a webhook")
    ref = TicketRef(connection=connection, id=ticket_ref_id(own_id) if kind == "ticket" else own_id)
    at = unix_time(data.get("created_at"), of=NAME)
    return [TicketEvent(ref=ref, at=at, comments_to_read=True)]


def _identity(body: bytes) -> str:
    """Its id, which a delivery that is sent again keeps; of what has none the bytes."""
    told = f"sha256:{hashlib.sha256(body).hexdigest()}"
    try:
        data = parse_json(body)
    except Unrecognised:
        return told
    own_id = text(record(data).get("id"))
    return f"notification:{own_id}" if own_id.isascii() and 0 < len(own_id) <= 100 else told
