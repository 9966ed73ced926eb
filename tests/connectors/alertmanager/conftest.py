"""An Alertmanager in this process, and the connector before it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

import httpx
import pytest

from connectors.alertmanager import Alertmanager, AlertmanagerSettings
from connectors.alertmanager.fake.app import FakeAlertmanager
from connectors.kit.fakes.in_process import InProcessTransport
from tests.contracts.webhook_source import FIRST, SECOND

BASE = "http://127.0.0.1:9093"
SILENCE = "Silence its alerts for an hour"
SETTINGS: dict[str, Any] = {
    "url": BASE,
    "signing_secrets": [FIRST.decode(), SECOND.decode()],
    "heartbeat": {"alertname": "Watchdog"},
    "silences": {SILENCE: {"minutes": 60}, "bad": {"minutes": 60}},
}
Connecting = Callable[..., Alertmanager]


@pytest.fixture
def server() -> FakeAlertmanager:
    return FakeAlertmanager(token=FIRST.decode())


@pytest.fixture
def connecting(server: FakeAlertmanager) -> Connecting:
    """A connector with these settings changed, by the server's clock, also where a test sets it later."""

    def now() -> datetime:
        return server.clock()

    def made(transport: httpx.AsyncBaseTransport | None = None, **settings: Any) -> Alertmanager:
        known = AlertmanagerSettings.model_validate({**SETTINGS, **settings})
        return Alertmanager(
            "alertmanager/main",
            known,
            transport=transport or InProcessTransport(server.app),
            now=now,
        )

    return made
