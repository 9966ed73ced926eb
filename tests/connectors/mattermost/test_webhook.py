"""Mattermost's slash commands, outgoing webhooks and buttons: who is believed, and what they say."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any
from urllib.parse import parse_qsl, urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.mattermost import Mattermost
from connectors.mattermost.fake.app import COMMAND_TOKEN, FakeMattermost
from incidents.commands.verbs import Verb
from incidents.errors import Forged, Unrecognised
from incidents.events import ChatCommand, Event, Ping
from incidents.models import Button, ChatMessage
from tests.connectors.mattermost.conftest import NOW, Clock, connect
from tests.contracts.webhook_source import (
    FIRST,
    STRANGERS,
    Headers,
    Sign,
    WebhookSourceContract,
    repeated,
)

SLASH = {
    "command": "/liaison",
    "text": "ack INC-2",
    "user_id": "u1",
    "user_name": "anna",
    "channel_id": "c1",
    "trigger_id": "dHJpZ2dlcg==",
    "token": "unused",
}
OUTGOING = {
    "token": "unused",
    "channel_id": "c1",
    "user_id": "u1",
    "user_name": "anna",
    "post_id": "p1",
    "timestamp": 1772366400000,
    "text": "@liaison ack INC-2",
    "trigger_word": "@liaison",
}
PRESS = {
    "user_id": "u1",
    "user_name": "anna",
    "channel_id": "c1",
    "post_id": "p1",
    "trigger_id": "t1",
    "type": "button",
    "context": {"liaison": {"verb": "ack", "incident": "INC-2", "words": "", "proof": "unused"}},
}


def sign(body: bytes, *, secret: bytes = FIRST, at: datetime = NOW) -> Headers:
    return [("Authorization", f"Token {secret.decode()}"), ("Accept", "application/json")]


class _Contract(WebhookSourceContract):
    signature_headers = ("Authorization",)
    signs_body = False

    @pytest.fixture
    def source(self) -> Mattermost:
        return connect(FakeMattermost(clock=Clock()))

    @pytest.fixture
    def now(self) -> datetime:
        return NOW

    @pytest.fixture
    def signed(self) -> Sign:
        return sign


class TestSlashCommand(_Contract):
    @pytest.fixture
    def a_body(self) -> bytes:
        return urlencode(SLASH).encode()

    def without_credential(self, body: bytes) -> bytes:
        return urlencode(
            {name: value for name, value in parse_qsl(body.decode()) if name != "token"}
        ).encode()


class TestOutgoingWebhook(_Contract):
    @pytest.fixture
    def a_body(self) -> bytes:
        return json.dumps(OUTGOING).encode()

    def without_credential(self, body: bytes) -> bytes:
        return json.dumps(
            {name: value for name, value in json.loads(body).items() if name != "token"}
        ).encode()


class TestPress(_Contract):
    @pytest.fixture
    def a_body(self) -> bytes:
        return json.dumps(PRESS).encode()


def heard(source: Mattermost, headers: Headers, body: bytes) -> list[Event]:
    return list(source.events(source.verify(headers, body, now=NOW)))


def command(fake: FakeMattermost, room_id: str, **more: Any) -> ChatCommand:
    same: dict[str, Any] = {
        "connection": "mattermost/engineering",
        "room_id": room_id,
        "user": "anna",
        "user_id": fake.anna["id"],
        "at": NOW,
        "verb": Verb.ACKNOWLEDGE,
        "incident": "INC-2",
    }
    return ChatCommand(**{**same, **more})


@pytest.fixture
async def room_id(fake: FakeMattermost, chat: Mattermost) -> str:
    return (await chat.open_room("inc-2", "INC-2", once="room:2")).id


async def test_a_slash_command(fake: FakeMattermost, chat: Mattermost, room_id: str) -> None:
    _, headers, body = fake.slash(fake.anna, room_id, "ack INC-2")
    assert heard(chat, headers, body) == [command(fake, room_id)]
    _, headers, body = fake.slash(fake.anna, room_id, "note INC-2 a\x00b ü")
    assert heard(chat, headers, body) == [command(fake, room_id, verb=Verb.NOTE, text="a\ufffdb ü")]
    _, headers, body = fake.slash(fake.anna, room_id, "")
    assert heard(chat, headers, body) == [command(fake, room_id, verb=Verb.HELP, incident=None)]


async def test_a_slash_commands_token_in_its_body_proves_nothing(
    fake: FakeMattermost, chat: Mattermost, room_id: str
) -> None:
    """Mattermost always shows it in the header."""
    _, headers, body = fake.slash(fake.anna, room_id, "ack INC-2")
    with pytest.raises(Forged):
        chat.verify([one for one in headers if one[0] != "Authorization"], body, now=NOW)


@pytest.mark.parametrize("as_json", [True, False])
async def test_an_outgoing_webhook(
    fake: FakeMattermost, chat: Mattermost, room_id: str, as_json: bool
) -> None:
    """Its token is in its body alone; from private channels it does not come."""
    sent = fake.say(fake.anna, room_id, "@liaison ack INC-2", as_json=as_json)
    assert sent is not None
    assert heard(chat, sent[1], sent[2]) == [command(fake, room_id)]
    strangers = fake.say(fake.anna, room_id, "@liaison ack", token=STRANGERS.decode(), as_json=as_json)
    assert strangers is not None
    with pytest.raises(Forged):
        chat.verify(strangers[1], strangers[2], now=NOW)
    with pytest.raises(Forged):
        chat.verify([*sent[1], ("Authorization", "Token wrong")], sent[2], now=NOW)


async def test_our_own_words_are_no_command(fake: FakeMattermost, chat: Mattermost, room_id: str) -> None:
    sent = fake.say(fake.me, room_id, "@liaison ack INC-2")
    assert sent is not None
    assert heard(chat, sent[1], sent[2]) == []


async def test_a_pressed_button(fake: FakeMattermost, chat: Mattermost, room_id: str) -> None:
    """It brings back what we gave it, with our proof of just that."""
    buttons = (
        Button(label="Ack", verb=Verb.ACKNOWLEDGE, incident="INC-2"),
        Button(label="Yes", verb=Verb.APPROVE, incident="INC-2", words="action fail over"),
    )
    post = await chat.post(room_id, ChatMessage(text="down", buttons=buttons), once="p:1")
    for label, expected in (
        ("Ack", command(fake, room_id)),
        ("Yes", command(fake, room_id, verb=Verb.APPROVE, text="action fail over")),
    ):
        _, headers, body = fake.press(post, label, fake.anna)
        assert heard(chat, headers, body) == [expected]
        rotated = connect(fake, signing_secrets=[STRANGERS.decode(), COMMAND_TOKEN])
        assert heard(rotated, headers, body) == [expected]
        await rotated.aclose()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("verb", "resolve"),
        ("incident", "INC-3"),
        ("words", "action something else"),
        ("proof", "0" * 64),
        ("proof", None),
        ("proof", ""),
        ("proof", 7),
        ("proof", ["x"]),
        ("proof", "é" * 64),
    ],
)
async def test_a_changed_button(
    fake: FakeMattermost, chat: Mattermost, room_id: str, name: str, value: object
) -> None:
    """Whoever learns of one button has no other."""
    button = Button(label="Ack", verb=Verb.ACKNOWLEDGE, incident="INC-2")
    post = await chat.post(room_id, ChatMessage(text="down", buttons=(button,)), once="p:1")
    _, headers, body = fake.press(post, "Ack", fake.anna)
    data = json.loads(body)
    data["context"]["liaison"][name] = value
    with pytest.raises(Forged):
        chat.verify(headers, json.dumps(data).encode(), now=NOW)


async def test_another_connections_deliveries(fake: FakeMattermost, chat: Mattermost, room_id: str) -> None:
    """Of another team, with tokens of its own; and a button of another connection with the same token."""
    _, headers, body = fake.slash(fake.anna, room_id, "ack INC-2", token=STRANGERS.decode())
    with pytest.raises(Forged):
        chat.verify(headers, body, now=NOW)
    other = connect(fake)
    other.name = "mattermost/other"
    button = Button(label="Ack", verb=Verb.ACKNOWLEDGE, incident="INC-2")
    post = await other.post(room_id, ChatMessage(text="down", buttons=(button,)), once="p:1")
    _, headers, body = fake.press(post, "Ack", fake.anna)
    with pytest.raises(Forged):
        chat.verify(headers, body, now=NOW)
    await other.aclose()


async def test_a_press_of_another_version(chat: Mattermost) -> None:
    """Authentic, and not understood."""
    data = {**PRESS, "context": {"liaison": {"verb": "dance", "incident": "INC-2"}}}
    with pytest.raises(Unrecognised, match="another version"):
        heard(chat, sign(b""), json.dumps(data).encode())


async def test_identities(fake: FakeMattermost, chat: Mattermost, room_id: str) -> None:
    """The same words twice are two commands; a message is one, however often it is told; the token is not kept."""
    one, two = (chat.verify(*fake.slash(fake.anna, room_id, "ack INC-2")[1:], now=NOW) for _ in range(2))
    assert one.identity != two.identity
    assert COMMAND_TOKEN not in str(one.headers) + one.body.decode()
    assert b"text=ack+INC-2" in one.body
    sent = fake.say(fake.anna, room_id, "@liaison ack INC-2")
    assert sent is not None
    assert (
        chat.verify(sent[1], sent[2], now=NOW).identity
        == f"post_id:{dict(parse_qsl(sent[2].decode()))['post_id']}"
    )


@pytest.mark.parametrize("form", [True, False])
async def test_an_outgoing_webhooks_token_is_not_kept(chat: Mattermost, form: bool) -> None:
    """What it shows in its body is a credential; all else of it stays."""
    shown = {**OUTGOING, "token": COMMAND_TOKEN}
    kept = chat.verify([], (urlencode(shown) if form else json.dumps(shown)).encode(), now=NOW).body.decode()
    assert COMMAND_TOKEN not in kept
    assert (dict(parse_qsl(kept)) if form else json.loads(kept)) == {
        name: str(value) if form else value for name, value in OUTGOING.items() if name != "token"
    }


async def test_trial(chat: Mattermost) -> None:
    """`liaison try`: it proves the address and the token."""
    trial = chat.trial_webhook(now=NOW)
    assert heard(chat, list(trial.headers), trial.body) == [Ping(connection="mattermost/engineering")]


@repeated
@given(
    token=st.none() | st.text(st.characters(exclude_categories=()), max_size=30) | st.integers(),
    proof=st.none() | st.text(st.characters(exclude_categories=()), max_size=70) | st.booleans(),
    is_press=st.booleans(),
)
def test_whatever_a_body_shows(token: object, proof: object, is_press: bool) -> None:
    """Without a header, only `Forged` comes out."""
    button = {"verb": "ack", "incident": "INC-2", "words": "", "proof": proof}
    data = {**PRESS, "context": {"liaison": button}} if is_press else {**OUTGOING, "token": token}
    source = connect(FakeMattermost(clock=Clock()))
    with pytest.raises(Forged):
        source.verify([], json.dumps(data).encode(), now=NOW)
