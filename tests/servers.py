"""Real servers for the tests, started once per session: PostgreSQL from the wheel, and Prefect upon it.

Registered for every test in tests/conftest.py. A test that asks for neither starts neither.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from deployments.machine.embedded_database import EmbeddedDatabase
from deployments.machine.postgres_programs import discard_data
from deployments.machine.prefect_server import (
    api_url,
    server_program,
    start_server,
)
from deployments.machine.process_table import ProcessTable
from deployments.machine.processes import free_port

# Prefect takes seconds to import; tests that do not use it must not wait for it.
if TYPE_CHECKING:
    from prefect.client.orchestration import PrefectClient
    from prefect.settings.legacy import Setting


ROOM = 2 * 1024**3
"""Bytes: what a session's databases and their logs need, several times over."""


class Postgres:
    """A PostgreSQL cluster of this test session."""

    def __init__(self, server: EmbeddedDatabase) -> None:
        self.server = server

    def url(self, database: str) -> str:
        """SQLAlchemy's asyncpg address of `database`, which is created when it is not there yet."""
        self.server.ensure_database(database)
        return self.server.url(database)


@dataclass(frozen=True, kw_only=True)
class PrefectServer:
    """A Prefect server of this test session. `home` is its folder, for logs."""

    api_url: str
    home: Path

    def client(self) -> PrefectClient:
        """A client of this server: `async with prefect_server.client() as client`."""
        from prefect.client.orchestration import get_client

        with self.settings():
            return get_client()

    @property
    def access(self) -> dict[Setting, str]:
        """The client settings that reach it; it wants no login."""
        from prefect.settings import PREFECT_API_URL

        return {PREFECT_API_URL: self.api_url}

    def settings(self) -> ExitStack:
        """Make this server the one that flows run in the test's own process report to."""
        from prefect.settings import PREFECT_SERVER_ALLOW_EPHEMERAL_MODE, temporary_settings

        stack = ExitStack()
        stack.enter_context(temporary_settings({**self.access, PREFECT_SERVER_ALLOW_EPHEMERAL_MODE: False}))
        return stack


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    # Not pytest's tmp_path: its names are too long for a unix socket on macOS.
    folder = Path(tempfile.mkdtemp(prefix="pg", dir=_memory()))
    # Where root runs the tests, the server's own user must pass to its data, which is nobody else's (0700).
    folder.chmod(0o711)
    server = EmbeddedDatabase(folder / "data")
    try:
        server.start()
        yield Postgres(server)
    finally:
        server.stop()
        discard_data(folder / "data")
        shutil.rmtree(folder)


def _memory() -> Path | None:
    """A folder that is memory and roomy, or None: each commit still waits for its fsync, only not for a disk."""
    folder = Path("/dev/shm")  # noqa: S108 - private names in it, as in every folder for temporary files
    try:
        return folder if shutil.disk_usage(folder).free >= ROOM else None
    except OSError:
        return None


@pytest.fixture(scope="session")
async def prefect_server(
    postgres: Postgres, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[PrefectServer]:
    home = tmp_path_factory.mktemp("prefect-server")
    # Not 4200: the tests must not meet, nor be met by, a server in use on this machine.
    port = free_port(0)
    program = server_program(
        home=home, port=port, database_url=postgres.url("prefect"), login=None, extra_env={}
    )
    server = await start_server(program, port=port, table=ProcessTable(home / "processes.json"), say=print)
    try:
        yield PrefectServer(api_url=api_url(port), home=home)
    finally:
        await _send_the_last_logs()
        await server.stop()


async def _send_the_last_logs() -> None:
    """Prefect sends them from a thread of its own, which would complain when the server is gone."""
    from prefect.logging.handlers import APILogHandler

    await APILogHandler.aflush()


@pytest.fixture
async def prefect_client(prefect_server: PrefectServer) -> AsyncIterator[PrefectClient]:
    async with prefect_server.client() as client:
        yield client
