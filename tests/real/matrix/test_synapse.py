"""The Matrix connector's contracts on a real Synapse, and each trap that Synapse was seen to set."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

import pytest

from connectors.kit.fakes.faults import Faults
from connectors.matrix import Matrix
from connectors.matrix.mapping import is_the_same
from incidents.commands.verbs import Verb
from incidents.errors import Busy, NotAllowed, NotFound, Refused
from incidents.events import ChatCommand, RoomChange, RoomEvent
from incidents.models import ChatMessage, Room
from tests.connectors.matrix.test_listening import OFFER, heard, now
from tests.contracts.chat_room import ChatRoomContract, Read, Seen
from tests.contracts.listener import ListeningSourceContract, hear
from tests.real.matrix.conftest import Team
from tests.real.matrix.synapse import SERVER, synapse
from tests.real.way import WayTo

pytestmark = pytest.mark.real

HELLO = ChatMessage(text="hello")


class TestMatrixOnSynapse(ChatRoomContract):
    """All of the contract."""

    post_path = "/send/"
    honours_keys = True

    @pytest.fixture
    def faults(self, team: Team) -> Faults:
        return team.faults

    @pytest.fixture
    def read(self, team: Team) -> Read:
        async def read(room_id: str) -> Sequence[Seen]:
            return await team.seen(room_id)

        return read


class EngineerOnSynapse:
    """Types commands into the room; the line to us can be cut."""

    def __init__(self, team: Team, room: Room) -> None:
        self._team = team
        self._room = room

    async def say(self, text: str) -> None:
        await self._team.anna.say(self._room.id, f"!liaison {text}")

    async def hang_up(self) -> None:
        self._team.way.hang_up()


class TestMatrixOnSynapseListens(ListeningSourceContract):
    """All of the contract."""

    @pytest.fixture
    def listener(self, chat: Matrix) -> Matrix:
        return chat

    @pytest.fixture
    def speaker(self, team: Team, room: Room) -> EngineerOnSynapse:
        return EngineerOnSynapse(team, room)


async def test_check(chat: Matrix, team: Team) -> None:
    assert await chat.check() == f"@liaison:{SERVER} on device LIAISON at {team.server.url}"


async def test_what_is_said_and_done_in_a_room(chat: Matrix, team: Team, room: Room) -> None:
    """A command, a thumb up under an edited offer, another name; talk and our own voice are not heard."""
    cursor = await now(chat)
    offer = await chat.post(room.id, OFFER, once="p:1")
    await chat.edit(room.id, offer, ChatMessage(text="still down"), once="e:1")
    await team.anna.say(room.id, "is it the database?")
    await team.anna.say(room.id, "!liaison ack INC-7")
    await team.anna.react(room.id, offer, "👍")
    await team.bot.call("PUT", f"/rooms/{room.id}/state/m.room.name/", {"name": "ours"})
    levels = await team.bot.call("GET", f"/rooms/{room.id}/state/m.room.power_levels/")
    levels["users"][team.anna.user_id] = 50
    await team.bot.call("PUT", f"/rooms/{room.id}/state/m.room.power_levels/", levels)
    await team.anna.call("PUT", f"/rooms/{room.id}/state/m.room.name/", {"name": "cards are down"})
    typed, thumb, renamed = await heard(chat, cursor, 3)
    for command in (typed, thumb):
        assert isinstance(command, ChatCommand)
        assert (command.verb, command.incident) == (Verb.ACKNOWLEDGE, "INC-7")
        assert (command.user, command.user_id) == ("anna", team.anna.user_id)
    assert isinstance(renamed, RoomEvent)
    assert (renamed.change, renamed.name) == (RoomChange.RENAMED, "cards are down")


async def test_more_than_the_server_tells_at_once(chat: Matrix, team: Team, room: Room) -> None:
    """`limited`: the gap is read from the history; nothing is missing, nothing twice."""
    cursor = await now(chat)
    for number in range(135):
        await team.anna.say(room.id, f"!liaison note n{number}")
    commands = await heard(chat, cursor, 135)
    assert [command.text for command in commands if isinstance(command, ChatCommand)] == [
        f"n{number}" for number in range(135)
    ]


@pytest.mark.parametrize(
    "place", ['{"since": "of another server"}', '{"since": "s999999_1_1_1_1_1_1_1_1_1"}']
)
async def test_a_place_that_the_server_does_not_know(
    chat: Matrix, team: Team, room: Room, place: str
) -> None:
    await team.anna.say(room.id, "!liaison status")
    listening = chat.listen(place)
    assert (await anext(listening)).deliveries == ()
    await team.anna.say(room.id, "!liaison ack")
    found = await anext(listening)
    while not found.deliveries:
        found = await anext(listening)
    assert len(found.deliveries) == 1
    await listening.aclose()


async def test_a_device_that_stays_sends_once(chat: Matrix, team: Team, room: Room) -> None:
    """A new login on the same device is the same sender; on another one, the message comes a second time."""
    await chat.post(room.id, HELLO, once="p:1")
    for device, posts in (("LIAISON", 1), ("OTHER", 2)):
        account = await team.server.login("liaison", device)
        matrix = team.connect(account)
        await matrix.post(room.id, HELLO, once="p:1")
        assert len(await team.seen(room.id)) == posts
        await matrix.aclose()


async def test_a_yes_about_an_older_event_is_noticed(chat: Matrix, team: Team, room: Room) -> None:
    """Synapse answers 200 with whatever was sent under the transaction first, also of another type."""
    said = {"msgtype": "m.text", "body": "one"}
    first = await team.bot.call("PUT", f"/rooms/{room.id}/send/m.room.message/t1", said)
    again = await team.bot.call("PUT", f"/rooms/{room.id}/send/m.room.message/t1", {**said, "body": "two"})
    react = await team.bot.call("PUT", f"/rooms/{room.id}/send/m.reaction/t1", {"m.relates_to": {}})
    assert first == again == react
    event = await team.bot.call("GET", f"/rooms/{room.id}/event/{again['event_id']}")
    assert not is_the_same({"body": "two"}, event)


@pytest.mark.parametrize("letter", ["x", "ü", "&", "😀", "\n"])
async def test_the_whole_event_fits(chat: Matrix, team: Team, room: Room, letter: str) -> None:
    id_ = await chat.post(room.id, ChatMessage(text=f"begin{letter * 70_000}"), once="p:1")
    await chat.edit(room.id, id_, ChatMessage(text=f"changed{letter * 70_000}"), once="e:1")
    (seen,) = await team.seen(room.id)
    assert seen.text.startswith("changed")
    too_large = await team.bot.raw(
        "PUT", f"/rooms/{room.id}/send/m.room.message/large", {"msgtype": "m.text", "body": letter * 70_000}
    )
    assert too_large.status_code == 413


async def test_what_an_edit_and_a_redaction_leave(chat: Matrix, team: Team, room: Room) -> None:
    """GET tells the first text; a redaction leaves the edits readable."""
    id_ = await chat.post(room.id, HELLO, once="p:1")
    await chat.edit(room.id, id_, ChatMessage(text="changed"), once="e:1")
    event = await team.bot.call("GET", f"/rooms/{room.id}/event/{id_}")
    assert event["content"]["body"] == "hello"
    edit = event["unsigned"]["m.relations"]["m.replace"]
    await team.bot.call("PUT", f"/rooms/{room.id}/redact/{id_}/r1")
    left = await team.bot.call("GET", f"/rooms/{room.id}/event/{edit['event_id']}")
    assert left["content"]["m.new_content"]["body"] == "changed"
    with pytest.raises(NotFound, match="taken back"):
        await chat.edit(room.id, id_, HELLO, once="e:2")
    theirs = await team.anna.say(room.id, "mine")
    with pytest.raises(Refused, match="somebody else"):
        await chat.edit(room.id, theirs, HELLO, once="e:3")


async def test_an_old_token(team: Team, room: Room) -> None:
    account = await team.server.login("liaison", "SHORT")
    await account.call("POST", "/logout")
    matrix = team.connect(account)
    with pytest.raises(NotAllowed, match="same device id"):
        await matrix.post(room.id, HELLO, once="p:1")
    await matrix.aclose()


async def test_a_server_of_ordinary_limits_that_encrypts(tmp_path_factory: pytest.TempPathFactory) -> None:
    """429 says how long to wait, and the same message goes then, once. Rooms that are encrypted are told."""
    changes: dict[str, Any] = {
        "rc_message": {"per_second": 1, "burst_count": 5},
        "encryption_enabled_by_default_for_room_type": "invite",
    }
    async with synapse(tmp_path_factory.mktemp("synapse"), **changes) as server:
        for name in ("liaison", "anna"):
            await server.register(name)
        bot, anna = await server.login("liaison"), await server.login("anna")
        team = Team(server, bot, anna, anna, WayTo(server.http), Faults())
        closed, matrix = team.connect(), team.connect(public_rooms=True)
        with pytest.raises(NotAllowed, match="encryption_enabled_by_default_for_room_type"):
            await closed.open_room("inc-8", "", once="room:8")
        room = await matrix.open_room("inc-7", "", once="room:7")
        posted, busy = 0, 0
        async with asyncio.timeout(60):
            while posted < 12:
                try:
                    await matrix.post(room.id, ChatMessage(text=f"{posted}"), once=f"p:{posted}")
                except Busy as limited:
                    busy += 1
                    await asyncio.sleep(limited.retry_after)
                else:
                    posted += 1
        assert busy
        assert [seen.text for seen in await team.seen(room.id)] == [str(number) for number in range(12)]
        await closed.aclose()
        await matrix.aclose()


async def test_a_restart_of_the_server(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Cursor, token and transactions hold: nothing is lost, nothing doubled."""
    home = tmp_path_factory.mktemp("synapse")
    async with synapse(home) as server:
        for name in ("liaison", "anna"):
            await server.register(name)
        bot, anna = await server.login("liaison"), await server.login("anna")
        team = Team(server, bot, anna, anna, WayTo(server.http), Faults())
        matrix = team.connect()
        room = await matrix.open_room("inc-7", "", once="room:7")
        await anna.call("POST", f"/join/{room.id}")
        cursor = await now(matrix)
        first = await matrix.post(room.id, HELLO, once="p:1")
        await anna.say(room.id, "!liaison ack")
        # Synapse answers the first sync from a cache of two minutes: who listens anew hears what was said since then
        # (again, and it is known by its event's id); nothing is missed.
        assert len(await heard(matrix, await now(matrix), 1)) == 1
        await matrix.aclose()
    async with synapse(home) as server:
        bot.http = anna.http = server.http
        team = Team(server, bot, anna, anna, WayTo(server.http), Faults())
        matrix = team.connect()
        assert await matrix.post(room.id, HELLO, once="p:1") == first
        found, _ = await hear(matrix, cursor, 1)
        assert len(found) == 1
        await matrix.aclose()
