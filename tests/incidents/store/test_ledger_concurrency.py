"""Many workers on one ledger: nothing is sent by two, and nothing overtakes."""

from __future__ import annotations

import asyncio

from incidents.effects import EffectState
from incidents.models import Incident
from incidents.store.database import Database
from incidents.store.ledger.effects import (
    Leased,
    Settled,
    lease_effects,
    plan_effects,
    settle_effects,
)
from tests.incidents.store.examples import NOW, SECOND, effect

LANES, EACH, WORKERS = 10, 4, 6


class _World:
    """What the workers do at the same time: fails when two touch one lane."""

    def __init__(self) -> None:
        self._busy: set[str] = set()
        self.sent: list[str] = []

    def begin(self, leased: Leased) -> None:
        lane = leased.effect.lane
        assert lane not in self._busy, f"two effects of {lane} are under way"
        self._busy.add(lane)
        self.sent.append(leased.effect.key)

    def end(self, leased: Leased) -> None:
        self._busy.remove(leased.effect.lane)


async def _work(database: Database, world: _World) -> None:
    while len(world.sent) < LANES * EACH:
        async with database.transaction() as tx:
            leased = await lease_effects(tx, now=NOW, limit=3, clock=NOW)
        for item in leased:
            world.begin(item)
        await asyncio.sleep(0)
        for item in leased:
            world.end(item)
        async with database.transaction() as tx:
            settled = [Settled(id=item.id, fence=item.fence, state=EffectState.DONE) for item in leased]
            assert await settle_effects(tx, settled, now=NOW) == len(leased)


async def test_many_workers_send_everything_once_and_each_lane_in_order(
    database: Database, incident: Incident
):
    """No effect twice, no two of one lane at once, none before its elders."""
    planned = [
        effect(f"{lane}:{number}", incident_id=incident.id, target=f"lane {lane}")
        for number in range(EACH)
        for lane in range(LANES)
    ]
    async with database.transaction() as tx:
        await plan_effects(tx, planned)
    world = _World()
    await asyncio.gather(*(_work(database, world) for _ in range(WORKERS)))
    assert sorted(world.sent) == sorted(each.key for each in planned)
    for lane in range(LANES):
        in_lane = [key for key in world.sent if key.startswith(f"{lane}:")]
        assert in_lane == [f"{lane}:{number}" for number in range(EACH)]


async def test_two_who_lease_in_the_same_moment_share(database: Database, incident: Incident):
    """Neither waits for the other, and neither gets what the other has, committed or not."""
    async with database.transaction() as tx:
        await plan_effects(
            tx, [effect(key, incident_id=incident.id, target=key[0]) for key in ("a1", "b1", "a2")]
        )
    async with database.transaction() as one, database.transaction() as other:
        mine = await lease_effects(one, now=NOW, limit=1, clock=NOW)
        theirs = await lease_effects(other, now=NOW, clock=NOW)
    assert [item.effect.key for item in mine] == ["a1"]
    assert [item.effect.key for item in theirs] == ["b1"]


async def test_of_two_who_take_over_an_expired_lease_one_gets_it(database: Database, incident: Incident):
    async with database.transaction() as tx:
        await plan_effects(tx, [effect("a", incident_id=incident.id)])
        await lease_effects(tx, now=NOW, lease=SECOND, clock=NOW)

    async def take() -> int:
        async with database.transaction() as tx:
            return len(await lease_effects(tx, now=NOW + 2 * SECOND, clock=NOW + 2 * SECOND))

    assert sorted(await asyncio.gather(*(take() for _ in range(6)))) == [0] * 5 + [1]


async def test_what_is_planned_late_does_not_join_what_is_under_way(database: Database, incident: Incident):
    """Numbers are given at planning and seen at commit: a slow planner's older effect turns up while the
    younger one of its lane is being sent."""
    async with database.transaction() as slow:
        await plan_effects(slow, [effect("older", incident_id=incident.id, target="a")])
        async with database.transaction() as quick:
            await plan_effects(quick, [effect("younger", incident_id=incident.id, target="a")])
        async with database.transaction() as tx:
            (under_way,) = await lease_effects(tx, now=NOW, clock=NOW)
    assert under_way.effect.key == "younger"
    async with database.transaction() as tx:
        assert await lease_effects(tx, now=NOW, clock=NOW) == []
        settled = Settled(id=under_way.id, fence=under_way.fence, state=EffectState.DONE)
        await settle_effects(tx, [settled], now=NOW)
        assert [item.effect.key for item in await lease_effects(tx, now=NOW, clock=NOW)] == ["older"]
