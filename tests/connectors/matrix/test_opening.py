"""Matrix' rooms for incidents: opened, found again, followed when they are upgraded, never another's."""

from __future__ import annotations

from typing import Any

import pytest

from connectors.kit.fakes.faults import FaultKind
from connectors.matrix import Matrix
from connectors.matrix.fake.app import ANNA, BORIS, BOT, FakeMatrix
from connectors.matrix.fake.homeserver import SERVER, FakeDevice, MatrixNo
from connectors.matrix.mapping import ONCE
from connectors.matrix.rooms.naming import alias_name
from incidents.errors import NotAllowed, NotFound, Refused, Unknown
from incidents.models import ChatMessage
from tests.connectors.matrix.conftest import connect

HELLO = ChatMessage(text="hello")
OUR_DEVICE = FakeDevice(BOT, "LIAISON")


async def test_room_is_made_for_incidents(fake: FakeMatrix, chat: Matrix) -> None:
    """Private, kept on this server, known by its key and its alias, its people invited; the link opens it."""
    room = await chat.open_room("INC-7 Größe & Café!", "Cards\n<refused>", once="room:7")
    found = fake.room(room.id)
    assert room.name == "INC-7 Größe & Café!"
    assert room.url == f"https://matrix.to/#/{room.id.replace('!', '%21')}?via={SERVER}"
    assert found.content("m.room.create") == {"room_version": "12", ONCE: "room:7", "m.federate": False}
    alias = alias_name("INC-7 Größe & Café!", "room:7", 1)
    assert alias.startswith("inc-7-gr-e-caf-")
    assert found.content("m.room.canonical_alias") == {"alias": f"#{alias}:{SERVER}"}
    assert found.content("m.room.join_rules") == {"join_rule": "invite"}
    assert found.content("m.room.topic") == {"topic": "Cards <refused>"}
    assert (found.members("join"), found.members("invite")) == ([BOT], [ANNA])


@pytest.mark.parametrize(
    ("more", "rule"),
    [
        ({"public_rooms": True}, {"join_rule": "public"}),
        (
            {"space": "!space:fake.test"},
            {
                "join_rule": "restricted",
                "allow": [{"type": "m.room_membership", "room_id": "!space:fake.test"}],
            },
        ),
    ],
)
async def test_who_may_join(fake: FakeMatrix, more: dict[str, Any], rule: dict[str, Any]) -> None:
    matrix = connect(fake, **more)
    room = await matrix.open_room("inc-7", "", once="room:7")
    assert fake.room(room.id).content("m.room.join_rules") == rule
    await matrix.aclose()


async def test_somebody_who_cannot_be_invited_holds_up_nobody(fake: FakeMatrix) -> None:
    """Synapse would refuse the whole room for one invitee of a forbidden server, and leave it behind."""
    matrix = connect(fake, invite=["@eve:elsewhere.example", ANNA])
    room = await matrix.open_room("inc-7", "", once="room:7")
    assert fake.room(room.id).members("invite") == [ANNA]
    again = await matrix.open_room("inc-7", "", once="room:7")
    assert (again.id, len(fake.server.rooms)) == (room.id, 1)
    await matrix.aclose()


async def test_a_refused_creation_leaves_its_room(fake: FakeMatrix) -> None:
    """What Synapse does, in the fake: 403, and the room is there, its alias taken."""
    wanted = {"room_alias_name": "inc-7", "invite": [ANNA, "@eve:elsewhere.example"]}
    with pytest.raises(MatrixNo, match="M_FORBIDDEN"):
        fake.membership.create(OUR_DEVICE, wanted)
    assert fake.room(f"#inc-7:{SERVER}").members("invite") == [ANNA]
    with pytest.raises(MatrixNo, match="M_ROOM_IN_USE"):
        fake.membership.create(OUR_DEVICE, wanted)


@pytest.mark.parametrize("kind", [FaultKind.ERROR_AFTER_WORK, FaultKind.DROP_REPLY])
async def test_a_room_whose_making_was_not_answered_is_found(
    fake: FakeMatrix, chat: Matrix, fresh_chat: Matrix, kind: FaultKind
) -> None:
    fake.faults.arm(kind, where="/createRoom")
    with pytest.raises(Unknown):
        await chat.open_room("inc-7", "INC-7", once="room:7")
    room = await fresh_chat.open_room("inc-7", "INC-7", once="room:7")
    assert list(fake.server.rooms) == [room.id]
    assert fake.room(room.id).members("invite") == [ANNA]


@pytest.mark.parametrize("creator", [BORIS, BOT], ids=["somebody's", "ours, with another key"])
async def test_a_room_that_is_not_ours_is_left_alone(
    fake: FakeMatrix, chat: Matrix, fresh_chat: Matrix, creator: str
) -> None:
    """Also one that anybody may join, and one whose maker wrote our key into it."""
    key = "room:7" if creator == BORIS else "room:8"
    taken = {
        "room_alias_name": alias_name("inc-7", "room:7", 1),
        "preset": "public_chat",
        "creation_content": {ONCE: key},
    }
    theirs = fake.membership.create(FakeDevice(creator, "D"), taken)["room_id"]
    room = await chat.open_room("inc-7", "INC-7", once="room:7")
    assert room.id != theirs
    assert (await fresh_chat.open_room("inc-7", "INC-7", once="room:7")).id == room.id
    assert fake.messages(theirs) == []
    assert fake.room(theirs).content("m.room.topic") == {}


async def test_all_aliases_are_taken(fake: FakeMatrix, chat: Matrix) -> None:
    for number in range(1, 31):
        fake.server.aliases[f"#{alias_name('inc-7', 'room:7', number)}:{SERVER}"] = "!gone:fake.test"
    with pytest.raises(Refused, match="are taken"):
        await chat.open_room("inc-7", "INC-7", once="room:7")


async def test_an_encrypted_room_is_the_operators(fake: FakeMatrix, chat: Matrix) -> None:
    """A homeserver that encrypts by default would hide every command from us: told, with the cure."""
    fake.membership.encrypts_by_default = True
    with pytest.raises(NotAllowed, match="encryption_enabled_by_default_for_room_type"):
        await chat.open_room("inc-7", "INC-7", once="room:7")


async def test_fixed_room(fake: FakeMatrix) -> None:
    """Every incident's room is that one; upgraded, only the operator can name the next."""
    made = fake.membership.create(
        FakeDevice(ANNA, "D"), {"room_alias_name": "ops", "preset": "public_chat", "name": "Ops"}
    )
    matrix = connect(fake, room=f"#ops:{SERVER}", invite=[])
    first = await matrix.open_room("inc-7", "INC-7", once="room:7")
    second = await matrix.open_room("inc-8", "INC-8", once="room:8")
    assert first.id == second.id == made["room_id"]
    assert first.name == "Ops"
    await matrix.aclose()
    by_id = connect(fake, room=made["room_id"], invite=[])
    fake.upgrade(made["room_id"], user=ANNA)
    with pytest.raises(NotAllowed, match="name its successor"):
        await by_id.open_room("inc-7", "INC-7", once="room:7")
    await by_id.aclose()


@pytest.mark.parametrize("user", [BOT, ANNA])
async def test_an_upgraded_room_is_followed(
    fake: FakeMatrix, chat: Matrix, fresh_chat: Matrix, user: str
) -> None:
    """Synapse would take our message into the old room, where nobody looks: `NotFound`, and opening finds the new one,
    whoever upgraded it, and after a restart too."""
    room = await chat.open_room("inc-7", "INC-7", once="room:7")
    new = fake.upgrade(room.id, user=user, lets_in=BOT if user == ANNA else "")
    with pytest.raises(NotFound, match="upgraded"):
        await chat.post(room.id, HELLO, once="p:1")
    assert fake.messages(room.id) == []
    assert (await chat.open_room("inc-7", "INC-7", once="room:7")).id == new.id
    assert (await fresh_chat.open_room("inc-7", "INC-7", once="room:7")).id == new.id
    again = fake.upgrade(new.id, user=user, lets_in=BOT if user == ANNA else "")
    assert (await chat.open_room("inc-7", "INC-7", once="room:7")).id == again.id


async def test_an_upgraded_room_that_does_not_let_us_in(fake: FakeMatrix, chat: Matrix) -> None:
    """Another one is opened then."""
    room = await chat.open_room("inc-7", "INC-7", once="room:7")
    new = fake.upgrade(room.id, user=ANNA)
    with pytest.raises(NotFound):
        await chat.post(room.id, HELLO, once="p:1")
    other = await chat.open_room("inc-7", "INC-7", once="room:7")
    assert other.id not in (room.id, new.id)
    await chat.post(other.id, HELLO, once="p:1")


async def test_a_successor_that_knows_nothing_of_it(fake: FakeMatrix, chat: Matrix) -> None:
    """A tombstone can name any room: one that does not name ours as the one before is left again."""
    room = await chat.open_room("inc-7", "INC-7", once="room:7")
    lure = fake.membership.create(FakeDevice(BORIS, "D"), {"preset": "public_chat"})["room_id"]
    fake.server.add(fake.room(room.id), "m.room.tombstone", BORIS, {"replacement_room": lure}, state_key="")
    with pytest.raises(NotFound):
        await chat.post(room.id, HELLO, once="p:1")
    other = await chat.open_room("inc-7", "INC-7", once="room:7")
    assert other.id not in (room.id, lure)
    assert fake.room(lure).membership(BOT) == "leave"


async def test_a_room_that_says_it_took_the_place_of_ours(
    fake: FakeMatrix, chat: Matrix, fresh_chat: Matrix
) -> None:
    """Anybody can say so of his room, and take a free alias: ours must say the same."""
    room = await chat.open_room("inc-7", "INC-7", once="room:7")
    creation = {"predecessor": {"room_id": room.id}}
    theirs = fake.membership.create(
        FakeDevice(BORIS, "D"), {"preset": "public_chat", "creation_content": creation}
    )["room_id"]
    fake.server.aliases[f"#{alias_name('inc-7', 'room:7', 1)}:{SERVER}"] = theirs
    assert (await fresh_chat.open_room("inc-7", "INC-7", once="room:7")).id != theirs


async def test_rooms_that_name_each_other_as_successors_end(fake: FakeMatrix, chat: Matrix) -> None:
    room = await chat.open_room("inc-7", "INC-7", once="room:7")
    new = fake.upgrade(room.id)
    fake.server.add(new, "m.room.tombstone", BOT, {"replacement_room": room.id}, state_key="")
    other = await chat.open_room("inc-7", "INC-7", once="room:7")
    assert other.id not in (room.id, new.id)


@pytest.mark.parametrize("is_public", [False, True])
async def test_sent_away_from_its_room(fake: FakeMatrix, is_public: bool) -> None:
    """It comes back into an open room; into a closed one only people can let it."""
    matrix = connect(fake, public_rooms=is_public)
    room = await matrix.open_room("inc-7", "INC-7", once="room:7")
    fake.remove(BOT, room=room.id)
    if is_public:
        await matrix.post(room.id, HELLO, once="p:1")
        assert len(fake.messages(room.id)) == 1
    else:
        with pytest.raises(NotAllowed, match="in the room"):
            await matrix.post(room.id, HELLO, once="p:1")
    await matrix.aclose()


async def test_a_purged_room_is_gone(fake: FakeMatrix, chat: Matrix) -> None:
    """Deleted by an administrator: `NotFound`, so that another one is opened."""
    room = await chat.open_room("inc-7", "INC-7", once="room:7")
    fake.purge(room.id)
    with pytest.raises(NotFound):
        await chat.post(room.id, HELLO, once="p:1")
    assert (await chat.open_room("inc-7", "INC-7", once="room:7")).id != room.id


async def test_who_is_in_a_room_and_in_a_group(fake: FakeMatrix, chat: Matrix) -> None:
    """A group is a space or a room, by its id or alias; one that is not there is refused, and not empty."""
    room = await chat.open_room("inc-7", "", once="room:7")
    assert await chat.members(room.id) == {BOT}  # who was invited and has not come is not in it
    fake.say("hello", room=room.id)
    assert await chat.members(room.id) == {BOT, ANNA}
    space = {"room_alias_name": "oncall", "preset": "public_chat", "creation_content": {"type": "m.space"}}
    space_id = fake.membership.create(FakeDevice(BORIS, "D"), space)["room_id"]
    assert await chat.group_members(f"#oncall:{SERVER}") == {BORIS, BOT}
    assert await chat.group_members(space_id) == {BORIS, BOT}
    for group in (f"#nobody:{SERVER}", "oncall", "!gone:fake.test"):
        with pytest.raises(Refused):
            await chat.group_members(group)
