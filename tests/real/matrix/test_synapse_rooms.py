"""Rooms for incidents on a real Synapse: what it refuses, upgrades and deletes."""

from __future__ import annotations

import asyncio

import pytest

from connectors.matrix import Matrix
from incidents.errors import NotAllowed, NotFound, Refused
from incidents.events import RoomChange, RoomEvent
from incidents.models import ChatMessage, Room
from tests.connectors.matrix.test_listening import heard, now
from tests.real.matrix.conftest import Team

pytestmark = pytest.mark.real

HELLO = ChatMessage(text="hello")


async def test_somebody_who_cannot_be_invited_holds_up_nobody(team: Team) -> None:
    """Synapse refuses a creation for one such invitee and leaves the room; so they are invited afterwards."""
    matrix = team.connect(invite=["@eve:elsewhere.example", team.anna.user_id])
    room = await matrix.open_room("inc-9", "INC-9", once="room:9")
    assert (await matrix.open_room("inc-9", "INC-9", once="room:9")).id == room.id
    await team.anna.call("POST", f"/join/{room.id}")
    assert await matrix.members(room.id) == {team.bot.user_id, team.anna.user_id}
    await matrix.aclose()
    wanted = {"room_alias_name": "left-behind", "invite": ["@eve:elsewhere.example"]}
    refused = await team.bot.raw("POST", "/createRoom", wanted)
    again = await team.bot.raw("POST", "/createRoom", wanted)
    assert (refused.status_code, again.status_code, again.json()["errcode"]) == (403, 400, "M_ROOM_IN_USE")


async def test_an_upgraded_room_is_followed(chat: Matrix, fresh_chat: Matrix, team: Team, room: Room) -> None:
    """Synapse takes what we send into the old one, where nobody is: we send into the new one."""
    moved = await team.bot.call("POST", f"/rooms/{room.id}/upgrade", {"new_version": "12"})
    sent = await team.bot.raw(
        "PUT", f"/rooms/{room.id}/send/m.room.message/old", {"msgtype": "m.text", "body": "x"}
    )
    assert sent.status_code == 200
    with pytest.raises(NotFound, match="upgraded"):
        await chat.post(room.id, HELLO, once="p:1")
    for matrix in (chat, fresh_chat):
        found = await matrix.open_room("inc-7 Checkout", "INC-7 checkout", once="room:7")
        assert found.id == moved["replacement_room"]
    await chat.post(moved["replacement_room"], HELLO, once="p:1")
    assert [seen.text for seen in await team.seen(moved["replacement_room"])] == ["hello"]


async def test_a_room_that_somebody_upgraded(chat: Matrix, team: Team, room: Room) -> None:
    """Heard as news of the room; where we are not let into the next one, another one is opened."""
    where = f"/rooms/{room.id}/state/m.room.power_levels/"
    levels = await team.bot.call("GET", where)
    levels["users"][team.anna.user_id] = 150
    await team.bot.call("PUT", where, levels)
    cursor = await now(chat)
    moved = await team.anna.call("POST", f"/rooms/{room.id}/upgrade", {"new_version": "12"})
    (news,) = await heard(chat, cursor, 1)
    assert isinstance(news, RoomEvent)
    assert (news.change, news.room_id, news.user) == (RoomChange.ARCHIVED, room.id, team.anna.user_id)
    with pytest.raises(NotFound):
        await chat.post(room.id, HELLO, once="p:1")
    found = await chat.open_room("inc-7 Checkout", "INC-7 checkout", once="room:7")
    assert found.id not in (room.id, moved["replacement_room"])
    # A full restart finds it, not the one that is closed to us.
    fresh = team.connect()
    assert (await fresh.open_room("inc-7 Checkout", "INC-7 checkout", once="room:7")).id == found.id
    await fresh.aclose()


async def test_a_deleted_room_is_gone(chat: Matrix, team: Team, room: Room) -> None:
    """By an administrator: `NotFound`, and opening makes another one."""
    root = await team.server.login("root")
    deleted = await team.server.http.request(
        "DELETE",
        f"/_synapse/admin/v2/rooms/{room.id}",
        headers={"Authorization": f"Bearer {root.token}"},
        json={"purge": True, "block": False},
    )
    assert deleted.status_code == 200
    where = f"/_synapse/admin/v2/rooms/delete_status/{deleted.json()['delete_id']}"
    async with asyncio.timeout(30):
        while True:
            told = await team.server.http.get(where, headers={"Authorization": f"Bearer {root.token}"})
            if told.json()["status"] == "complete":
                break
            await asyncio.sleep(0.1)
    with pytest.raises(NotFound):
        await chat.post(room.id, HELLO, once="p:1")
    assert (await chat.open_room("inc-7 Checkout", "INC-7 checkout", once="room:7")).id != room.id


@pytest.mark.parametrize("is_public", [False, True])
async def test_sent_away_from_its_room(team: Team, is_public: bool) -> None:
    matrix = team.connect(public_rooms=is_public)
    room = await matrix.open_room("inc-9", "INC-9", once="room:9")
    await team.anna.call("POST", f"/join/{room.id}")
    await team.bot.call("POST", f"/rooms/{room.id}/leave")
    if is_public:
        await matrix.post(room.id, HELLO, once="p:1")
        assert len(await team.seen(room.id)) == 1
    else:
        with pytest.raises(NotAllowed, match="in the room"):
            await matrix.post(room.id, HELLO, once="p:1")
        # Opened again while the one before is closed to us, it is another one.
        assert (await matrix.open_room("inc-9", "INC-9", once="room:9")).id != room.id
    await matrix.aclose()


async def test_a_private_answer_is_seen_by_one(
    chat: Matrix, fresh_chat: Matrix, team: Team, room: Room
) -> None:
    """In a room of the two, opened once, into which nobody can let a third."""
    anna = team.anna
    await chat.answer(room.id, anna.user_id, "no", once="a:1", is_private=True)
    await fresh_chat.answer(room.id, anna.user_id, "no again", once="a:2", is_private=True)
    invited = (await anna.call("GET", "/sync"))["rooms"]["invite"]
    (direct,) = [
        room_id
        for room_id, told in invited.items()
        if any(one["content"].get("name") == "Liaison" for one in told["invite_state"]["events"])
    ]
    await anna.call("POST", f"/join/{direct}")
    assert [seen.text for seen in await team.seen(direct)] == ["no", "no again"]
    assert await team.seen(room.id) == []
    lets_in = await anna.raw("POST", f"/rooms/{direct}/invite", {"user_id": team.boris.user_id})
    assert lets_in.status_code == 403
    await anna.call("POST", f"/rooms/{direct}/leave")


async def test_who_may_join_by_a_space(team: Team) -> None:
    """Members of the space come in by themselves, others do not; and the space is a group."""
    made = await team.boris.call(
        "POST", "/createRoom", {"creation_content": {"type": "m.space"}, "preset": "public_chat"}
    )
    space = made["room_id"]
    matrix = team.connect(space=space, invite=[])
    assert await matrix.group_members(space) == {team.boris.user_id, team.bot.user_id}
    room = await matrix.open_room("inc-9", "INC-9", once="room:9")
    assert (await team.anna.raw("POST", f"/join/{room.id}")).status_code == 403
    assert (await team.boris.raw("POST", f"/join/{room.id}")).status_code == 200
    with pytest.raises(Refused):
        await matrix.group_members("!nowhere:real.test")
    await matrix.aclose()
