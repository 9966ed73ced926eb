"""The kill switch, and the count by which the last start that is allowed is taken once."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

from sqlalchemy import text

from incidents.actions import Pause
from incidents.effects import ActionCall, EffectKind
from incidents.models import Incident
from incidents.store.database import Database
from incidents.store.ledger.effects import Leased, lease_effects, mark_sent, plan_effects
from incidents.store.ledger.pauses import current_pause, pause_actions, pause_at_start, resume_actions
from incidents.store.ledger.starts import lock_starts, starts_within
from tests.incidents.store.blocked_sessions import until_blocked
from tests.incidents.store.examples import NOW, effect

HOUR = timedelta(hours=1)
MORNING = datetime(2026, 11, 30, 9, 0, tzinfo=UTC)


async def test_a_pause_is_one_until_it_ends(database: Database):
    """The first stands, whoever says it again; each is kept when it is over."""
    async with database.transaction() as tx:
        assert await current_pause(tx) is None
        assert not await resume_actions(tx, by="Bo", now=MORNING)
        first = Pause(since=MORNING, by="Ada", why="deploy")
        assert await pause_actions(tx, first)
        assert not await pause_actions(tx, Pause(since=MORNING + HOUR, by="Bo"))
        assert await current_pause(tx) == first
        assert await resume_actions(tx, by="Bo", now=MORNING + HOUR)
        assert await current_pause(tx) is None
        assert await pause_actions(tx, Pause(since=MORNING + 2 * HOUR, by="Bo"))
        rows = await tx.execute(text("select paused_by, ended_by from action_pauses order by id"))
        assert [tuple(row) for row in rows] == [("Ada", "Bo"), ("Bo", "")]


async def test_two_pauses_in_one_moment_are_one(database: Database):
    async def one(by: str) -> bool:
        async with database.transaction() as tx:
            return await pause_actions(tx, Pause(since=MORNING, by=by))

    assert sorted(await asyncio.gather(*(one(str(number)) for number in range(5)))) == [False] * 4 + [True]


async def test_a_pause_waits_for_starts_that_are_being_written_down(database: Database):
    """Two starts do not wait for each other; once the pause is told, nothing goes out that was decided before it."""
    async with database.transaction() as one, database.transaction() as two:
        assert await pause_at_start(one) is None
        assert await pause_at_start(two) is None

        async def pause() -> bool:
            async with database.transaction() as tx:
                return await pause_actions(tx, Pause(since=MORNING, by="Ada"))

        pausing = asyncio.create_task(pause())
        await until_blocked(database)
        assert not pausing.done()
    assert await pausing
    async with database.transaction() as tx:
        assert await pause_at_start(tx) == Pause(since=MORNING, by="Ada")


async def leased_actions(database: Database, incident: Incident, count: int) -> list[Leased]:
    """So many starts of one action, each about to be made; each has a connection, and so a lane, of its own."""
    planned = [
        effect(
            f"restart {number}",
            incident_id=incident.id,
            kind=EffectKind.ACTION,
            connection=f"http/restart-{number}",
            target="restart",
            payload=ActionCall(action="restart"),
        )
        for number in range(count)
    ]
    async with database.transaction() as tx:
        await plan_effects(tx, planned)
    async with database.transaction() as tx:
        return list(await lease_effects(tx, now=NOW))


async def test_the_last_start_is_taken_once(database: Database, incident: Incident):
    """Four would start it in one moment, and two may."""
    leased = await leased_actions(database, incident, 4)

    async def start(item: Leased) -> bool:
        async with database.transaction() as tx:
            await lock_starts(tx, incident.service, "restart")
            before = await starts_within(tx, incident.service, "restart", within=HOUR, but=item.id)
            return before < 2 and bool(await mark_sent(tx, [item]))

    assert sorted(await asyncio.gather(*map(start, leased))) == [False, False, True, True]


async def test_which_starts_count(database: Database, incident: Incident):
    """Those of this action and service, that went out, within the time; not the one that is about to be."""
    first, second, _ = await leased_actions(database, incident, 3)
    async with database.transaction() as tx:
        await mark_sent(tx, [first, second])

    async def count(service: str, action: str, *, within: timedelta = HOUR) -> int:
        async with database.transaction() as tx:
            return await starts_within(tx, service, action, within=within, but=second.id)

    assert await count(incident.service, "restart") == 1
    assert await count(incident.service, "another") == 0
    assert await count("another", "restart") == 0
    async with database.transaction() as tx:
        await tx.execute(text("update effects set sent_at = sent_at - interval '61 minutes'"))
    assert await count(incident.service, "restart") == 0
    assert await count(incident.service, "restart", within=2 * HOUR) == 1
