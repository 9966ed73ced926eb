"""A month of an installation in which nothing happens but incidents, on disk.

Real runs of every scheduled flow and one real incident are made on a whole installation; their rows are copied, day
after day, and each simulated night the real flow `prune` removes what the policy says, and PostgreSQL's vacuum frees
it. Beside it, the commit before: the same rows with its schedules and nothing pruned but events after a week, as its
server did. Nothing of that is ever freed, so a tenth of it is made and counted ten times.
"""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

from prefect.client.orchestration import get_client
from prefect.server.schemas.schedules import CronSchedule
from prefect.settings import temporary_settings
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine
from sqlalchemy.pool import NullPool

from bench.month.copies import CopiedTable, Copies, copy_rows
from bench.month.rows import INCIDENT, PAGES, RUN, RUN_EVENTS
from bench.result import Result, progress
from bench.sandbox import Sandbox, open_sandbox, until
from deployments.machine.databases import PREFECTS_DATABASE
from deployments.machine.embedded_database import EmbeddedDatabase
from deployments.machine.prefect_events import KEPT, QUOTES
from deployments.worker.declarations import declarations
from flows.prune import SCHEDULES, STAGES
from incidents.policy.retention import Retention
from tasks import resources
from tasks.retention.runs import prune_pages, prune_runs
from tasks.retention.store import prune_store

DAYS = 30
INCIDENTS = 1000
TICKETS = 3
"""Of each incident."""
MEGABYTE = 2**20
MOST = 300.0
"""Megabytes."""
BEFORE_SCHEDULES: Mapping[str, int] = {
    "intake": 1440,
    "status_sync": 1440,
    "recover": 1440,
    "sla_sweep": 1440,
    "reconcile": 288,
    "breach_risk": 288,
    "feed_quality": 24,
}
BEFORE_EVENTS = timedelta(days=7)
PARTS = 12
"""Of a day: so often events are pruned. The server does it twice as often, so there are rather more here."""
SHARE = 10
"""Of the arm of the commit before so small a part is made."""
_DAY = timedelta(days=1)


@dataclass(frozen=True, kw_only=True)
class Original:
    """Runs that were made for real, with the events that tell of them, and when."""

    runs: Sequence[UUID]
    events: Sequence[UUID]
    made_at: datetime

    @property
    def given(self) -> Mapping[str, object]:
        """The parameters of `bench.month.rows`."""
        return {"runs": list(self.runs), "events": list(self.events)}


async def month_figures(days: int = DAYS, incidents: int = INCIDENTS) -> Sequence[Result]:
    """Megabytes of all databases after the month, and the runs a day of each arm."""
    now_counts = await runs_a_day()
    async with open_sandbox(services=2) as sandbox:
        with temporary_settings(sandbox.stack.prefect_access):
            month = await _Month.open(sandbox)
            try:
                return await month.figures(now_counts, days, incidents)
            finally:
                await month.close()


async def runs_a_day() -> Mapping[str, int]:
    """By the schedules, as Prefect's scheduler reads them; what runs once a week counts nothing."""
    begin = datetime(2026, 11, 30, tzinfo=UTC)
    counts: dict[str, int] = {}
    for one in declarations():
        for schedule in one.schedules:
            cron = CronSchedule(cron=schedule.cron, timezone=schedule.timezone)
            week = 0
            # Hour by hour: Prefect gives no more than a thousand dates at a time.
            for hour in range(7 * 24):
                since = begin + timedelta(hours=hour)
                week += len(await cron.get_dates(n=100, start=since, end=since + timedelta(minutes=59)))
            counts[one.name] = counts.get(one.name, 0) + week // 7
    return counts


class _Month:
    def __init__(self, sandbox: Sandbox, theirs: AsyncEngine) -> None:
        self._sandbox = sandbox
        self._theirs = theirs
        self._began = datetime.now(UTC)
        # Copies are told by their number, which goes on from arm to arm.
        self._copied = 1000
        self.idle: dict[str, Original] = {}
        self.incident: Original | None = None
        self.deliveries: Sequence[int] = ()

    @classmethod
    async def open(cls, sandbox: Sandbox) -> _Month:
        address = EmbeddedDatabase(sandbox.stack.home / "postgres").url(PREFECTS_DATABASE)
        # The flow's own tasks prune; they find the store and the policy as in a worker.
        os.environ["LIAISON_DATABASE_URL"] = sandbox.database.url
        os.environ["LIAISON_POLICY"] = str(sandbox.stack.home / "policy.yaml")
        return cls(sandbox, create_async_engine(address, poolclass=NullPool))

    async def close(self) -> None:
        await resources.close()
        await self._theirs.dispose()

    async def figures(self, now: Mapping[str, int], days: int, incidents: int) -> Sequence[Result]:
        empty = await self._size()
        await self._make_originals({*now, *BEFORE_SCHEDULES})
        await self._empty_of_schedules()
        start = await self._size()
        progress(f"installed {empty:.0f} MB, with the originals {start:.0f} MB")
        after = await self._after(now, days, incidents)
        before = start + await self._before(days, incidents)
        runs, runs_before = sum(now.values()), sum(BEFORE_SCHEDULES.values())
        against = "the commit before: its schedules, nothing pruned but events (a tenth made, times ten)"
        return [
            Result(
                name="month_megabytes",
                value=round(after, 1),
                unit="MB",
                ratio=round(after / before, 3),
                against=f"{against}: {before:,.0f} MB; at most {MOST:.0f} wanted",
                n=1,
            ),
            Result(
                name="idleruns_a_day",
                value=runs,
                unit="runs",
                ratio=round(runs / runs_before, 3),
                against=f"the commit before: {runs_before}",
                n=1,
            ),
        ]

    async def _make_originals(self, flows: set[str]) -> None:
        """A run of each scheduled flow with nothing to do, and an incident from first ticket to last answer."""
        made = {}
        for name in sorted(flows - {"train", "sla_report"}):
            at = datetime.now(UTC)
            made[name] = (at, await _run(name))
        began = datetime.now(UTC)
        await self._an_incident()
        await self._sandbox.until_idle()
        # Prefect's server writes its events some seconds later.
        await asyncio.sleep(15)
        async with self._theirs.begin() as connection:
            for name, (at, run) in made.items():
                self.idle[name] = await _original(connection, [run], at)
            found = await connection.execute(
                text("select id from flow_run where start_time >= :began and state_type = 'COMPLETED'"),
                {"began": began},
            )
            self.incident = await _original(connection, list(found.scalars()), began)
        async with self._sandbox.database.transaction() as tx:
            self.deliveries = list((await tx.execute(text("select id from deliveries"))).scalars())
        progress(f"one incident: {len(self.incident.runs)} runs, {len(self.deliveries)} deliveries")

    async def _an_incident(self) -> None:
        sandbox, pager = self._sandbox, self._sandbox.world.pagerduty
        service = sandbox.fresh_service()
        sandbox.break_service(service)
        sandbox.write_tickets(service, TICKETS)

        async def paged() -> bool:
            return bool(pager.pages)

        await until("it is paged", paged, 120.0)
        await sandbox.until_idle()
        page = pager.incidents[-1]
        pager.acknowledge(page.id, "Jane Doe")
        await sandbox.until_idle()
        sandbox.mend_service(service)
        pager.resolve(page.id, "Jane Doe")
        await until("it is closed", self._is_closed, 240.0, every=0.5)

    async def _is_closed(self) -> bool:
        async with self._sandbox.database.transaction() as tx:
            found = await tx.execute(text("select count(*) from incidents where state = 'closed'"))
            return bool(found.scalar_one())

    async def _empty_of_schedules(self) -> None:
        """No run of the stack itself shall come between: the schedules are paused."""
        async with get_client() as client:
            for one in declarations():
                found = await client.read_deployment_by_name(f"{one.name}/{one.name}")
                await client.pause_deployment(found.id)
        await self._sandbox.until_idle()

    async def _before(self, days: int, incidents: int) -> float:
        """What the month before grew by: a tenth of it, all kept, and of the events a tenth of a week, times ten.

        It is put on top of the other arm, whose free space it takes first: so it is rather more than this.
        """
        begun, size, now = time.monotonic(), await self._size(), datetime.now(UTC)
        share = timedelta(days=days / SHARE)
        events = BEFORE_EVENTS / SHARE
        await self._copy_idle(
            {name: round(count * days / SHARE) for name, count in BEFORE_SCHEDULES.items()},
            now - share,
            share,
        )
        await self._copy_idle(
            {name: round(count * events / _DAY) for name, count in BEFORE_SCHEDULES.items()},
            now - events,
            events,
            only_events=True,
        )
        await self._copy_incidents(incidents // SHARE, now - share, share)
        await self._vacuum()
        grown = await self._size() - size
        progress(f"a tenth of the month before: {grown:.0f} MB, made in {time.monotonic() - begun:.0f} s")
        return SHARE * grown

    async def _after(self, counts: Mapping[str, int], days: int, incidents: int) -> float:
        kept = Retention()
        end = datetime.now(UTC)
        for day in range(days):
            begun = time.monotonic()
            begins = end - (days - day) * _DAY
            today = (incidents * (day + 1)) // days - (incidents * day) // days
            for part in range(PARTS):
                since = begins + part * _DAY / PARTS
                some = {name: _part(count, part) for name, count in counts.items()}
                await self._copy_idle(some, since, _DAY / PARTS)
                await self._copy_idle(some, since, _DAY / PARTS, only_events=True)
                await self._copy_incidents(_part(today, part), since, _DAY / PARTS)
                await self._prune_events(since + _DAY / PARTS, kept)
            copied = time.monotonic()
            await self._prune(begins + _DAY, kept)
            pruned = time.monotonic()
            await self._vacuum()
            progress(
                f"day {day + 1}: {await self._size():.0f} MB; copied in {copied - begun:.1f} s, pruned in "
                f"{pruned - copied:.1f} s, vacuumed in {time.monotonic() - pruned:.1f} s"
            )
        return await self._size()

    async def _copy_idle(
        self, counts: Mapping[str, int], begins: datetime, span: timedelta, *, only_events: bool = False
    ) -> None:
        for name, count in counts.items():
            if name not in self.idle or not count:
                continue
            async with self._theirs.begin() as connection:
                await self._copy(
                    connection,
                    self.idle[name],
                    count,
                    begins,
                    span,
                    tables=RUN_EVENTS if only_events else RUN,
                )

    async def _copy(
        self,
        connection: AsyncConnection,
        original: Original,
        count: int,
        begins: datetime,
        span: timedelta,
        *,
        tables: Sequence[CopiedTable],
    ) -> None:
        copies = Copies(first=self._copied, count=count, begins=begins, span=span, made_at=original.made_at)
        self._copied += count
        await copy_rows(connection, tables, copies, original.given)

    async def _copy_incidents(self, count: int, begins: datetime, span: timedelta) -> None:
        incident = self._incident()
        copies = Copies(first=self._copied, count=count, begins=begins, span=span, made_at=incident.made_at)
        self._copied += count
        async with self._theirs.begin() as connection:
            await copy_rows(connection, [*RUN, *RUN_EVENTS], copies, incident.given)
            await copy_rows(connection, PAGES, copies, {"key": "inc-1"})
        async with self._sandbox.database.engine.begin() as connection:
            await copy_rows(
                connection, INCIDENT, copies, {"incident": 1, "deliveries": list(self.deliveries)}
            )

    async def _prune(self, now: datetime, kept: Retention) -> None:
        """As the flow does, the night after `now`."""
        with resources.simulated_time(lambda: now):
            await prune_runs.fn(STAGES, SCHEDULES)
            await prune_pages.fn()
            await prune_store.fn()
        await self._prune_events(now, kept)

    async def _prune_events(self, now: datetime, kept: Retention) -> None:
        """As the server's own vacuum does each hour; here some times a day. What PostgreSQL frees is used again."""
        async with self._theirs.begin() as connection:
            for statement in _OLD_EVENTS:
                await connection.execute(
                    statement, {"before": now - kept.events, "quotes": list(QUOTES), "early": now - KEPT}
                )
        async with self._theirs.connect() as connection:
            outside = await connection.execution_options(isolation_level="AUTOCOMMIT")
            await outside.execute(text("vacuum events, event_resources"))

    def _incident(self) -> Original:
        assert self.incident is not None
        return self.incident

    async def _vacuum(self) -> None:
        """What PostgreSQL does by itself within minutes."""
        for engine in (self._theirs, self._sandbox.database.engine):
            async with engine.connect() as connection:
                outside = await connection.execution_options(isolation_level="AUTOCOMMIT")
                await outside.execute(text("vacuum (analyze)"))

    async def _size(self) -> float:
        """Megabytes of all databases of the server, its templates among them."""
        async with self._theirs.begin() as connection:
            size = await connection.execute(text("select sum(pg_database_size(oid)) from pg_database"))
            return float(size.scalar_one()) / MEGABYTE


_OLD_EVENTS = (
    text(
        "delete from event_resources where event_id in (select id from events where occurred < :before"
        " or event = any(:quotes) and occurred < :early)"
    ),
    text("delete from events where occurred < :before or event = any(:quotes) and occurred < :early"),
)


def _part(count: int, part: int) -> int:
    """Of so many a day those of this part; together they are all."""
    return count * (part + 1) // PARTS - count * part // PARTS


async def _original(connection: AsyncConnection, runs: Sequence[UUID], made_at: datetime) -> Original:
    found = await connection.execute(
        text("select distinct event_id from event_resources where resource_id = any(:names)"),
        {"names": [f"prefect.flow-run.{run}" for run in runs]},
    )
    return Original(runs=runs, events=list(found.scalars()), made_at=made_at)


async def _run(name: str) -> UUID:
    """A real run of the flow, to its end."""
    async with get_client() as client:
        deployment = await client.read_deployment_by_name(f"{name}/{name}")
        run = await client.create_flow_run_from_deployment(deployment.id)

        async def is_over() -> bool:
            seen = await client.read_flow_run(run.id)
            return seen.state is not None and seen.state.is_final()

        await until(f"a run of {name}", is_over, 120.0, every=0.5)
    return run.id
