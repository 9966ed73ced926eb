"""The Prometheus probe on Debian's Prometheus, which scrapes a service that fails, recovers and dies."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from connectors.kit.fakes.loopback import serving
from connectors.prometheus import Prometheus, PrometheusSettings
from deployments.machine.processes import free_port
from incidents.models import ProbeResult
from tests.real.programs import debian_program
from tests.real.running import HOST, running

pytestmark = pytest.mark.real

PATIENCE = 60.0
CONFIG = """
global: {{scrape_interval: 1s}}
scrape_configs:
  - job_name: checkout
    static_configs: [{{targets: ["{target}"]}}]
"""
SHARE = {"value": "checkout_failed_share", "fails_above": 0.05, "title": "share of failed payments"}


@dataclass
class Service:
    """What is scraped: its share of failures; None is a service that answers 500."""

    failed: float | None = 0.0

    @property
    def app(self) -> Starlette:
        return Starlette(routes=[Route("/metrics", self._metrics)])

    async def _metrics(self, _: object) -> PlainTextResponse:
        if self.failed is None:
            return PlainTextResponse("broken", status_code=500)
        text = f"checkout_failed_share {self.failed}\ncheckout_customers {40 if self.failed else 0}\n"
        return PlainTextResponse(text, headers={"content-type": "text/plain; version=0.0.4"})


@dataclass
class Scraped:
    service: Service
    url: str

    def probe(self, query: dict[str, Any], **settings: Any) -> Prometheus:
        known = {"url": self.url, "queries": {"checkout": query}, **settings}
        return Prometheus("prometheus/real", PrometheusSettings.model_validate(known))

    async def until(self, query: dict[str, Any], is_healthy: bool | None) -> ProbeResult:
        """The first look that says so."""
        probe = self.probe(query)
        try:
            async with asyncio.timeout(PATIENCE):
                while True:
                    seen = await probe.check("checkout", now=datetime.now(UTC))
                    if seen.is_healthy is is_healthy:
                        return seen
                    await asyncio.sleep(0.1)
        finally:
            await probe.aclose()


@pytest.fixture
async def scraped(tmp_path: Path) -> AsyncIterator[Scraped]:
    service, port, config = Service(), free_port(0), tmp_path / "prometheus.yml"
    async with serving(service.app) as address:
        config.write_text(CONFIG.format(target=address.removeprefix("http://")))
        command: list[str | Path] = [
            debian_program("prometheus"),
            f"--config.file={config}",
            f"--storage.tsdb.path={tmp_path / 'data'}",
            f"--web.listen-address={HOST}:{port}",
            "--web.route-prefix=/metrics-of/shop",
        ]
        async with running("prometheus", command, port=port, home=tmp_path):
            yield Scraped(service, f"http://{HOST}:{port}/metrics-of/shop")


async def test_a_service_from_health_to_death(scraped: Scraped) -> None:
    """Well, failing with how many are hit, well again, gone: each is told apart, under a path prefix."""
    query = SHARE | {"affected": "sum(checkout_customers)"}
    assert "is 0; customers are hit above 0.05" in (await scraped.until(query, True)).summary
    scraped.service.failed = 0.4
    failing = await scraped.until(query, False)
    assert "share of failed payments is 0.4, above 0.05 customers are hit; since " in failing.summary
    assert failing.summary.endswith("affected: 40")
    scraped.service.failed = 0.0
    await scraped.until(query, True)
    scraped.service.failed = None
    await scraped.until({"value": 'up{job="checkout"}', "fails_below": 1}, False)


async def test_what_proves_nothing(scraped: Scraped) -> None:
    """No such metric, a division by zero, a query that cannot be read, a text, a sample that is too old."""
    await scraped.until(SHARE, True)
    for query, words in (
        ({"value": "nobody_counts_this"}, "no data"),
        ({"value": "checkout_failed_share / checkout_customers"}, "NaN"),
        ({"value": "sum(checkout_failed_share"}, "try the query's PromQL"),
        ({"value": "checkout_failed_share[1m]"}, "not numbers of one moment"),
        ({"value": '"a text"'}, "not numbers of one moment"),
        (SHARE | {"fresh": "max(timestamp(checkout_failed_share)) - 3600"}, "s old, over 120 s"),
    ):
        seen = await scraped.until({"fails_above": 0.05, **query}, None)
        assert words in seen.summary, (query, seen.summary)


async def test_check(scraped: Scraped) -> None:
    """Which version it is."""
    assert (await scraped.probe(SHARE).check()).startswith("prometheus/real: Prometheus 2.")
