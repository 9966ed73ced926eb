"""The mapping and the fake's answers, judged by bodies of Help Scout's own client (helpscout-api-php, MIT).

They are samples out of its tests, no description: what they show is there, and of what they lack they say nothing.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest

from connectors.helpscout.conversation.threads import comments_from
from connectors.helpscout.fake.app import APP_ID, APP_SECRET
from connectors.helpscout.fake.wire import error
from connectors.helpscout.mapping import ticket_from
from connectors.helpscout.webhook import events_from, verified_from
from connectors.kit.fakes.in_process import InProcessTransport
from incidents.events import TicketEvent
from incidents.models import Author, TicketStatus
from tests.connectors.helpscout.conftest import HelpScoutWorld, settings
from tests.connectors.helpscout.test_webhook import NOW, sign
from tests.contracts.webhook_source import FIRST
from tests.shared_folder import shared_path

pytestmark = pytest.mark.shared

# What a conversation has only once somebody is assigned, or it was closed; links are not followed.
SOMETIMES = frozenset({"assignee", "closedBy", "closedAt", "_links"})


def stored(name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(shared_path(f"specs/helpscout/{name}.json").read_text())
    return found


def lacks(sample: Any, answer: Any, path: str = "") -> list[str]:
    """What the sample shows and the answer lacks, or has of another type."""
    if isinstance(sample, dict):
        if not isinstance(answer, dict):
            return [path]
        return [
            fault
            for key, value in sample.items()
            if key not in SOMETIMES
            for fault in (lacks(value, answer[key], f"{path}.{key}") if key in answer else [f"{path}.{key}"])
        ]
    if isinstance(sample, list):
        if not isinstance(answer, list):
            return [path]
        return [fault for one in answer for fault in lacks(sample[0], one, f"{path}[]")] if sample else []
    return [] if type(sample) is type(answer) else [path]


async def answer_of(world: HelpScoutWorld, path: str) -> Any:
    transport = InProcessTransport(world.fake.app)
    async with httpx.AsyncClient(transport=transport, base_url="https://api.helpscout.test") as client:
        form = {"grant_type": "client_credentials", "client_id": APP_ID, "client_secret": APP_SECRET}
        token = (await client.post("/v2/oauth2/token", data=form)).json()["access_token"]
        return (await client.get(path, headers={"Authorization": f"Bearer {token}"})).json()


async def test_the_fakes_answers_have_what_the_samples_show(world: HelpScoutWorld, ticket: str) -> None:
    world.desk.set_tags(int(ticket), ["vip"])
    world.fake.hooks.add({"url": "https://x.example", "events": ["convo.tags"], "secret": "x"})
    own = f"/v2/conversations/{ticket}"
    (thread,) = (await answer_of(world, f"/v3/conversations/{ticket}/threads"))["_embedded"]["threads"]
    (inbox,) = (await answer_of(world, "/v2/mailboxes"))["_embedded"]["mailboxes"]
    (hook,) = (await answer_of(world, "/v2/webhooks"))["_embedded"]["webhooks"]
    assert lacks(stored("conversation"), await answer_of(world, own)) == []
    assert lacks(stored("thread"), thread) == []
    assert lacks(stored("mailbox"), inbox) == []
    # The documentation's answers show no secret, and name errors' links `_links`.
    assert lacks(stored("webhook"), hook) == [".secret"]
    refusal = json.loads(bytes(error(400, "Validation error", "country").body))
    assert lacks(stored("error"), refusal) == ["._embedded.errors[].links", ".links"]


def test_the_judge_is_not_blind() -> None:
    assert lacks({"a": {"b": 1}}, {"a": {}}) == [".a.b"]
    assert lacks({"a": 1}, {"a": "1"}) == [".a"]
    assert lacks({"a": [{"b": 1}]}, {"a": [{}]}) == [".a[].b"]


def test_the_stored_conversation_is_read() -> None:
    ticket = ticket_from(stored("conversation"), "helpscout/support", settings())
    assert (ticket.ref.id, ticket.subject, ticket.status) == ("123", "Need Help", TicketStatus.SOLVED)
    # Who began it is not whose it is: their ids differ.
    assert (ticket.requester.id, ticket.requester.email) == ("238604", "")
    assert ticket.is_reachable
    assert (ticket.assignee, ticket.group, ticket.channel, ticket.tags) == ("256", "85", "email", ("vip",))
    assert ticket.url == "https://secure.helpscout.net/conversation/123/15473"
    assert ticket.updated_at == datetime(2017, 4, 21, 14, 43, 24, tzinfo=UTC)


def test_the_stored_thread_is_read() -> None:
    thread = stored("thread")
    later = {**thread, "id": 124, "createdAt": "2017-04-21T15:00:00Z"}
    (said,) = comments_from([later, thread], "991", datetime(2017, 1, 1, tzinfo=UTC))
    assert (said.id, said.author, said.text, said.is_public) == ("124", Author.CUSTOMER, "Need Help", True)


def test_the_stored_conversation_as_a_webhook() -> None:
    body = json.dumps(stored("conversation")).encode()
    verified = verified_from(sign(body), body, secrets=[FIRST], now=NOW)
    (event,) = events_from(verified, connection="helpscout/support", inboxes=[85])
    assert isinstance(event, TicketEvent)
    assert event.ref.id == "123"
