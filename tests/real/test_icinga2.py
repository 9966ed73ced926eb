"""The Icinga 2 connector's contracts on Debian's Icinga 2, and each trap that it was seen to set."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import aclosing
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest
import stamina

from bench.sandbox import until
from connectors.icinga2 import Icinga2, Icinga2Settings
from connectors.icinga2.fake.app import FAULTS
from connectors.kit.fakes.faults import FaultKind, Faults, FaultyApp
from connectors.kit.fakes.in_process import InProcessTransport
from incidents.actions import ActionState
from incidents.errors import NotAllowed, Unreachable
from incidents.events import AlertEvent
from incidents.ports import AlertSource
from tests.contracts.action_runner import ActionRunnerContract, Works
from tests.contracts.alert_source import AlertSourceContract, Monitor
from tests.contracts.impact_probe import ImpactProbeContract, Scene
from tests.contracts.listener import ListeningSourceContract, hear
from tests.real.icinga import PASSWORD, USER, RealIcinga, icinga
from tests.real.way import WayTo

pytestmark = pytest.mark.real

ARGUMENTS = {"service": "checkout", "incident": "INC-1", "approved_by": "Ada"}
ONCE = "INC-1:action:1"


@pytest.fixture(scope="module")
async def running_icinga() -> AsyncIterator[RealIcinga]:
    async with icinga() as server:
        yield server


@pytest.fixture
def server(running_icinga: RealIcinga) -> RealIcinga:
    running_icinga.calm()
    return running_icinga


@pytest.fixture
def faults() -> Faults:
    return Faults()


def settings(server: RealIcinga, **more: Any) -> Icinga2Settings:
    known = {
        "url": server.url,
        "username": USER,
        "password": PASSWORD,
        "services": {"checkout": ["web", "web!http"]},
        "actions": {
            "acknowledge-it": {"do": "acknowledge"},
            "quiet-it": {"do": "downtime", "minutes": 60},
        },
    }
    return Icinga2Settings.model_validate({**known, **more})


@pytest.fixture
async def connector(server: RealIcinga, faults: Faults) -> AsyncIterator[Icinga2]:
    async with httpx.AsyncClient(
        base_url=server.url,
        verify=False,  # noqa: S501 - it is on loopback
        trust_env=False,
    ) as http:
        transport = InProcessTransport(FaultyApp(WayTo(http).app, faults, FAULTS))
        connector = Icinga2("icinga2/real", settings(server), transport=transport, pause=0.1)
        # Contracts take more looks than Icinga is to be asked for in a minute.
        connector._http._pace = None
        yield connector
        await connector.aclose()


class RealScene:
    def __init__(self, server: RealIcinga, faults: Faults) -> None:
        self._server = server
        self._faults = faults

    def healthy(self) -> None:
        self._server.result("web!http", 0)

    def failing(self) -> None:
        self._server.result("web!http", 2, "connection refused")

    def blind(self) -> None:
        self._faults.arm(FaultKind.UNAUTHORIZED, times=None)


class TestIcinga2OnIcingaProbes(ImpactProbeContract):
    """All of the contract."""

    secrets = (PASSWORD,)

    @pytest.fixture
    def probe(self, connector: Icinga2) -> Icinga2:
        return connector

    @pytest.fixture
    def scene(self, server: RealIcinga, faults: Faults) -> Scene:
        return RealScene(server, faults)


class RealMonitor:
    def __init__(self, server: RealIcinga) -> None:
        self._server = server

    def fire(self, name: str) -> None:
        self._server.result(f"web!{name}", 2)

    def end(self, name: str) -> None:
        self._server.result(f"web!{name}", 0)

    def silence(self, name: str) -> None:
        self._server.act(
            "acknowledge-problem", **self._server.on(f"web!{name}"), author="ada", comment="mine"
        )

    def told(self) -> Sequence[AlertEvent]:
        raise AssertionError("Icinga sends no webhooks")


class TestIcinga2OnIcingaTellsAlerts(AlertSourceContract):
    """All of the contract that is not of webhooks."""

    @pytest.fixture
    def source(self, connector: Icinga2) -> Icinga2:
        return connector

    @pytest.fixture
    def monitor(self, server: RealIcinga) -> Monitor:
        return RealMonitor(server)

    async def test_a_look_and_a_webhook_name_the_same_episode(
        self, source: AlertSource, monitor: Monitor
    ) -> None:
        """Two looks do, whatever checks said between them."""
        monitor.fire("one")
        (first,) = await source.firing()
        monitor.fire("one")
        (second,) = await source.firing()
        assert (first.key, first.started_at) == (second.key, second.started_at)


class RealWorks:
    good, bad, missing = "quiet-it", "quiet-nothing", "no-such-action"

    def __init__(self, server: RealIcinga) -> None:
        self._server = server

    @property
    def started(self) -> int:
        return len(self._server.objects("downtimes")) // 2


class TestIcinga2OnIcingaActs(ActionRunnerContract):
    """All of the contract."""

    keys_are_honoured = True
    arguments = ARGUMENTS

    @pytest.fixture
    def runner(self, connector: Icinga2) -> Icinga2:
        return connector

    @pytest.fixture
    def works(self, server: RealIcinga) -> Works:
        return RealWorks(server)

    async def test_runs_to_failure(self, server: RealIcinga) -> None:  # type: ignore[override]
        """An object that is not there."""
        connector = Icinga2(
            "icinga2/real",
            settings(server, services={"checkout": ["web!gone"]}, authority_pem=server.authority_pem),
        )
        run = await connector.run("quiet-it", ARGUMENTS, once=ONCE)
        assert (run.state, "no object web!gone" in run.detail) == (ActionState.FAILED, True)
        await connector.aclose()


class FailingChecks:
    """Checks that fail, and a line that is cut."""

    def __init__(self, server: RealIcinga, faults: Faults) -> None:
        self._server = server
        self._faults = faults

    async def say(self, text: str) -> None:
        self._faults.clear()
        self._server.result(f"web!{text}", 2)

    async def hang_up(self) -> None:
        self._faults.arm(FaultKind.DROP_REPLY, times=None)


class TestIcinga2OnIcingaListens(ListeningSourceContract):
    """All of the contract."""

    @pytest.fixture
    def listener(self, connector: Icinga2) -> Icinga2:
        return connector

    @pytest.fixture
    def speaker(self, server: RealIcinga, faults: Faults) -> FailingChecks:
        return FailingChecks(server, faults)


async def test_who_has_it_is_heard(server: RealIcinga, connector: Icinga2) -> None:
    """From its beginning to its end, with who acknowledged it and who made the downtime."""
    _, cursor = await hear(connector, None, 0)
    server.result("web!one", 2, "refused")
    (first,), cursor = await hear(connector, cursor, 1)
    server.act(
        "acknowledge-problem", **server.on("web!one"), author="ada", comment="rolling back", sticky=True
    )
    (quiet,), cursor = await hear(connector, cursor, 1)
    server.result("web!one", 0)
    (over,), cursor = await hear(connector, cursor, 1)
    began, acknowledged, ended = [connector.events(one)[0] for one in (first, quiet, over)]
    assert isinstance(began, AlertEvent)
    assert isinstance(acknowledged, AlertEvent)
    assert isinstance(ended, AlertEvent)
    assert (began.is_silenced, acknowledged.is_silenced) == (False, True)
    assert acknowledged.summary == "web!one is CRITICAL (acknowledged by ada: rolling back): refused"
    assert began.started_at == acknowledged.started_at == ended.started_at
    assert ended.ended_at is not None
    server.result("web!http", 2, "refused")
    await connector.run("quiet-it", ARGUMENTS, once=ONCE)
    (alert,) = await connector.firing()
    assert alert.summary.startswith("web!http is CRITICAL (in downtime by Ada: INC-1: quiet-it [liaison:")


async def test_its_events_are_heard_at_once(server: RealIcinga) -> None:
    """It fails, is acknowledged by a person and is well again, with no look of its own time; a restart looks."""
    never = 500.0
    connector = Icinga2("icinga2/real", settings(server, authority_pem=server.authority_pem), pause=never)
    assert "changes are heard at once" in await connector.check()
    cursor, heard = None, []

    async def listen() -> None:
        nonlocal cursor
        async with aclosing(connector.listen(cursor)) as said:
            async for one in said:
                cursor = one.cursor
                heard.extend(event for delivery in one.deliveries for event in connector.events(delivery))

    async def hears(count: int) -> AlertEvent:
        async def has() -> bool:
            return len(heard) >= count

        await until(f"{count} are heard", has, 20)
        event = heard[count - 1]
        assert isinstance(event, AlertEvent)
        return event

    listening = asyncio.create_task(listen())

    async def is_first_look_done() -> bool:
        return cursor is not None

    await until("the first look", is_first_look_done, 20)
    server.result("web!one", 2, "refused")
    assert (await hears(1)).summary == "web!one is CRITICAL: refused"
    server.act("acknowledge-problem", **server.on("web!one"), author="ada", comment="mine", sticky=True)
    quiet = await hears(2)
    assert (quiet.is_silenced, "acknowledged by ada: mine" in quiet.summary) == (True, True)
    listening.cancel()
    await asyncio.gather(listening, return_exceptions=True)
    server.result("web!one", 0)
    listening = asyncio.create_task(listen())
    assert (await hears(3)).ended_at is not None
    listening.cancel()
    await asyncio.gather(listening, return_exceptions=True)
    await connector.aclose()


async def test_its_own_authority(server: RealIcinga) -> None:
    """Trusted by its certificate in the settings; not trusted without."""
    trusting = Icinga2("icinga2/real", settings(server, authority_pem=server.authority_pem))
    assert "Icinga r2." in await trusting.check()
    await trusting.aclose()
    with stamina.set_testing(True, attempts=1):
        suspicious = Icinga2("icinga2/real", settings(server))
        with pytest.raises(Unreachable):
            await suspicious.check()
        await suspicious.aclose()
    wrong = Icinga2("icinga2/real", settings(server, password="wrong", authority_pem=server.authority_pem))
    with pytest.raises(NotAllowed):
        await wrong.check()
    await wrong.aclose()


async def test_an_acknowledgement_holds_until_it_is_well(server: RealIcinga, connector: Icinga2) -> None:
    """Sticky: also when the state changes. Known by key; lost with the first OK."""
    server.result("web!http", 2)
    run = await connector.run("acknowledge-it", ARGUMENTS, once=ONCE)
    assert run == await connector.run("acknowledge-it", ARGUMENTS, once=ONCE)
    assert (run.state, run.detail) == (ActionState.SUCCEEDED, "web!http: in force")
    server.result("web!http", 1)
    (alert,) = await connector.firing()
    assert alert.is_silenced
    look = await connector.check("checkout", now=datetime.now(UTC))
    assert "(acknowledged)" in look.summary
    server.result("web!http", 0)
    assert await connector.firing() == []
    assert (await connector.follow(run.id)).state is ActionState.FAILED


async def test_nothing_left_to_acknowledge(server: RealIcinga, connector: Icinga2) -> None:
    """Icinga would answer 409 for what is well or acknowledged, and acknowledge what was never checked."""
    well = await connector.run("acknowledge-it", ARGUMENTS, once=ONCE)
    server.result("web!http", 2)
    server.act("acknowledge-problem", **server.on("web!http"), author="ada", comment="mine")
    again = await connector.run("acknowledge-it", ARGUMENTS, once="INC-1:action:2")
    assert well.state is again.state is ActionState.SUCCEEDED
    told = server.act("acknowledge-problem", **server.on("web!http"), author="ada", comment="mine")
    assert told.status_code == 409
    pending = server.act("acknowledge-problem", **server.on("web!pending"), author="ada", comment="mine")
    assert pending.status_code == 200


async def test_a_downtime_made_twice_is_two(server: RealIcinga, connector: Icinga2) -> None:
    """By Icinga itself, and it says success to one that ends before it begins; by us it is one, and read back."""
    await connector.run("quiet-it", ARGUMENTS, once=ONCE)
    run = await connector.run("quiet-it", ARGUMENTS, once=ONCE)
    assert run.state is ActionState.SUCCEEDED
    assert len(server.objects("downtimes")) == 2  # the host's and the service's
    backwards = server.act(
        "schedule-downtime", **server.on("web!one"), author="x", comment="x", start_time=2_000_000_000,
        end_time=1_900_000_000, fixed=True,
    )  # fmt: skip
    nothing = server.act("acknowledge-problem", **server.on("web!gone"), author="x", comment="x")
    assert (backwards.status_code, nothing.status_code, nothing.json()) == (200, 500, {"results": []})


async def test_what_proves_nothing(server: RealIcinga, connector: Icinga2) -> None:
    """UNKNOWN, also for an exit status that no check has."""
    for status in (3, 4):
        server.result("web!http", status)
        look = await connector.check("checkout", now=datetime.now(UTC))
        assert (look.is_healthy, look.summary) == (None, "web!http is UNKNOWN")


async def test_an_alerts_episode(server: RealIcinga, connector: Icinga2) -> None:
    """It began when it was last well, through all that it was since; another one after it was well."""
    starts = set()
    for state in (1, 2, 1):
        server.result("web!one", state)
        (alert,) = await connector.firing()
        starts.add(alert.started_at)
    assert len(starts) == 1
    assert alert.labels == (("host", "web"), ("service", "one"), ("vars.team", "payments"))
    server.result("web!one", 0)
    server.result("web!one", 2)
    (alert,) = await connector.firing()
    assert alert.started_at > max(starts)
