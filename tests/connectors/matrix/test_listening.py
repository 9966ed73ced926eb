"""What is heard in Matrix' rooms: the contract, and what only a sync loop meets."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import httpx
import pytest

from connectors.kit.fakes.faults import FaultKind
from connectors.kit.fakes.in_process import InProcessTransport
from connectors.matrix import Matrix
from connectors.matrix.fake.app import ANNA, BORIS, BOT, FakeMatrix
from incidents.commands.verbs import Verb
from incidents.errors import LiaisonError, Refused
from incidents.events import ChatCommand, RoomChange, RoomEvent
from incidents.models import Button, ChatMessage, Room
from incidents.ports import ListeningSource
from tests.connectors.matrix.conftest import NAME, settings
from tests.contracts.listener import ListeningSourceContract, hear

OFFER = ChatMessage(
    text="Checkout is down",
    buttons=(Button(label="Acknowledge", verb=Verb.ACKNOWLEDGE, incident="INC-7"),),
)


@pytest.fixture
async def listener(fake: FakeMatrix) -> AsyncIterator[Matrix]:
    matrix = Matrix(NAME, settings(), transport=InProcessTransport(fake.app), patience=0.05)
    yield matrix
    await matrix.aclose()


@pytest.fixture
async def room(listener: Matrix) -> Room:
    return await listener.open_room("inc-7", "INC-7", once="room:7")


@pytest.fixture
async def cursor(listener: Matrix, room: Room) -> str:
    return await now(listener)


async def now(listener: ListeningSource) -> str:
    _, cursor = await hear(listener, None, 0)
    assert cursor is not None
    return cursor


async def heard(listener: Matrix, cursor: str, count: int) -> list[object]:
    """So many events after the cursor."""
    found, _ = await hear(listener, cursor, count)
    return [event for one in found for event in listener.events(one)]


class Engineer:
    """Types commands into the room."""

    def __init__(self, fake: FakeMatrix, room: Room) -> None:
        self._fake = fake
        self._room = room

    async def say(self, text: str) -> None:
        self._fake.say(f"!liaison {text}", room=self._room.id)

    async def hang_up(self) -> None:
        self._fake.hang_up()


class TestMatrixListens(ListeningSourceContract):
    """All of the contract."""

    @pytest.fixture
    def speaker(self, fake: FakeMatrix, room: Room) -> Engineer:
        return Engineer(fake, room)


async def test_a_command(fake: FakeMatrix, listener: Matrix, room: Room, cursor: str) -> None:
    """Who said it is known by his id; talk among people, and our own voice, are not kept."""
    fake.say("is it the database?", room=room.id)
    fake.say("!liaison ack", room=room.id, user=BOT)
    await listener.post(room.id, OFFER, once="p:1")
    event = fake.say("!liaison ack INC-7", room=room.id)
    (command,) = await heard(listener, cursor, 1)
    assert isinstance(command, ChatCommand)
    assert (command.connection, command.room_id) == (NAME, room.id)
    assert (command.user, command.user_id) == ("anna", ANNA)
    assert (command.verb, command.incident) == (Verb.ACKNOWLEDGE, "INC-7")
    assert command.at.timestamp() * 1000 == pytest.approx(event.at)


@pytest.mark.parametrize("key", ["👍", "👍️", "👍🏽"])
async def test_a_thumb_up_means_i_have_it(
    fake: FakeMatrix, listener: Matrix, room: Room, cursor: str, key: str
) -> None:
    """Under a message that offers it, also after it was edited."""
    offer = await listener.post(room.id, OFFER, once="p:1")
    await listener.edit(room.id, offer, ChatMessage(text="still down"), once="e:1")
    fake.react(offer, key, room=room.id)
    (command,) = await heard(listener, cursor, 1)
    assert isinstance(command, ChatCommand)
    assert (command.verb, command.incident) == (Verb.ACKNOWLEDGE, "INC-7")
    assert command.user_id == ANNA


async def test_what_is_only_applause(fake: FakeMatrix, listener: Matrix, room: Room, cursor: str) -> None:
    """Another sign, a message that offers nothing, somebody's message that looks like ours, one that is not there."""
    offer = await listener.post(room.id, OFFER, once="p:1")
    fake.react(offer, "🎉", room=room.id)
    fake.react(offer, "👍👍", room=room.id)
    fake.react(await listener.post(room.id, ChatMessage(text="fixed"), once="p:2"), "👍", room=room.id)
    content = next(one["content"] for one in fake.messages(room.id) if one["event_id"] == offer)
    theirs = fake.say("x", room=room.id, user=BORIS, **{"org.liaison.offers": content["org.liaison.offers"]})
    fake.react(theirs.event_id, "👍", room=room.id)
    fake.react("$gone", "👍", room=room.id)
    fake.say("!liaison status", room=room.id)
    (command,) = await heard(listener, cursor, 1)
    assert isinstance(command, ChatCommand)
    assert command.verb is Verb.STATUS


@pytest.mark.parametrize("event_id", ["..", "$" + "x" * 300, "$a/b", "$ä", "gone", "$"])
async def test_a_reaction_to_what_is_no_event(
    fake: FakeMatrix, listener: Matrix, room: Room, cursor: str, event_id: str
) -> None:
    """An id that no server gave: nobody is asked for it, and what is said afterwards is heard."""
    fake.react(event_id, "👍", room=room.id)
    fake.say("!liaison status", room=room.id)
    (command,) = await heard(listener, cursor, 1)
    assert isinstance(command, ChatCommand)
    assert command.verb is Verb.STATUS
    assert not any("/event/" in call for call in fake.calls)


async def test_a_reaction_that_cannot_be_looked_up_now_is_heard_later(
    fake: FakeMatrix, listener: Matrix, room: Room, cursor: str
) -> None:
    """An error, and the same reaction from the same cursor."""
    fake.react(await listener.post(room.id, OFFER, once="p:1"), "👍", room=room.id)
    fake.faults.arm(FaultKind.OUTAGE, where="/event/", times=None)
    with pytest.raises(LiaisonError):
        await hear(listener, cursor, 1)
    fake.faults.clear()
    assert len(await heard(listener, cursor, 1)) == 1


async def test_more_than_the_server_tells_at_once(
    fake: FakeMatrix, listener: Matrix, room: Room, cursor: str
) -> None:
    """`limited`: the gap is read from the history, in order, nothing twice, nothing from before."""
    for number in range(335):
        fake.say(f"!liaison note n{number}", room=room.id)
    commands = await heard(listener, cursor, 335)
    assert [command.text for command in commands if isinstance(command, ChatCommand)] == [
        f"n{number}" for number in range(335)
    ]


async def test_what_becomes_of_a_room(fake: FakeMatrix, listener: Matrix, room: Room, cursor: str) -> None:
    """Renamed, upgraded; by ourselves it is no news."""
    fake.rename(room.id, "cards are down")
    fake.rename(room.id, "ours", user=BOT)
    fake.upgrade(room.id, user=ANNA, lets_in=BOT)
    renamed, upgraded = await heard(listener, cursor, 2)
    assert isinstance(renamed, RoomEvent)
    assert isinstance(upgraded, RoomEvent)
    assert (renamed.change, renamed.name, renamed.user) == (RoomChange.RENAMED, "cards are down", ANNA)
    assert (upgraded.change, upgraded.room_id) == (RoomChange.ARCHIVED, room.id)


@pytest.mark.parametrize("place", ['{"since": "of another server"}', '{"since": "s999999"}'])
async def test_a_place_that_the_server_does_not_know(
    fake: FakeMatrix, listener: Matrix, room: Room, place: str
) -> None:
    """Another server under the same name, or a backup: listened to from now on, rather than never again."""
    fake.say("!liaison status", room=room.id)
    listening = listener.listen(place)
    first = await anext(listening)
    assert first.deliveries == ()
    fake.say("!liaison ack", room=room.id)
    second = await anext(listening)
    assert len(second.deliveries) == 1
    await listening.aclose()


class RefusedOnce(httpx.AsyncBaseTransport):
    """A proxy, or a server, that refuses the next `/sync` with this, and then works."""

    def __init__(self, fake: FakeMatrix, status: int, content: object) -> None:
        self._inner = InProcessTransport(fake.app)
        self._refusals = [httpx.Response(status, json=content)]

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        if self._refusals and request.url.path.endswith("/sync"):
            return self._refusals.pop()
        return await self._inner.handle_async_request(request)


@pytest.mark.parametrize(
    ("status", "content"),
    [(400, {"errcode": "M_BAD_JSON"}), (413, {"errcode": "M_TOO_LARGE"}), (431, {}), (422, {"detail": "no"})],
)
async def test_a_refusal_that_says_nothing_of_the_place(
    fake: FakeMatrix, room: Room, cursor: str, status: int, content: object
) -> None:
    """An error, and what was said meanwhile is heard from the same place."""
    refused = Matrix(NAME, settings(), transport=RefusedOnce(fake, status, content), patience=0.05)
    fake.say("!liaison ack INC-7", room=room.id)
    with pytest.raises(Refused):
        await hear(refused, cursor, 1)
    assert len(await heard(refused, cursor, 1)) == 1
    await refused.aclose()


async def test_silence_moves_nothing(fake: FakeMatrix, listener: Matrix, room: Room, cursor: str) -> None:
    """The server answers after its patience, with nothing; then there is news."""
    listening = listener.listen(cursor)
    assert (await anext(listening)).deliveries == ()
    hearing = asyncio.ensure_future(anext(listening))
    fake.say("!liaison ack", room=room.id)
    heard_now = await hearing
    while not heard_now.deliveries:
        heard_now = await anext(listening)
    assert len(heard_now.deliveries) == 1
    await listening.aclose()
