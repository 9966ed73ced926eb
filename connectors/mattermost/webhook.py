"""What Mattermost sends: slash commands (a form), outgoing webhooks (a form or JSON), pressed buttons (JSON).

It signs nothing. A slash command shows its token in a header, an outgoing webhook its own in the body, and a
pressed button brings back what we gave it, with our proof, which the server keeps from its readers. Who pressed and
where is the server's word, as unsigned as all the rest.

https://developers.mattermost.com/integrate/slash-commands/custom/
https://developers.mattermost.com/integrate/webhooks/outgoing/
https://developers.mattermost.com/integrate/plugins/interactive-messages/
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any
from urllib.parse import urlencode

from connectors.kit.fields import a_record, any_text, record, text, utc_time
from connectors.kit.strict_json import parse_json
from connectors.kit.webhooks.forms import form_fields
from connectors.kit.webhooks.signatures import one_header, verify_hmac
from connectors.kit.webhooks.tokens import credentials, verify_token
from connectors.kit.webhooks.trial import is_trial, trial_body
from connectors.mattermost.mapping import OURS, signed_words
from incidents.commands.typed import Typed, incident_name, typed_words
from incidents.commands.verbs import Verb
from incidents.errors import Forged, Unrecognised
from incidents.events import ChatCommand, Event, Ping, TrialWebhook, Verified
from incidents.texts.plain_text import storable

AUTHORIZATION = "Authorization"
CAME_AT = "liaison-came-at"
MAX_ID = 400


class Kind(StrEnum):
    """Which of the three it is."""

    SLASH = "slash command"
    OUTGOING = "outgoing webhook"
    PRESS = "press"
    TRIAL = "trial"


@dataclass(frozen=True, kw_only=True, slots=True)
class IncomingCall:
    """One delivery, read."""

    kind: Kind
    fields: Mapping[str, Any]


def verified_from(
    headers: Sequence[tuple[str, str]],
    body: bytes,
    *,
    secrets: Sequence[bytes],
    connection: str,
    now: datetime,
) -> Verified:
    """The delivery of whoever knows a token, or has a button of ours. Raises `Forged`, and nothing else whatever
    headers and body hold.
    """
    delivery = _read_or_none(body)
    shown = one_header(headers, AUTHORIZATION)
    if shown is not None:
        verify_token(credentials(shown, "token"), secrets)
    elif delivery is not None and delivery.kind is Kind.OUTGOING:
        verify_token(text(delivery.fields.get("token")), secrets)
    elif delivery is not None and delivery.kind is Kind.PRESS:
        _verify_press(delivery.fields, secrets, connection)
    else:
        raise Forged("missing", "mattermost: no token")
    own_id = None if delivery is None else _identity(delivery)
    return Verified(
        # Not the token, nor in the body: it would be a credential in the inbox.
        headers=((CAME_AT, now.isoformat()),),
        body=body if delivery is None else _without_token(body, delivery),
        identity=own_id or f"sha256:{hashlib.sha256(body).hexdigest()}",
        # Two equal bodies without an id, minutes apart, may be two commands.
        is_repeatable=own_id is None,
    )


def trial(secret: bytes) -> TrialWebhook:
    """Mattermost has no test call: one of ours, as a slash command is proven."""
    return TrialWebhook(headers=((AUTHORIZATION, f"Token {secret.decode()}"),), body=trial_body())


def events_from(verified: Verified, *, connection: str, own_id: str) -> Sequence[Event]:
    """The command in the delivery. Raises `Unrecognised`."""
    delivery = _read(verified.body)
    fields = delivery.fields
    if delivery.kind is Kind.TRIAL:
        return [Ping(connection=connection)]
    if own_id and fields.get("user_id") == own_id:
        return []
    if delivery.kind is Kind.PRESS:
        command = _pressed(fields)
    else:
        command = typed_words(_without_trigger(any_text(fields.get("text")), fields))
    return [
        ChatCommand(
            connection=connection,
            room_id=any_text(fields.get("channel_id")),
            user=any_text(fields.get("user_name")) or any_text(fields.get("user_id")),
            verb=command.verb,
            at=_came_at(verified),
            incident=command.incident,
            text=storable(command.text),
            user_id=any_text(fields.get("user_id")),
        )
    ]


def _read_or_none(body: bytes) -> IncomingCall | None:
    try:
        return _read(body)
    except Unrecognised:
        return None


def _read(body: bytes) -> IncomingCall:
    if body.lstrip().startswith(b"{"):
        fields = a_record(parse_json(body), "mattermost: the body")
        if is_trial(fields):
            return IncomingCall(kind=Kind.TRIAL, fields=fields)
        if "context" in fields:
            return IncomingCall(kind=Kind.PRESS, fields=fields)
    else:
        fields = {storable(name): storable(value) for name, value in form_fields(body).items()}
        if "command" in fields:
            return IncomingCall(kind=Kind.SLASH, fields=fields)
    if "trigger_word" in fields and "text" in fields:
        return IncomingCall(kind=Kind.OUTGOING, fields=fields)
    raise Unrecognised("mattermost: neither a command, nor an outgoing webhook, nor a pressed button")


def _without_token(body: bytes, delivery: IncomingCall) -> bytes:
    """As it came, but for the token that commands and outgoing webhooks show in their bodies."""
    if "token" not in delivery.fields:
        return body
    rest = {name: value for name, value in delivery.fields.items() if name != "token"}
    return (json.dumps(rest) if body.lstrip().startswith(b"{") else urlencode(rest)).encode("ascii")


def _verify_press(fields: Mapping[str, Any], secrets: Sequence[bytes], connection: str) -> None:
    button = record(record(fields.get("context")).get(OURS))
    verb, incident, words = (text(button.get(name)) for name in ("verb", "incident", "words"))
    verify_hmac(
        signed_words(verb, incident, words, connection),
        text(button.get("proof")) or None,
        secrets,
        prefix="",
        algorithm="sha256",
        encoding="hex",
    )


def _identity(delivery: IncomingCall) -> str | None:
    key = "post_id" if delivery.kind is Kind.OUTGOING else "trigger_id"
    found = delivery.fields.get(key)
    if isinstance(found, str) and 0 < len(found) <= MAX_ID and found.isascii() and found.isprintable():
        return f"{key}:{found}"
    return None


def _pressed(fields: Mapping[str, Any]) -> Typed:
    """A pressed button as if typed."""
    button = record(record(fields.get("context")).get(OURS))
    try:
        named = incident_name(text(button.get("incident")))
        return Typed(
            verb=Verb(text(button.get("verb"))), incident=named, text=text(button.get("words")).strip()
        )
    except ValueError as error:
        raise Unrecognised("a press on a button of another version") from error


def _without_trigger(said: str, fields: Mapping[str, Any]) -> str:
    trigger = any_text(fields.get("trigger_word"))
    return said.removeprefix(trigger) if trigger else said


def _came_at(verified: Verified) -> datetime:
    found = (value for name, value in verified.headers if name == CAME_AT)
    return utc_time(next(found, None), of="mattermost")
