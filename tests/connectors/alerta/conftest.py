"""An Alerta in this process, and the connector before it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import httpx
import pytest

from connectors.alerta import Alerta, AlertaSettings
from connectors.alerta.fake.app import FakeAlerta
from connectors.kit.fakes.in_process import InProcessTransport
from tests.contracts.webhook_source import FIRST, SECOND

BASE, BEAT = "http://127.0.0.1:8080/api", "rules/monitor01"
SETTINGS: dict[str, Any] = {
    "url": BASE,
    "signing_secrets": [FIRST.decode(), SECOND.decode()],
    "heartbeat": BEAT,
    "public_url": "https://alerta.example",
}
Connecting = Callable[..., Alerta]


@pytest.fixture
def server() -> FakeAlerta:
    return FakeAlerta(token=FIRST.decode())


@pytest.fixture
def connecting(server: FakeAlerta) -> Connecting:
    """A connector with these settings changed."""

    def made(transport: httpx.AsyncBaseTransport | None = None, **settings: Any) -> Alerta:
        known = AlertaSettings.model_validate({**SETTINGS, **settings})
        return Alerta("alerta/main", known, transport=transport or InProcessTransport(server.app))

    return made
