"""alerta-server 9 with our plugin in it, on PostgreSQL: told to our gateway, looked at, and over in every way."""

from __future__ import annotations

import asyncio
import shutil
import tomllib
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

import httpx
import pytest
from pydantic import SecretStr

from blocks.alerta import AlertaBlock
from blocks.connect import settings_json
from connectors.alerta import Alerta, AlertaSettings
from deployments.gateway.serve import open_gateway
from deployments.machine.processes import free_port
from incidents.alerts.episodes import Episode, EpisodeEnd
from incidents.basis import Basis
from incidents.events import AlertEvent, Verified
from incidents.process.alerts import follow_look, take_alerts
from incidents.step import Step
from incidents.store.alerts import firing_at
from incidents.store.database import Database
from tests.databases import Databases
from tests.deployments.gateway.conftest import PACE, Store
from tests.deployments.gateway.prefect_api import PrefectApi
from tests.deployments.gateway.wire import serving
from tests.incidents.builders import a_policy
from tests.real.programs import CODE, cached_program
from tests.real.running import HOST, running

pytestmark = pytest.mark.real

NAME, TOKEN, BEAT = "alerta/main", "the-token-of-the-plugin", "rules/monitor01"
PATIENCE = 60.0
Found = TypeVar("Found")


@dataclass
class Watched:
    """A gateway that a real Alerta tells, with the connector before that one's API."""

    database: Database
    connector: Alerta
    api: httpx.AsyncClient
    taken: int = 0

    async def told(self) -> Sequence[AlertEvent]:
        """What the plugin has sent since the last time, taken in."""
        rows = (await Store(self.database).deliveries())[self.taken :]
        self.taken += len(rows)
        found = [
            event
            for row in rows
            for event in self.connector.events(Verified(headers=(), body=row.body, identity=row.identity))
        ]
        events = [event for event in found if isinstance(event, AlertEvent)]
        async with self.step() as step:
            await take_alerts(step, events)
        return events

    async def looked(self) -> None:
        since = datetime.now(UTC)
        firing = await self.connector.firing()
        async with self.step() as step:
            await follow_look(step, NAME, firing, since=since)

    @asynccontextmanager
    async def step(self) -> AsyncIterator[Step]:
        async with self.database.transaction() as tx:
            yield Step(connection=tx, basis=Basis(a_policy(), datetime.now(UTC)), instance="test")

    async def firing(self) -> Sequence[Episode]:
        """What fires, as the store has it."""
        async with self.database.transaction() as tx:
            return await firing_at(tx, NAME)

    async def ends(self) -> list[str | None]:
        """How all that was told stands, the oldest first."""
        rows = await Store(self.database)._rows("select end_kind from alert_episodes order by started_at")
        return [row.end_kind for row in rows]

    async def send(self, event: str, severity: str = "critical") -> str:
        """As a monitor does it; the alert's id."""
        alert = {
            "resource": "web01",
            "event": event,
            "environment": "Production",
            "severity": severity,
            "service": ["checkout"],
            "text": "Customers cannot pay",
            "tags": ["pager=yes"],
        }
        answer = await self.api.post("/alert", json=alert)
        assert answer.status_code == 201, answer.text
        return str(answer.json()["id"])

    async def act(self, alert_id: str, action: str) -> None:
        answer = await self.api.put(f"/alert/{alert_id}/action", json={"action": action, "text": "by hand"})
        assert answer.status_code == 200, answer.text


def installed_plugin(home: Path) -> Path:
    """A folder for Python's path in which the plugin is as pip would leave it, by its own project file."""
    folder = CODE / "connectors/alerta/plugin"
    project = tomllib.loads((folder / "pyproject.toml").read_text())["project"]
    made, points = home / "plugin", project["entry-points"]["alerta.plugins"]
    info = made / f"liaison_alerta-{project['version']}.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text(
        f"Metadata-Version: 2.1\nName: {project['name']}\nVersion: {project['version']}\n"
    )
    lines = [f"{name} = {target}" for name, target in points.items()]
    (info / "entry_points.txt").write_text("\n".join(["[alerta.plugins]", *lines, ""]))
    shutil.copy(folder / "liaison_alerta.py", made)
    return made


@pytest.fixture
async def watched(
    database: Database, databases: Databases, key: str, tmp_path: Path
) -> AsyncIterator[Watched]:
    python, port = cached_program("alerta", "bin/python"), free_port(0)
    block = AlertaBlock(
        url=f"http://{HOST}:{port}",
        signing_secrets=[SecretStr(TOKEN)],
        heartbeat=BEAT,
        public_url="https://a.example",
    )
    prefect = PrefectApi({NAME: settings_json(block)})
    connector, theirs = block.connector(NAME), await databases.create()
    async with (
        open_gateway(database, key, connect=prefect.connect, pace=PACE) as gateway,
        serving(gateway) as gateway_port,
    ):
        settings = {
            "DATABASE_URL": databases.url(theirs).replace("postgresql+asyncpg://", "postgresql://"),
            "DATABASE_NAME": theirs,
            "PLUGINS": "reject,blackout,liaison",
            "PYTHONPATH": str(installed_plugin(tmp_path)),
            "LIAISON_URL": f"http://{HOST}:{gateway_port}/hooks/{NAME}",
            "LIAISON_TOKEN": TOKEN,
        }
        command: list[str | Path] = ["/usr/bin/env", *(f"{name}={value}" for name, value in settings.items())]
        command += [python, "-m", "flask", "--app", "alerta", "run", "-h", HOST, "-p", str(port)]
        async with (
            running("alerta", command, port=port, home=tmp_path),
            httpx.AsyncClient(base_url=f"http://{HOST}:{port}", trust_env=False, timeout=30) as api,
        ):
            yield Watched(database, connector, api)
    await connector.aclose()
    await databases.drop(theirs)


async def until(look: Callable[[], Awaitable[Found | None]]) -> Found:
    """The first thing that is found."""
    async with asyncio.timeout(PATIENCE):
        while True:
            found = await look()
            if found:
                return found
            await asyncio.sleep(0.1)


async def told(watched: Watched, event: str, *, has_ended: bool) -> AlertEvent:
    """The first thing the plugin says of it, firing or ended."""

    async def look() -> AlertEvent | None:
        for one in await watched.told():
            if dict(one.labels)["event"] == event and (one.ended_at is not None) is has_ended:
                return one
        return None

    return await until(look)


async def test_an_alert_comes_and_a_look_finds_the_same(watched: Watched) -> None:
    alert_id = await watched.send("CheckoutDown")
    event = await told(watched, "CheckoutDown", has_ended=False)
    assert event.key == alert_id
    assert event.summary == "CheckoutDown on web01: Customers cannot pay"
    assert {"service": "checkout", "severity": "critical", "tag.pager": "yes"}.items() <= dict(
        event.labels
    ).items()
    before = await watched.firing()
    await watched.looked()
    assert await watched.firing() == before
    look = await watched.connector.check("checkout", now=datetime.now(UTC))
    assert look.is_healthy is False
    assert "1 alert is open" in look.summary
    assert "1 alerts are open" in await watched.connector.check()


@pytest.mark.parametrize("how", ["normal", "close", "expired", "delete"])
async def test_it_is_over_in_every_way(watched: Watched, how: str) -> None:
    """What the plugin tells ends the episode that it began, and none fires afterwards."""
    alert_id = await watched.send("CheckoutDown")
    await told(watched, "CheckoutDown", has_ended=False)
    if how == "normal":
        await watched.send("CheckoutDown", "normal")
    elif how == "close":
        await watched.act(alert_id, "close")
    elif how == "delete":
        (await watched.api.delete(f"/alert/{alert_id}")).raise_for_status()
    else:
        short = {
            "resource": "web01",
            "event": "CheckoutDown",
            "environment": "Production",
            "severity": "critical",
        }
        (
            await watched.api.post("/alert", json={**short, "service": ["checkout"], "timeout": 1})
        ).raise_for_status()

        async def has_expired() -> bool:
            (await watched.api.get("/management/housekeeping")).raise_for_status()
            return (await watched.api.get(f"/alert/{alert_id}")).json()["alert"]["status"] == "expired"

        await until(has_expired)
    await told(watched, "CheckoutDown", has_ended=True)
    assert (await watched.ends())[0] == EpisodeEnd.TOLD
    assert await watched.firing() == []
    assert await watched.connector.firing() == []
    await watched.looked()
    assert await watched.firing() == []


async def test_it_fires_again_with_the_same_id(watched: Watched) -> None:
    first = await watched.send("CheckoutDown")
    await watched.act(first, "close")
    again = await watched.send("CheckoutDown")
    assert again == first
    await watched.told()
    (firing,) = await watched.firing()
    (seen,) = await watched.connector.firing()
    assert (firing.key, firing.started_at) == (seen.key, seen.started_at)


async def test_whose_it_is_ends_nothing(watched: Watched) -> None:
    alert_id = await watched.send("CheckoutDown")
    await watched.act(alert_id, "ack")
    await watched.told()
    assert [one.is_silenced for one in await watched.connector.firing()] == [False]
    await watched.act(alert_id, "shelve")
    await watched.told()
    await watched.looked()
    assert [one.is_silenced for one in await watched.firing()] == [True]


async def test_healthy_only_by_a_heartbeat(watched: Watched) -> None:
    now = datetime.now(UTC)
    assert (await watched.connector.check("checkout", now=now)).is_healthy is None
    beat: dict[str, Any] = {"origin": BEAT, "tags": [], "timeout": 300}
    assert (await watched.api.post("/heartbeat", json=beat)).status_code == 201
    assert (await watched.connector.check("checkout", now=now)).is_healthy is True


async def test_more_than_a_page(watched: Watched) -> None:
    for number in range(5):
        await watched.send(f"Down{number}")
    connector = Alerta(NAME, AlertaSettings(url=str(watched.api.base_url)), page_size=2)
    assert len(await connector.firing()) == 5
    await connector.aclose()
