"""Webhooks: only who shows the token gets in, and each alert counts by its own status."""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime
from typing import Any

import pytest
from pydantic import ValidationError

from connectors.alertmanager import Alertmanager, AlertmanagerSettings
from connectors.alertmanager.fake.app import FakeAlertmanager
from incidents.errors import Forged, NotAllowed, Unrecognised
from incidents.events import AlertEvent, AlertsLeftOut, Lane, Verified
from tests.connectors.alertmanager.conftest import BASE, Connecting
from tests.contracts.webhook_source import FIRST, Headers, Sign, WebhookSourceContract
from tests.shared_folder import shared_path

NOW = datetime(2026, 11, 30, 9, 0, tzinfo=UTC)
USER = "liaison:the-password-of-a-test"


class TestAlertmanagerWebhook(WebhookSourceContract):
    signature_headers = ("Authorization",)
    signs_body = False

    @pytest.fixture
    def source(self, connecting: Connecting) -> Alertmanager:
        return connecting()

    @pytest.fixture
    def now(self) -> datetime:
        return NOW

    @pytest.fixture
    def a_body(self) -> bytes:
        server = FakeAlertmanager()
        server.fire("CheckoutDown", service="checkout", summary="Customers cannot pay")
        server.fire("SearchSlow", service="search")
        body = server.notification()
        assert body is not None
        return body

    @pytest.fixture
    def signed(self, now: datetime) -> Sign:
        def sign(body: bytes, *, secret: bytes = FIRST, at: datetime = now) -> Headers:
            del body, at
            return [("Authorization", f"Bearer {secret.decode()}"), ("Content-Type", "application/json")]

        return sign


def events(connector: Alertmanager, body: Any) -> list[Any]:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return list(connector.events(Verified(headers=(), body=raw, identity="x")))


def a_body(*alerts: dict[str, Any], **changes: Any) -> dict[str, Any]:
    return {"version": "4", "status": "firing", "alerts": list(alerts), "truncatedAlerts": 0, **changes}


def an_alert(**changes: Any) -> dict[str, Any]:
    return {
        "status": "firing",
        "labels": {"alertname": "CheckoutDown", "service": "checkout"},
        "annotations": {"summary": "Customers cannot pay"},
        "startsAt": "2026-11-30T08:55:08.632654321Z",
        "endsAt": "0001-01-01T00:00:00Z",
        "generatorURL": "http://prometheus:9090/graph",
        "fingerprint": "39c757562aedef64",
        **changes,
    }


def test_a_firing_alert(connecting: Connecting):
    (event,) = events(connecting(), a_body(an_alert()))
    assert event == AlertEvent(
        connection="alertmanager/main",
        key="39c757562aedef64",
        started_at=datetime(2026, 11, 30, 8, 55, 8, 632000, tzinfo=UTC),
        ended_at=None,
        labels=(("alertname", "CheckoutDown"), ("service", "checkout")),
        summary="CheckoutDown: Customers cannot pay",
        url="http://prometheus:9090/graph",
    )
    assert connecting().lane is Lane.STATUS_SYNC


def test_each_alert_by_its_own_status(connecting: Connecting):
    """The group is firing as long as one of them is."""
    over = an_alert(status="resolved", endsAt="2026-11-30T09:00:00Z", fingerprint="other")
    firing, ended = events(connecting(), a_body(an_alert(), over))
    assert firing.ended_at is None
    assert ended.ended_at == NOW


def test_an_end_that_cannot_be_is_the_start(connecting: Connecting):
    (event,) = events(connecting(), a_body(an_alert(status="resolved")))
    assert event.ended_at == event.started_at


@pytest.mark.parametrize(
    "changes",
    [
        {"fingerprint": ""},
        {"fingerprint": None},
        {"fingerprint": "f" * 300},
        {"startsAt": "yesterday"},
        {"startsAt": None},
        {"status": "suppressed"},
    ],
    ids=str,
)
def test_one_that_cannot_be_read_costs_no_other(connecting: Connecting, changes: dict[str, Any]):
    """The server is asked for what was lost; alone, it is parked."""
    first, left_out = events(connecting(), a_body(an_alert(), an_alert(**changes)))
    assert first.key == "39c757562aedef64"
    assert left_out == AlertsLeftOut(connection="alertmanager/main")
    with pytest.raises(Unrecognised, match="can be read"):
        events(connecting(), a_body(an_alert(**changes)))


def test_alerts_that_the_sender_left_out(connecting: Connecting):
    """`max_alerts`: the group's "resolved" covers what is not shown."""
    told = events(connecting(), a_body(an_alert(), truncatedAlerts=1))
    assert told[1:] == [AlertsLeftOut(connection="alertmanager/main")]


@pytest.mark.parametrize(
    ("body", "why"),
    [
        (a_body(an_alert(), version="1"), "version '1'"),
        (a_body(an_alert(), version=4), "version 'unknown'"),
        (a_body(), "no alerts"),
    ],
)
def test_another_senders_body_is_parked(connecting: Connecting, body: dict[str, Any], why: str):
    """Grafana's looks alike and says version 1."""
    with pytest.raises(Unrecognised, match=why):
        events(connecting(), body)


@pytest.mark.parametrize("url", ["javascript:alert(1)", "http://[", "", "http://x/" + "a" * 3000, None])
def test_an_address_that_is_none(connecting: Connecting, url: str | None):
    (event,) = events(connecting(), a_body(an_alert(generatorURL=url)))
    assert event.url is None


def test_basic_authentication(connecting: Connecting):
    connector = connecting(webhook_auth="basic", signing_secrets=[USER])
    shown = base64.b64encode(USER.encode()).decode()
    connector.verify([("Authorization", f"Basic {shown}")], b"{}", now=NOW)
    with pytest.raises(Forged):
        connector.verify([("Authorization", f"Bearer {USER}")], b"{}", now=NOW)


def test_the_credential_is_not_kept(connecting: Connecting):
    """What is in the inbox can be read by whoever reads the store."""
    verified = connecting().verify([("Authorization", f"Bearer {FIRST.decode()}")], b"{}", now=NOW)
    assert FIRST.decode() not in repr(verified)


def test_without_secrets_webhooks_are_our_own_mistake(connecting: Connecting):
    with pytest.raises(NotAllowed, match="signing_secrets"):
        connecting(signing_secrets=[]).verify([], b"{}", now=NOW)


@pytest.mark.parametrize(
    ("settings", "why"),
    [
        ({"signing_secrets": ["short"]}, "under 16 bytes"),
        ({"signing_secrets": ["without-a-user-name"], "webhook_auth": "basic"}, "user:password"),
        ({"url": "alertmanager:9093"}, "must be an address"),
        ({"url": "http://me@alertmanager:9093"}, "without user"),
        ({"services": {"checkout": {}}}, "at least one label"),
        ({"heartbeat": {"alertname": []}}, "at least one label"),
        ({"default": {"service": "checkout"}}, r"\{service\}"),
        ({"username": "ada"}, "belong together"),
        ({"username": "ada", "password": "p", "bearer_token": "t"}, "either"),
        ({"url": "http://alertmanager.example", "bearer_token": "t0ken"}, "https only"),
        ({"silences": {"long": {"minutes": 100_000}}}, "less than or equal"),
    ],
    ids=str,
)
def test_settings_that_cannot_be_meant(settings: dict[str, Any], why: str):
    with pytest.raises(ValidationError, match=why) as caught:
        AlertmanagerSettings.model_validate({"url": BASE, **settings})
    assert "without-a-user-name" not in str(caught.value)


@pytest.mark.shared
def test_what_a_real_one_sent(connecting: Connecting):
    """Captured from 0.25.0: firing, then resolved, of one episode."""
    told = []
    for name in ("1-firing", "2-resolved"):
        file = shared_path(f"specs/captures/alertmanager-0.25.0-webhook-{name}.json")
        told += events(connecting(), json.loads(file.read_text())["body"])
    firing, ended = told
    assert (firing.key, firing.started_at) == (ended.key, ended.started_at)
    assert firing.summary == "ServiceDown: api is down"
    assert (firing.ended_at, ended.ended_at is None) == (None, False)
