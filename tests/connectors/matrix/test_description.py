"""Every call of our Matrix connector, judged by Matrix' own description of its client-server API.

The description says each call's path, its parameters and the schema of its body; the answers come from our fake. Thus
the contract that the connector keeps with the fake is kept with calls that Matrix itself describes.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import AsyncIterator
from typing import Any

import httpx
import jsonschema
import pytest

from connectors.kit.fakes.in_process import InProcessTransport
from connectors.matrix import Matrix
from connectors.matrix.fake.app import ANNA, BOT, FakeMatrix
from connectors.matrix.fake.homeserver import SERVER, FakeDevice
from incidents.errors import LiaisonError
from incidents.models import ChatMessage
from tests.connectors.description import DescribedCall, Judge
from tests.connectors.matrix import test_room
from tests.connectors.matrix.conftest import connect
from tests.connectors.matrix.test_listening import OFFER
from tests.shared_folder import shared_path

pytestmark = pytest.mark.shared

DESCRIPTION = "specs/matrix/client-server-selected.json"


class MatrixJudge(Judge):
    """Also looks for who calls."""

    def judge(self, request: httpx.Request) -> DescribedCall:
        assert request.headers["authorization"].startswith("Bearer ")
        return super().judge(request)


@pytest.fixture(scope="module")
def description() -> dict[str, Any]:
    read: dict[str, Any] = json.loads(shared_path(DESCRIPTION).read_text())
    return read


@pytest.fixture
def judge(fake: FakeMatrix, description: dict[str, Any]) -> Judge:
    return MatrixJudge(InProcessTransport(fake.app), description)


@pytest.fixture
async def chat(fake: FakeMatrix, judge: Judge) -> AsyncIterator[Matrix]:
    matrix = connect(fake, transport=judge)
    yield matrix
    await matrix.aclose()


@pytest.fixture
async def fresh_chat(fake: FakeMatrix, judge: Judge) -> AsyncIterator[Matrix]:
    matrix = connect(fake, transport=judge)
    yield matrix
    await matrix.aclose()


class TestRoomAsMatrixDescribesIt(test_room.TestMatrixRoom):
    """The contract of chat rooms; a call that Matrix does not describe fails it."""

    # They name messages by ids of a form that Matrix has not: what is answered to that, the fake's contract says.
    test_gone = None  # type: ignore[assignment]
    test_not_allowed = None  # type: ignore[assignment]


async def test_every_call_is_made_as_matrix_describes_it(
    chat: Matrix, judge: Judge, fake: FakeMatrix
) -> None:
    """Also those that a plain room never needs."""
    await chat.check()
    room = await chat.open_room("inc-7", "INC-7", once="room:7")
    id_ = await chat.post(room.id, OFFER, once="p:1")
    await chat.edit(room.id, id_, ChatMessage(text="changed"), once="e:1")
    await chat.find_post(room.id, "p:1")
    await chat.answer(room.id, ANNA, "no", once="a:1", is_private=True)
    await chat.members(room.id)
    with contextlib.suppress(LiaisonError):
        await chat.group_members(f"#nobody:{SERVER}")
    listening = chat.listen(None)
    await anext(listening)
    for number in range(60):
        fake.say(f"!liaison note n{number}", room=room.id)
    fake.react(id_, "👍", room=room.id)
    assert len((await anext(listening)).deliveries) == 61
    await listening.aclose()
    lure = fake.membership.create(FakeDevice(ANNA, "D"), {"preset": "public_chat"})["room_id"]
    fake.server.add(fake.room(room.id), "m.room.tombstone", BOT, {"replacement_room": lure}, state_key="")
    with pytest.raises(LiaisonError):
        await chat.post(room.id, OFFER, once="p:2")
    await chat.open_room("inc-7", "another topic", once="room:7")
    await chat.open_room("inc-7", "yet another topic", once="room:7")
    assert {one.replace("/_matrix/client/v3", "") for one in judge.called} == {
        "GET /account/whoami",
        "POST /createRoom",
        "GET /directory/room/{roomAlias}",
        "POST /join/{roomIdOrAlias}",
        "POST /rooms/{roomId}/leave",
        "POST /rooms/{roomId}/invite",
        "GET /rooms/{roomId}/state",
        "GET /rooms/{roomId}/state/{eventType}/{stateKey}",
        "PUT /rooms/{roomId}/state/{eventType}/{stateKey}",
        "PUT /rooms/{roomId}/send/{eventType}/{txnId}",
        "GET /rooms/{roomId}/event/{eventId}",
        "GET /rooms/{roomId}/messages",
        "GET /rooms/{roomId}/joined_members",
        "GET /sync",
    }


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("GET", "/_matrix/client/v3/rooms/!r/messages", None),
        ("GET", "/_matrix/client/v3/rooms/!r/messages?dir=up", None),
        ("GET", "/_matrix/client/v3/sync?waiting=1", None),
        ("POST", "/_matrix/client/v3/createRoom", {"invite": "@anna:fake.test"}),
        ("POST", "/_matrix/client/v3/rooms/!r/invite", {}),
        ("POST", "/_matrix/client/v3/rooms/!r/speak", {}),
    ],
)
def test_what_is_wrong_is_noticed(judge: Judge, method: str, path: str, body: Any) -> None:
    """The judge is not blind."""
    request = (
        httpx.Request(method, f"http://x{path}", json=body, headers={"Authorization": "Bearer x"})
        if body is not None
        else httpx.Request(method, f"http://x{path}", headers={"Authorization": "Bearer x"})
    )
    with pytest.raises((AssertionError, jsonschema.ValidationError)):
        judge.judge(request)
