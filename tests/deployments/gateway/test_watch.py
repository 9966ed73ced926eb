"""The watch: no run while nothing is due, one a minute while something is, and none that a person has paused."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime, timedelta

import pytest
from prefect.server.schemas.schedules import CronSchedule
from sqlalchemy import text

from deployments.gateway.notices import Notices
from deployments.gateway.watch import RECOVER, SLA_SWEEP, Watch, WatchPacing
from deployments.worker.declarations import declarations
from incidents.events import Lane
from incidents.models import IncidentState
from incidents.store.database import Database
from incidents.store.inbox.drains import begin_drain, end_drain
from incidents.store.instance import instance_id
from incidents.store.ledger.effects import plan_effects
from tests.deployments.gateway.prefect_api import PrefectApi
from tests.incidents.store.examples import effect, new_incident

NOW = datetime(2026, 11, 29, 12, 0, 30, tzinfo=UTC)
LONG_AGO = NOW - timedelta(hours=1)
MONDAY = datetime(2026, 11, 30, tzinfo=UTC)
MOST_IDLE_RUNS = 1500
"""A day, in all."""

_DELIVERY = """
    insert into deliveries (connection, lane, identity, headers, body, received_at)
    values ('zendesk/support', 'intake', 'one', '[]', '', '2026-11-29 11:00+00')
"""

_CLOCK = """
    insert into sla_clocks (key, subject, metric, generation, round, policy, calendar, warnings, started_at,
        is_withdrawn, stretches, told, worked, next_moment_at)
    values ('a clock', 'zendesk/support#1', 'resolution', 1, 1, 'standard', 'always', '[]', '2026-11-29 10:00+00',
        false, '[]', '[]', '0', '2026-11-29 11:00+00')
"""


class Moment:
    """The watch's clock."""

    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def moment() -> Moment:
    return Moment()


@pytest.fixture
def prefect() -> PrefectApi:
    return PrefectApi()


@pytest.fixture
async def watch(database: Database, prefect: PrefectApi, moment: Moment) -> AsyncIterator[Watch]:
    async with prefect.connect() as client:
        yield Watch(database, Notices(), client, pacing=WatchPacing(every=0.0), clock=moment)


def _started(prefect: PrefectApi) -> list[str]:
    """Which flows, whatever the installation and the minute."""
    return [key.split("-")[1] for key in prefect.runs]


async def test_the_schedules_make_few_runs_a_day():
    """Each costs Prefect's database some kilobytes for a month, whether it found anything or not."""
    runs = 0
    for declaration in declarations():
        for schedule in declaration.schedules:
            cron = CronSchedule(cron=schedule.cron, timezone=schedule.timezone)
            # Hour by hour: Prefect gives no more than a thousand dates at a time.
            for hour in range(7 * 24):
                since = MONDAY + timedelta(hours=hour)
                runs += len(await cron.get_dates(n=100, start=since, end=since + timedelta(minutes=59)))
    assert runs / 7 > 1000, "each of the five-minute schedules is counted in full"
    assert runs / 7 <= MOST_IDLE_RUNS


async def test_nothing_due_makes_no_run(watch: Watch, prefect: PrefectApi, database: Database):
    """Not even with a closed incident, and one that is due later."""
    async with database.transaction() as tx:
        over = await new_incident(tx, now=LONG_AGO)
        await new_incident(tx, now=NOW + timedelta(hours=1))
        await tx.execute(
            text("update incidents set state = :closed, next_stage = null where id = :id"),
            {"closed": IncidentState.CLOSED.value, "id": over.id},
        )
    for _ in range(3):
        await watch.look()
    assert prefect.requests == []


async def _stage(database: Database) -> None:
    async with database.transaction() as tx:
        await new_incident(tx, now=LONG_AGO)


async def _effect(database: Database) -> None:
    async with database.transaction() as tx:
        incident = await new_incident(tx, now=NOW + timedelta(hours=1))
        await plan_effects(tx, [effect("a note", incident_id=incident.id)])
        await tx.execute(text("update effects set not_before = '2026-11-29 11:00+00'"))


async def _delivery(database: Database) -> None:
    async with database.transaction() as tx:
        await tx.execute(text(_DELIVERY))


async def _abandoned(database: Database) -> None:
    """Its drain ended, and the bell that was rung for the next one came to nothing."""
    async with database.transaction() as tx:
        fence = await begin_drain(tx, Lane.INTAKE)
        assert fence is not None
        assert await end_drain(tx, Lane.INTAKE, fence)
    await _delivery(database)


async def _promise(database: Database) -> None:
    async with database.transaction() as tx:
        await tx.execute(text(_CLOCK))


async def _update(database: Database) -> None:
    async with database.transaction() as tx:
        incident = await new_incident(tx, now=NOW + timedelta(hours=1))
        await tx.execute(
            text(
                "update incidents set state = 'escalated', next_update_at = '2026-11-29 11:00+00' where id = :id"
            ),
            {"id": incident.id},
        )


@pytest.mark.parametrize(
    ("make", "flow"),
    [
        (_stage, RECOVER),
        (_effect, RECOVER),
        (_delivery, RECOVER),
        (_abandoned, RECOVER),
        (_promise, SLA_SWEEP),
        (_update, SLA_SWEEP),
    ],
)
async def test_what_is_due_starts_its_flow(
    make: Callable[[Database], Awaitable[None]],
    flow: str,
    watch: Watch,
    prefect: PrefectApi,
    database: Database,
):
    """The flow that sees to it, and no other."""
    await make(database)
    await watch.look()
    assert _started(prefect) == [flow]


async def test_deliveries_of_a_living_drain_are_in_good_hands(
    watch: Watch, prefect: PrefectApi, database: Database
):
    """It ends only when nothing is pending."""
    await _delivery(database)
    async with database.transaction() as tx:
        await begin_drain(tx, Lane.INTAKE)
    await watch.look()
    assert _started(prefect) == []


async def test_what_has_just_become_due_is_left_to_who_planned_it(
    watch: Watch, prefect: PrefectApi, database: Database, moment: Moment
):
    """A drain's followers are at it already; if they are not, the next look finds it."""
    async with database.transaction() as tx:
        await new_incident(tx, now=NOW - timedelta(seconds=5))
    await watch.look()
    assert prefect.runs == {}
    moment.now += timedelta(seconds=10)
    await watch.look()
    assert _started(prefect) == [RECOVER]


async def test_any_number_of_gateways_make_one_run_a_minute(
    watch: Watch, prefect: PrefectApi, database: Database, moment: Moment
):
    """By a key that has the installation in it: a second one at the same Prefect server has runs of its own."""
    await _stage(database)
    for _ in range(3):
        await watch.look()
    async with database.transaction() as tx:
        instance = await instance_id(tx)
    assert list(prefect.runs) == [f"{instance}-recover-2026-11-29T12:00"]
    moment.now += timedelta(minutes=1)
    await watch.look()
    assert _started(prefect) == [RECOVER, RECOVER]


async def test_a_paused_deployment_stays_paused(watch: Watch, prefect: PrefectApi, database: Database):
    """Who pauses it in the UI wants no runs of it."""
    prefect.paused.add(RECOVER)
    await _stage(database)
    await watch.look()
    assert prefect.runs == {}


async def test_what_waits_for_long_is_told(watch: Watch, database: Database, prefect: PrefectApi):
    """Beside the run that is started for it."""
    async with database.transaction() as tx:
        await tx.execute(text(_DELIVERY))
    await watch.look()
    assert [event["event"] for event in prefect.events] == ["liaison.lane.waiting"]
