"""Debian's Prometheus and Alertmanager tell our gateway of a service that fails: told, looked at, silenced, over."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

import httpx
import pytest
from pydantic import SecretStr
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from blocks.alertmanager import AlertmanagerBlock
from blocks.connect import settings_json
from connectors.alertmanager import Alertmanager
from connectors.alertmanager.settings import SilencePlan
from connectors.kit.fakes import loopback
from deployments.gateway.serve import open_gateway
from deployments.machine.processes import Child, free_port
from incidents.actions import ActionState
from incidents.alerts.episodes import Episode, EpisodeEnd
from incidents.basis import Basis
from incidents.events import AlertEvent, AlertsLeftOut, Event, Verified
from incidents.models import ProbeResult
from incidents.process.alerts import follow_look, take_alerts
from incidents.step import Step
from incidents.store.alerts import episodes_told_of
from incidents.store.database import Database
from tests.deployments.gateway.conftest import PACE, Store
from tests.deployments.gateway.prefect_api import PrefectApi
from tests.deployments.gateway.wire import serving
from tests.incidents.builders import a_policy
from tests.real.programs import debian_program
from tests.real.running import HOST, running

pytestmark = pytest.mark.real

Found = TypeVar("Found")

NAME, TOKEN, SILENCE = "alertmanager/main", "the-token-of-the-webhooks", "Silence its alerts"
PATIENCE = 60.0
ALERTMANAGER = """\
route: {{receiver: liaison, group_wait: 0s, group_interval: 1s, group_by: [alertname]}}
receivers:
  - name: liaison
    webhook_configs:
      - url: "http://{host}:{gateway}/hooks/{name}"
        send_resolved: true
        max_alerts: {max_alerts}
        http_config: {{authorization: {{credentials: {token}}}}}
"""
PROMETHEUS = """\
global: {{scrape_interval: 1s, evaluation_interval: 1s}}
rule_files: [{rules}]
alerting: {{alertmanagers: [{{static_configs: [{{targets: ["{host}:{alertmanager}"]}}]}}]}}
scrape_configs:
  - job_name: checkout
    static_configs: [{{targets: ["{target}"]}}]
"""
RULES = """\
groups:
  - name: shop
    rules:
      - {alert: Watchdog, expr: vector(1), labels: {severity: none}}
      - alert: CheckoutDown
        expr: checkout_up == 0
        labels: {service: checkout, severity: critical}
        annotations: {summary: Customers cannot pay}
"""


@dataclass
class Shop:
    """What is scraped."""

    is_up: bool = True

    @property
    def app(self) -> Starlette:
        return Starlette(routes=[Route("/metrics", self._metrics)])

    async def _metrics(self, _: object) -> PlainTextResponse:
        text = f"checkout_up {int(self.is_up)}\n"
        return PlainTextResponse(text, headers={"content-type": "text/plain; version=0.0.4"})


@dataclass
class Watched:
    """A gateway that a real Alertmanager tells, with the connector before that one's API."""

    database: Database
    connector: Alertmanager
    api: httpx.AsyncClient
    gateway_port: int
    alertmanager_port: int
    home: Path
    taken: int = 0

    async def told(self) -> Sequence[Event]:
        """What webhooks have said since the last time, taken in."""
        rows = (await Store(self.database).deliveries())[self.taken :]
        self.taken += len(rows)
        events = [
            event
            for row in rows
            for event in self.connector.events(Verified(headers=(), body=row.body, identity=row.identity))
        ]
        async with self.step() as step:
            await take_alerts(step, [event for event in events if isinstance(event, AlertEvent)])
        return events

    async def looked(self) -> None:
        since = datetime.now(UTC)
        firing = await self.connector.firing()
        async with self.step() as step:
            await follow_look(step, NAME, firing, since=since)

    @asynccontextmanager
    async def step(self) -> AsyncIterator[Step]:
        """A transaction of now."""
        async with self.database.transaction() as tx:
            yield Step(connection=tx, basis=Basis(a_policy(), datetime.now(UTC)), instance="test")

    async def episode(self, event: AlertEvent) -> Episode:
        async with self.step() as step:
            (found,) = [
                one
                for one in await episodes_told_of(step.connection, [event])
                if one.started_at == event.started_at
            ]
        return found

    async def check(self) -> ProbeResult:
        return await self.connector.check("checkout", now=datetime.now(UTC))


async def until(look: Callable[[], Awaitable[Found | None]]) -> Found:
    """The first thing that is found."""
    async with asyncio.timeout(PATIENCE):
        while True:
            found = await look()
            if found:
                return found
            await asyncio.sleep(0.1)


async def event_of(watched: Watched, alertname: str, *, has_ended: bool = False) -> AlertEvent:
    """The first webhook that tells of this alert, firing or ended."""

    async def look() -> AlertEvent | None:
        for event in await watched.told():
            if not isinstance(event, AlertEvent) or dict(event.labels)["alertname"] != alertname:
                continue
            if (event.ended_at is not None) is has_ended:
                return event
        return None

    return await until(look)


@asynccontextmanager
async def an_alertmanager(watched: Watched, *, max_alerts: int = 0) -> AsyncIterator[Child]:
    """On the disk that it had before."""
    config, port = watched.home / "alertmanager.yml", watched.alertmanager_port
    config.write_text(
        ALERTMANAGER.format(
            host=HOST, gateway=watched.gateway_port, name=NAME, token=TOKEN, max_alerts=max_alerts
        )
    )
    command: list[str | Path] = [
        debian_program("prometheus-alertmanager"),
        f"--config.file={config}",
        f"--storage.path={watched.home / 'alertmanager'}",
        f"--web.listen-address={HOST}:{port}",
        "--cluster.listen-address=",
    ]
    async with running("alertmanager", command, port=port, home=watched.home) as child:
        yield child


@pytest.fixture
async def watched(database: Database, key: str, tmp_path: Path) -> AsyncIterator[Watched]:
    port = free_port(0)
    block = AlertmanagerBlock(
        url=f"http://{HOST}:{port}",
        signing_secrets=[SecretStr(TOKEN)],
        heartbeat={"alertname": ["Watchdog"]},
        silences={SILENCE: SilencePlan(minutes=5)},
    )
    prefect = PrefectApi({NAME: settings_json(block)})
    connector = block.connector(NAME)
    async with (
        open_gateway(database, key, connect=prefect.connect, pace=PACE) as gateway,
        serving(gateway) as gateway_port,
        httpx.AsyncClient(base_url=f"http://{HOST}:{port}/api/v2", trust_env=False) as api,
    ):
        yield Watched(database, connector, api, gateway_port, port, tmp_path)
    await connector.aclose()


@asynccontextmanager
async def a_prometheus(watched: Watched, shop: Shop) -> AsyncIterator[None]:
    config, rules, port = watched.home / "prometheus.yml", watched.home / "rules.yml", free_port(0)
    rules.write_text(RULES)
    async with loopback.serving(shop.app) as address:
        config.write_text(
            PROMETHEUS.format(
                host=HOST,
                rules=rules,
                alertmanager=watched.alertmanager_port,
                target=address.removeprefix("http://"),
            )
        )
        command: list[str | Path] = [
            debian_program("prometheus"),
            f"--config.file={config}",
            f"--storage.tsdb.path={watched.home / 'data'}",
            f"--web.listen-address={HOST}:{port}",
            f"--web.external-url=http://{HOST}:{port}",
            # The first alerts are sent before it knows of any Alertmanager, and again after a minute by default.
            "--rules.alert.resend-delay=1s",
        ]
        async with running("prometheus", command, port=port, home=watched.home):
            yield


async def test_a_service_fails_and_recovers(watched: Watched) -> None:
    """By a rule: told firing and resolved, one episode; the probe says the same, and that it is well by a heartbeat."""
    shop = Shop()
    async with an_alertmanager(watched), a_prometheus(watched, shop):

        async def is_healthy() -> ProbeResult | None:
            look = await watched.check()
            return look if look.is_healthy else None

        assert "heartbeat came at" in (await until(is_healthy)).summary
        shop.is_up = False
        fires = await event_of(watched, "CheckoutDown")
        assert fires.summary == "CheckoutDown: Customers cannot pay"
        assert fires.url is not None
        assert (await watched.episode(fires)).is_firing
        failing = await watched.check()
        assert failing.is_healthy is False
        assert "1 alert fires, since" in failing.summary
        assert (await watched.connector.check()).startswith("alertmanager/main: Alertmanager 0.")
        before = await watched.episode(fires)
        await watched.looked()
        assert await watched.episode(fires) == before, "a look names the same episode as the webhook"

        shop.is_up = True
        over = await event_of(watched, "CheckoutDown", has_ended=True)
        assert (over.key, over.started_at) == (fires.key, fires.started_at)
        assert (await watched.episode(over)).end is EpisodeEnd.TOLD


async def post(watched: Watched, name: str, *, ends_at: datetime | None = None, **labels: str) -> None:
    alert: dict[str, Any] = {"labels": {"alertname": name, **labels}}
    if ends_at is not None:
        alert["endsAt"] = ends_at.isoformat()
    (await watched.api.post("/alerts", json=[alert])).raise_for_status()


async def test_a_start_that_the_server_gives_is_the_same_by_webhook_and_look(watched: Watched) -> None:
    """The webhook has nanoseconds, the API cuts at the millisecond."""
    async with an_alertmanager(watched):
        await post(watched, "ByHand", service="checkout")
        event = await event_of(watched, "ByHand")
        (delivery,) = await Store(watched.database).deliveries()
        listed = (await watched.api.get("/alerts")).json()
        assert listed[0]["startsAt"].encode() not in delivery.body, "no longer so: the cut can go"
        assert [one.started_at for one in await watched.connector.firing()] == [event.started_at]


async def test_it_ends_while_it_is_silenced(watched: Watched) -> None:
    """A silence of ours, once; what ends under it is never told, and two looks find it."""
    async with an_alertmanager(watched):
        await post(watched, "CheckoutDown", service="checkout")
        event = await event_of(watched, "CheckoutDown")
        arguments = {"incident": "INC-7", "service": "checkout", "approved_by": "Ada"}
        run = await watched.connector.run(SILENCE, arguments, once="INC-7:silence")
        again = await watched.connector.run(SILENCE, arguments, once="INC-7:silence")
        assert (run.state, again.id) == (ActionState.SUCCEEDED, run.id)
        (silence,) = (await watched.api.get("/silences")).json()
        assert silence["comment"].startswith("INC-7: Silence its alerts [liaison:")
        assert silence["createdBy"] == "Ada"

        async def is_silenced() -> bool:
            return [one.is_silenced for one in await watched.connector.firing()] == [True]

        await until(is_silenced)
        assert (await watched.check()).is_healthy is False
        await watched.looked()
        assert (await watched.episode(event)).is_silenced

        await post(watched, "CheckoutDown", service="checkout", ends_at=datetime.now(UTC))

        async def has_ended() -> bool:
            return not await watched.connector.firing()

        await until(has_ended)
        await watched.looked()
        assert (await watched.episode(event)).is_firing
        await watched.looked()
        assert (await watched.episode(event)).end is EpisodeEnd.GONE
        assert (await watched.connector.follow(run.id)).state is ActionState.SUCCEEDED
        (await watched.api.delete(f"/silence/{run.id}")).raise_for_status()
        assert (await watched.connector.follow(run.id)).state is ActionState.FAILED


async def test_a_group_that_is_told_in_part(watched: Watched) -> None:
    """`max_alerts`: the look has what the webhook left out."""
    async with an_alertmanager(watched, max_alerts=1):
        alerts = [{"labels": {"alertname": "Down", "service": name}} for name in ("a", "b", "c")]
        (await watched.api.post("/alerts", json=alerts)).raise_for_status()

        async def left_out() -> list[AlertsLeftOut]:
            return [event for event in await watched.told() if isinstance(event, AlertsLeftOut)]

        await until(left_out)
        await watched.looked()
        firing = await watched.connector.firing()
        assert sorted(dict(event.labels)["service"] for event in firing) == ["a", "b", "c"]
        assert [(await watched.episode(event)).is_firing for event in firing] == [True] * 3
