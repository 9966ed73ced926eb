"""Months in minutes: recorded tickets drive the store, and the real sweep flow, under a simulated clock."""

from __future__ import annotations

import logging
import os
import tempfile
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from prefect.settings import PREFECT_LOGGING_TO_API_ENABLED, temporary_settings
from sqlalchemy import text

from deployments.machine.home import discard_home
from deployments.machine.processes import free_port
from deployments.machine.stack import Stack, StackOptions
from deployments.replay.requests import RequestChange
from flows.sla_sweep import sla_sweep
from incidents.store.database import Database
from incidents.store.migrate import migrate
from tasks import resources
from tasks.insights.learnt_routes import NOTHING_LEARNT
from tasks.stages.commit_intake import take_in

POLICY = Path(__file__).with_name("requests311.yaml")
_CHUNK = 500


@dataclass(frozen=True, kw_only=True, slots=True)
class Count:
    """How it stood at a moment: tickets received by then, open, promises broken so far, and broken ones still open."""

    at: datetime
    received: int
    open: int
    breached: int
    open_past_target: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Simulated:
    """What came of it: `counts` as the months went by, and how many changes and sweeps it took."""

    counts: tuple[Count, ...]
    changes: int
    sweeps: int


_COUNT = text(
    """
    select
        (select count(*) from tickets) as received,
        (select count(*) from tickets where status not in ('solved', 'closed')) as open,
        (select count(*) from sla_breaches) as breached,
        (select count(*) from sla_breaches b join sla_clocks c on c.key = b.clock_key where c.stopped_at is null)
            as open_past_target
    """
)


async def simulate(
    changes: Sequence[RequestChange],
    moments: Sequence[datetime],
    *,
    every: timedelta,
    progress: Callable[[int, int], None],
) -> Simulated:
    """Let time run from the first change to the last moment, a sweep at each step, and count at the moments.

    Needs a Prefect server and the resources' settings in the environment.
    """
    counts: list[Count] = []
    done = sweeps = 0
    for now in _steps(changes[0].at, moments, every):
        with resources.simulated_time(lambda now=now: now):  # type: ignore[misc]
            upto = done
            while upto < len(changes) and changes[upto].at < now:
                upto += 1
            await _take_in(changes[done:upto])
            done = upto
            await sla_sweep()
        sweeps += 1
        progress(done, len(changes))
        if now in moments:
            counts.append(await _count(now))
    return Simulated(counts=tuple(counts), changes=done, sweeps=sweeps)


def _steps(begin: datetime, moments: Sequence[datetime], every: timedelta) -> Iterator[datetime]:
    """Whole steps from the first day's midnight, and each moment that is to be counted."""
    at, wanted = begin.replace(hour=0, minute=0, second=0, microsecond=0), sorted(moments)
    while wanted:
        at = min(at + every, wanted[0])
        yield at
        if at == wanted[0]:
            wanted.pop(0)


async def _take_in(changes: Sequence[RequestChange]) -> None:
    for start in range(0, len(changes), _CHUNK):
        newest = {change.ticket.ref: change.ticket for change in changes[start : start + _CHUNK]}
        async with resources.transaction() as step:
            await take_in(step, list(newest.values()), (), NOTHING_LEARNT)


async def _count(now: datetime) -> Count:
    async with resources.database().transaction() as tx:
        row = (await tx.execute(_COUNT)).one()
    return Count(
        at=now,
        received=row.received,
        open=row.open,
        breached=row.breached,
        open_past_target=row.open_past_target,
    )


@asynccontextmanager
async def scratch_store(say: Callable[[str], None]) -> AsyncIterator[None]:
    """A PostgreSQL and a Prefect server of its own in a temporary folder; no worker and no gateway, so that nothing
    but the simulation sweeps. Both are gone at the end."""
    home = Path(tempfile.mkdtemp(prefix="liaison-replay-"))
    options = StackOptions(
        home=home, policy=POLICY, say=say, api_port=free_port(0), gateway_port=free_port(0)
    )
    try:
        async with Stack(options) as stack:
            say("starting the database")
            await stack.start_database()
            database = Database(stack.database_url)
            try:
                await migrate(database)
            finally:
                await database.aclose()
            say("starting the Prefect server (the first start takes half a minute)")
            await stack.start_prefect()
            with (
                _environment(LIAISON_DATABASE_URL=stack.database_url, LIAISON_POLICY=str(POLICY)),
                temporary_settings({**stack.prefect_access, PREFECT_LOGGING_TO_API_ENABLED: False}),
                _quiet(),
            ):
                try:
                    yield
                finally:
                    await resources.close()
    finally:
        discard_home(home)


@contextmanager
def _quiet() -> Iterator[None]:
    """Hundreds of sweeps would tell of each of their tasks; what goes wrong is told all the same."""
    logging.disable(logging.INFO)
    try:
        yield
    finally:
        logging.disable(logging.NOTSET)


@contextmanager
def _environment(**values: str) -> Iterator[None]:
    before = {name: os.environ.get(name) for name in values}
    os.environ.update(values)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value
