"""Alerta through the fake: what the plugin sends, what the API lists, and what that says of a service."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

import httpx
import pytest
from prefect.blocks.core import Block
from prefect.testing.standard_test_suites.blocks import BlockStandardTestSuite
from pydantic import ValidationError

from blocks.alerta import AlertaBlock
from connectors.alerta import Alerta, AlertaSettings
from connectors.alerta.connector import PAGE_SIZE
from connectors.alerta.fake.app import FakeAlerta, FakeAlertaAlert
from connectors.kit.fakes.faults import FaultKind, Faults
from incidents.alerts.episodes import EpisodeEnd, heard, seen
from incidents.errors import NotAllowed, Unreachable, Unrecognised
from incidents.events import AlertEvent, AlertLabels, Verified
from tests.connectors.alerta.conftest import BASE, BEAT, SETTINGS, Connecting
from tests.contracts.alert_source import AlertSourceContract, Monitor
from tests.contracts.impact_probe import NOW, ImpactProbeContract, Scene
from tests.contracts.webhook_source import FIRST, Headers, Sign, WebhookSourceContract

KEY = "api-key-of-a-test"


def ticking(server: FakeAlerta) -> None:
    moments = (NOW + timedelta(seconds=number) for number in count())
    server.clock = lambda: next(moments)


def told_by(server: FakeAlerta, connector: Alerta) -> list[AlertEvent]:
    """What the plugin has sent, in our words."""
    found = []
    for body in server.told:
        found += connector.events(Verified(headers=(), body=body, identity="x"))
    return [event for event in found if isinstance(event, AlertEvent)]


class FakeMonitor:
    def __init__(self, server: FakeAlerta, connector: Alerta) -> None:
        self._server = server
        self._connector = connector
        self._alerts: dict[str, FakeAlertaAlert] = {}
        ticking(server)

    def fire(self, name: str) -> None:
        self._alerts[name] = self._server.send(name)

    def end(self, name: str) -> None:
        self._server.send(name, severity="normal")

    def silence(self, name: str) -> None:
        self._server.act(self._alerts[name], "shelved")

    def told(self) -> Sequence[AlertEvent]:
        return told_by(self._server, self._connector)


class TestAlertaAlerts(AlertSourceContract):
    @pytest.fixture
    async def source(self, connecting: Connecting) -> AsyncIterator[Alerta]:
        connector = connecting()
        yield connector
        await connector.aclose()

    @pytest.fixture
    def monitor(self, server: FakeAlerta, source: Alerta) -> Monitor:
        return FakeMonitor(server, source)

    @pytest.fixture
    def faults(self, server: FakeAlerta) -> Faults:
        return server.faults


class TestAlertaWebhook(WebhookSourceContract):
    signature_headers = ("Authorization",)
    signs_body = False

    @pytest.fixture
    def source(self, connecting: Connecting) -> Alerta:
        return connecting()

    @pytest.fixture
    def now(self) -> datetime:
        return NOW

    @pytest.fixture
    def a_body(self) -> bytes:
        server = FakeAlerta()
        server.send("CheckoutDown", text="Customers cannot pay", tags=["severity=page"])
        return server.told[0]

    @pytest.fixture
    def signed(self, now: datetime) -> Sign:
        def sign(body: bytes, *, secret: bytes = FIRST, at: datetime = now) -> Headers:
            del body, at
            return [("Authorization", f"Bearer {secret.decode()}"), ("Content-Type", "application/json")]

        return sign


class FakeScene:
    def __init__(self, server: FakeAlerta) -> None:
        self._server = server

    def healthy(self) -> None:
        self._server.alerts.clear()
        self._server.heartbeats[BEAT] = "ok"

    def failing(self) -> None:
        self._server.send("CheckoutDown")

    def blind(self) -> None:
        self._server.faults.arm(FaultKind.UNAUTHORIZED, times=None)


class TestAlertaProbe(ImpactProbeContract):
    secrets = (KEY,)

    @pytest.fixture
    async def probe(self, connecting: Connecting, server: FakeAlerta) -> AsyncIterator[Alerta]:
        server.api_key = KEY
        connector = connecting(api_key=KEY)
        yield connector
        await connector.aclose()

    @pytest.fixture
    def scene(self, server: FakeAlerta) -> Scene:
        return FakeScene(server)


def test_what_an_alert_says(connecting: Connecting, server: FakeAlerta):
    server.clock = lambda: NOW
    alert = server.send("CheckoutDown", text="Customers cannot pay", tags=["pager=yes", "urgent"])
    (event,) = told_by(server, connecting())
    assert event == AlertEvent(
        connection="alerta/main",
        key=alert.id,
        started_at=NOW,
        labels=(
            ("environment", "Production"),
            ("event", "CheckoutDown"),
            ("group", "Misc"),
            ("origin", "rules/monitor01"),
            ("resource", "web01"),
            ("service", "checkout"),
            ("severity", "critical"),
            ("tag.pager", "yes"),
            ("type", "exceptionAlert"),
        ),
        summary="CheckoutDown on web01: Customers cannot pay",
        url=f"https://alerta.example/alert/{alert.id}",
    )


def _service(_: str, labels: AlertLabels) -> str | None:
    return dict(labels).get("service")


def episodes(server: FakeAlerta, connector: Alerta) -> list[EpisodeEnd | None]:
    """How the episodes of all that was told stand, the oldest first."""
    found = heard([], told_by(server, connector), _service, now=NOW)
    return [one.end for one in sorted(found, key=lambda one: one.started_at)]


@pytest.mark.parametrize("how", ["normal", "closed", "expired", "deleted"])
def test_it_is_over_however_it_ends(connecting: Connecting, server: FakeAlerta, how: str):
    """Severity `normal` comes with a createTime of its own; the plugin tells the change of status before that."""
    ticking(server)
    alert = server.send("CheckoutDown")
    if how == "normal":
        server.send("CheckoutDown", severity="normal")
    elif how == "closed":
        server.act(alert, "closed")
    elif how == "expired":
        server.housekeep()
    else:
        server.delete(alert)
    ends = episodes(server, connecting())
    assert ends[0] is EpisodeEnd.TOLD
    assert None not in ends


@pytest.mark.parametrize("how", ["normal", "deleted"])
def test_it_ends_when_it_ended(connecting: Connecting, server: FakeAlerta, how: str):
    """What is told before Alerta has done it is not dated back to what was before."""
    server.clock = lambda: NOW
    alert = server.send("CheckoutDown")
    server.clock = lambda: NOW + timedelta(hours=1)
    if how == "normal":
        server.send("CheckoutDown", severity="normal")
    else:
        server.delete(alert)
    _, ended, *_ = told_by(server, connecting())
    assert (ended.started_at, ended.ended_at) == (NOW, NOW + timedelta(hours=1))


def test_another_severity_is_another_episode(connecting: Connecting, server: FakeAlerta):
    ticking(server)
    server.send("CheckoutDown", severity="warning")
    server.send("CheckoutDown", severity="critical")
    assert episodes(server, connecting()) == [EpisodeEnd.REPLACED, None]


@pytest.mark.parametrize(
    ("status", "is_silenced"), [("ack", False), ("assign", False), ("shelved", True), ("blackout", True)]
)
async def test_whose_it_is_ends_nothing(
    connecting: Connecting, server: FakeAlerta, status: str, is_silenced: bool
):
    server.act(server.send("CheckoutDown"), status)
    (event,) = await connecting().firing()
    assert (event.ended_at, event.is_silenced) == (None, is_silenced)


async def test_an_expired_one_does_not_fire(connecting: Connecting, server: FakeAlerta):
    server.send("CheckoutDown")
    server.housekeep()
    assert await connecting().firing() == []


async def test_more_than_a_page(connecting: Connecting, server: FakeAlerta):
    """All of them, in as many calls as it takes; and a list without an end is no list."""
    for number in range(PAGE_SIZE + 1):
        server.send("Down", f"web{number}")
    assert len(await connecting().firing()) == PAGE_SIZE + 1
    endless = httpx.MockTransport(lambda _: httpx.Response(200, json={"more": True, "alerts": []}))
    with pytest.raises(Unreachable, match="goes on"):
        await connecting(transport=endless).firing()


@pytest.mark.parametrize("body", [{}, {"alerts": {}}, {"alerts": [{}]}, {"alerts": ["a"]}, []])
async def test_a_list_that_cannot_be_read_is_no_list(connecting: Connecting, body: Any):
    transport = httpx.MockTransport(lambda _: httpx.Response(200, json=body))
    with pytest.raises(Unrecognised):
        await connecting(transport=transport).firing()
    assert (await connecting(transport=transport).check("checkout", now=NOW)).is_healthy is None


@pytest.mark.parametrize(
    ("settings", "status", "words"),
    [
        ({"heartbeat": None}, "ok", "no heartbeat is named"),
        ({}, None, "the heartbeat of rules/monitor01 is not there"),
        ({}, "slow", "is slow"),
        ({}, "expired", "is expired"),
        ({"default": None}, "ok", "no labels name"),
    ],
)
async def test_no_alert_is_no_proof(
    connecting: Connecting, server: FakeAlerta, settings: dict[str, Any], status: str | None, words: str
):
    if status is not None:
        server.heartbeats[BEAT] = status
    look = await connecting(**settings).check("checkout", now=NOW)
    assert look.is_healthy is None
    assert words in look.summary


async def test_value_since_when_and_how_many(connecting: Connecting, server: FakeAlerta):
    """What is shelved fires all the same."""
    server.clock = lambda: NOW
    server.send("CheckoutDown", text="Customers cannot pay")
    server.act(server.send("CheckoutSlow"), "shelved")
    server.send("SearchSlow", service="search")
    look = await connecting().check("checkout", now=NOW)
    assert look.is_healthy is False
    assert look.summary.startswith(
        "2 alerts are open, 1 of them shelved or in a blackout, since 2026-03-02 09:30 UTC"
    )
    assert (await connecting().check()).startswith(f"alerta/main: Alerta at {BASE}; 3 alerts are open")


@pytest.mark.parametrize(
    ("body", "why"),
    [
        ({"version": 2, "alert": {}}, "install it anew"),
        ({"version": 1, "alert": {"status": "open"}}, "no usable id"),
        ({"version": 1, "alert": {"id": "x", "status": ""}}, "no status"),
        ({"version": 1, "alert": {"id": "x", "status": "open", "createTime": "soon"}}, "a time is missing"),
    ],
)
def test_what_cannot_be_read_is_parked(connecting: Connecting, body: dict[str, Any], why: str):
    with pytest.raises(Unrecognised, match=why):
        connecting().events(Verified(headers=(), body=json.dumps(body).encode(), identity="x"))


def test_without_secrets_webhooks_are_our_own_mistake(connecting: Connecting):
    with pytest.raises(NotAllowed, match="signing_secrets"):
        connecting(signing_secrets=[]).verify([], b"{}", now=NOW)


async def test_a_look_counts_as_it_is(connecting: Connecting, server: FakeAlerta):
    """Nothing was told: Alerta's plugin gives up after three seconds, and Alerta tells nobody again."""
    ticking(server)
    alert = server.send("CheckoutDown")
    server.told.clear()
    known = seen([], await connecting().firing(), _service, since=NOW, now=NOW)
    assert [one.is_firing for one in known] == [True]
    server.act(alert, "closed")
    server.told.clear()
    later = datetime.now(UTC)
    for _ in range(2):
        known = seen(known, await connecting().firing(), _service, since=later, now=later)
    assert [one.end for one in known] == [EpisodeEnd.GONE]


@pytest.mark.parametrize(
    ("settings", "why"),
    [
        ({"signing_secrets": ["short"]}, "under 16 bytes"),
        ({"url": "alerta:8080"}, "must be an address"),
        ({"services": {"checkout": {}}}, "at least one label"),
        ({"default": {"service": "checkout"}}, r"\{service\}"),
        ({"url": "http://alerta.example/api", "api_key": "k3y"}, "https only"),
    ],
    ids=str,
)
def test_settings_that_cannot_be_meant(settings: dict[str, Any], why: str):
    with pytest.raises(ValidationError, match=why):
        AlertaSettings.model_validate({"url": BASE, **settings})


class TestAlertaBlock(BlockStandardTestSuite):
    @pytest.fixture
    def block(self) -> type[Block]:
        return AlertaBlock

    def test_has_a_valid_image(self, block: type[Block]) -> None:
        """In place of the suite's own, which fetches the logo over the network."""
        assert str(block._logo_url).startswith("https://")


def test_what_prefect_keeps_is_what_it_loads():
    block = AlertaBlock.model_validate({**SETTINGS, "api_key": KEY})
    shown = block.model_dump_json(context={"include_secrets": True})
    assert AlertaBlock.model_validate_json(shown).api_key == block.api_key
    assert KEY not in block.model_dump_json()
    assert isinstance(block.connector("alerta/main"), Alerta)
