"""What an automation rule's webhook tells: which ticket changed, and no more.

Freshdesk signs nothing, so each delivery shows a secret in a header, and is a hint: the ticket is read again. Rules say
neither when nor by whom; two changes are told in equal bytes.
https://support.freshdesk.com/support/solutions/articles/132589-using-webhooks-in-automation-rules
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import datetime

from connectors.freshdesk.mapping import id_from
from connectors.kit.fields import a_record, record, utc_time
from connectors.kit.strict_json import parse_json
from connectors.kit.webhooks.schemes import Scheme, SignatureScheme, Verifier
from connectors.kit.webhooks.trial import is_trial
from incidents.errors import Unrecognised
from incidents.events import Event, Ping, TicketEvent, Verified
from incidents.models import TicketRef

HEADER = "X-Liaison-Token"
SCHEME = SignatureScheme(scheme=Scheme.TOKEN, header=HEADER)
CAME_AT = "liaison-came-at"


def verified_from(
    headers: Sequence[tuple[str, str]], body: bytes, *, secrets: Sequence[bytes], now: datetime
) -> Verified:
    """The delivery of whoever knows the secret; raises `Forged`, and ValueError where none is configured."""
    Verifier(SCHEME, secrets).verify(headers, body, now=now)
    return Verified(
        # Not the token: it would be a credential in the inbox.
        headers=((CAME_AT, now.isoformat()),),
        body=body,
        identity=f"sha256:{hashlib.sha256(body).hexdigest()}",
        is_repeatable=True,
    )


def events_from(verified: Verified, *, connection: str) -> Sequence[Event]:
    """The ticket that changed. Raises `Unrecognised`."""
    data = a_record(parse_json(verified.body), "freshdesk: the body")
    if is_trial(data):
        return [Ping(connection=connection)]
    ticket = id_from(record(data.get("freshdesk_webhook")).get("ticket_id"))
    if ticket is None:
        raise Unrecognised(
            "freshdesk: no ticket id in the webhook; in its rule choose the encoding JSON, simple content, and tick"
            " Ticket ID"
        )
    return [
        TicketEvent(
            ref=TicketRef(connection=connection, id=ticket), at=_came_at(verified), comments_to_read=True
        )
    ]


def _came_at(verified: Verified) -> datetime:
    found = (value for name, value in verified.headers if name == CAME_AT)
    return utc_time(next(found, None), of="freshdesk")
