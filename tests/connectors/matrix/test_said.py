"""What of people's messages is said to us, and what it means."""

from __future__ import annotations

import json
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.matrix.fake.app import ANNA, BOT
from connectors.matrix.incoming.said import command_in, delivery, events_in, target_of
from incidents.commands.verbs import Verb
from incidents.errors import Unrecognised
from incidents.events import ChatCommand, Verified
from tests.connectors.matrix.conftest import settings
from tests.contracts.webhook_source import odd_variants, repeated, require_storable_events

SETTINGS = settings()
PILL = f'<a href="https://matrix.to/#/{BOT}">Liaison &amp; Co</a>'
US = {"user_ids": [BOT]}


def message(body: str, **more: Any) -> dict[str, Any]:
    content = {"msgtype": "m.text", "body": body, **more}
    return {
        "type": "m.room.message",
        "event_id": "$1",
        "sender": ANNA,
        "origin_server_ts": 1_772_366_400_000,
        "content": content,
    }


@pytest.mark.parametrize(
    ("body", "more", "verb", "incident", "text"),
    [
        ("!liaison ack INC-2", {}, Verb.ACKNOWLEDGE, "INC-2", ""),
        ("!LIAISON Acknowledge 2", {}, Verb.ACKNOWLEDGE, "INC-2", ""),
        ("!liaison", {}, Verb.HELP, None, ""),
        ("!liaison make coffee", {}, Verb.HELP, None, "make coffee"),
        ("!liaison note INC-2 a\nb", {}, Verb.NOTE, "INC-2", "a\nb"),
        ("liaison: status", {}, Verb.STATUS, None, ""),
        ("Liaison, resolve", {}, Verb.RESOLVE, None, ""),
        (f"{BOT}: status", {}, Verb.STATUS, None, ""),
        (
            "Liaison & Co: ack",
            {"formatted_body": f"{PILL}: ack", "m.mentions": US},
            Verb.ACKNOWLEDGE,
            None,
            "",
        ),
        ("liaison ack", {"m.mentions": US}, Verb.ACKNOWLEDGE, None, ""),
        (f"[Liaison](https://matrix.to/#/{BOT}) ack", {"m.mentions": US}, Verb.ACKNOWLEDGE, None, ""),
        (
            "> <@anna:fake.test> !liaison resolve\n> again\n\n!liaison status",
            {"m.relates_to": {"m.in_reply_to": {"event_id": "$0"}}},
            Verb.STATUS,
            None,
            "",
        ),
    ],
)
def test_said_to_us(body: str, more: dict[str, Any], verb: Verb, incident: str | None, text: str) -> None:
    command = command_in(message(body, **more), SETTINGS)
    assert command is not None
    assert (command.verb, command.incident, command.text) == (verb, incident, text)


@pytest.mark.parametrize(
    ("body", "more"),
    [
        ("is it the database?", {}),
        ("!liaisonack", {}),
        ("liaison is slow today", {}),
        ("ask !liaison ack", {}),
        ("!liaison ack", {"msgtype": "m.notice"}),
        ("* !liaison ack", {"m.relates_to": {"rel_type": "m.replace", "event_id": "$0"}}),
        ("!liaison ack", {"m.relates_to": {"rel_type": "m.replace", "event_id": "$0"}}),
        ("> !liaison ack", {"m.relates_to": {"m.in_reply_to": {"event_id": "$0"}}}),
        # A reply to us mentions us without anybody's having typed it.
        (
            "resolved at last, thanks",
            {"m.mentions": US, "m.relates_to": {"m.in_reply_to": {"event_id": "$0"}}},
        ),
        ("ack", {"m.mentions": {"user_ids": [ANNA]}}),
        ("ask Liaison & Co", {"formatted_body": f"ask {PILL}", "m.mentions": US}),
    ],
)
def test_talk_among_people(body: str, more: dict[str, Any]) -> None:
    assert command_in(message(body, **more), SETTINGS) is None


def test_somebody_of_another_server_is_named_in_full() -> None:
    """`anna` there is another one than ours."""
    event = {**message("!liaison status"), "sender": "@anna:elsewhere.example"}
    (command,) = events_in(delivery("!r:fake.test", event, incident=None), SETTINGS, connection="matrix/a")
    assert isinstance(command, ChatCommand)
    assert command.user == command.user_id == "@anna:elsewhere.example"


def test_any_field_may_be_odd() -> None:
    """Whatever stands in an event, it is parked or an event that can be stored."""
    for event in (message("!liaison note \ud800 a\x00b"), message("liaison: ack", **{"m.mentions": US})):
        body = json.dumps({"room": "!r:fake.test", "event": event, "incident": "INC-7"}).encode()
        for odd in odd_variants(body):
            with suppress(Unrecognised):
                found = events_in(
                    Verified(headers=(), body=odd, identity="x"), SETTINGS, connection="matrix/a"
                )
                require_storable_events(found)


@repeated
@given(
    content=st.recursive(
        st.none()
        | st.booleans()
        | st.integers()
        | st.text(max_size=20)
        | st.sampled_from(["!liaison ack", BOT]),
        lambda part: (
            st.lists(part, max_size=3)
            | st.dictionaries(
                st.sampled_from(
                    [
                        "body",
                        "msgtype",
                        "m.relates_to",
                        "rel_type",
                        "key",
                        "m.mentions",
                        "user_ids",
                        "formatted_body",
                    ]
                ),
                part,
                max_size=5,
            )
        ),
        max_leaves=15,
    )
)
def test_whatever_people_send(content: Any) -> None:
    """No content of anybody's breaks the listening."""
    for kind in ("m.room.message", "m.reaction"):
        event = {"type": kind, "event_id": "$1", "sender": ANNA, "origin_server_ts": 1, "content": content}
        command_in(event, SETTINGS)
        target_of(event)
