"""What a workspace's webhook tells: https://linear.app/developers/webhooks (issues, comments).

The body alone is signed (`Linear-Signature`, SHA-256 in hex). When it was sent stands in it (`webhookTimestamp`, Unix
milliseconds); the headers `Linear-Delivery`, `Linear-Event` and `Linear-Timestamp` are proven by nothing.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

from connectors.kit.fields import a_record, record, text, utc_time, whole
from connectors.kit.strict_json import parse_json
from connectors.kit.webhooks.schemes import Scheme, SignatureScheme, Verifier
from connectors.kit.webhooks.signatures import require_fresh
from connectors.kit.webhooks.trial import is_trial, trial_webhook
from connectors.linear.mapping import identifiers
from connectors.linear.settings import LinearSettings
from incidents.errors import NotAllowed, Unrecognised
from incidents.events import Event, Ignored, IssueEvent, Ping, TrialWebhook, Verified

SCHEME = SignatureScheme(scheme=Scheme.LINEAR)
TOLERANCE = 60.0
"""Seconds between their clock and ours, as Linear advises."""
SENT_AT = "webhookTimestamp"
LATEST = 253_402_300_799_000
"""The last millisecond of the calendar."""
_ADDRESS = re.compile(
    r"https://linear\.app/[^/]+/issue/(?P<key>[A-Z0-9]{1,20}-[1-9][0-9]{0,9})(?=[/#?]|$)", re.ASCII
)


class LinearWebhook:
    """One connection's deliveries."""

    def __init__(self, connection: str, settings: LinearSettings) -> None:
        self._connection = connection
        self._settings = settings
        self._verifier = Verifier(SCHEME, settings.secrets)

    def verify(self, headers: Sequence[tuple[str, str]], body: bytes, *, now: datetime) -> Verified:
        """The delivery, proven; raises `Forged`, also for one that was sent more than a minute away from now. One that
        says no time is none of Linear's: it is kept, and `events` does not understand it."""
        proof = self._verifier.verify(headers, body, now=now)
        told: Mapping[str, Any] = {}
        with suppress(Unrecognised):
            told = record(parse_json(body))
        sent_at = _sent_at(told)
        if sent_at is not None:
            require_fresh(sent_at, now, TOLERANCE)
        return Verified(headers=proof.headers, body=body, identity=_identity(told, body))

    def events(self, verified: Verified) -> Sequence[Event]:
        """The issue that changed, by each identifier that it has or had: it is read again. `Ignored` for other
        workspaces, teams and kinds. Raises `Unrecognised`."""
        data = a_record(parse_json(verified.body), "linear: the body")
        if is_trial(data):
            return [Ping(connection=self._connection)]
        kind, workspace = text(data.get("type")), text(data.get("organizationId"))
        if not kind or not workspace or _sent_at(data) is None:
            raise Unrecognised(f"linear: a delivery without its type, organizationId or {SENT_AT}")
        if self._settings.workspace_id not in ("", workspace):
            return [Ignored(connection=self._connection, kind="of another workspace")]
        told = record(data.get("data"))
        if kind == "Comment":
            if not told.get("issueId") and not record(told.get("issue")):
                return [Ignored(connection=self._connection, kind="comment on no issue")]
            keys = identifiers(record(told.get("issue")))
        elif kind == "Issue":
            keys = identifiers(told)
        else:
            return [Ignored(connection=self._connection, kind=kind[:80])]
        # Not every delivery has the identifier; each has the address of what changed.
        address = _ADDRESS.match(text(data.get("url")))
        keys = keys or ([address["key"]] if address else [])
        if not keys:
            raise Unrecognised("linear: an issue without its identifier")
        if not any(key.startswith(f"{self._settings.team}-") for key in keys):
            return [Ignored(connection=self._connection, kind="of another team")]
        at = utc_time(data.get("createdAt"), of="linear")
        return [IssueEvent(connection=self._connection, key=key, at=at) for key in keys]

    def trial(self, now: datetime) -> TrialWebhook:
        """A test call as Linear would send it. Raises `NotAllowed` where no secret is set."""
        if not self._settings.signing_secrets:
            raise NotAllowed(f"{self._connection} has no signing_secrets; add the webhook's")
        return trial_webhook(SCHEME, self._settings.secrets[0], now=now)


def _sent_at(data: Mapping[str, Any]) -> datetime | None:
    stamp = whole(data.get(SENT_AT))
    if stamp is None or not 0 <= stamp <= LATEST:
        return None
    return datetime.fromtimestamp(stamp / 1000, UTC)


def _identity(told: Mapping[str, Any], body: bytes) -> str:
    """By all that is signed but the time of sending: it is what a second try of the same delivery changes."""
    if SENT_AT in told:
        rest = {name: value for name, value in told.items() if name != SENT_AT}
        body = json.dumps(rest, sort_keys=True).encode()
    return f"sha256:{hashlib.sha256(body).hexdigest()}"
