"""What operators, load balancers and Prometheus ask."""

from __future__ import annotations

from tests.deployments.gateway.conftest import Sender
from tests.deployments.gateway.vendors import HTTP


async def test_alive(sender: Sender):
    """The process answers, whatever is the matter with the store."""
    answer = await sender.http.get("/healthz")
    assert (answer.status_code, answer.text) == (200, "alive\n")


async def test_ready(sender: Sender):
    """Webhooks can be stored now."""
    assert (await sender.http.get("/readyz")).status_code == 200


async def test_metrics(sender: Sender):
    """What became of the webhooks, by connection."""
    await sender.send(HTTP)
    await sender.send(HTTP)
    await sender.send(HTTP, secret="a-secret-that-is-not-configured")
    answer = await sender.http.get("/metrics")
    assert answer.headers["content-type"].startswith("text/plain")
    for result in ("new", "duplicate", "forged_signature"):
        line = f'liaison_deliveries_total{{connection="http/desk",result="{result}"}} 1.0'
        assert line in answer.text.splitlines()
    assert "process_resident_memory_bytes" in answer.text
