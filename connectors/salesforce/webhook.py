"""What an outbound message tells: which cases changed, and no more.

Salesforce signs nothing. It shows a client certificate that is the same for all its customers, and names its
organization, which is no secret. So the endpoint's address has a secret after its question mark; or a proxy that has
looked at the certificate shows it in a header. A message is a hint: up to 100 notifications, at least once, in any
order, with the data of the moment at which it is sent; each case is read again.
https://developer.salesforce.com/docs/atlas.en-us.api.meta/api/sforce_api_om_outboundmessaging_notifications.htm
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Sequence
from datetime import datetime
from xml.etree import ElementTree

from connectors.kit.fields import a_record, utc_time
from connectors.kit.strict_json import parse_json
from connectors.kit.webhooks.schemes import Scheme, SignatureScheme
from connectors.kit.webhooks.signatures import one_header
from connectors.kit.webhooks.tokens import require_organization, verify_token
from connectors.kit.webhooks.trial import is_trial
from connectors.salesforce.rest.ids import case_id
from incidents.errors import Forged, Unrecognised
from incidents.events import QUERY, Event, Ignored, Ping, Reply, TicketEvent, Verified
from incidents.models import TicketRef

HEADER = "X-Liaison-Token"
SCHEME = SignatureScheme(scheme=Scheme.TOKEN, header=HEADER)
CAME_AT = "liaison-came-at"
_SOAP = "http://schemas.xmlsoap.org/soap/envelope/"
_OUTBOUND = "{http://soap.sforce.com/2005/09/outbound}"
_OBJECT = "{urn:sobject.enterprise.soap.sforce.com}"
_TYPE = "{http://www.w3.org/2001/XMLSchema-instance}type"
ACK = Reply(
    body=(
        '<?xml version="1.0" encoding="UTF-8"?>'
        f'<soapenv:Envelope xmlns:soapenv="{_SOAP}"><soapenv:Body>'
        '<notificationsResponse xmlns="http://soap.sforce.com/2005/09/outbound"><Ack>true</Ack></notificationsResponse>'
        "</soapenv:Body></soapenv:Envelope>"
    ).encode(),
    content_type="text/xml; charset=utf-8",
)
"""Without it Salesforce sends the same again, for 24 hours."""
MOST = 100
"""Notifications in a message; more are none of Salesforce's."""
_NOTIFICATION = re.compile(rb"<Id>(04l[A-Za-z0-9]{12}(?:[A-Z0-5]{3})?)</Id>")
_SESSION = re.compile(rb"<(?:[A-Za-z][\w.-]{0,40}:)?SessionId[^<>]{0,400}>")
_SESSION_END = b"SessionId>"


def verified_from(
    headers: Sequence[tuple[str, str]], body: bytes, *, secrets: Sequence[bytes], now: datetime
) -> Verified:
    """The delivery of whoever knows the secret; raises `Forged`, and ValueError where none is configured. The ids of
    its notifications tell it from others; a session that it shows is not kept."""
    shown = one_header(headers, HEADER)
    verify_token(one_header(headers, QUERY) if shown is None else shown, secrets)
    return Verified(
        headers=((CAME_AT, now.isoformat()),),
        body=without_session(body),
        identity=_identity(body),
        acknowledgement=ACK,
    )


def without_session(body: bytes) -> bytes:
    """Where "Send Session ID" is ticked, the message shows a session of a user: it would be a credential in the
    inbox."""
    found = _SESSION.search(body)
    if found is None or found[0].endswith(b"/>"):
        return body
    end = body.find(_SESSION_END, found.end())
    start = body.rfind(b"<", found.end(), end) if end >= 0 else -1
    return body[: found.end()] + (body[start:] if start >= 0 else b"")


def events_from(verified: Verified, *, connection: str, organization: str) -> Sequence[Event]:
    """The cases to read again. Raises `Unrecognised`, also for a message of another organization: such as a sandbox,
    which is a copy with our address and secret."""
    if verified.body.lstrip()[:1] == b"{":
        if is_trial(a_record(parse_json(verified.body), "salesforce: the body")):
            return [Ping(connection=connection)]
        raise Unrecognised("salesforce: not an outbound message")
    try:
        require_organization(verified.body, organization)
    except Forged as error:
        raise Unrecognised(
            f"salesforce: {error}; if this is a sandbox of ours, switch its outbound message off, or correct"
            " organization"
        ) from error
    at = _came_at(verified)
    cases, others = [], set()
    for kind, case in _notified(verified.body):
        if case is None:
            others.add(kind)
        else:
            cases.append(case)
    events: list[Event] = [
        TicketEvent(ref=TicketRef(connection=connection, id=case), at=at, comments_to_read=True)
        for case in dict.fromkeys(cases)
    ]
    if not events and not others:
        raise Unrecognised("salesforce: an outbound message without a notification")
    return [*events, *(Ignored(connection=connection, kind=f"of object {kind}") for kind in sorted(others))]


def _notified(body: bytes) -> Iterator[tuple[str, str | None]]:
    """Each notification's object, and the case that it is about; None where it is about none."""
    # `require_organization` has read it before: there is no DOCTYPE in it.
    root = ElementTree.fromstring(body.decode())  # noqa: S314
    for number, one in enumerate(root.iter(f"{_OUTBOUND}Notification")):
        if number >= MOST:
            raise Unrecognised(f"salesforce: more than {MOST} notifications in a message")
        found = one.find(f"{_OUTBOUND}sObject")
        if found is None:
            raise Unrecognised("salesforce: a notification without its object")
        kind = found.get(_TYPE, "").rpartition(":")[2]
        name = "Id" if kind == "Case" else "ParentId"
        case = case_id(found.findtext(f"{_OBJECT}{name}"))
        if case is None and kind in ("Case", "CaseComment", "EmailMessage"):
            raise Unrecognised(
                f"salesforce: a notification of a {kind} without {name}; choose that field in its message"
            )
        yield (kind[:80] if kind.isascii() and kind.isidentifier() else "unknown"), case


def _identity(body: bytes) -> str:
    found = sorted({one.decode() for one in _NOTIFICATION.findall(body)})
    if len(found) == 1:
        return f"notification:{found[0]}"
    return f"sha256:{hashlib.sha256(' '.join(found).encode() if found else body).hexdigest()}"


def _came_at(verified: Verified) -> datetime:
    found = (value for name, value in verified.headers if name == CAME_AT)
    return utc_time(next(found, None), of="salesforce")
