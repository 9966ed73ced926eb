"""Every call of our Slack connector, judged by Slack's own description of its API.

Prism serves the description and judges each request's path, token, arguments and their types; it has no state,
so the answers come from our fake. Thus the contract that the connector keeps with the fake is kept with calls
that Slack itself describes.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest
import stamina

from connectors.kit.fakes.in_process import InProcessTransport
from connectors.slack import Slack
from connectors.slack.fake.app import TOKEN, FakeSlack
from deployments.machine.processes import free_port
from incidents.commands.verbs import Verb
from incidents.errors import Refused
from incidents.models import Button, ChatMessage, Link
from tests.connectors.slack import test_room
from tests.connectors.slack.conftest import NOW, settings
from tests.real.programs import cached_program
from tests.real.running import HOST, running
from tests.real.slack_description import METHODS, for_json_bodies
from tests.shared_folder import shared_path

pytestmark = [pytest.mark.real, pytest.mark.shared]

DESCRIPTION = "specs/slack/slack_web_openapi_v2_without_examples.json"
WITH_TOKEN = {"Authorization": f"Bearer {TOKEN}"}


@dataclass
class JudgedByPrism(httpx.AsyncBaseTransport):
    """Shows each request to Prism, and lets the fake answer what Prism has nothing against."""

    fake: FakeSlack
    prism: httpx.AsyncClient
    methods: set[str] = field(default_factory=set)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        headers = {key: value for key, value in request.headers.items() if key != "host"}
        judged = await self.prism.request(
            request.method, request.url.raw_path.decode(), content=request.content, headers=headers
        )
        assert judged.status_code == 200, f"{request.url.path}: HTTP {judged.status_code} {judged.text}"
        self.methods.add(request.url.path.removeprefix("/api/"))
        return await InProcessTransport(self.fake.app).handle_async_request(request)


@pytest.fixture(autouse=True)
def no_waiting() -> Iterator[None]:
    with stamina.set_testing(True, attempts=3):
        yield


@pytest.fixture(scope="module")
async def prism(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[httpx.AsyncClient]:
    home = tmp_path_factory.mktemp("prism")
    program = cached_program("prism", "node_modules/.bin/prism")
    description: dict[str, Any] = json.loads(shared_path(DESCRIPTION).read_text())
    judge = home / "slack.json"
    judge.write_text(json.dumps(for_json_bodies(description)))
    port = free_port(0)
    command = [program, "mock", "-h", HOST, "-p", str(port), judge]
    async with (
        running("prism", command, port=port, home=home),
        httpx.AsyncClient(base_url=f"http://{HOST}:{port}", trust_env=False) as client,
    ):
        yield client


@pytest.fixture
def fake() -> FakeSlack:
    return FakeSlack(clock=NOW.timestamp, burst=20)


@pytest.fixture
def judge(fake: FakeSlack, prism: httpx.AsyncClient) -> JudgedByPrism:
    return JudgedByPrism(fake, prism)


@pytest.fixture
async def chat(judge: JudgedByPrism) -> AsyncIterator[Slack]:
    slack = Slack("slack/engineering", settings(), transport=judge)
    yield slack
    await slack.aclose()


@pytest.fixture
async def fresh_chat(judge: JudgedByPrism) -> AsyncIterator[Slack]:
    slack = Slack("slack/engineering", settings(), transport=judge)
    yield slack
    await slack.aclose()


class TestRoomAsSlackDescribesIt(test_room.TestSlackRoom):
    """The whole contract of chat rooms; a call that Slack does not describe fails it."""


async def test_every_method_is_called_as_slack_describes_it(judge: JudgedByPrism, fake: FakeSlack) -> None:
    """Also those that a plain room never needs: a taken name, an invitation, a channel of the settings."""
    fake.workspace.add_channel("inc-7")
    by_hand = fake.workspace.add_channel("outages")
    slack = Slack("slack/engineering", settings(invite=["U0ANNA"]), transport=judge)
    await slack.check()
    room = await slack.open_room("inc-7", "INC-7 checkout: cards are refused", once="room:7")
    message = ChatMessage(
        text="cards <refused>",
        buttons=(Button(label="Acknowledge", verb=Verb.ACKNOWLEDGE, incident="INC-7"),),
        links=(Link(label="Story", url="https://prefect.example/inc-7"),),
    )
    id_ = await slack.post(room.id, message, once="p:1")
    await slack.edit(room.id, id_, message, once="e:1")
    assert await slack.find_post(room.id, "p:1") == id_
    assert await slack.members(room.id)
    await slack.answer(room.id, "U0ANNA", "not yours", once="a:1", is_private=True)
    with contextlib.suppress(Refused):  # the fake need not have the group; how it is asked for is judged
        await slack.group_members("S0000001")
    fixed = Slack("slack/engineering", settings(channel=by_hand.id), transport=judge)
    assert (await fixed.open_room("inc-8", "INC-8", once="room:8")).id == by_hand.id
    assert judge.methods == set(METHODS) <= set(fake.methods)


@pytest.mark.parametrize(
    ("headers", "body", "status"),
    [
        (WITH_TOKEN, {"channel": "C0000001", "text": "hello"}, 200),
        ({}, {"channel": "C0000001", "text": "hello"}, 401),
        ({"token": TOKEN}, {"channel": "C0000001", "text": "hello"}, 401),
        (WITH_TOKEN, {"text": "hello"}, 422),
        (WITH_TOKEN, {"channel": "C0000001", "blocks": "[]"}, 422),
        (WITH_TOKEN, {"channel": "C0000001", "unfurl_link": False}, 422),
        (WITH_TOKEN, {"channel": "C0000001", "mrkdwn": "off"}, 422),
        (WITH_TOKEN, {"channel": "C0000001", "metadata": {"event_type": "liaison"}}, 422),
    ],
)
async def test_what_is_wrong_is_noticed(
    prism: httpx.AsyncClient, headers: dict[str, str], body: dict[str, Any], status: int
) -> None:
    """The judge is not blind: no token, a missing, misspelt or mistyped argument is refused."""
    answer = await prism.post("/api/chat.postMessage", json=body, headers=headers)
    assert answer.status_code == status
