"""The API: what fires, what it says of a service, and silences; every answer that proves nothing."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from datetime import timedelta
from itertools import count
from typing import Any

import httpx
import pytest
from prefect.blocks.core import Block
from prefect.testing.standard_test_suites.blocks import BlockStandardTestSuite

from blocks.alertmanager import AlertmanagerBlock
from connectors.alertmanager import Alertmanager
from connectors.alertmanager.fake.app import FakeAlertmanager, FakeFiringAlert
from connectors.kit.fakes.faults import FaultKind, Faults
from connectors.kit.fakes.in_process import InProcessTransport
from incidents.actions import ActionState
from incidents.errors import NotAllowed, Refused, Unknown, Unreachable, Unrecognised
from incidents.events import AlertEvent, Verified
from tests.connectors.alertmanager.conftest import SETTINGS, SILENCE, Connecting
from tests.contracts.action_runner import ActionRunnerContract, Works
from tests.contracts.alert_source import AlertSourceContract, Monitor
from tests.contracts.impact_probe import NOW, ImpactProbeContract, Scene

TOKEN = "t0ken-of-the-proxy"
ARGUMENTS = {"service": "checkout", "incident": "INC-1", "approved_by": "Ada"}


class FakeMonitor:
    def __init__(self, server: FakeAlertmanager, connector: Alertmanager) -> None:
        self._server = server
        self._connector = connector
        self._alerts: dict[str, FakeFiringAlert] = {}
        moments = (NOW + timedelta(seconds=number) for number in count())
        server.clock = lambda: next(moments)

    def fire(self, name: str) -> None:
        self._alerts[name] = self._server.fire(name, service="checkout")

    def end(self, name: str) -> None:
        self._server.end(self._alerts[name])

    def silence(self, name: str) -> None:
        self._server.silence(alertname=name)

    def told(self) -> Sequence[AlertEvent]:
        body = self._server.notification()
        assert body is not None
        found = self._connector.events(Verified(headers=(), body=body, identity="x"))
        return [event for event in found if isinstance(event, AlertEvent)]


class TestAlertmanagerAlerts(AlertSourceContract):
    @pytest.fixture
    async def source(self, connecting: Connecting) -> AsyncIterator[Alertmanager]:
        connector = connecting()
        yield connector
        await connector.aclose()

    @pytest.fixture
    def monitor(self, server: FakeAlertmanager, source: Alertmanager) -> Monitor:
        return FakeMonitor(server, source)

    @pytest.fixture
    def faults(self, server: FakeAlertmanager) -> Faults:
        return server.faults


class FakeScene:
    def __init__(self, server: FakeAlertmanager) -> None:
        self._server = server
        server.fire("Watchdog")

    def healthy(self) -> None:
        self._server.alerts.clear()
        self._server.fire("Watchdog")

    def failing(self) -> None:
        self._server.fire("CheckoutDown", service="checkout", summary="Customers cannot pay")

    def blind(self) -> None:
        self._server.faults.arm(FaultKind.UNAUTHORIZED, times=None)


class TestAlertmanagerProbe(ImpactProbeContract):
    secrets = (TOKEN,)

    @pytest.fixture
    async def probe(self, connecting: Connecting, server: FakeAlertmanager) -> AsyncIterator[Alertmanager]:
        server.clock, server.api_token = lambda: NOW, TOKEN
        connector = connecting(bearer_token=TOKEN)
        yield connector
        await connector.aclose()

    @pytest.fixture
    def scene(self, server: FakeAlertmanager) -> Scene:
        return FakeScene(server)


@pytest.fixture
def at_nine(server: FakeAlertmanager) -> FakeAlertmanager:
    server.clock = lambda: NOW
    return server


async def test_value_since_when_and_how_many(connecting: Connecting, at_nine: FakeAlertmanager):
    at_nine.fire("CheckoutDown", service="checkout", summary="Customers cannot pay")
    at_nine.clock = lambda: NOW + timedelta(minutes=5)
    at_nine.fire("CheckoutSlow", service="checkout")
    at_nine.fire("SearchSlow", service="search")
    look = await connecting().check("checkout", now=NOW)
    assert look.is_healthy is False
    assert look.summary == (
        "2 alerts fire, since 2026-03-02 09:30 UTC: CheckoutSlow; CheckoutDown: Customers cannot pay"
    )
    assert look.url is not None
    assert "silenced=true" in look.url


async def test_silenced_is_not_healthy(connecting: Connecting, at_nine: FakeAlertmanager):
    at_nine.fire("Watchdog")
    at_nine.fire("CheckoutDown", service="checkout")
    at_nine.silence(service="checkout")
    look = await connecting().check("checkout", now=NOW)
    assert look.is_healthy is False
    assert "1 alert fires, 1 of them silenced" in look.summary


@pytest.mark.parametrize(
    ("settings", "beats", "words"),
    [
        ({"heartbeat": None}, 0, "no heartbeat is named"),
        ({}, None, "neither does the heartbeat"),
        ({}, 6, "the last heartbeat is 6 min old"),
        ({"services": {"search": {"service": "search"}}, "default": None}, 0, "no labels name"),
    ],
)
async def test_no_alert_is_no_proof(
    connecting: Connecting,
    at_nine: FakeAlertmanager,
    settings: dict[str, Any],
    beats: int | None,
    words: str,
):
    """An Alertmanager that hears of nothing looks like one with nothing to hear of."""
    if beats is not None:
        at_nine.fire("Watchdog")
    look = await connecting(**settings).check("checkout", now=NOW + timedelta(minutes=beats or 0))
    assert look.is_healthy is None
    assert words in look.summary


@pytest.mark.parametrize("body", [b"{}", b'["a"]', b'[{"fingerprint": "a"}]', b"null"])
async def test_a_list_that_cannot_be_read_is_no_list(connecting: Connecting, body: bytes):
    """Not a part of it either: what is missing would be taken as ended."""
    transport = httpx.MockTransport(lambda _: httpx.Response(200, content=body))
    connector = connecting(transport=transport)
    with pytest.raises(Unrecognised):
        await connector.firing()
    assert (await connector.check("checkout", now=NOW)).is_healthy is None


async def test_labels_with_several_values(connecting: Connecting, at_nine: FakeAlertmanager):
    labels = {"team": "payments", "severity": ["page", "critical"]}
    connector = connecting(services={"checkout": labels})
    at_nine.fire("Slow", team="payments", severity="info")
    assert (await connector.check("checkout", now=NOW)).is_healthy is None
    at_nine.fire("Down", team="payments", severity="page")
    assert (await connector.check("checkout", now=NOW)).is_healthy is False


async def test_check(connecting: Connecting, at_nine: FakeAlertmanager):
    """Version, what fires, and whether it would tell."""
    at_nine.fire("CheckoutDown", service="checkout")
    assert (await connecting().check()).startswith(
        "alertmanager/main: Alertmanager 0.25.0 at http://127.0.0.1:9093; 1 alert fires, and neither"
    )
    assert "its webhooks are refused" in await connecting(signing_secrets=[]).check()


async def test_the_heartbeat_is_no_alert(connecting: Connecting, server: FakeAlertmanager):
    """It is about no service and never ends: neither told nor listed, and `check` says what it proves."""
    server.fire("Watchdog")
    only_that = server.notification()
    server.fire("CheckoutDown", service="checkout")
    both = server.notification()
    connector, without_one = connecting(), connecting(heartbeat=None)
    assert only_that is not None
    assert both is not None

    def told(one: Alertmanager, body: bytes) -> list[str]:
        found = one.events(Verified(headers=(), body=body, identity="x"))
        return sorted(event.summary for event in found if isinstance(event, AlertEvent))

    assert (told(connector, only_that), told(connector, both)) == ([], ["CheckoutDown"])
    assert [event.summary for event in await connector.firing()] == ["CheckoutDown"]
    assert told(without_one, both) == ["CheckoutDown", "Watchdog"]
    assert "1 alert fires; the heartbeat came at" in await connector.check()
    assert (
        "2 alerts fire, and no heartbeat is named that would prove that one could"
        in await without_one.check()
    )


class FakeWorks:
    good, bad, missing = SILENCE, "bad", "Silence everything"

    def __init__(self, server: FakeAlertmanager) -> None:
        self._server = server

    @property
    def started(self) -> int:
        return len(self._server.silences)


class RefusingBad(httpx.AsyncBaseTransport):
    """The server refuses the silences of one action, as it does those with matchers it cannot take."""

    def __init__(self, server: FakeAlertmanager) -> None:
        self._behind = InProcessTransport(server.app)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        if request.method == "POST" and b": bad [" in await request.aread():
            return httpx.Response(400, json="silence invalid")
        return await self._behind.handle_async_request(request)


class TestAlertmanagerSilences(ActionRunnerContract):
    keys_are_honoured = True
    arguments = ARGUMENTS

    @pytest.fixture
    async def runner(self, connecting: Connecting, server: FakeAlertmanager) -> AsyncIterator[Alertmanager]:
        connector = connecting(transport=RefusingBad(server))
        yield connector
        await connector.aclose()

    @pytest.fixture
    def works(self, server: FakeAlertmanager) -> Works:
        return FakeWorks(server)

    @pytest.fixture
    def faults(self, server: FakeAlertmanager) -> Faults:
        return server.faults


class Losing(httpx.AsyncBaseTransport):
    """The answer to each POST is lost, after the work."""

    def __init__(self, server: FakeAlertmanager, *, looks_fail: bool = False) -> None:
        self._server = server
        self._behind = InProcessTransport(server.app)
        self._looks_fail = looks_fail

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        if request.method == "POST":
            self._server.faults.arm(FaultKind.DROP_REPLY)
            if self._looks_fail:
                self._server.faults.arm(FaultKind.OUTAGE, times=None)
        return await self._behind.handle_async_request(request)


async def test_a_lost_answer_is_looked_up(connecting: Connecting, server: FakeAlertmanager):
    """The same POST twice would be two silences."""
    connector = connecting(transport=Losing(server))
    run = await connector.run(SILENCE, ARGUMENTS, once="INC-1:action:1")
    assert run.state is ActionState.SUCCEEDED
    assert [one.id for one in server.silences] == [run.id]


async def test_a_lost_answer_that_cannot_be_looked_up(connecting: Connecting, server: FakeAlertmanager):
    """Nothing is claimed; the next try finds it."""
    connector = connecting(transport=Losing(server, looks_fail=True))
    with pytest.raises(Unknown):
        await connector.run(SILENCE, ARGUMENTS, once="INC-1:action:1")
    server.faults.clear()
    run = await connecting().run(SILENCE, ARGUMENTS, once="INC-1:action:1")
    assert [one.id for one in server.silences] == [run.id]


async def test_what_the_silence_says(connecting: Connecting, at_nine: FakeAlertmanager):
    """For the service's alerts alone, for the stated time, with the incident and who approved it."""
    run = await connecting().run(SILENCE, ARGUMENTS, once="INC-1:action:1")
    (silence,) = at_nine.silences
    assert silence.body["comment"].startswith(f"INC-1: {SILENCE} [liaison:")
    assert silence.body["createdBy"] == "Ada"
    assert silence.ends_at == NOW + timedelta(hours=1)
    assert silence.covers({"service": "checkout", "alertname": "CheckoutDown"})
    assert not silence.covers({"service": "search"})
    assert run.detail == f"silenced until 10:30 UTC, as silence {silence.id}"


async def test_several_values_are_matched_literally(connecting: Connecting, at_nine: FakeAlertmanager):
    connector = connecting(services={"checkout": {"service": ["pay.1", "a|b"]}})
    await connector.run(SILENCE, ARGUMENTS, once="INC-1:action:1")
    (silence,) = at_nine.silences
    assert [silence.covers({"service": name}) for name in ("pay.1", "a|b", "payX1", "a", "b")] == [
        True,
        True,
        False,
        False,
        False,
    ]


async def test_nobody_approved_it(connecting: Connecting, server: FakeAlertmanager):
    with pytest.raises(NotAllowed, match="approved_by"):
        await connecting().run(SILENCE, {"service": "checkout", "incident": "INC-1"}, once="x")
    with pytest.raises(Refused, match="no labels"):
        await connecting().run(SILENCE, {"approved_by": "Ada"}, once="x")
    assert server.silences == []


async def test_a_silence_that_was_ended_is_read_back(connecting: Connecting, at_nine: FakeAlertmanager):
    """The server's word counts, not the answer to the POST."""
    run = await connecting().run(SILENCE, ARGUMENTS, once="INC-1:action:1")
    at_nine.silences[0].ends_at = NOW - timedelta(minutes=1)
    assert (await connecting().follow(run.id)).state is ActionState.FAILED
    at_nine.silences.clear()
    assert "not there any more" in (await connecting().follow(run.id)).detail
    with pytest.raises(Refused, match="no silence's id"):
        await connecting().follow("../alerts")


async def test_a_read_back_that_fails_is_followed(connecting: Connecting, server: FakeAlertmanager):
    server.faults.arm(FaultKind.OUTAGE, where="/silence/", times=None)
    run = await connecting().run(SILENCE, ARGUMENTS, once="INC-1:action:1")
    assert run.state is ActionState.RUNNING
    with pytest.raises(Unreachable):
        await connecting().follow(run.id)
    server.faults.clear()
    assert (await connecting().follow(run.id)).state is ActionState.SUCCEEDED


class TestAlertmanagerBlock(BlockStandardTestSuite):
    @pytest.fixture
    def block(self) -> type[Block]:
        return AlertmanagerBlock

    def test_has_a_valid_image(self, block: type[Block]) -> None:
        """In place of the suite's own, which fetches the logo over the network."""
        assert str(block._logo_url).startswith("https://")


def test_what_prefect_keeps_is_what_it_loads():
    block = AlertmanagerBlock.model_validate({**SETTINGS, "bearer_token": TOKEN})
    shown = block.model_dump_json(context={"include_secrets": True})
    assert AlertmanagerBlock.model_validate_json(shown).bearer_token == block.bearer_token
    assert TOKEN not in block.model_dump_json()
    assert isinstance(block.connector("alertmanager/main"), Alertmanager)
