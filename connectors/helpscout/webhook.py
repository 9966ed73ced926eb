"""What a webhook tells: which conversation changed. It is a hint: the conversation is read again.

Signed by HMAC-SHA1 of the body, in base64. The event stands in a header that is not signed, so nothing is done by its
word alone; neither a time nor an id of the delivery is told. https://developer.helpscout.com/webhooks/
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Sequence
from datetime import datetime

from connectors.helpscout.conversation.threads import NAME, id_from
from connectors.kit.fields import a_record, text, utc_time, whole
from connectors.kit.strict_json import parse_json
from connectors.kit.webhooks.schemes import Scheme, SignatureScheme, Verifier
from connectors.kit.webhooks.signatures import one_header
from connectors.kit.webhooks.trial import is_trial
from incidents.errors import Unrecognised
from incidents.events import Event, Ignored, Ping, TicketEvent, Verified
from incidents.models import TicketRef

SCHEME = SignatureScheme(scheme=Scheme.HELPSCOUT)
EVENT = "x-helpscout-event"
CAME_AT = "liaison-came-at"
TEST = "helpscout.test"
"""What Help Scout's own test call is named: helpscout-api-php, src/Webhooks/IncomingWebhook.php."""
_MOVED = "convo.moved"


def verified_from(
    headers: Sequence[tuple[str, str]], body: bytes, *, secrets: Sequence[bytes], now: datetime
) -> Verified:
    """The delivery of whoever knows the secret; raises `Forged`, and ValueError where none is configured."""
    Verifier(SCHEME, secrets).verify(headers, body, now=now)
    event = text(one_header(headers, EVENT))[:80]
    told = f"{event}\n".encode() + body
    return Verified(
        headers=((EVENT, event), (CAME_AT, now.isoformat())),
        body=body,
        identity=f"sha256:{hashlib.sha256(told).hexdigest()}",
        # Closed, opened and closed again within a second is told in equal bytes.
        is_repeatable=True,
    )


def events_from(verified: Verified, *, connection: str, inboxes: Collection[int]) -> Sequence[Event]:
    """The conversation that changed; `Ignored` for another inbox's and for other things. Raises `Unrecognised`."""
    data = a_record(parse_json(verified.body), "helpscout: the body")
    event = _header(verified, EVENT)
    if is_trial(data) or event == TEST:
        return [Ping(connection=connection)]
    if not event:
        raise Unrecognised(
            "helpscout: a webhook without its event; see that the proxy lets X-HelpScout-Event through"
        )
    if not event.startswith("convo."):
        return [Ignored(connection=connection, kind=event)]
    inbox = whole(data.get("mailboxId"))
    # One that was moved away from us names the inbox where it is now.
    if inboxes and inbox is not None and inbox not in inboxes and event != _MOVED:
        return [Ignored(connection=connection, kind="of another inbox")]
    own_id = id_from(data.get("id"))
    if own_id is None:
        raise Unrecognised(
            "helpscout: no conversation's id in a webhook; its payload must be V2, and no mere notification"
        )
    at = utc_time(_header(verified, CAME_AT), of=NAME)
    return [TicketEvent(ref=TicketRef(connection=connection, id=own_id), at=at, comments_to_read=True)]


def _header(verified: Verified, wanted: str) -> str:
    return next((value for name, value in verified.headers if name == wanted), "")
