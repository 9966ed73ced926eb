"""A real Alertmanager sends its webhooks unsigned: they are refused, and nothing of them is kept."""

from __future__ import annotations

from pathlib import Path

import httpx
import pytest

from deployments.machine.processes import free_port
from tests.deployments.gateway.conftest import Store, until
from tests.real.programs import debian_program
from tests.real.running import HOST, running

pytestmark = pytest.mark.real

CONFIG = """\
route: {{receiver: liaison, group_wait: 0s}}
receivers:
  - name: liaison
    webhook_configs: [{{url: "http://{host}:{port}/hooks/http/desk"}}]
"""


async def test_an_unsigned_alert_is_refused(gateway_port: int, store: Store, tmp_path: Path) -> None:
    """401 once, written down as unsigned; Alertmanager gives up instead of knocking for ever."""
    program = debian_program("prometheus-alertmanager")
    config, port = tmp_path / "alertmanager.yml", free_port(0)
    config.write_text(CONFIG.format(host=HOST, port=gateway_port))
    command = [
        program,
        f"--config.file={config}",
        f"--storage.path={tmp_path / 'data'}",
        f"--web.listen-address={HOST}:{port}",
        "--cluster.listen-address=",
    ]
    alert = {"labels": {"alertname": "CheckoutDown", "service": "checkout"}}
    async with (
        running("alertmanager", command, port=port, home=tmp_path) as alertmanager,
        httpx.AsyncClient(base_url=f"http://{HOST}:{port}", trust_env=False) as client,
    ):
        (await client.post("/api/v2/alerts", json=[alert])).raise_for_status()
        await until(lambda: "unexpected status code 401" in alertmanager.log_tail())
    (row,) = await store.rejections()
    assert (row.connection, row.reason) == ("http/desk", "missing")
    assert await store.deliveries() == []
