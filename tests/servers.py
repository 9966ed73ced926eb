"""Real servers for the tests, started once per session: PostgreSQL from the wheel, and Prefect upon it.

Import the fixtures in a conftest: `from tests.servers import postgres, prefect_server`.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from deployments.embedded_database import EmbeddedDatabase


class Postgres:
    """A PostgreSQL cluster of this test session."""

    def __init__(self, server: EmbeddedDatabase) -> None:
        self.server = server

    def url(self, database: str) -> str:
        """SQLAlchemy's asyncpg address of `database`, which is created when it is not there yet."""
        self.server.ensure_database(database)
        return self.server.url(database)


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    # Not pytest's tmp_path: its names are too long for a unix socket on macOS.
    folder = Path(tempfile.mkdtemp(prefix="pg"))
    server = EmbeddedDatabase(folder / "data")
    try:
        server.start()
        yield Postgres(server)
    finally:
        server.stop()
        shutil.rmtree(folder)
