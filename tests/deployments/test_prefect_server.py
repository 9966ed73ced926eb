"""A server that cannot start says why, in its own words."""

from __future__ import annotations

import socket
from datetime import timedelta
from pathlib import Path

import pytest
from prefect.client.orchestration import PrefectClient
from prefect.settings import (
    PREFECT_API_AUTH_STRING,
    PREFECT_API_SSL_CERT_FILE,
    PREFECT_API_TLS_INSECURE_SKIP_VERIFY,
    temporary_settings,
)
from prefect.settings.models.server.events import ServerEventsSettings
from starlette.responses import JSONResponse
from starlette.types import Receive, Scope, Send

from connectors.kit.fakes.certificates import LoopbackCertificate, make_certificate
from connectors.kit.fakes.loopback import serving
from deployments.machine.prefect_server import (
    operators_client_settings,
    require_server,
    server_program,
    start_server,
)
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


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> LoopbackCertificate:
    return make_certificate(tmp_path_factory.mktemp("tls"))


async def _well(scope: Scope, receive: Receive, send: Send) -> None:
    is_health = scope["path"] == "/api/health"
    await JSONResponse(True, 200 if is_health else 503)(scope, receive, send)


async def test_a_server_behind_a_private_authority_is_reached(certificate: LoopbackCertificate):
    """By the setting that Prefect's own clients go by, in the operator's environment or profile."""
    async with serving(_well, certificate=certificate) as address:
        with temporary_settings({PREFECT_API_SSL_CERT_FILE: str(certificate.certificate)}):
            await require_server(f"{address}/api")
            async with PrefectClient(f"{address}/api") as client:
                assert await client.api_healthcheck() is None, "the same as what we start"
        with temporary_settings({PREFECT_API_TLS_INSECURE_SKIP_VERIFY: True}):
            await require_server(f"{address}/api")


async def test_a_server_that_cannot_be_reached_says_why_and_the_cure(
    certificate: LoopbackCertificate, tmp_path: Path
):
    async with serving(_well, certificate=certificate) as address:
        with pytest.raises(StackError, match=r"CERTIFICATE_VERIFY_FAILED.*needs PREFECT_API_SSL_CERT_FILE"):
            await require_server(f"{address}/api")
        with (
            temporary_settings({PREFECT_API_SSL_CERT_FILE: str(certificate.certificate)}),
            pytest.raises(StackError, match="says 503 when asked for its health"),
        ):
            await require_server(f"{address}/elsewhere")
        with (
            temporary_settings({PREFECT_API_SSL_CERT_FILE: str(tmp_path / "none.pem")}),
            pytest.raises(StackError, match="cannot be read as certificates"),
        ):
            await require_server(f"{address}/api")
    with pytest.raises(StackError, match="no Prefect server answers"):
        await require_server(f"{address.replace('https', 'http')}/api")


def test_what_we_start_calls_it_as_the_operator_does():
    """The authority may stand in a profile, which what we start does not read."""
    with temporary_settings({PREFECT_API_SSL_CERT_FILE: "/etc/ours.pem", PREFECT_API_AUTH_STRING: "a:b"}):
        given = operators_client_settings()
    assert given["PREFECT_API_SSL_CERT_FILE"] == "/etc/ours.pem"
    assert given["PREFECT_API_AUTH_STRING"] == "a:b"
    assert not [name for name in given if not name.startswith("PREFECT_API_")]
