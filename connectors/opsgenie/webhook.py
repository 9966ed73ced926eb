"""What Opsgenie's webhook integration tells: authentic or `Forged`, understood or `Unrecognised`, and nothing else.

Opsgenie signs nothing, so each delivery shows a secret in a header of ours, which the integration sends along. Times
are when a delivery came: the fields' units differ from action to action. What a delivery holds is known from those who
read them (README, Quirks).
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from connectors.kit.fields import a_record, record, text, utc_time
from connectors.kit.marks import unmarked
from connectors.kit.strict_json import parse_json
from connectors.kit.webhooks.schemes import Scheme, SignatureScheme, Verifier
from connectors.kit.webhooks.trial import is_trial
from connectors.opsgenie.mapping import CLIENT, key_of, person
from incidents.errors import Unrecognised
from incidents.events import Event, Ignored, PageChange, PageEvent, Ping, Verified

HEADER = "X-Liaison-Token"
SCHEME = SignatureScheme(scheme=Scheme.TOKEN, header=HEADER)
CAME_AT = "liaison-came-at"
_ACTION = re.compile(r"[A-Za-z][A-Za-z0-9 _-]{0,79}")
_CHANGES = {
    "Create": PageChange.TRIGGERED,
    "Acknowledge": PageChange.ACKNOWLEDGED,
    "UnAcknowledge": PageChange.UNACKNOWLEDGED,
    "TakeOwnership": PageChange.REASSIGNED,
    "AssignOwnership": PageChange.REASSIGNED,
    "Escalate": PageChange.ESCALATED,
    "EscalateNext": PageChange.ESCALATED,
    "AddNote": PageChange.NOTED,
    "Close": PageChange.RESOLVED,
    # An alert that was deleted rings for nobody, and cannot be read any more.
    "Delete": PageChange.RESOLVED,
}
_SAID = {
    "UpdatePriority": "its priority was changed",
    "UpdateMessage": "its message was changed",
    "Snooze": "snoozed; it rings for nobody meanwhile",
    "SnoozeEnded": "no longer snoozed",
    "AddTeam": "another team was added",
    "AddResponder": "another responder was added",
    "AddRecipient": "another responder was added",
}


def verified_from(
    headers: Sequence[tuple[str, str]], body: bytes, *, secrets: Sequence[bytes], now: datetime
) -> Verified:
    """The delivery of whoever knows the secret; raises `Forged`."""
    Verifier(SCHEME, secrets).verify(headers, body, now=now)
    return Verified(
        # Not the token: it would be a credential in the inbox.
        headers=((CAME_AT, now.isoformat()),),
        body=body,
        # A repeated delivery has equal bytes; another change has another updatedAt in them.
        identity=f"sha256:{hashlib.sha256(body).hexdigest()}",
    )


def events_from(verified: Verified, *, connection: str) -> Sequence[Event]:
    """What happened to an alert. Raises `Unrecognised`."""
    data = a_record(parse_json(verified.body), "opsgenie: the body")
    if is_trial(data):
        return [Ping(connection=connection)]
    action = text(data.get("action"))
    if action == "TestAction":
        return [Ping(connection=connection)]
    if _ACTION.fullmatch(action) is None:
        raise Unrecognised("opsgenie: a webhook without its action")
    change = _CHANGES.get(action, PageChange.CHANGED)
    if change is PageChange.CHANGED and action not in _SAID:
        return [Ignored(connection=connection, kind=action)]
    if not text(record(data.get("alert")).get("alertId")):
        raise Unrecognised(
            "opsgenie: a webhook without alertId; let the integration send the alert's details"
        )
    return [_page_event(connection, data, action, change, _came_at(verified))]


def _page_event(
    connection: str, data: dict[str, Any], action: str, change: PageChange, at: datetime
) -> PageEvent:
    alert = record(data.get("alert"))
    said = text(alert.get("note")) if change is PageChange.NOTED else _SAID.get(action, "")
    if change is PageChange.REASSIGNED:
        said = text(alert.get("owner"))
    plain = unmarked(said)
    user, alias = text(alert.get("username")), text(alert.get("alias"))
    return PageEvent(
        connection=connection,
        page_id=text(alert.get("alertId")),
        key=key_of(alias) if alias else None,
        change=change,
        at=at,
        actor=user,
        text=plain,
        by_us=CLIENT in (user, record(data.get("source")).get("name")) or plain != said,
        by_machine=bool(user) and not person(user),
    )


def _came_at(verified: Verified) -> datetime:
    found = (value for name, value in verified.headers if name == CAME_AT)
    return utc_time(next(found, None), of="opsgenie")
