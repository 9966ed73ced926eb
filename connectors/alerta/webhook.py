"""What our plugin in Alerta sends: one alert as it is, with a token. See `plugin/liaison_alerta.py`."""

from __future__ import annotations

import hashlib

from connectors.alerta.mapping import VENDOR, alert_event
from connectors.kit.fields import a_record, whole
from connectors.kit.strict_json import parse_json
from connectors.kit.webhooks.trial import is_trial
from incidents.errors import Unrecognised
from incidents.events import AlertEvent, Ping, Verified

VERSION = 1


def verified(body: bytes) -> Verified:
    """A delivery whose sender is proven; no header of it is kept, as the only one that counts is a credential."""
    return Verified(
        headers=(),
        body=body,
        identity=f"sha256:{hashlib.sha256(body).hexdigest()}",
        # An alert that is only repeated looks the same.
        is_repeatable=True,
    )


def event_in(body: bytes, connection: str, *, page: str | None) -> AlertEvent | Ping:
    """Raises `Unrecognised`, also for the body of another version of the plugin."""
    data = a_record(parse_json(body), f"{VENDOR}: the body")
    if is_trial(data):
        return Ping(connection=connection)
    if whole(data.get("version")) != VERSION:
        raise Unrecognised(
            f"{VENDOR}: not what the plugin of this version of Liaison sends (version {VERSION}); install it anew"
        )
    return alert_event(data.get("alert"), connection, page=page)
