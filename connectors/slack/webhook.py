"""Slack's webhooks, verified and read: events (JSON), slash commands (a form), buttons (JSON in a form).

All are signed alike. Which kind a body is, is told by its first byte: the content type is not signed.

https://docs.slack.dev/apis/events-api
https://docs.slack.dev/interactivity/implementing-slash-commands
https://docs.slack.dev/reference/interaction-payloads/block_actions-payload
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from secrets import token_hex
from typing import Any

from connectors.kit.fields import a_record, any_text, record, text, unix_time
from connectors.kit.strict_json import parse_json
from connectors.kit.webhooks.forms import form_fields
from connectors.kit.webhooks.schemes import Scheme, SignatureScheme
from connectors.kit.webhooks.signatures import one_header, verify_slack
from connectors.kit.webhooks.trial import trial_webhook
from connectors.slack.commands import Typed, incident_name, typed
from connectors.slack.mapping import ACTION_PREFIX, LINK_VERB
from incidents.commands.verbs import Verb
from incidents.errors import Unrecognised
from incidents.events import (
    ChatCommand,
    Event,
    Ignored,
    Ping,
    Reply,
    RoomChange,
    RoomEvent,
    TrialWebhook,
    Verified,
)
from incidents.texts.plain_text import storable

TIMESTAMP = "X-Slack-Request-Timestamp"
SIGNATURE = "X-Slack-Signature"
KEPT = frozenset({TIMESTAMP.lower(), "x-slack-retry-num", "x-slack-retry-reason"})
MAX_ID = 200
NOT_READ = frozenset(
    {
        "app_rate_limited",
        "block_suggestion",
        "interactive_message",
        "message_action",
        "shortcut",
        "view_closed",
        "view_submission",
    }
)
"""What an app with more features than ours is told at the same address."""
_GONE = {
    "channel_archive": RoomChange.ARCHIVED,
    "channel_deleted": RoomChange.DELETED,
    "group_archive": RoomChange.ARCHIVED,
    "group_deleted": RoomChange.DELETED,
}
_RENAMED = frozenset({"channel_rename", "group_rename"})


@dataclass(frozen=True, kw_only=True, slots=True)
class _Body:
    """One delivery, read: `form` for a slash command, `json` for the two others."""

    kind: str
    form: Mapping[str, str]
    json: Mapping[str, Any]


def verify(
    headers: Sequence[tuple[str, str]], body: bytes, secrets: Sequence[bytes], *, now: datetime
) -> Verified:
    """Raises `Forged`, and nothing else whatever headers and body hold.

    Only the challenge is answered here. A slash command is not: its answer would replace storing it, so the
    gateway's bare 200 within Slack's three seconds must do, and the real answer comes into the room.
    """
    verify_slack(
        body,
        timestamp=one_header(headers, TIMESTAMP),
        signature=one_header(headers, SIGNATURE),
        secrets=secrets,
        now=now,
    )
    kept = tuple((name, value) for name, value in headers if name.lower() in KEPT)
    try:
        read = _read(body)
    except Unrecognised:
        return Verified(headers=kept, body=body, identity=_hash(body))
    id_ = _identity(read)
    return Verified(
        headers=kept,
        body=body,
        identity=id_ or _hash(body),
        # Two equal bodies without an id, minutes apart, may be two commands.
        is_repeatable=id_ is None,
        reply=_challenge(read),
    )


def trial(secret: bytes, *, now: datetime) -> TrialWebhook:
    """Slack's own test call, `ssl_check`. It has no id; the random token tells it from others."""
    body = f"ssl_check=1&token=liaison-try-{token_hex(12)}".encode()
    return trial_webhook(SignatureScheme(scheme=Scheme.SLACK), secret, now=now, body=body)


def events(verified: Verified, *, connection: str) -> Sequence[Event]:
    """The command in the delivery, if there is one. Raises `Unrecognised`."""
    read = _read(verified.body)
    if read.kind == "ssl_check":
        return [Ping(connection=connection)]
    if read.kind == "slash":
        return [_slash(read.form, connection, _sent_at(verified))]
    if read.kind == "block_actions":
        return _pressed(read.json, connection, _sent_at(verified))
    if read.kind == "event_callback":
        return _callback(read.json, connection)
    if read.kind in NOT_READ:
        return [Ignored(connection=connection, kind=read.kind)]
    raise Unrecognised(f"slack sent a {read.kind[:80]!r}")


def _read(body: bytes) -> _Body:
    if body.lstrip().startswith(b"{"):
        data = a_record(parse_json(body), "slack: the body")
        return _Body(kind=str(data.get("type")), form={}, json=data)
    form = form_fields(body)
    if "payload" in form:
        data = a_record(parse_json(form["payload"].encode("utf-8", "surrogatepass")), "slack: the payload")
        return _Body(kind=str(data.get("type")), form={}, json=data)
    if "ssl_check" in form:
        return _Body(kind="ssl_check", form=form, json={})
    if "command" in form:
        return _Body(kind="slash", form=form, json={})
    raise Unrecognised("a form without payload or command")


def _identity(read: _Body) -> str | None:
    """An id from inside the signed bytes: an event keeps its id when Slack sends it again."""
    for source, key in ((read.json, "event_id"), (read.form, "trigger_id"), (read.json, "trigger_id")):
        id_ = source.get(key)
        if isinstance(id_, str) and 0 < len(id_) <= MAX_ID and id_.isascii() and id_.isprintable():
            return f"{key}:{id_}"
    return None


def _hash(body: bytes) -> str:
    return f"sha256:{hashlib.sha256(body).hexdigest()}"


def _challenge(read: _Body) -> Reply | None:
    """https://docs.slack.dev/reference/events/url_verification"""
    challenge = read.json.get("challenge") if read.kind == "url_verification" else None
    if not isinstance(challenge, str) or not challenge.isascii() or not challenge.isprintable():
        return None
    return Reply(body=challenge.encode("ascii"))


def _sent_at(verified: Verified) -> datetime:
    """The signed time: forms carry none of their own."""
    return unix_time(one_header(verified.headers, TIMESTAMP), of="slack")


def _slash(form: Mapping[str, str], connection: str, at: datetime) -> ChatCommand:
    user = form.get("user_name") or form.get("user_id")
    command = typed(form.get("text", ""))
    return _command(command, connection, form.get("channel_id"), user, at, user_id=form.get("user_id"))


def _pressed(payload: Mapping[str, Any], connection: str, at: datetime) -> list[Event]:
    user = _part(payload, "user")
    channel = _part(payload, "channel")
    actions = payload.get("actions")
    if not isinstance(actions, list):
        raise Unrecognised("a press without actions")
    name = user.get("username") or user.get("name") or user.get("id")
    pressed = [press for press in map(_action, actions) if press is not None]
    return [
        _command(press, connection, channel.get("id"), name, at, user_id=user.get("id")) for press in pressed
    ]


def _action(action: Any) -> Typed | None:
    """A pressed button as if typed; None for one that only opens a link, which Slack reports too."""
    prefix, _, rest = str(record(action).get("action_id")).partition(":")
    word = rest.partition(":")[0]
    if prefix != ACTION_PREFIX:
        raise Unrecognised("a press on a button that is not ours")
    if word == LINK_VERB:
        return None
    try:
        named, _, words = str(action.get("value")).partition(" ")
        return Typed(verb=Verb(word), incident=incident_name(named), text=words.strip())
    except ValueError as error:
        raise Unrecognised("a press on a button of another version") from error


def _callback(data: Mapping[str, Any], connection: str) -> list[Event]:
    """A mention of the app or a direct message to it is a command; a room may be gone or renamed. Other talk is not our
    business, and what else an app can subscribe to is counted."""
    event = _part(data, "event")
    kind = event.get("type")
    if not isinstance(kind, str) or not kind:
        raise Unrecognised(f"slack event {str(kind)[:80]!r}")
    if kind in _GONE or kind in _RENAMED:
        return [_room_event(data, event, kind, connection)]
    if kind not in ("app_mention", "message"):
        return [Ignored(connection=connection, kind=storable(kind)[:80])]
    is_to_us = kind == "app_mention" or event.get("channel_type") == "im"
    # Subtypes are edits, deletions, joins and the like; without a user there is nobody to obey.
    if not is_to_us or event.get("bot_id") or event.get("subtype") or not isinstance(event.get("user"), str):
        return []
    command = typed(str(event.get("text") or ""))
    at = unix_time(data.get("event_time"), of="slack")
    user = event["user"]
    return [_command(command, connection, event.get("channel"), user, at, user_id=user)]


def _room_event(data: Mapping[str, Any], event: Mapping[str, Any], kind: str, connection: str) -> RoomEvent:
    """https://docs.slack.dev/reference/events/channel_archive and its like: `channel` is an id, or has it."""
    channel = event.get("channel")
    room = record(channel)
    room_id = any_text(room.get("id")) if room else text(channel)
    if not room_id:
        raise Unrecognised(f"slack event {kind} without a channel")
    return RoomEvent(
        connection=connection,
        room_id=room_id,
        change=_GONE.get(kind, RoomChange.RENAMED),
        at=unix_time(data.get("event_time"), of="slack"),
        user=text(event.get("user")),
        name=text(room.get("name")),
    )


def _command(
    command: Typed, connection: str, room_id: Any, user: Any, at: datetime, *, user_id: Any = None
) -> ChatCommand:
    """Cleaned of what a database cannot store: JSON can spell NUL and half characters."""
    return ChatCommand(
        connection=connection,
        room_id=any_text(room_id),
        user=any_text(user),
        verb=command.verb,
        at=at,
        incident=command.incident,
        text=storable(command.text),
        user_id=any_text(user_id),
    )


def _part(data: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    """A part that may be missing, but not be something else."""
    return {} if data.get(key) is None else a_record(data[key], f"slack: {key}")
