"""PagerDuty's V3 webhooks: authentic or `Forged`, understood or `Unrecognised`, and never anything else.

https://developer.pagerduty.com/docs/webhooks-overview (event types and their data)
https://developer.pagerduty.com/docs/verifying-webhook-signatures

Three facts decide how they are read:

- An incident paged through the Events API has `incident_key: null` here, so an event rarely has our key and
  the pager is asked by its id.
- What the Events API did has an integration as `agent`, what a person did has a user, what time did has none.
- A merge is told as `incident.resolved`. The fault goes on in another incident, which the pager is asked for.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from secrets import token_hex
from typing import Any

from connectors.kit.fields import items, record, text, utc_time
from connectors.kit.strict_json import parse_json
from connectors.kit.webhooks.schemes import Scheme, SignatureScheme
from connectors.kit.webhooks.signatures import one_header, verify_hex_hmac
from connectors.kit.webhooks.trial import trial_webhook
from connectors.pagerduty.mapping import CLIENT, is_person, unmarked
from incidents.errors import Unrecognised
from incidents.events import (
    Event,
    Ignored,
    PageChange,
    PageEvent,
    Ping,
    TrialWebhook,
    Verified,
)

SIGNATURE = "X-PagerDuty-Signature"
OUR_ACTS = frozenset({PageChange.TRIGGERED, PageChange.ACKNOWLEDGED, PageChange.RESOLVED})
_IDENTITY = re.compile(r"[0-9A-Za-z_-]{1,200}")


def verify(headers: Sequence[tuple[str, str]], body: bytes, secrets: Sequence[bytes]) -> Verified:
    """Check the signature over the raw body. The header may list several, one for each live secret."""
    verify_hex_hmac(body, one_header(headers, SIGNATURE), secrets, prefix="v1=")
    # Not the others: an Authorization header would be a credential in the inbox.
    kept = tuple((name, value) for name, value in headers if name.lower() == SIGNATURE.lower())
    return Verified(headers=kept, body=body, identity=_identity(body))


def events(connection: str, body: bytes) -> Sequence[Event]:
    """What a V3 webhook says: one event; `Ignored` for types that say nothing of who has a page and how it stands."""
    content = record(parse_json(body))
    if isinstance(content.get("messages"), list):
        raise Unrecognised("pagerduty: a V2 webhook; make a V3 webhook subscription instead")
    event = record(content.get("event"))
    kind = text(event.get("event_type"))
    if kind == "pagey.ping":
        return (Ping(connection=connection),)
    if kind.startswith(NOT_READ):
        return (Ignored(connection=connection, kind=kind),)
    if kind not in _READERS:
        raise Unrecognised(f"pagerduty: an event of a type we do not know: {kind[:80]!r}")
    change, tell = _READERS[kind]
    return (_page_event(connection, event, change, tell),)


def trial(secret: bytes, *, now: datetime) -> TrialWebhook:
    """PagerDuty's own test call, `pagey.ping`."""
    scheme = SignatureScheme(scheme=Scheme.HMAC, header=SIGNATURE, prefix="v1=")
    event = {"id": token_hex(12), "event_type": "pagey.ping", "resource_type": "pagey"}
    return trial_webhook(scheme, secret, now=now, body=json.dumps({"event": event}).encode())


def _identity(body: bytes) -> str:
    """`event.id` is inside the signed bytes; the X-Webhook-Id header is not and would let a replay pass."""
    try:
        event_id = record(record(parse_json(body)).get("event")).get("id")
    except Unrecognised:
        event_id = None
    if isinstance(event_id, str) and _IDENTITY.fullmatch(event_id):
        return event_id
    return hashlib.sha256(body).hexdigest()


def _page_event(
    connection: str, event: dict[str, Any], change: PageChange, tell: Callable[[dict[str, Any]], str]
) -> PageEvent:
    data = record(event.get("data"))
    incident = data if data.get("type") == "incident" else record(data.get("incident"))
    page_id = text(incident.get("id"))
    if not page_id:
        raise Unrecognised("pagerduty: an incident event without an incident")
    said, is_marked = unmarked(tell(data))
    agent = record(event.get("agent"))
    if change is PageChange.RESOLVED and (target := _merged_into(data)):
        change, said = PageChange.MERGED, f"merged into {target}; it goes on there"
    return PageEvent(
        connection=connection,
        page_id=page_id,
        key=text(incident.get("incident_key")) or None,
        change=change,
        at=utc_time(event.get("occurred_at"), of="pagerduty", zone=UTC),
        actor=text(agent.get("summary")),
        text=said,
        url=text(incident.get("html_url")) or None,
        by_us=is_marked or _is_our_act(event, change),
        by_machine=bool(agent) and not is_person(agent),
        note_id=text(data.get("id")) if change is PageChange.NOTED else "",
    )


def _is_our_act(event: dict[str, Any], change: PageChange) -> bool:
    """Whether an integration did it and no client but ours signed for it.

    Another tool's integration on the same service looks alike, but the pages it acts on are not ours.
    """
    agent = text(record(event.get("agent")).get("type"))
    client = text(record(event.get("client")).get("name"))
    return change in OUR_ACTS and agent.endswith("inbound_integration_reference") and client in ("", CLIENT)


def _merged_into(data: dict[str, Any]) -> str:
    reason = record(data.get("resolve_reason"))
    if reason.get("type") != "merge_resolve_reason":
        return ""
    target = record(reason.get("incident"))
    return text(target.get("summary")) or text(target.get("id")) or "another incident"


def _nothing(_data: dict[str, Any]) -> str:
    return ""


def _content(data: dict[str, Any]) -> str:
    return text(data.get("content"))


def _message(data: dict[str, Any]) -> str:
    return text(data.get("message"))


def _assignees(data: dict[str, Any]) -> str:
    names = [_name(item) for item in items(data.get("assignees"))]
    return ", ".join(filter(None, names))


def _priority(data: dict[str, Any]) -> str:
    return f"priority {_name(data.get('priority')) or 'removed'}"


def _urgency(data: dict[str, Any]) -> str:
    urgency = text(data.get("urgency")) or "unknown"
    return f"urgency is now {urgency}{'; it may no longer ring' if urgency == 'low' else ''}"


def _service(data: dict[str, Any]) -> str:
    return f"moved to the service {_name(data.get('service')) or '(unknown)'}"


def _title(data: dict[str, Any]) -> str:
    return f"title is now: {text(data.get('title')) or _name(data)}"


def _bridge(data: dict[str, Any]) -> str:
    places = [text(data.get("conference_url")), text(data.get("conference_number"))]
    return f"conference: {', '.join(filter(None, places)) or 'removed'}"


def _responder(data: dict[str, Any]) -> str:
    who = _name(data.get("user")) or _name(data.get("escalation_policy")) or "somebody"
    state = text(data.get("state"))
    return f"{who} {_RESPONSES.get(state, f'is a responder ({state})' if state else 'is a responder')}"


def _name(reference: Any) -> str:
    return text(record(reference).get("summary"))


_RESPONSES = {"pending": "was asked to help", "accepted": "comes to help", "declined": "cannot help"}

_READERS: dict[str, tuple[PageChange, Callable[[dict[str, Any]], str]]] = {
    "incident.triggered": (PageChange.TRIGGERED, _nothing),
    "incident.acknowledged": (PageChange.ACKNOWLEDGED, _nothing),
    "incident.unacknowledged": (PageChange.UNACKNOWLEDGED, _nothing),
    "incident.reassigned": (PageChange.REASSIGNED, _assignees),
    "incident.delegated": (PageChange.DELEGATED, _assignees),
    "incident.escalated": (PageChange.ESCALATED, _assignees),
    "incident.annotated": (PageChange.NOTED, _content),
    "incident.status_update_published": (PageChange.NOTED, _message),
    "incident.priority_updated": (PageChange.CHANGED, _priority),
    "incident.urgency_updated": (PageChange.CHANGED, _urgency),
    "incident.service_updated": (PageChange.CHANGED, _service),
    "incident.title_updated": (PageChange.CHANGED, _title),
    "incident.conference_bridge.updated": (PageChange.CHANGED, _bridge),
    "incident.responder.added": (PageChange.CHANGED, _responder),
    "incident.responder.replied": (PageChange.CHANGED, _responder),
    "incident.resolved": (PageChange.RESOLVED, _nothing),
    "incident.reopened": (PageChange.REOPENED, _nothing),
}

HEARD = frozenset(_READERS)
"""What a subscription of ours must send."""

NOT_READ = (
    "incident.action_invocation.",
    "incident.custom_field_values.",
    "incident.incident_type.",
    "incident.role.",
    "incident.task.",
    "incident.workflow.",
    "service.",
)
"""Families of types that change neither who has a page nor what agents should know of it."""
