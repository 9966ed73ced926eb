"""What an installation takes while nothing happens: CPU and memory of all its processes.

Beside a Prefect server with a worker of Prefect's own and nothing to run, started as its documentation says, in the
same minutes. The services' fakes are in this process, which is not counted.
"""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import psutil

from bench.result import Result, progress
from bench.sandbox import Sandbox, open_sandbox, until
from bench.scaleout.process_cpu import cpu_seconds, tree
from deployments.machine.embedded_database import EmbeddedDatabase
from deployments.machine.home import POSTGRES_FOLDER
from deployments.machine.processes import free_port

SECONDS = 600.0
SETTLING = 60.0
"""Seconds after the start in which caches are filled and the first schedules run."""
START_SECONDS = 120.0
PLAIN = "a Prefect server on SQLite with a worker of type process, idle in the same time"


@dataclass(frozen=True, kw_only=True)
class Use:
    """`cpu`: seconds. `megabytes`: what is shared is counted once, by its part (PSS)."""

    cpu: float
    megabytes: float


async def idle(seconds: float = SECONDS) -> Sequence[Result]:
    """CPU in percent of a core, and megabytes, of everything together."""
    async with open_sandbox(services=1) as sandbox, _plain_prefect() as plain:
        await sandbox.until_idle()
        await asyncio.sleep(SETTLING)
        before, plainly_before = _use(_ours(sandbox)), _use(plain)
        progress(f"nothing happens for {seconds:g} s")
        await asyncio.sleep(seconds)
        ours, plainly = _use(_ours(sandbox)), _use(plain)
    cpu, plain_cpu = ours.cpu - before.cpu, plainly.cpu - plainly_before.cpu
    return [
        Result(
            name="idle_cpu",
            value=round(100 * cpu / seconds, 2),
            unit="% of a core",
            ratio=round(cpu / plain_cpu, 2),
            against=PLAIN,
            n=1,
        ),
        Result(
            name="idle_memory",
            value=round(ours.megabytes),
            unit="MB",
            ratio=round(ours.megabytes / plainly.megabytes, 2),
            against=PLAIN,
            n=1,
        ),
    ]


def _ours(sandbox: Sandbox) -> Sequence[int]:
    database = EmbeddedDatabase(sandbox.stack.home / POSTGRES_FOLDER).pid
    assert database is not None, "the embedded PostgreSQL runs"
    return [database, *(child.pid for child in sandbox.stack.processes.values())]


def _use(pids: Iterable[int]) -> Use:
    """Of these processes, all that they have started, and what of that has ended since."""
    everything = {one.pid: one for pid in pids for one in tree(psutil.Process(pid))}.values()
    megabytes = sum(one.memory_full_info().pss for one in everything) / 1e6
    return Use(cpu=sum(map(cpu_seconds, everything)), megabytes=megabytes)


@asynccontextmanager
async def _plain_prefect() -> AsyncIterator[Sequence[int]]:
    """The process ids of a server and of a worker with a home of their own."""
    port = free_port(0)
    with tempfile.TemporaryDirectory(prefix="prefect-bench-") as home:
        environ = {key: value for key, value in os.environ.items() if not key.startswith("PREFECT_")}
        environ |= {
            "PREFECT_HOME": home,
            "PREFECT_API_URL": f"http://127.0.0.1:{port}/api",
            "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
            "PREFECT_LOGGING_LEVEL": "ERROR",
        }
        with (Path(home) / "log").open("wb") as log:
            started: list[subprocess.Popen[bytes]] = []

            def start(*words: str) -> None:
                command = [sys.executable, "-m", "prefect", *words]
                started.append(subprocess.Popen(command, env=environ, stdout=log, stderr=log))

            try:
                start("server", "start", "--port", str(port))
                async with httpx.AsyncClient(base_url=environ["PREFECT_API_URL"]) as client:

                    async def is_up() -> bool:
                        try:
                            return (await client.get("/health")).is_success
                        except httpx.TransportError:
                            return False

                    await until("Prefect alone is up", is_up, START_SECONDS, every=0.5)
                start("worker", "start", "--pool", "plain", "--type", "process")
                yield [process.pid for process in started]
            finally:
                # The worker first, and by force: it would ask a server that is gone for ever.
                for process in reversed(started):
                    process.kill()
                    process.wait()
