"""A holder that shows signs of life keeps its lease; one that has ended or lost it gets nothing by them."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import text

from incidents.effects import EffectState
from incidents.events import Lane
from incidents.models import Incident
from incidents.store.database import Database
from incidents.store.inbox.drains import LEASE as DRAIN_LEASE
from incidents.store.inbox.drains import (
    abandon_drain,
    begin_drain,
    keep_drain,
    next_fence,
)
from incidents.store.ledger.effects import (
    LEASE,
    Leased,
    Settled,
    keep_effects,
    lease_effects,
    plan_effects,
    settle_effects,
)
from tests.incidents.store.examples import NOW, SECOND, effect

LANE = Lane.INTAKE


async def _sign(database: Database, fence: int) -> None:
    async with database.transaction() as tx:
        await keep_drain(tx, LANE, fence)


async def _begin(database: Database) -> int | None:
    async with database.transaction() as tx:
        return await begin_drain(tx, LANE)


async def test_a_drain_that_lives_keeps_its_lane(database: Database):
    await _begin(database)
    async with database.transaction() as tx:
        await tx.execute(text("update drains set until = now() + interval '1 second'"))
    await _sign(database, 1)
    async with database.transaction() as tx:
        left = (await tx.execute(text("select until - now() from drains"))).scalar_one()
    assert left > DRAIN_LEASE - 10 * SECOND


async def test_a_late_sign_does_not_take_back_a_lane_that_was_given_up(database: Database):
    """The sign may be on its way while the drain ends."""
    await _begin(database)
    async with database.transaction() as tx:
        await abandon_drain(tx, LANE, 1)
    await _sign(database, 1)
    async with database.transaction() as tx:
        assert await next_fence(tx, LANE) == 2


async def test_a_sign_does_not_prolong_a_successors_lease(database: Database):
    await _begin(database)
    async with database.transaction() as tx:
        await abandon_drain(tx, LANE, 1)
    assert await _begin(database) == 2
    async with database.transaction() as tx:
        await tx.execute(text("update drains set until = now() + interval '1 second'"))
    await _sign(database, 1)
    async with database.transaction() as tx:
        left = (await tx.execute(text("select until - now() from drains"))).scalar_one()
    assert left <= SECOND


async def _lease(database: Database, *, late: int = 0) -> Sequence[Leased]:
    async with database.transaction() as tx:
        return await lease_effects(tx, now=NOW + late * SECOND, clock=NOW + late * SECOND)


async def test_an_effect_that_is_being_sent_stays_with_its_sender(database: Database, incident: Incident):
    async with database.transaction() as tx:
        await plan_effects(tx, [effect("a", incident_id=incident.id)])
    leased = await _lease(database)
    half = LEASE / 2
    async with database.transaction() as tx:
        await keep_effects(tx, leased, clock=NOW + half)
    assert await _lease(database, late=int(LEASE.total_seconds()) + 1) == []
    assert len(await _lease(database, late=int((LEASE + half).total_seconds()) + 1)) == 1


async def test_a_late_sign_does_not_hold_an_effect_that_was_put_back(database: Database, incident: Incident):
    async with database.transaction() as tx:
        await plan_effects(tx, [effect("a", incident_id=incident.id)])
    leased = await _lease(database)
    async with database.transaction() as tx:
        put_back = Settled(id=leased[0].id, fence=leased[0].fence, state=EffectState.PENDING)
        await settle_effects(tx, [put_back], now=NOW)
        await keep_effects(tx, leased, clock=NOW)
    assert len(await _lease(database)) == 1
