"""A sweep over a million open tickets of which five hundred are due, against the bare query for the due rows.

The tickets belong to no incident and each has one running promise. Every sweep has 500 of its own, due at a
moment that nobody else's is. The bare query reads those rows by their index through the same driver, and does
nothing with them; the sweep reads them, decides, marks them as told, plans a note for each and keeps the breach
with its cause, all committed with fsync. The same sweep with a hundredth of the tickets shows what the million cost.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import statistics
import tempfile
import time
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlalchemy import select, text

from bench.result import Result, progress
from deployments.machine.embedded_database import EmbeddedDatabase
from deployments.machine.postgres_programs import discard_data
from incidents.store.database import Database
from incidents.store.migrate import migrate
from incidents.store.schema.tables import sla_clocks
from incidents.store.sla.due import due_now
from tasks import resources
from tasks.sla.sweep import CHUNK, sweep_some_tickets

OPEN, FEW = 1_000_000, 10_000
SWEEPS = 9
BEGIN = datetime(2026, 1, 1, tzinfo=UTC)
POLICY = """\
helpdesks: [http/desk]
services: {desk: {title: Desk, team: desk}}
teams: {desk: {title: Desk, pager: pagerduty/nobody}}
sla:
  policies:
    - {name: everybody, when: {applies_to: ticket}, targets: {resolution: 8h}, warn_at: 0.75}
"""
# Due in groups of 500, an hour from group to group; all the others in years.
_TICKETS = text(
    """
    insert into tickets (connection, id, version, subject, body, status, source_status, requester_id,
        requester_name, requester_email, created_at, updated_at, tags, reassignments, reopens, sla_fit)
    select 'http/desk', n::text, 1, 'Ticket ' || n, '', 'open', 'open', 'c' || n, '', '', :begin, :begin, '{}', 0, 0, ''
    from generate_series(1, :count) n
    """
)
_CLOCKS = text(
    """
    insert into sla_clocks (key, subject, connection, ticket_id, metric, generation, round, policy, calendar, target,
        warnings, started_at, running_since, is_withdrawn, stretches, told, worked, due_at, next_moment_at)
    select 'http/desk#' || n || ':resolution:g1r1', 'http/desk#' || n, 'http/desk', n::text, 'resolution', 1, 1,
        'everybody', 'always', interval '8 hours', '[750]', s, s, false, '[]',
        '[{"moment": {"per_mille": 750}, "target": "PT8H", "at": "2026-01-01T00:00:00Z"}]', interval '0', d, d
    from (
        select n, case when n % :every = 0 and (n / :every) <= :due
            then cast(:begin as timestamptz) + interval '8 hours' + ((n / :every - 1) / 500) * interval '1 hour'
            else cast(:begin as timestamptz) + interval '5 years' + n * interval '1 second' end as d
        from generate_series(1, :count) n
    ) due, lateral (select d - interval '8 hours' as s) started
    """
)
_HOLDERS = text(
    "insert into sla_holders select 'http/desk#' || n, cast(:begin as timestamptz), 'Agent ' || n % 50, 'open'"
    " from generate_series(1, :count) n"
)


async def _sweeps(database: Database) -> tuple[list[float], list[float], list[float]]:
    """Seconds of the bare query, of finding what is due, and of the whole sweep, for each group."""
    bare, found, whole = [], [], []
    for number in range(SWEEPS):
        now = BEGIN + timedelta(hours=8 + number, minutes=1)
        with resources.simulated_time(lambda now=now: now):  # type: ignore[misc]
            began = time.perf_counter()
            async with database.transaction() as tx:
                rows = (await tx.execute(select(sla_clocks).where(sla_clocks.c.next_moment_at <= now))).all()
            bare.append(time.perf_counter() - began)
            assert len(rows) == CHUNK, f"{len(rows)} are due"
            began = time.perf_counter()
            async with database.transaction() as tx:
                due = await due_now(tx, now=now)
            found.append(time.perf_counter() - began)
            swept, seen = await sweep_some_tickets()
            whole.append(time.perf_counter() - began)
            assert (due.unlinked, seen, swept.breached) == (CHUNK, CHUNK, CHUNK)
    return bare[1:], found[1:], whole[1:]  # the first one opens connections and fills caches


async def _measured(url: str, count: int) -> tuple[list[float], list[float], list[float]]:
    database = Database(url)
    try:
        await migrate(database)
        progress(f"writing {count:,} open tickets")
        async with database.transaction() as tx:
            given = {"count": count, "begin": BEGIN}
            await tx.execute(_TICKETS, given)
            due = SWEEPS * CHUNK
            await tx.execute(_CLOCKS, given | {"every": count // due, "due": due})
            await tx.execute(_HOLDERS, given)
        async with database.engine.connect() as connection:
            await (await connection.execution_options(isolation_level="AUTOCOMMIT")).execute(
                text("vacuum analyze")
            )
        return await _sweeps(database)
    finally:
        await database.aclose()


async def sweeps() -> Sequence[Result]:
    """What a sweep costs, as a ratio of the bare query, and how little of that the open tickets are."""
    folder = Path(tempfile.mkdtemp(prefix="liaison-bench-"))
    server = EmbeddedDatabase(folder / "pg")
    policy = folder / "liaison.yaml"
    policy.write_text(POLICY)
    os.environ["LIAISON_POLICY"] = str(policy)
    try:
        await asyncio.to_thread(server.start)
        medians = {}
        for count in (FEW, OPEN):
            server.ensure_database(f"open_{count}")
            os.environ["LIAISON_DATABASE_URL"] = server.url(f"open_{count}")
            figures = await _measured(server.url(f"open_{count}"), count)
            medians[count] = [statistics.median(one) * 1000 for one in figures]
            await resources.close()
            progress(f"{count:,} open: bare, find, sweep {[f'{one:.1f} ms' for one in medians[count]]}")
    finally:
        server.stop()
        discard_data(folder / "pg")
        shutil.rmtree(folder, ignore_errors=True)
    bare, found, whole = medians[OPEN]
    query = f"the bare indexed query for the {CHUNK} due rows of {OPEN:,} open"
    return [
        Result(
            name="sweep_find",
            value=round(found, 2),
            unit="ms",
            ratio=round(found / bare, 2),
            against=query,
            n=SWEEPS - 1,
        ),
        Result(
            name="sweep_whole",
            value=round(whole, 2),
            unit="ms",
            ratio=round(whole / bare, 2),
            against=query,
            n=SWEEPS - 1,
        ),
        Result(
            name="sweep_growth",
            value=round(whole, 2),
            unit="ms",
            ratio=round(whole / medians[FEW][2], 2),
            against=f"the same sweep with {FEW:,} open",
            n=SWEEPS - 1,
        ),
    ]
