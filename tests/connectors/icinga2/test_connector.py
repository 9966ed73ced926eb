"""Icinga 2 on its fake: the contracts, each way of a look to prove nothing, and what 2.13 was seen to do."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
from prefect.blocks.core import Block
from prefect.testing.standard_test_suites.blocks import BlockStandardTestSuite
from pydantic import ValidationError

from blocks.icinga2 import Icinga2Block
from connectors.icinga2 import Icinga2, Icinga2Settings
from connectors.icinga2.fake.app import PASSWORD, FakeIcinga2
from connectors.kit.fakes.faults import FaultKind, Faults
from incidents.events import AlertEvent
from incidents.ports import AlertSource
from tests.connectors.icinga2.conftest import Clock, connect, settings
from tests.contracts.alert_source import AlertSourceContract, Monitor
from tests.contracts.impact_probe import NOW, ImpactProbeContract, Scene

ARGUMENTS = {"service": "checkout", "incident": "INC-1", "approved_by": "Ada"}
ONCE = "INC-1:action:1"


class FakeScene:
    def __init__(self, server: FakeIcinga2) -> None:
        self._server = server

    def healthy(self) -> None:
        self._server.result("web!http", 0, "fine")

    def failing(self) -> None:
        self._server.result("web!http", 2, "connection refused")

    def blind(self) -> None:
        self._server.faults.arm(FaultKind.UNAUTHORIZED, times=None)


class TestIcinga2Probe(ImpactProbeContract):
    secrets = (PASSWORD,)

    @pytest.fixture
    def probe(self, icinga: Icinga2) -> Icinga2:
        return icinga

    @pytest.fixture
    def scene(self, server: FakeIcinga2) -> Scene:
        return FakeScene(server)


class FakeMonitor:
    def __init__(self, server: FakeIcinga2, clock: Clock) -> None:
        self._server = server
        self._clock = clock

    def fire(self, name: str) -> None:
        full = f"web!{name}"
        if full not in self._server.objects:
            self._server.add(full)
            self._result(full, 0)
        self._result(full, 2)

    def end(self, name: str) -> None:
        self._result(f"web!{name}", 0)

    def silence(self, name: str) -> None:
        self._server.acknowledge(f"web!{name}")

    def told(self) -> Sequence[AlertEvent]:
        raise AssertionError("Icinga sends no webhooks")

    def _result(self, name: str, state: int) -> None:
        self._clock.seconds += 1
        self._server.result(name, state, "said so")


class TestIcinga2Alerts(AlertSourceContract):
    @pytest.fixture
    def source(self, icinga: Icinga2) -> Icinga2:
        return icinga

    @pytest.fixture
    def monitor(self, server: FakeIcinga2, clock: Clock) -> Monitor:
        return FakeMonitor(server, clock)

    @pytest.fixture
    def faults(self, server: FakeIcinga2) -> Faults:
        return server.faults

    async def test_a_look_and_a_webhook_name_the_same_episode(
        self, source: AlertSource, monitor: Monitor
    ) -> None:
        """Without webhooks: two looks do, whatever checks said between them."""
        monitor.fire("one")
        (first,) = await source.firing()
        monitor.fire("one")
        (second,) = await source.firing()
        assert (first.key, first.started_at) == (second.key, second.started_at)


@pytest.mark.parametrize(
    ("state", "is_hard", "age", "is_reachable", "healthy", "says"),
    [
        (0, True, 0, True, True, "web!http OK since"),
        (1, True, 0, True, True, "web!http WARNING"),
        (2, True, 0, True, False, "web!http CRITICAL since 2026-03-02 09:30 UTC: said so"),
        (2, False, 0, True, None, "CRITICAL and tried again"),
        (2, True, 0, False, None, "behind something that cannot be reached"),
        (3, True, 0, True, None, "web!http is UNKNOWN"),
        (4, True, 0, True, None, "web!http is state 4"),
        (0, True, 1000, True, None, "the last check of web is"),
    ],
)
async def test_what_a_look_says(
    *,
    server: FakeIcinga2,
    clock: Clock,
    icinga: Icinga2,
    state: int,
    is_hard: bool,
    age: float,
    is_reachable: bool,
    healthy: bool | None,
    says: str,
):
    server.result("web!http", state, "said so", is_hard=is_hard)
    server.objects["web!http"].is_reachable = is_reachable
    clock.seconds += age
    look = await icinga.check("checkout", now=clock.now())
    assert look.is_healthy is healthy
    assert says in look.summary


async def test_a_warning_counts_where_the_operator_says_so(server: FakeIcinga2, clock: Clock):
    server.result("web!http", 1, "slow")
    icinga = connect(server, clock, fails_at="warning")
    assert (await icinga.check("checkout", now=NOW)).is_healthy is False
    await icinga.aclose()


async def test_a_host_that_is_down(server: FakeIcinga2, icinga: Icinga2):
    server.result("web", 1, "no answer")
    look = await icinga.check("checkout", now=NOW)
    assert look.is_healthy is False
    assert look.summary.startswith("web DOWN since")
    assert look.url == "https://icinga.test/icingaweb2/icingadb/host?name=web"


async def test_hidden_from_engineers_is_not_hidden_from_customers(server: FakeIcinga2, icinga: Icinga2):
    """Acknowledged, in downtime: it fails all the same, and the look says so."""
    server.result("web!http", 2, "refused")
    server.acknowledge("web!http")
    await icinga.run("quiet-it", ARGUMENTS, once=ONCE)
    look = await icinga.check("checkout", now=NOW)
    assert look.is_healthy is False
    assert "(acknowledged, in downtime): refused" in look.summary


async def test_what_is_not_there_or_never_checked(server: FakeIcinga2, clock: Clock):
    """Neither is health, and a failure beside it is a failure."""
    icinga = connect(server, clock, services={"checkout": ["web!gone", "web!db", "web!http"]})
    look = await icinga.check("checkout", now=NOW)
    assert look.is_healthy is None
    assert look.summary == "Icinga has no object web!gone; web!db was never checked"
    server.result("web!http", 2)
    assert (await icinga.check("checkout", now=NOW)).is_healthy is False
    assert (await icinga.check("search", now=NOW)).is_healthy is None
    await icinga.aclose()


@pytest.mark.parametrize("service", ["web!http", "a!b", 'x" || true', "*", "../hosts"])
async def test_a_services_name_is_never_a_filter(server: FakeIcinga2, clock: Clock, service: str):
    """It would take every object there is; nor is it another object's name."""
    server.result("web!http", 2)
    for default in ("web!{service}", "{service}"):
        icinga = connect(server, clock, services={}, default=[default])
        assert (await icinga.check(service, now=NOW)).is_healthy is None
        await icinga.aclose()


async def test_check_describes(server: FakeIcinga2, icinga: Icinga2):
    server.result("web!http", 2, "refused")
    server.has_events = False
    assert await icinga.check() == (
        "icinga2/main: Icinga r2.13.6-1 at https://icinga.test:5665; 1 problems; its events are not heard, looked at"
        " each 15 s (icinga2/main POST /v1/events: HTTP 403; check the connection's credentials and scopes)"
    )


async def test_an_alert(server: FakeIcinga2, clock: Clock, icinga: Icinga2):
    """It began when it was last seen well, also when it gets worse; texts among its variables are labels."""
    server.objects["web!http"].vars = {"team": "payments", "port": 443}  # type: ignore[dict-item]
    clock.seconds += 60
    server.result("web!http", 1, "slow")
    (first,) = await icinga.firing()
    clock.seconds += 60
    server.result("web!http", 2, "refused")
    (second,) = await icinga.firing()
    assert first.started_at == second.started_at == NOW
    assert second.key == "web!http"
    assert second.labels == (("host", "web"), ("service", "http"), ("vars.team", "payments"))
    assert second.summary == "web!http is CRITICAL: refused"
    assert second.url == "https://icinga.test/icingaweb2/icingadb/service?name=http&host.name=web"


async def test_what_fires_not_yet(server: FakeIcinga2, icinga: Icinga2):
    """Never checked, or tried again."""
    server.result("web!http", 2, is_hard=False)
    assert await icinga.firing() == []


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"url": "icinga:5665"}, "must be an address"),
        ({"url": "http://icinga.test:5665"}, "over https"),
        ({"services": {"checkout": []}}, "at least one object"),
        ({"services": {"checkout": ["web!http!x"]}}, "at least one object"),
        ({"default": ["web"]}, "must have {service}"),
        ({"authority_pem": "nonsense"}, "must be a certificate"),
        ({"actions": {"quiet": {"do": "downtime"}}}, "needs its length"),
        ({"actions": {"quiet": {"do": "reboot"}}}, "acknowledge"),
    ],
)
def test_settings_that_cannot_work(change: dict[str, Any], says: str):
    """Each mistake is told, without the password."""
    with pytest.raises(ValidationError, match=says) as caught:
        settings(**change)
    assert PASSWORD not in str(caught.value)


def test_a_single_name_is_a_list_of_one():
    assert settings(services={"checkout": "web!http"}).objects_of("checkout") == ["web!http"]


class TestIcinga2Block(BlockStandardTestSuite):
    @pytest.fixture
    def block(self) -> type[Block]:
        return Icinga2Block

    def test_has_a_valid_image(self, block: type[Block]) -> None:
        """Prefect's own test loads the picture from the internet; ours only asks that there is an address."""
        assert str(block._logo_url).startswith("https://")


async def test_opens_a_connector():
    """The block's settings are the connector's, and its secret stays hidden."""
    block = Icinga2Block(**dict(settings()))
    icinga = block.connector("icinga2/main")
    assert isinstance(icinga, Icinga2)
    assert isinstance(block, Icinga2Settings)
    assert PASSWORD not in repr(block)
    await icinga.aclose()
