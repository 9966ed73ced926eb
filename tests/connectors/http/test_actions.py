"""Actions against the fake service, with and without idempotency keys, and the table of answers."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from typing import Any, ClassVar

import httpx
import pytest
from pydantic import SecretStr, ValidationError

from connectors.http.connector import Http
from connectors.http.fake.app import FakeService, Health
from connectors.http.settings import HttpSettings, WebhookAction
from connectors.kit.fakes.faults import Faults
from connectors.kit.fakes.in_process import InProcessTransport
from incidents.actions import ActionRun, ActionState
from incidents.errors import NotAllowed, NotFound, Refused, Unknown, Unreachable
from tests.connectors.http.conftest import BASE, TOKEN
from tests.contracts.action_runner import ActionRunnerContract

SECRET = "signing-secret-of-the-actions-under-test"


def acting(transport: httpx.AsyncBaseTransport, **section: Any) -> Http:
    usual = {"url": f"{BASE}/actions/{{action}}", "bearer_token": SecretStr(TOKEN)}
    return Http("http/shop", HttpSettings(action=WebhookAction(**{**usual, **section})), transport=transport)


class FakeWorks:
    good, bad, missing = "restart", "rollback", "no-such-action"

    def __init__(self, service: FakeService) -> None:
        self._service = service

    @property
    def started(self) -> int:
        return len(self._service.runs)


class HttpActions(ActionRunnerContract):
    """What the variants below have in common."""

    section: ClassVar[dict[str, Any]]

    @pytest.fixture
    async def runner(self, service: FakeService) -> AsyncIterator[Http]:
        service.honours_keys = self.keys_are_honoured
        connector = acting(
            InProcessTransport(service.app), honours_idempotency_key=self.keys_are_honoured, **self.section
        )
        yield connector
        await connector.aclose()

    @pytest.fixture
    def works(self, service: FakeService) -> FakeWorks:
        return FakeWorks(service)

    @pytest.fixture
    def faults(self, service: FakeService) -> Faults:
        return service.faults


class TestFollowedByLocation(HttpActions):
    keys_are_honoured = True
    section: ClassVar[dict[str, Any]] = {}


class TestFollowedByTemplate(HttpActions):
    keys_are_honoured = False
    section: ClassVar[dict[str, Any]] = {"status_url": f"{BASE}/actions/runs/{{run_id}}"}


class TestSigned(HttpActions):
    keys_are_honoured = True
    section: ClassVar[dict[str, Any]] = {"signing_secret": SecretStr(SECRET)}

    @pytest.fixture(autouse=True)
    def _demand_signatures(self, service: FakeService) -> None:
        service.action_secret = SECRET


async def test_a_remedy_mends_the_service(service: FakeService) -> None:
    """The action's name and arguments arrive, and its effect is the service's health."""
    service.health = Health.ERROR
    runner = acting(InProcessTransport(service.app))
    run = await runner.run("restart", {"region": "eu-1"}, once="INC-1:action:1")
    assert run == ActionRun(id="/actions/runs/run-1", state=ActionState.RUNNING, detail="restart started")
    assert (await runner.follow(run.id)).state is ActionState.RUNNING
    assert service.health is Health.ERROR
    assert (await runner.follow(run.id)).state is ActionState.SUCCEEDED
    assert service.health is Health.HEALTHY
    assert service.runs[0].arguments == {"region": "eu-1"}


async def test_an_action_that_ends_at_once(service: FakeService) -> None:
    """No run to follow: the POST's own answer is the end."""
    service.looks_until_done = None
    runner = acting(InProcessTransport(service.app))
    assert (await runner.run("flush", {}, once="a")).state is ActionState.SUCCEEDED
    assert (await runner.run("rollback", {}, once="b")).state is ActionState.FAILED


async def test_a_wrong_signature_is_not_let_in(service: FakeService) -> None:
    """The fake demands what a real receiver would: the secret that was agreed upon."""
    service.action_secret = SECRET
    runner = acting(InProcessTransport(service.app), signing_secret=SecretStr(SECRET + "-old"))
    with pytest.raises(NotAllowed):
        await runner.run("restart", {}, once="a")
    assert service.runs == []


async def test_a_key_used_for_something_else(service: FakeService) -> None:
    """One key with two bodies is a mistake of ours and is refused, not run."""
    runner = acting(InProcessTransport(service.app))
    await runner.run("restart", {"region": "eu-1"}, once="a")
    with pytest.raises(Refused):
        await runner.run("restart", {"region": "us-1"}, once="a")
    assert len(service.runs) == 1


async def test_what_is_sent() -> None:
    """The whole request: path, key as header and in the body, token, own headers; odd keys stay sendable."""
    seen: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return httpx.Response(204)

    runner = acting(httpx.MockTransport(answer), headers={"X-Team": SecretStr("shop")})
    run = await runner.run("drain node/7", {"node": "7"}, once="INC-1:ä.1")
    assert run == ActionRun(id="INC-1:ä.1", state=ActionState.SUCCEEDED)
    [request] = seen
    assert request.url.raw_path == b"/actions/drain%20node%2F7"
    assert request.headers["idempotency-key"] == "INC-1:%C3%A4.1"
    assert request.headers["authorization"] == f"Bearer {TOKEN}"
    assert request.headers["x-team"] == "shop"
    assert json.loads(request.content) == {
        "action": "drain node/7",
        "arguments": {"node": "7"},
        "idempotency_key": "INC-1:ä.1",
    }


TEMPLATE = {"status_url": "/runs/{run_id}"}
RUNNING, SUCCEEDED, FAILED = ActionState.RUNNING, ActionState.SUCCEEDED, ActionState.FAILED


@pytest.mark.parametrize(
    ("section", "status", "data", "location", "expected"),
    [
        ({}, 200, {}, None, ("once", SUCCEEDED)),
        ({}, 200, {"id": "7"}, None, ("once", SUCCEEDED)),
        ({}, 202, {"id": "7"}, None, ("once", SUCCEEDED)),
        ({}, 200, {"status": "failed"}, None, ("once", FAILED)),
        ({}, 200, {"status": "Succeeded"}, None, ("once", SUCCEEDED)),
        ({}, 202, {}, "/runs/7?a=b", ("/runs/7?a=b", RUNNING)),
        ({}, 202, {}, f"{BASE}/runs/7", ("/runs/7", RUNNING)),
        ({}, 202, {"status_url": "../runs/7"}, "/other", ("/runs/7", RUNNING)),
        ({}, 200, {}, "/page", ("once", SUCCEEDED)),
        ({}, 202, {"status": "running"}, "https://elsewhere.example/7", Unknown),
        ({}, 202, {"status": "running"}, "http://[", Unknown),
        ({}, 202, {"status": "running"}, None, Unknown),
        (TEMPLATE, 202, {"id": 7}, None, ("7", RUNNING)),
        (TEMPLATE, 200, {"id": "7"}, None, ("7", RUNNING)),
        (TEMPLATE, 200, {"id": "7", "status": "succeeded"}, None, ("7", SUCCEEDED)),
        (TEMPLATE, 202, {}, None, Unknown),
        ({}, 200, {"status": "queued"}, None, Unknown),
        ({"status_map": {"Queued": "running"}}, 202, {"status": "queued"}, "/runs/7", ("/runs/7", RUNNING)),
        ({}, 200, [], None, Unknown),
        ({}, 200, {"status": {}}, None, Unknown),
        ({}, 200, {"id": True}, None, Unknown),
        ({}, 302, {}, "/login", Refused),
        ({}, 409, {}, None, Refused),
        ({}, 422, {}, None, Refused),
    ],
)
async def test_what_an_answer_means(
    section: dict[str, Any], status: int, data: Any, location: str | None, expected: Any
) -> None:
    """The README's table: nothing is called done, running or failed that the answer does not say."""
    headers = {"location": location} if location else {}
    runner = acting(
        httpx.MockTransport(lambda request: httpx.Response(status, json=data, headers=headers)), **section
    )
    if isinstance(expected, tuple):
        run = await runner.run("restart", {}, once="once")
        assert (run.id, run.state) == expected
    else:
        with pytest.raises(expected):
            await runner.run("restart", {}, once="once")


@pytest.mark.parametrize(
    ("status", "data", "expected"),
    [
        (200, {"status": "running"}, RUNNING),
        (202, {}, RUNNING),
        (200, {"status": "failed"}, FAILED),
        (200, {}, Unreachable),
        (200, {"status": "queued"}, Unreachable),
        (404, {}, NotFound),
    ],
)
async def test_what_a_look_at_a_run_means(status: int, data: Any, expected: Any) -> None:
    """A look never invents an end."""
    runner = acting(
        httpx.MockTransport(lambda request: httpx.Response(status, json=data)),
        status_url=f"{BASE}/r/{{run_id}}",
    )
    if isinstance(expected, ActionState):
        assert (await runner.follow("7")).state is expected
    else:
        with pytest.raises(expected):
            await runner.follow("7")


@pytest.mark.parametrize("run_id", ["http://evil.example/", "once", "", ".."])
async def test_only_our_own_runs_are_followed(run_id: str) -> None:
    """A run's id cannot send our credentials elsewhere."""
    runner = acting(httpx.MockTransport(lambda request: httpx.Response(200, json={"status": "running"})))
    with pytest.raises(Refused):
        await runner.follow(run_id)


async def test_a_run_id_stays_on_its_host() -> None:
    """Even an id that looks like a path to another host goes to ours."""
    hosts: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        hosts.append(request.url.host)
        return httpx.Response(200, json={"status": "running"})

    await acting(httpx.MockTransport(answer)).follow("//evil.example/runs/7")
    assert hosts == ["localhost"]


@pytest.mark.parametrize(
    "section",
    [
        {"url": "gopher://x/"},
        {"url": "https://x:port/"},
        {"url": "https://[x/"},
        {"url": "https://x/", "status_url": "https://x/runs"},
        {"url": "https://x/", "status_url": "http://x/{run_id}"},
        {"url": "https://x/", "status_url": "https://y/{run_id}"},
        {"url": "https://x/", "headers": {"Idempotency-Key": "1"}},
        {"url": "https://x/", "headers": {"X-A": "a\r\nX-B: b"}},
        {"url": "https://x/", "headers": {"X A": "a"}},
        {"url": "https://x/", "bearer_token": ""},
        {"url": "https://x/", "signing_secret": "short"},
        {"url": "https://x/", "signing_secret": "whsec_this is no base64 at all"},
    ],
)
def test_bad_sections(section: dict[str, Any]) -> None:
    """What cannot work is refused when it is configured."""
    with pytest.raises(ValidationError):
        WebhookAction(**section)
