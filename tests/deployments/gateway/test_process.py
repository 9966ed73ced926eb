"""The process as an operator runs it: it starts without Prefect, takes webhooks, and stops when told to."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest

from deployments.machine.processes import CODE, free_port
from incidents.store.connections import Mirror
from incidents.store.database import Database
from tests.deployments.gateway.conftest import Store
from tests.deployments.gateway.vendors import HTTP, SETTINGS

START_SECONDS = 60.0
CLOSED_PORT = "http://127.0.0.1:1/api"


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT], ids=lambda number: number.name)
async def test_a_life(number: signal.Signals, database: Database, key: str, store: Store, tmp_path: Path):
    """Prefect is away all the time. Told to stop while a sender keeps his connection, it ends in good order."""
    async with database.transaction() as tx:
        await Mirror(key).save(tx, SETTINGS, now=datetime.now(UTC))
    port = free_port(0)
    log = tmp_path / "gateway.log"
    with log.open("wb") as output:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "deployments.cli", "gateway", "--port", str(port)),
            env={
                **os.environ,
                "LIAISON_DATABASE_URL": database.url,
                "LIAISON_KEY": key,
                "PREFECT_API_URL": CLOSED_PORT,
                "PREFECT_HOME": str(tmp_path),
            },
            cwd=CODE,
            stdout=output,
            stderr=output,
        )
    try:
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", trust_env=False) as http:
            await _until_ready(http, process)
            signed = HTTP.sign(HTTP.event, at=datetime.now(UTC))
            answer = await http.post(HTTP.path, content=HTTP.event, headers=signed)
            assert answer.headers["Liaison-Receipt"] == "new"
            process.send_signal(number)
            async with asyncio.timeout(20):
                assert await process.wait() == 0
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    assert len(await store.deliveries()) == 1
    assert "Traceback" not in log.read_text()


async def _until_ready(http: httpx.AsyncClient, process: asyncio.subprocess.Process) -> None:
    async with asyncio.timeout(START_SECONDS):
        while process.returncode is None:
            try:
                if (await http.get("/readyz")).status_code == 200:
                    return
            except httpx.ConnectError:
                pass
            await asyncio.sleep(0.1)
    raise AssertionError("the gateway ended instead of starting")
