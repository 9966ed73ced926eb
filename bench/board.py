"""The board with a thousand open incidents, on the wire, against the bare query for their rows.

Each incident has twenty tickets with a promise each, one of its own, and an update that customers were promised; one
in a hundred has something that did not go out. The bare query reads the thousand incidents through the same driver.
The page is made anew for each request; a change is timed from the commit to the page that has it.
"""

from __future__ import annotations

import asyncio
import shutil
import statistics
import tempfile
import time
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime
from pathlib import Path

import httpx
from sqlalchemy import select, text
from starlette.types import Receive, Scope, Send

from bench.result import Result, progress
from connectors.kit.fakes.loopback import serving
from deployments.gateway.board.board import PATH, BoardPages
from deployments.gateway.board.readers import COOKIE, Readers
from deployments.gateway.bodies import Bodies
from deployments.gateway.notices import Notices
from deployments.machine.embedded_database import EmbeddedDatabase
from deployments.machine.postgres_programs import discard_data
from incidents.links.board_links import board_token
from incidents.policy.file import load_policy
from incidents.store.database import Database
from incidents.store.migrate import migrate
from incidents.store.schema.tables import incidents

OPEN, TICKETS = 1_000, 20
PAGES, CHANGES = 40, 20
POLICY = """\
helpdesks: [http/desk]
services: {desk: {title: Desk, team: desk}}
teams: {desk: {title: Desk, pager: pagerduty/nobody}}
"""
_FILL = (
    """
    insert into incidents (id, version, service, title, state, severity, opened_at, clock_from, state_since, generation,
        evidence, next_stage, next_stage_at, updates_sent, checks, page_level)
    select n, 1, 'desk', 'Desk: customers report that it fails (' || n || ')',
        (array['validating', 'escalated', 'acknowledged', 'resolved'])[1 + n % 4], 1 + n % 4, now(), now(), now(), 1,
        '[]', 'closure', now() + n * interval '1 second', 0, 0, 0
    from generate_series(1, :open) n
    """,
    """
    insert into tickets (connection, id, version, subject, body, status, source_status, requester_id,
        requester_name, requester_email, created_at, updated_at, tags, reassignments, reopens, tier, incident_id)
    select 'http/desk', n::text, 1, 'Ticket ' || n, '', 'open', 'open', 'c' || n, '', '', now(), now(), '{}', 0, 0,
        (array['gold', 'standard'])[1 + n % 2], 1 + n % :open
    from generate_series(1, :tickets) n
    """,
    """
    insert into sla_clocks (key, subject, connection, ticket_id, metric, generation, round, policy, calendar, target,
        warnings, started_at, running_since, is_withdrawn, stretches, told, worked, due_at)
    select 'http/desk#' || n || ':resolution:g1r1', 'http/desk#' || n, 'http/desk', n::text, 'resolution', 1, 1,
        'everybody', 'always', interval '8 hours', '[]', now(), now(), false, '[]', '[]', interval '0',
        now() + interval '8 hours' + n * interval '1 second'
    from generate_series(1, :tickets) n
    """,
    """
    insert into customer_updates (incident, number, generation, kind, standing, once, said_at, next_by, answered, state)
    select n, 1, 1, 'progress', 'identified', 'u' || n, now(), now() + interval '30 minutes', '[]', 'open'
    from generate_series(1, :open) n
    """,
    """
    insert into effects (key, once, kind, incident_id, connection, target, lane, about_ticket, payload, state)
    select 'e' || n, 'e' || n, 'ticket_note', n, 'http/desk', n::text, 'l' || n, true, '{}', 'held'
    from generate_series(1, :open, 100) n
    """,
    """
    insert into timeline (incident_id, at, kind, actor, text)
    select n, now(), 'opened', 'Liaison', 'Opened' from generate_series(1, :open) n
    """,
)
_CHANGE = text(
    "insert into timeline (incident_id, at, kind, actor, text) values (1, now(), 'note', 'Ana', 'Look')"
)


async def board_figures() -> Sequence[Result]:
    """How long a page takes, and how long after a commit a listener has the page that shows it."""
    folder = Path(tempfile.mkdtemp(prefix="liaison-bench-"))
    server = EmbeddedDatabase(folder / "pg")
    policy = folder / "liaison.yaml"
    policy.write_text(POLICY)
    try:
        await asyncio.to_thread(server.start)
        server.ensure_database("board")
        database = Database(server.url("board"))
        try:
            return await _measured(database, policy)
        finally:
            await database.aclose()
    finally:
        server.stop()
        discard_data(folder / "pg")
        shutil.rmtree(folder, ignore_errors=True)


async def _measured(database: Database, policy: Path) -> Sequence[Result]:
    await migrate(database)
    progress(f"writing {OPEN:,} incidents of {TICKETS} tickets")
    async with database.transaction() as tx:
        for statement in _FILL:
            given = {"open": OPEN, "tickets": OPEN * TICKETS}
            asked = {name: value for name, value in given.items() if f":{name}" in statement}
            await tx.execute(text(statement), asked)
    async with database.engine.connect() as connection:
        await (await connection.execution_options(isolation_level="AUTOCOMMIT")).execute(
            text("vacuum analyze")
        )
    rules = load_policy(policy)
    readers = Readers("key", None, rules=lambda: rules.board, clock=_now)
    board = BoardPages(
        database,
        readers,
        policy=lambda: rules,
        notices=Notices(),
        bodies=Bodies(),
        clock=_now,
        fresh_seconds=0.0,
    )

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await board.answer(scope["path"].removeprefix(PATH), scope, receive, send)

    cookie = {"Cookie": f"{COOKIE}={board_token('key', '', now=_now())}"}
    async with serving(app) as address:
        try:
            async with httpx.AsyncClient(
                base_url=f"{address}{PATH}", headers=cookie, trust_env=False
            ) as http:
                bare = [await _bare(database) for _ in range(PAGES)]
                pages = [await _page(http) for _ in range(PAGES)]
                changes = await _changes(http, database)
        finally:
            await board.end()
    query = f"the bare query for the {OPEN:,} rows"
    page, row = statistics.median(pages[1:]), statistics.median(bare[1:])
    return [
        Result(
            name="board_page",
            value=round(page, 1),
            unit="ms",
            ratio=round(page / row, 1),
            against=query,
            n=PAGES,
        ),
        Result(
            name="board_change",
            value=round(max(changes), 1),
            unit="ms, the slowest from commit to page",
            ratio=round(max(changes) / row, 1),
            against=query,
            n=CHANGES,
        ),
    ]


async def _bare(database: Database) -> float:
    began = time.perf_counter()
    async with database.transaction() as tx:
        rows = (await tx.execute(select(incidents).where(incidents.c.state != "closed"))).all()
    assert len(rows) == OPEN
    return (time.perf_counter() - began) * 1000


async def _page(http: httpx.AsyncClient) -> float:
    began = time.perf_counter()
    answer = await http.get("")
    assert f"{OPEN} open incidents" in answer.text
    return (time.perf_counter() - began) * 1000


async def _changes(http: httpx.AsyncClient, database: Database) -> list[float]:
    took = []
    async with http.stream("GET", "events") as events:
        lines = events.aiter_lines()
        await _heard(lines)
        for _ in range(CHANGES):
            async with database.transaction() as tx:
                await tx.execute(_CHANGE)
            began = time.perf_counter()
            await _heard(lines)
            await http.get("")
            took.append((time.perf_counter() - began) * 1000)
    return took


async def _heard(lines: AsyncIterator[str]) -> None:
    async for line in lines:
        if line == "event: change":
            return


def _now() -> datetime:
    return datetime.now(UTC)
