"""Slack's webhooks: the contract for both kinds of body, and what each says."""

from __future__ import annotations

import json
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

import pytest

from connectors.kit.webhooks.signatures import sign_slack
from connectors.slack import Slack
from connectors.slack.fake.app import FakeSlack
from incidents.commands.verbs import Verb
from incidents.errors import Unrecognised
from incidents.events import (
    ChatCommand,
    Ignored,
    Ping,
    RoomChange,
    RoomEvent,
    Verified,
)
from tests.connectors.slack.conftest import NOW, connect
from tests.contracts.webhook_source import FIRST, Headers, Sign, WebhookSourceContract, odd_variants

MENTION = {
    "token": "unused",
    "team_id": "T1",
    "type": "event_callback",
    "event": {
        "type": "app_mention",
        "user": "U0ANNA",
        "text": "<@U0LIAISON> ack INC-2",
        "ts": "1.1",
        "channel": "C1",
    },
    "event_id": "Ev08MFMKH6",
    "event_time": 1772366400,
}
SLASH = {
    "command": "/liaison",
    "text": "ack INC-2",
    "user_id": "U0ANNA",
    "user_name": "anna",
    "channel_id": "C1",
    "trigger_id": "13345224609.738474920.8088930838d88f008e0",
}
PRESS: dict[str, Any] = {
    "type": "block_actions",
    "user": {"id": "U0ANNA", "username": "anna", "name": "anna"},
    "channel": {"id": "C1", "name": "inc-2"},
    "trigger_id": "12466734323.1395872398",
    "actions": [{"type": "button", "action_id": "liaison:ack:0", "block_id": "b", "value": "INC-2"}],
}

YES = {"type": "button", "action_id": "liaison:approve:0", "value": "INC-2 action fail over"}


def form(fields: dict[str, str]) -> bytes:
    return urlencode(fields).encode()


def press(payload: dict[str, Any]) -> bytes:
    return form({"payload": json.dumps(payload)})


def sign(body: bytes, *, secret: bytes = FIRST, at: datetime = NOW) -> Headers:
    timestamp = str(int(at.timestamp()))
    return [
        ("X-Slack-Request-Timestamp", timestamp),
        ("X-Slack-Signature", sign_slack(body, secret, timestamp=timestamp)),
    ]


@pytest.fixture
def source() -> Slack:
    return connect(FakeSlack())


class _Contract(WebhookSourceContract):
    signature_headers = ("X-Slack-Signature", "X-Slack-Request-Timestamp")
    is_timed = True

    @pytest.fixture
    def now(self) -> datetime:
        return NOW

    @pytest.fixture
    def signed(self) -> Sign:
        return sign


class TestEvent(_Contract):
    @pytest.fixture
    def a_body(self) -> bytes:
        return json.dumps(MENTION).encode()


class TestSlashCommand(_Contract):
    @pytest.fixture
    def a_body(self) -> bytes:
        return form(SLASH)


def verified(source: Slack, body: bytes) -> Verified:
    return source.verify(sign(body), body, now=NOW)


def read(source: Slack, body: bytes) -> list[Any]:
    return list(source.events(verified(source, body)))


def command(**more: Any) -> ChatCommand:
    same: dict[str, Any] = {
        "connection": "slack/engineering",
        "room_id": "C1",
        "user": "anna",
        "at": NOW,
        "user_id": "U0ANNA",
    }
    return ChatCommand(**{**same, "verb": Verb.ACKNOWLEDGE, "incident": "INC-2", **more})


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (form(SLASH), [command()]),
        (form({**SLASH, "text": ""}), [command(verb=Verb.HELP, incident=None)]),
        (form({**SLASH, "text": "note INC-2 a\x00b ü"}), [command(verb=Verb.NOTE, text="a\ufffdb ü")]),
        (form({**SLASH, "user_name": ""}), [command(user="U0ANNA")]),
        (press(PRESS), [command()]),
        (press({**PRESS, "actions": [YES]}), [command(verb=Verb.APPROVE, text="action fail over")]),
        (press({**PRESS, "actions": []}), []),
        (press({**PRESS, "actions": [{"action_id": "liaison:open:0", "url": "https://x"}]}), []),
        (json.dumps(MENTION).encode(), [command(user="U0ANNA")]),
        (form({"ssl_check": "1", "token": "unused"}), [Ping(connection="slack/engineering")]),
    ],
)
def test_what_deliveries_say(source: Slack, body: bytes, expected: list[Any]) -> None:
    """Commands, presses and mentions alike are chat commands; a certificate check is a ping."""
    assert read(source, body) == expected


@pytest.mark.parametrize(
    ("change", "count"),
    [
        ({"bot_id": "B0LIAISON"}, 0),
        ({"subtype": "message_changed"}, 0),
        ({"user": None}, 0),
        ({"type": "message"}, 0),
        ({"type": "message", "channel_type": "channel"}, 0),
        ({"type": "message", "channel_type": "im"}, 1),
        ({"type": "message", "channel_type": "im", "bot_id": "B0LIAISON"}, 0),
    ],
)
def test_whose_messages_count(source: Slack, change: dict[str, Any], count: int) -> None:
    """People's mentions and direct messages are commands; bots', our own and mere talk are not."""
    body = json.dumps({**MENTION, "event": {**MENTION["event"], **change}}).encode()  # type: ignore[dict-item]
    assert len(read(source, body)) == count


@pytest.mark.parametrize(
    "body",
    [
        json.dumps({**MENTION, "event": {"type": 7}}).encode(),
        json.dumps({**MENTION, "event": {"type": "channel_archive"}}).encode(),
        json.dumps({**MENTION, "event": {"type": "channel_rename", "channel": {"name": "x"}}}).encode(),
        json.dumps({"type": "function_executed"}).encode(),
        json.dumps({**MENTION, "event_time": "soon"}).encode(),
        press({**PRESS, "type": "of_tomorrow"}),
        press({**PRESS, "actions": [{"action_id": "someone:else"}]}),
        press({**PRESS, "actions": [{"action_id": "liaison:of-tomorrow:0"}]}),
        press({**PRESS, "user": "anna"}),
        form({"payload": "[]"}),
        form({"text": "no command"}),
        form(SLASH) + b"&text=ack+INC-3",
        b"text=%ff&command=%2Fliaison",
    ],
)
def test_not_understood(source: Slack, body: bytes) -> None:
    """Authentic but strange deliveries are parked, not dropped and not guessed at."""
    with pytest.raises(Unrecognised):
        read(source, body)


@pytest.mark.parametrize(
    ("event", "change", "user", "name"),
    [
        ({"type": "channel_archive", "channel": "C1", "user": "U1"}, RoomChange.ARCHIVED, "U1", ""),
        ({"type": "group_archive", "channel": "C1"}, RoomChange.ARCHIVED, "", ""),
        ({"type": "channel_deleted", "channel": "C1"}, RoomChange.DELETED, "", ""),
        ({"type": "group_deleted", "channel": "C1"}, RoomChange.DELETED, "", ""),
        ({"type": "channel_rename", "channel": {"id": "C1", "name": "new"}}, RoomChange.RENAMED, "", "new"),
        ({"type": "group_rename", "channel": {"id": "C1", "name": "new"}}, RoomChange.RENAMED, "", "new"),
    ],
)
def test_what_becomes_of_a_room(
    source: Slack, event: object, change: RoomChange, user: str, name: str
) -> None:
    """Put away, deleted, renamed; of public and of private channels."""
    body = json.dumps({**MENTION, "event": event}).encode()
    at = datetime.fromtimestamp(MENTION["event_time"], UTC)
    assert read(source, body) == [
        RoomEvent(connection=source.name, room_id="C1", change=change, at=at, user=user, name=name)
    ]


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (json.dumps({**MENTION, "event": {"type": kind, "channel": "C1"}}).encode(), kind)
        for kind in ("member_joined_channel", "app_home_opened", "reaction_added", "channel_unarchive")
    ]
    + [
        (press({**PRESS, "type": kind}), kind)
        for kind in ("view_submission", "view_closed", "shortcut", "message_action", "block_suggestion")
    ]
    + [
        (
            json.dumps({"type": "app_rate_limited", "minute_rate_limited": 1518467820}).encode(),
            "app_rate_limited",
        )
    ],
)
def test_what_other_features_are_told_is_counted(source: Slack, body: bytes, kind: str) -> None:
    """An app with more features than ours has one address for all of them: nothing of it is parked."""
    assert read(source, body) == [Ignored(connection=source.name, kind=kind)]


def test_any_field_of_a_press_may_be_odd(source: Slack) -> None:
    """The JSON inside the form is as hostile as any."""
    for payload in odd_variants(json.dumps(PRESS).encode()):
        with suppress(Unrecognised):
            for event in read(source, form({"payload": payload.decode()})):
                event.user.encode()
                assert "\x00" not in event.user + event.room_id


def test_identity_is_inside_the_signed_bytes(source: Slack) -> None:
    """An event sent again keeps its id; two equal commands typed one after the other are two."""
    again = json.dumps({**MENTION, "token": "rotated"}).encode()
    assert verified(source, again).identity == verified(source, json.dumps(MENTION).encode()).identity
    second = form({**SLASH, "trigger_id": "2.2"})
    assert verified(source, second).identity != verified(source, form(SLASH)).identity
    assert not verified(source, form(SLASH)).is_repeatable
    assert verified(source, press(PRESS)).identity == "trigger_id:12466734323.1395872398"


def test_without_an_id_equal_bytes_may_be_two(source: Slack) -> None:
    """Where Slack gives no id, only an equal delivery still waiting is a duplicate."""
    bare = form({"command": "/liaison", "text": "status"})
    assert verified(source, bare).is_repeatable
    assert verified(source, bare).identity.startswith("sha256:")


def test_challenge_is_answered(source: Slack) -> None:
    """Saving the Request URL works: the challenge goes back as plain text, and only once it is proven."""
    body = json.dumps({"type": "url_verification", "token": "unused", "challenge": "3eZbrw1a"}).encode()
    reply = verified(source, body).reply
    assert reply is not None
    assert reply.body == b"3eZbrw1a"
    assert reply.content_type.startswith("text/plain")


@pytest.mark.parametrize("challenge", [None, 1, "\u00e9", "a\nb", {}])
def test_odd_challenge(source: Slack, challenge: Any) -> None:
    """A challenge Slack would never send is not echoed."""
    body = json.dumps({"type": "url_verification", "challenge": challenge}).encode()
    assert verified(source, body).reply is None


def test_slash_command_is_stored_first(source: Slack) -> None:
    """A command gets no immediate answer of its own, because that would replace storing it."""
    assert verified(source, form(SLASH)).reply is None


def test_time_is_the_signed_one(source: Slack) -> None:
    """A command's time comes from the signed header, a mention's from its body."""
    body = json.dumps({**MENTION, "event_time": 1772366399}).encode()
    assert read(source, body)[0].at == datetime(2026, 3, 1, 11, 59, 59, tzinfo=UTC)
    assert read(source, form(SLASH))[0].at == NOW


def test_kept_headers_hold_no_secret(source: Slack) -> None:
    """Of the headers only those that mean something later are stored."""
    body = form(SLASH)
    headers = [*sign(body), ("Cookie", "secret"), ("X-Slack-Retry-Num", "1")]
    names = {name for name, _ in source.verify(headers, body, now=NOW).headers}
    assert names == {"X-Slack-Request-Timestamp", "X-Slack-Retry-Num"}
