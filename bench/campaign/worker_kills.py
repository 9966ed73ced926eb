"""`kill -9` of the worker and of the Prefect server in the middle of outages."""

from __future__ import annotations

import asyncio
import os
import random
import shutil
import signal
import tempfile
from collections import Counter
from functools import partial
from pathlib import Path

from sqlalchemy import text
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from bench.campaign.row import Row, Size
from bench.kills import drill_rounds
from bench.result import progress
from bench.sandbox import until
from connectors.kit.fakes.loopback import serving
from deployments.machine.embedded_database import EmbeddedDatabase
from deployments.machine.postgres_programs import discard_data
from deployments.machine.process_table import ProcessTable
from deployments.machine.processes import PYTHON, Child, Program
from incidents.store.database import Database

NOTES_LATER = ("-m", "bench.campaign.notes_later")
PATIENCE = 600.0
ANSWER_SECONDS = 0.02
TICKETS = 2_000


async def worker_kills(size: Size) -> Row:
    """No ticket is lost, nobody paged or told twice; the control sends, and then notes that it has sent."""
    workers, servers = size.pick(full=200, small=2), size.pick(full=40, small=1)
    rounds = ["worker"] * workers + ["prefect server"] * servers
    random.Random(7).shuffle(rounds)
    # In three bursts.
    tickets = size.pick(full=9, small=6)
    found = await drill_rounds(rounds, tickets=tickets)
    for fault in found.faults:
        progress(f"BROKEN: {fault}")
    kills = size.pick(full=50, small=5)
    twice = await _told_twice(kills)
    held = f", {found.held} messages left to a person" if found.held else ""
    return Row(
        name="The worker and the Prefect server are killed in outages",
        size=size,
        done=(
            f"{found.kills['worker']} × `kill -9` of the worker, "
            f"{found.kills['prefect server']} × of the Prefect server, "
            f"{found.tickets:,} tickets of {found.outages} outages, {found.messages:,} messages to customers"
        ),
        promised="every ticket linked, each outage paged once, no customer told the same twice",
        seen=f"{len(found.faults)} promises broken{held}",
        control=f"a sender that notes after the call what it has sent: {kills} kills, {twice} customers told twice",
        is_kept=not found.faults and found.messages > 0,
        has_control_failed=twice > 0,
    )


async def _told_twice(kills: int) -> int:
    """How many customers the control told more than once."""
    told: Counter[str] = Counter()

    async def tell(request: Request) -> Response:
        told[request.path_params["ticket"]] += 1
        await asyncio.sleep(ANSWER_SECONDS)
        return Response()

    vendor = Starlette(routes=[Route("/{ticket}", tell, methods=["POST"])])
    home = Path(tempfile.mkdtemp(prefix="lb"))
    server = EmbeddedDatabase(home / "data")
    await asyncio.to_thread(server.start)
    try:
        await asyncio.to_thread(server.ensure_database, "bench")
        store = Database(server.url("bench"))
        async with store.transaction() as tx:
            await tx.execute(text("create table jobs (id serial primary key, is_done boolean not null)"))
            await tx.execute(
                text("insert into jobs (is_done) select false from generate_series(1, :count)"),
                {"count": TICKETS},
            )
        async with serving(vendor) as address:
            program = Program(
                name="sender",
                command=(PYTHON, *NOTES_LATER),
                env={**os.environ, "BENCH_DATABASE_URL": server.url("bench"), "BENCH_VENDOR": address},
                log=home / "sender.log",
                pause=0.0,
            )
            child = Child(
                program=program, table=ProcessTable(home / "processes.json"), say=lambda _line: None
            )
            await child.start()
            try:
                await _kill_while_it_sends(child, told, kills)
            finally:
                await child.stop()
        await store.aclose()
    finally:
        await asyncio.to_thread(server.stop)
        discard_data(home / "data")
        shutil.rmtree(home, ignore_errors=True)
    return sum(count > 1 for count in told.values())


async def _kill_while_it_sends(child: Child, told: Counter[str], kills: int) -> None:
    dice = random.Random(7)
    for _ in range(kills):
        before = told.total()
        await until("it sends", partial(_has_told_more, told, before), PATIENCE)
        await asyncio.sleep(dice.uniform(0.0, 0.2))
        os.kill(child.pid, signal.SIGKILL)
    before = told.total()
    await until("it sends", partial(_has_told_more, told, before), PATIENCE)


async def _has_told_more(told: Counter[str], than: int) -> bool:
    return told.total() > than
