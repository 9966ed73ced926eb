"""Every call of our Alertmanager connector, judged by Alertmanager's own description of its API.

Prism serves the description and judges each request; it has no state, so the answers come from our fake. It leaves out
the description's base path.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field

import httpx
import pytest
import stamina

from connectors.alertmanager import Alertmanager, AlertmanagerSettings
from connectors.alertmanager.fake.app import FakeAlertmanager
from connectors.kit.fakes.in_process import InProcessTransport
from deployments.machine.processes import free_port
from tests.connectors.alertmanager import test_connector
from tests.connectors.alertmanager.conftest import SETTINGS, SILENCE
from tests.real.programs import cached_program
from tests.real.running import HOST, running
from tests.shared_folder import shared_path

pytestmark = [pytest.mark.real, pytest.mark.shared]

BASE_PATH = "/api/v2"


@dataclass
class JudgedByDescription(httpx.AsyncBaseTransport):
    """Shows each request to Prism, and lets the fake answer what Prism has nothing against."""

    fake: FakeAlertmanager
    prism: httpx.AsyncClient
    calls: set[tuple[str, str]] = field(default_factory=set)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        path = request.url.raw_path.decode().removeprefix(BASE_PATH)
        headers = {key: value for key, value in request.headers.items() if key != "host"}
        judged = await self.prism.request(
            request.method, path, content=await request.aread(), headers=headers
        )
        assert judged.status_code == 200, f"{request.method} {path}: HTTP {judged.status_code} {judged.text}"
        self.calls.add((request.method, path.split("?")[0].split("/")[1]))
        return await InProcessTransport(self.fake.app).handle_async_request(request)


@pytest.fixture(autouse=True)
def no_waiting() -> Iterator[None]:
    with stamina.set_testing(True, attempts=2):
        yield


@pytest.fixture(scope="module")
async def prism(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[httpx.AsyncClient]:
    program = cached_program("prism", "node_modules/.bin/prism")
    port = free_port(0)
    description = shared_path("specs/alertmanager/openapi.yaml")
    command = [program, "mock", "-h", HOST, "-p", str(port), description]
    async with (
        running("prism", command, port=port, home=tmp_path_factory.mktemp("prism")),
        httpx.AsyncClient(base_url=f"http://{HOST}:{port}", trust_env=False) as client,
    ):
        yield client


async def test_every_call_is_as_alertmanager_describes_it(prism: httpx.AsyncClient) -> None:
    fake = FakeAlertmanager()
    judge = JudgedByDescription(fake, prism)
    connector = Alertmanager(
        "alertmanager/main", AlertmanagerSettings.model_validate(SETTINGS), transport=judge
    )
    fake.fire("CheckoutDown", service="checkout")
    assert len(await connector.firing()) == 1
    await connector.check()
    run = await connector.run(SILENCE, test_connector.ARGUMENTS, once="INC-1:action:1")
    await connector.follow(run.id)
    await connector.aclose()
    assert judge.calls == {
        ("GET", "alerts"),
        ("GET", "status"),
        ("GET", "silences"),
        ("POST", "silences"),
        ("GET", "silence"),
    }


@pytest.mark.parametrize(
    "wrong", [{"matchers": []}, {"startsAt": "now"}, {"createdBy": 7}, {"comment": None}], ids=str
)
async def test_the_judge_refuses(prism: httpx.AsyncClient, wrong: dict[str, object]) -> None:
    """What it lets through would prove nothing otherwise."""
    silence = {
        "matchers": [{"name": "service", "value": "checkout", "isRegex": False}],
        "startsAt": "2026-11-30T09:00:00.000Z",
        "endsAt": "2026-11-30T10:00:00.000Z",
        "createdBy": "Ada",
        "comment": "INC-1",
    }
    assert (await prism.post("/silences", json=silence)).status_code == 200
    assert (await prism.post("/silences", json={**silence, **wrong})).status_code in (400, 422)
