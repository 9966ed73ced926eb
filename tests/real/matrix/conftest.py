"""A Synapse for the tests of Matrix, and a team on it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import pytest

from connectors.kit.fakes.faults import Faults, FaultyApp
from connectors.kit.fakes.in_process import InProcessTransport
from connectors.matrix import Matrix, MatrixSettings
from connectors.matrix.fake.app import FAULTS
from incidents.models import Room
from tests.connectors.matrix.conftest import NAME
from tests.connectors.matrix.reading import seen_in
from tests.contracts.chat_room import Seen
from tests.real.matrix.synapse import Account, Synapse, synapse
from tests.real.way import WayTo


@pytest.fixture(scope="session")
async def server(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Synapse]:
    # Otherwise a test would begin to listen where the one before it did (see the test of the cache).
    async with synapse(
        tmp_path_factory.mktemp("synapse"), caches={"sync_response_cache_duration": "0s"}
    ) as running:
        for name in ("liaison", "anna", "boris"):
            await running.register(name)
        await running.register("root", is_admin=True)
        yield running


@dataclass
class Team:
    """We, two people, and the way to the server."""

    server: Synapse
    bot: Account
    anna: Account
    boris: Account
    way: WayTo
    faults: Faults

    def connect(self, account: Account | None = None, **more: Any) -> Matrix:
        bot = account or self.bot
        known = {
            "base_url": self.server.url,
            "user_id": bot.user_id,
            "access_token": bot.token,
            "device_id": bot.device_id,
            "invite": [self.anna.user_id],
            "messages_per_minute": 6000,
        }
        transport = InProcessTransport(FaultyApp(self.way.app, self.faults, FAULTS))
        return Matrix(
            NAME, MatrixSettings.model_validate({**known, **more}), transport=transport, patience=0.5
        )

    async def seen(self, room_id: str) -> list[Seen]:
        """What people see in the room: each message as it is now."""
        page = await self.bot.call("GET", f"/rooms/{room_id}/messages", dir="b", limit="200")
        found: list[Seen] = []
        for event in reversed(page["chunk"]):
            content = event["content"]
            is_edit = content.get("m.relates_to", {}).get("rel_type") == "m.replace"
            if event["type"] != "m.room.message" or is_edit or not content:
                continue
            edit = event["unsigned"].get("m.relations", {}).get("m.replace")
            found.append(seen_in(event["event_id"], edit["content"]["m.new_content"] if edit else content))
        return found


@pytest.fixture
async def team(server: Synapse) -> AsyncIterator[Team]:
    bot, anna, boris = [await server.login(name) for name in ("liaison", "anna", "boris")]
    team = Team(server, bot, anna, boris, WayTo(server.http), Faults())
    yield team
    await bot.leave_everything()


@pytest.fixture
async def chat(team: Team) -> AsyncIterator[Matrix]:
    matrix = team.connect()
    yield matrix
    await matrix.aclose()


@pytest.fixture
async def fresh_chat(team: Team) -> AsyncIterator[Matrix]:
    matrix = team.connect()
    yield matrix
    await matrix.aclose()


@pytest.fixture
async def room(chat: Matrix, team: Team) -> Room:
    room = await chat.open_room("inc-7 Checkout", "INC-7 checkout: cards are refused", once="room:7")
    await team.anna.call("POST", f"/join/{room.id}")
    return room
