"""A server that cannot start says why, in its own words."""

from __future__ import annotations

import socket
from datetime import timedelta
from pathlib import Path

import pytest
from prefect.settings.models.server.events import ServerEventsSettings

from deployments.machine.prefect_server import server_program, start_server
from deployments.machine.process_table import ProcessTable
from deployments.machine.processes import StackError


async def test_a_server_that_dies_shows_the_end_of_its_log(tmp_path: Path):
    """The operator need not look for a log file to read one sentence."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        program = server_program(
            home=tmp_path, port=port, database_url="sqlite+aiosqlite://", login=None, extra_env={}
        )
        table = ProcessTable(tmp_path / "table.json")
        with pytest.raises(StackError, match="already in use"):
            await start_server(program, port=port, table=table, say=print)
    assert table.read() == []


@pytest.mark.parametrize("kept", [timedelta(days=1), timedelta(hours=36), timedelta(days=30)], ids=str)
def test_events_are_kept_as_long_as_the_policy_says(
    tmp_path: Path, kept: timedelta, monkeypatch: pytest.MonkeyPatch
):
    """As Prefect itself reads it; and its vacuum, which would take pages along, keeps its hands off runs."""
    program = server_program(
        home=tmp_path,
        port=4200,
        database_url="sqlite+aiosqlite://",
        login=None,
        events_kept=kept,
        extra_env={},
    )
    name = "PREFECT_SERVER_EVENTS_RETENTION_PERIOD"
    monkeypatch.setenv(name, program.env[name])
    assert ServerEventsSettings().retention_period == kept
    assert program.env["PREFECT_SERVER_SERVICES_DB_VACUUM_ENABLED"] == "events"
