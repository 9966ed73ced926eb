"""Our store on Debian's PostgreSQL: an older major version than the embedded one, and sorted as people sort."""

from __future__ import annotations

import asyncio
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from deployments.machine.processes import Child, free_port
from tests.databases import FOREIGN_SERVER
from tests.real.programs import CODE, postgres_programs
from tests.real.running import HOST, running

pytestmark = pytest.mark.real

OWNER = "postgres"
# The embedded server compares bytes; most installations have a language's order.
CLUSTER = (
    "--auth=trust",
    "--encoding=UTF8",
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
    programs = postgres_programs()
    # Not pytest's tmp_path: its parents are closed to the user the server runs as.
    home = Path(tempfile.mkdtemp(prefix="debian-postgres"))
    port = free_port(0)
    try:
        if os.geteuid() == 0:
            shutil.chown(home, OWNER)
        make = [*_as_owner(), programs / "initdb", "-D", home / "data", "-U", OWNER, *CLUSTER]
        await asyncio.to_thread(subprocess.run, make, check=True, capture_output=True, cwd=home)
        serve = [*_as_owner(), programs / "postgres", "-D", home / "data", "-p", str(port)]
        settings = ("listen_addresses=" + HOST, "unix_socket_directories=", "log_statement=ddl")
        serve += [word for setting in settings for word in ("-c", setting)]
        async with running("postgres", serve, port=port, home=home) as process:
            yield DebianServer(f"postgresql+asyncpg://{OWNER}@{HOST}:{port}/postgres", process)
    finally:
        shutil.rmtree(home)


def _as_owner() -> list[str]:
    """PostgreSQL refuses to run as root, which is what runs tests in a container."""
    if os.geteuid() != 0:
        return []
    return ["setpriv", f"--reuid={OWNER}", f"--regid={OWNER}", "--init-groups", "--"]


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
