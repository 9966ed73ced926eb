"""The shop and what watches it: nginx, the blackbox exporter, Prometheus and Alertmanager, as Debian packs them.

The checkout is a file that nginx serves: without it, it answers 503. Everything looks each second, so that a test need
not wait for what is looked at each minute elsewhere.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

from deployments.machine.processes import free_port
from tests.real.nginx import nginx_config
from tests.real.programs import debian_program
from tests.real.running import HOST, open_folder, running

TOKEN = "the-token-of-the-webhooks"
"""What Alertmanager shows the gateway."""
_NGINX = """\
    types {{ text/html html; application/json json; application/atom+xml xml; }}
    server {{
        listen {host}:{checkout};
        root {home}/checkout;
        location = /health {{ try_files /works =503; }}
    }}
    server {{
        listen {host}:{status};
        root {home}/status;
    }}
"""
_BLACKBOX = """\
modules:
  works: {prober: http, timeout: 2s, http: {preferred_ip_protocol: ip4}}
"""
_PROMETHEUS = """\
global: {{scrape_interval: 1s, evaluation_interval: 1s}}
rule_files: [{home}/rules.yml]
alerting: {{alertmanagers: [{{static_configs: [{{targets: ["{host}:{alertmanager}"]}}]}}]}}
scrape_configs:
  - job_name: checkout
    metrics_path: /probe
    params: {{module: [works]}}
    static_configs: [{{targets: ["http://{host}:{checkout}/health"]}}]
    relabel_configs:
      - {{source_labels: [__address__], target_label: __param_target}}
      - {{source_labels: [__param_target], target_label: instance}}
      - {{target_label: __address__, replacement: "{host}:{blackbox}"}}
"""
_RULES = """\
groups:
  - name: shop
    rules:
      - {alert: Watchdog, expr: vector(1), labels: {severity: none}}
      - alert: CheckoutDown
        expr: probe_success{job="checkout"} == 0
        for: 1s
        labels: {service: checkout, severity: critical}
        annotations: {summary: Customers cannot pay}
"""
_ALERTMANAGER = """\
route: {{receiver: liaison, group_wait: 0s, group_interval: 1s, group_by: [alertname]}}
receivers:
  - name: liaison
    webhook_configs:
      - url: "{gateway}/hooks/alertmanager/main"
        send_resolved: true
        http_config: {{authorization: {{credentials: {token}}}}}
"""


@dataclass(frozen=True)
class Shop:
    """What the company runs, and where its monitors answer."""

    home: Path
    prometheus: str
    alertmanager: str
    status_address: str

    @property
    def status_folder(self) -> Path:
        """What nginx serves at `status_address`; nobody has made it yet."""
        return self.home / "status"

    def mend(self) -> None:
        """The checkout works."""
        works = self.home / "checkout/works"
        works.write_text("ok\n")
        # Whatever our umask, which the stack makes private.
        works.chmod(0o644)

    def fail(self) -> None:
        """The checkout answers 503."""
        (self.home / "checkout/works").unlink()

    async def firing(self) -> list[str]:
        """What Alertmanager says that fires, by name."""
        async with httpx.AsyncClient(trust_env=False) as client:
            listed = (await client.get(f"{self.alertmanager}/api/v2/alerts?active=true")).json()
        return sorted(alert["labels"]["alertname"] for alert in listed)

    async def public(self, file: str) -> httpx.Response:
        """A file of the status page, as anybody gets it."""
        async with httpx.AsyncClient(trust_env=False) as client:
            return await client.get(f"{self.status_address}{file}")


@asynccontextmanager
async def open_shop(gateway_url: str) -> AsyncIterator[Shop]:
    """A checkout that works, and its monitors, until the end of the block."""
    names = ("checkout", "status", "blackbox", "prometheus", "alertmanager")
    ports = {name: free_port(0) for name in names}
    url = {name: f"http://{HOST}:{port}" for name, port in ports.items()}
    with open_folder("shop") as home:
        _write(home, gateway_url, ports)
        shop = Shop(home, url["prometheus"], url["alertmanager"], f"{url['status']}/")
        shop.mend()
        async with AsyncExitStack() as stack:
            for name, command in _commands(home, ports).items():
                await stack.enter_async_context(running(name, command, port=ports[name], home=home))
            yield shop


def _write(home: Path, gateway_url: str, ports: dict[str, int]) -> None:
    known = {"home": home, "host": HOST, "gateway": gateway_url, "token": TOKEN, **ports}
    (home / "checkout").mkdir()
    for file, text in (
        ("nginx.conf", nginx_config(home, _NGINX.format(**known), user="www-data")),
        ("blackbox.yml", _BLACKBOX),
        ("prometheus.yml", _PROMETHEUS.format(**known)),
        ("rules.yml", _RULES),
        ("alertmanager.yml", _ALERTMANAGER.format(**known)),
    ):
        (home / file).write_text(text)


def _commands(home: Path, ports: dict[str, int]) -> dict[str, list[str | Path]]:
    """In the order in which they need one another; each by the port that tells when it is ready."""
    listen = {name: f"{HOST}:{port}" for name, port in ports.items()}
    return {
        "checkout": [debian_program("nginx"), "-p", home, "-e", "stderr", "-c", home / "nginx.conf"],
        "blackbox": [
            debian_program("prometheus-blackbox-exporter"),
            f"--config.file={home / 'blackbox.yml'}",
            f"--web.listen-address={listen['blackbox']}",
        ],
        "alertmanager": [
            debian_program("prometheus-alertmanager"),
            f"--config.file={home / 'alertmanager.yml'}",
            f"--storage.path={home / 'alertmanager'}",
            f"--web.listen-address={listen['alertmanager']}",
            "--cluster.listen-address=",
        ],
        "prometheus": [
            debian_program("prometheus"),
            f"--config.file={home / 'prometheus.yml'}",
            f"--storage.tsdb.path={home / 'data'}",
            f"--web.listen-address={listen['prometheus']}",
            f"--web.external-url=http://{listen['prometheus']}",
            # The first alerts are sent before it knows of any Alertmanager, and again after a minute by default.
            "--rules.alert.resend-delay=1s",
        ],
    }
