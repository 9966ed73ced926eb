"""One drain a lane, by lease and fence; and no bell is lost between one that ends and the next."""

from __future__ import annotations

import asyncio

import pytest
from sqlalchemy import insert, text

from incidents.errors import Stale
from incidents.events import Lane
from incidents.store.database import Database
from incidents.store.inbox.drains import (
    LEASE,
    abandon_drain,
    begin_drain,
    check_drain,
    end_drain,
    is_drained,
    keep_drain,
    next_fence,
    renew_drain,
    take_turns,
)
from incidents.store.schema.tables import deliveries
from tests.incidents.store.blocked_sessions import until_blocked
from tests.incidents.store.examples import HELPDESK, SECOND

LANE = Lane.INTAKE


async def _begin(database: Database, lane: Lane = LANE) -> int | None:
    async with database.transaction() as tx:
        return await begin_drain(tx, lane)


async def _end(database: Database, fence: int) -> bool:
    async with database.transaction() as tx:
        return await end_drain(tx, LANE, fence)


async def _next_fence(database: Database) -> int | None:
    async with database.transaction() as tx:
        return await next_fence(tx, LANE)


async def _arrive(database: Database, *, lane: Lane = LANE) -> None:
    async with database.transaction() as tx:
        await tx.execute(
            insert(deliveries).values(
                connection=HELPDESK, lane=lane.value, identity="7", headers=[], body=b"{}"
            )
        )


async def _let_the_lease_run_out(database: Database) -> None:
    async with database.transaction() as tx:
        await tx.execute(text("update drains set until = now() - interval '1 second'"))


async def test_the_first_drain_gets_fence_1(database: Database):
    assert await _next_fence(database) == 1
    assert await _begin(database) == 1


async def test_while_one_is_alive_there_is_no_other(database: Database):
    """Neither a second drain nor a bell for one."""
    await _begin(database)
    assert await _begin(database) is None
    assert await _next_fence(database) is None


async def test_of_many_that_begin_at_once_one_holds_the_lane(database: Database):
    """The doorbell and the schedule ring together."""
    fences = await asyncio.gather(*(_begin(database) for _ in range(8)))
    assert sorted(fences, key=str) == [1, *[None] * 7]


async def test_lanes_are_drained_independently(database: Database):
    assert await _begin(database, Lane.INTAKE) == 1
    assert await _begin(database, Lane.STATUS_SYNC) == 1


async def test_the_bell_announces_the_fence_the_next_drain_gets(database: Database):
    """It is the run's idempotency key: any number of rings make one run."""
    first = await _begin(database)
    assert first is not None
    await _end(database, first)
    announced = await _next_fence(database)
    assert announced == await _begin(database) == first + 1


async def test_a_lease_that_ran_out_is_taken_over(database: Database):
    """A drain whose machine was unplugged holds nothing up."""
    await _begin(database)
    await _let_the_lease_run_out(database)
    assert await _next_fence(database) == 2
    assert await _begin(database) == 2


async def test_a_drain_that_lost_its_lane_can_commit_nothing_more(database: Database):
    """What it decided, it decided on an old view."""
    await _begin(database)
    await _let_the_lease_run_out(database)
    await _begin(database)
    async with database.transaction() as tx:
        with pytest.raises(Stale, match="intake drain lost its lease"):
            await renew_drain(tx, LANE, 1)


async def test_a_drain_that_nobody_took_over_may_go_on(database: Database):
    """It was only slow."""
    await _begin(database)
    await _let_the_lease_run_out(database)
    async with database.transaction() as tx:
        await renew_drain(tx, LANE, 1)
    assert await _begin(database) is None


async def test_renewing_begins_the_lease_anew(database: Database):
    await _begin(database)
    await _let_the_lease_run_out(database)
    async with database.transaction() as tx:
        await renew_drain(tx, LANE, 1)
        left = (await tx.execute(text("select until - now() from drains"))).scalar_one()
    assert LEASE <= left < LEASE + SECOND


async def test_however_long_a_commit_takes_signs_of_life_and_bells_get_through(database: Database):
    """A chunk that opened two hundred incidents took longer than a lease, and kept its own lease from being renewed."""
    fence = await _begin(database)
    assert fence is not None
    async with database.transaction() as commit:
        await check_drain(commit, LANE, fence)
        async with database.transaction() as tx:
            await tx.execute(text("set local lock_timeout = '1s'"))
            await keep_drain(tx, LANE, fence)
        assert await _next_fence(database) is None
        assert await _begin(database) is None
        await renew_drain(commit, LANE, fence)
    assert await _begin(database) is None


async def test_a_lease_begins_when_it_is_renewed_not_when_its_transaction_began(database: Database):
    """Else the lane of a commit that took longer than a lease would be free the moment it is through."""
    await _begin(database)
    async with database.transaction() as tx:
        began = (await tx.execute(text("select now()"))).scalar_one()
        await renew_drain(tx, LANE, 1)
        until = (await tx.execute(text("select until from drains"))).scalar_one()
    assert until > began + LEASE


async def test_a_drain_that_lost_its_lane_is_told_before_it_works_in_vain(database: Database):
    await _begin(database)
    await _let_the_lease_run_out(database)
    await _begin(database)
    async with database.transaction() as tx:
        with pytest.raises(Stale, match="intake drain lost its lease"):
            await check_drain(tx, LANE, 1)


async def test_a_drain_does_not_end_while_something_is_pending(database: Database):
    fence = await _begin(database)
    assert fence is not None
    await _arrive(database)
    assert await _end(database, fence) is False
    assert await _begin(database) is None


async def test_another_lanes_deliveries_keep_no_drain_busy(database: Database):
    fence = await _begin(database)
    assert fence is not None
    await _arrive(database, lane=Lane.STATUS_SYNC)
    assert await _end(database, fence) is True


async def test_ending_a_lost_lane_is_refused(database: Database):
    """The successor's lease is not the late one's to give up."""
    await _begin(database)
    await _let_the_lease_run_out(database)
    await _begin(database)
    with pytest.raises(Stale):
        await _end(database, 1)
    assert await _begin(database) is None


async def test_a_failed_drain_gives_the_lane_up_at_once(database: Database):
    """Whatever is pending: the next one shall not wait for the lease to run out."""
    fence = await _begin(database)
    assert fence is not None
    await _arrive(database)
    async with database.transaction() as tx:
        await abandon_drain(tx, LANE, fence)
    assert await _begin(database) == fence + 1


async def test_a_late_drain_cannot_give_up_its_successors_lane(database: Database):
    await _begin(database)
    await _let_the_lease_run_out(database)
    await _begin(database)
    async with database.transaction() as tx:
        await abandon_drain(tx, LANE, 1)
    assert await _begin(database) is None


async def test_a_bell_rung_while_a_drain_ends_is_heard(database: Database):
    """The drain saw nothing pending, then a delivery was stored, and its bell rings before the drain is gone:
    the bell waits for the end, finds no drain alive, and starts the next one."""
    fence = await _begin(database)
    assert fence is not None
    async with database.transaction() as ending:
        assert await end_drain(ending, LANE, fence) is True
        await _arrive(database)
        bell = asyncio.create_task(_next_fence(database))
        await until_blocked(database)
        assert not bell.done()
    assert await bell == fence + 1


async def test_a_delivery_stored_before_the_last_look_is_seen_by_it(database: Database):
    """The other half: then the bell may stay silent, because the drain goes on."""
    fence = await _begin(database)
    assert fence is not None
    async with database.transaction() as ending:
        await renew_drain(ending, LANE, fence)
        await _arrive(database)
        bell = asyncio.create_task(_next_fence(database))
        await until_blocked(database)
        assert await end_drain(ending, LANE, fence) is False
    assert await bell is None


async def test_a_lane_is_drained_from_its_beginning_to_its_end(database: Database):
    async def drained() -> bool:
        async with database.transaction() as tx:
            return await is_drained(tx, LANE)

    seen = [await drained()]
    fence = await _begin(database)
    assert fence is not None
    seen.append(await drained())
    await _end(database, fence)
    seen.append(await drained())
    assert seen == [False, True, False]


async def test_those_who_join_tickets_take_turns(database: Database):
    """The drain and the reconciler must not open two incidents for the same reports."""

    async def join() -> None:
        async with database.transaction() as tx:
            await take_turns(tx)

    async with database.transaction() as first:
        await take_turns(first)
        second = asyncio.create_task(join())
        await until_blocked(database)
        assert not second.done()
    await second
