"""The room of an incident, which one channel may be for several."""

from sqlalchemy import update

from incidents.effects import EffectKind, EffectState, RoomRequest
from incidents.models import Room
from incidents.store.cases import incident_bound_to
from incidents.store.database import Database
from incidents.store.ledger.effects import bind, plan_effects
from incidents.store.ledger.rooms import move_room, room_of
from incidents.store.schema.tables import effects
from tests.incidents.store.examples import effect, new_incident

REQUEST = RoomRequest(name="inc-1-checkout", topic="INC-1")


async def open_rooms(database: Database, *, state: EffectState = EffectState.DONE) -> list[int]:
    """Two incidents, both of which talk in the channel C1."""
    async with database.transaction() as tx:
        found = [(await new_incident(tx)).id for _ in range(2)]
        for number in found:
            room = effect(
                f"room:{number}",
                incident_id=number,
                kind=EffectKind.CHAT_ROOM,
                connection="slack/main",
                target=f"INC-{number}",
                payload=REQUEST,
            )
            await plan_effects(tx, [room])
            await bind(tx, "slack/main", "room", "C1", incident_id=number)
        await tx.execute(update(effects).values(state=state.value, result="C1"))
    return found


async def test_one_channel_for_all_incidents(database: Database):
    """As the connection's settings may say: the second incident does not take the first one's room away."""
    for number in await open_rooms(database):
        async with database.transaction() as tx:
            room = await room_of(tx, number, "slack/main")
            assert await room_of(tx, number, "slack/other") is None
        assert room is not None
        assert (room.id, room.key, room.request) == ("C1", f"room:{number}", REQUEST)


async def test_a_room_that_is_not_open_is_none(database: Database):
    first, _ = await open_rooms(database, state=EffectState.PENDING)
    async with database.transaction() as tx:
        assert await room_of(tx, first, "slack/main") is None


async def test_another_room_takes_its_place(database: Database):
    """Posts and commands go by the new one from now on."""
    first, second = await open_rooms(database)
    async with database.transaction() as tx:
        before = await room_of(tx, second, "slack/main")
        assert before is not None
        await move_room(tx, second, "slack/main", before, Room(id="C2", name="inc-2-checkout-2"))
        after, other = await room_of(tx, second, "slack/main"), await room_of(tx, first, "slack/main")
        assert after is not None
        assert other is not None
        assert (after.id, after.key, other.id) == ("C2", before.key, "C1")
        assert await incident_bound_to(tx, "slack/main", "room", "C2") == second
        assert await incident_bound_to(tx, "slack/main", "room", "C1") is None
