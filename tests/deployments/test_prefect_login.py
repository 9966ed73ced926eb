"""Our Prefect server wants a login, and everything of ours knows it."""

from __future__ import annotations

from pathlib import Path

import httpx
import pytest
from prefect.client.orchestration import get_client
from prefect.settings import PREFECT_API_AUTH_STRING, PREFECT_API_URL, temporary_settings

from deployments.machine.prefect_login import FILE, OWN_SERVER, server_login, use_prefect_server
from deployments.machine.prefect_server import api_url, server_program, start_server
from deployments.machine.process_table import ProcessTable
from deployments.machine.processes import free_port


def test_the_login_is_made_once_and_only_its_owner_reads_it(tmp_path: Path):
    """A second start must not lock out who has logged in."""
    login = server_login(tmp_path, {})
    assert login == server_login(tmp_path, {})
    user, _, password = login.partition(":")
    assert user == "liaison"
    assert len(password) >= 32
    assert (tmp_path / FILE).stat().st_mode & 0o777 == 0o600


def test_the_operators_own_login_wins_and_is_not_written_down(tmp_path: Path):
    """Who sets one keeps it somewhere already."""
    assert server_login(tmp_path, {"PREFECT_SERVER_API_AUTH_STRING": "ops:own"}) == "ops:own"
    assert not (tmp_path / FILE).exists()


@pytest.mark.parametrize(
    ("environ", "expected"),
    [
        ({}, (OWN_SERVER, "liaison:kept")),
        ({"PREFECT_API_AUTH_STRING": "ops:own"}, (OWN_SERVER, "ops:own")),
        ({"PREFECT_API_URL": "https://prefect.example/api"}, ("https://prefect.example/api", None)),
    ],
)
def test_commands_log_in_at_the_server_they_use(tmp_path: Path, environ, expected):
    """At our own with the kept login; at the operator's never with ours."""
    (tmp_path / FILE).write_text("liaison:kept\n")
    use_prefect_server(tmp_path, environ)
    assert (environ["PREFECT_API_URL"], environ.get("PREFECT_API_AUTH_STRING")) == expected
    assert environ["PREFECT_SERVER_ALLOW_EPHEMERAL_MODE"] == "false"


async def test_without_the_login_nobody_reads_a_block(tmp_path: Path):
    """A stranger at the port is answered 401, a page of another origin gets no leave; our client reads."""
    port = free_port(0)
    program = server_program(
        home=tmp_path,
        port=port,
        database_url=f"sqlite+aiosqlite:///{tmp_path}/prefect.db",
        login="liaison:secret",
        extra_env={},
    )
    child = await start_server(
        program, port=port, table=ProcessTable(tmp_path / "table.json"), say=lambda text: None
    )
    try:
        async with httpx.AsyncClient(base_url=api_url(port), trust_env=False, timeout=30) as stranger:
            refused = await stranger.post("/block_documents/filter", json={"include_secrets": True})
            wrong = await stranger.post("/block_documents/filter", json={}, auth=("liaison", "guessed"))
            asked = {"Origin": "http://evil.example", "Access-Control-Request-Method": "POST"}
            preflight = await stranger.options("/block_documents/filter", headers=asked)
        assert (refused.status_code, wrong.status_code) == (401, 401)
        assert "access-control-allow-origin" not in preflight.headers
        access = {PREFECT_API_URL: api_url(port), PREFECT_API_AUTH_STRING: "liaison:secret"}
        with temporary_settings(access):
            client = get_client()
        async with client:
            assert await client.read_block_types() is not None
    finally:
        await child.stop()
