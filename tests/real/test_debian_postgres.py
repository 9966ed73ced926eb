"""Our store on Debian's PostgreSQL: an older major version than the embedded one, and sorted as people sort."""

from __future__ import annotations

import asyncio
import os
import re
import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest

from deployments.machine.processes import Child, free_port
from tests.databases import FOREIGN_SERVER
from tests.real.postgres_server import OWNER, debian_postgres
from tests.real.programs import CODE
from tests.real.running import HOST, open_folder

pytestmark = pytest.mark.real

# The embedded server compares bytes; most installations have a language's order.
CLUSTER = (
    "--locale=C.UTF-8",
    "--locale-provider=icu",
    "--icu-locale=en-US",
)


@dataclass(frozen=True)
class DebianServer:
    url: str
    process: Child


@pytest.fixture
async def server() -> AsyncIterator[DebianServer]:
    port = free_port(0)
    with open_folder("debian-postgres") as home:
        async with debian_postgres(home, port, cluster=CLUSTER, settings=("log_statement=ddl",)) as process:
            yield DebianServer(f"postgresql+asyncpg://{OWNER}@{HOST}:{port}/postgres", process)


async def test_the_store_s_tests(server: DebianServer) -> None:
    """Migrations, inbox, ledger, leases, locks: all that the tests of the store say holds there too."""
    tests = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "pytest", "-q", "-n", "2", "--dist", "loadfile", "tests/incidents/store"),
        *("-p", "no:cacheprovider", "-m", "not real"),
        cwd=CODE,
        env={**os.environ, FOREIGN_SERVER: server.url},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    told = (await tests.communicate())[0].decode()
    assert tests.returncode == 0, told
    passed = re.search(r"(\d+) passed", told)
    assert passed is not None
    assert int(passed[1]) > 100
    assert "create database test_" in server.process.log_tail(100_000)
