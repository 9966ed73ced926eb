"""Alertmanager's webhooks: unsigned, with a token or a password of `http_config`; read alert by alert."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

from connectors.alertmanager.mapping import VENDOR, told_alert
from connectors.kit.fields import a_record, text, whole
from connectors.kit.strict_json import parse_json
from connectors.kit.webhooks.trial import is_trial
from incidents.errors import Unrecognised
from incidents.events import AlertEvent, AlertsLeftOut, Event, Ping, Verified

VERSION = "4"


def verified(body: bytes) -> Verified:
    """A delivery whose sender is proven; no header of it is kept, as the only one that counts is a credential."""
    return Verified(
        headers=(),
        body=body,
        identity=f"sha256:{hashlib.sha256(body).hexdigest()}",
        # The same is told again at every repeat_interval.
        is_repeatable=True,
    )


def events_in(body: bytes, connection: str) -> Sequence[Event]:
    """An event for each alert, by its own status. Raises `Unrecognised`.

    One that cannot be read costs none of the others: then, and where the sender itself has left some out
    (`max_alerts`), the server is to be asked for all.
    """
    data = a_record(parse_json(body), f"{VENDOR}: the body")
    if is_trial(data):
        return [Ping(connection=connection)]
    version = text(data.get("version"))
    if version != VERSION:
        raise Unrecognised(
            f"{VENDOR}: a body of version {version[:20] or 'unknown'!r}; this connector reads version {VERSION}"
        )
    told = data.get("alerts")
    if not isinstance(told, list) or not told:
        raise Unrecognised(f"{VENDOR}: the body tells of no alerts")
    events: list[AlertEvent] = []
    unread = 0
    for one in told:
        try:
            events.append(told_alert(one, connection))
        except Unrecognised:
            unread += 1
    if not events:
        raise Unrecognised(f"{VENDOR}: none of the body's {len(told)} alerts can be read")
    left_out = unread or (whole(data.get("truncatedAlerts")) or 0) > 0
    return [*events, AlertsLeftOut(connection=connection)] if left_out else events
