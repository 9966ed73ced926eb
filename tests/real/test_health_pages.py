"""Our health probe on the health pages of real servers: Prometheus itself, and its blackbox exporter."""

from __future__ import annotations

import os
import signal
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from connectors.http import Http, HttpSettings
from connectors.http.settings import HealthProbe
from deployments.machine.processes import Child, free_port
from incidents.models import ProbeResult
from tests.real.programs import debian_program
from tests.real.running import HOST, running

pytestmark = pytest.mark.real

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


@dataclass(frozen=True)
class Served:
    url: str
    process: Child


@pytest.fixture
async def prometheus(tmp_path: Path) -> AsyncIterator[Served]:
    port, config = free_port(0), tmp_path / "prometheus.yml"
    config.write_text("scrape_configs: []\n")
    command = [
        debian_program("prometheus"),
        f"--config.file={config}",
        f"--storage.tsdb.path={tmp_path / 'data'}",
        f"--web.listen-address={HOST}:{port}",
    ]
    async with running("prometheus", command, port=port, home=tmp_path) as process:
        yield Served(f"http://{HOST}:{port}", process)


@pytest.fixture
async def blackbox(tmp_path: Path) -> AsyncIterator[Served]:
    port, config = free_port(0), tmp_path / "blackbox.yml"
    config.write_text("modules: {http: {prober: http, timeout: 2s}}\n")
    command = [
        debian_program("prometheus-blackbox-exporter"),
        f"--config.file={config}",
        f"--web.listen-address={HOST}:{port}",
    ]
    async with running("blackbox", command, port=port, home=tmp_path) as process:
        yield Served(f"http://{HOST}:{port}", process)


async def look(url: str, **settings: Any) -> ProbeResult:
    section = HealthProbe.model_validate({"urls": [url], "attempts": 1, "max_seconds": 2.0, **settings})
    probe = Http("http/x", HttpSettings(probe=section, allow_private=[HOST]))
    try:
        return await probe.check("checkout", now=NOW)
    finally:
        await probe.aclose()


async def test_a_server_from_health_to_death(prometheus: Served) -> None:
    """Alive, hanging with its port open, alive again, gone: each is told apart."""
    page, says = f"{prometheus.url}/-/healthy", {"body_contains": "Prometheus Server is Healthy."}
    assert (await look(page, **says)).is_healthy is True
    assert (await look(page, method="HEAD")).is_healthy is True
    missing = await look(f"{prometheus.url}/no-such-page")
    assert (missing.is_healthy, missing.summary[:8]) == (False, "HTTP 404")

    os.kill(prometheus.process.pid, signal.SIGSTOP)
    hanging = await look(page, max_seconds=0.3)
    os.kill(prometheus.process.pid, signal.SIGCONT)
    assert hanging.is_healthy is False
    assert hanging.summary.startswith("no answer after")
    assert (await look(page, **says)).is_healthy is True

    await prometheus.process.stop()
    gone = await look(page)
    assert gone.is_healthy is False
    assert gone.summary.startswith("connection refused after")


async def test_what_the_blackbox_exporter_sees(prometheus: Served, blackbox: Served) -> None:
    """A probe of a network that only the exporter reaches: its page is always 200, its text decides."""
    page = f"{blackbox.url}/probe?module=http&target={prometheus.url}/-/healthy"
    assert (await look(page, body_contains="probe_success 1")).is_healthy is True
    await prometheus.process.stop()
    seen = await look(page, body_contains="probe_success 1")
    assert seen.is_healthy is False
    assert seen.summary.startswith("HTTP 200 without the expected text")
