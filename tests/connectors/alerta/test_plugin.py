"""The plugin's own code, without Alerta: when what it tells is said to have ended."""

from __future__ import annotations

import asyncio
import importlib.util
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from connectors.alerta.fake.app import FakeAlertaAlert
from connectors.alerta.mapping import alert_event
from connectors.kit.fakes.loopback import serving
from connectors.kit.strict_json import parse_json
from incidents.events import AlertEvent
from tests.contracts.impact_probe import NOW
from tests.contracts.webhook_source import FIRST

CODE = Path(__file__).parents[3] / "connectors/alerta/plugin/liaison_alerta.py"
CALLS: dict[str, Callable[[Any, Any], object]] = {
    "closed": lambda plugin, alert: plugin.status_change(alert, "closed", ""),
    "expired": lambda plugin, alert: plugin.status_change(alert, "expired", ""),
    "deleted": lambda plugin, alert: plugin.delete(alert),
    "ack": lambda plugin, alert: plugin.status_change(alert, "ack", ""),
    "received": lambda plugin, alert: plugin.post_receive(alert),
}


@pytest.fixture
def plugin_class(monkeypatch: pytest.MonkeyPatch) -> Any:
    """The plugin over a base that has only what it uses of Alerta's."""
    alerta, plugins = ModuleType("alerta"), ModuleType("alerta.plugins")
    plugins.PluginBase = object  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "alerta", alerta)
    monkeypatch.setitem(sys.modules, "alerta.plugins", plugins)
    spec = importlib.util.spec_from_file_location("liaison_alerta", CODE)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.LiaisonPlugin


async def told(plugin_class: Any, how: str) -> AlertEvent:
    """What the gateway would read, of an alert that last changed at `NOW`."""
    kept = FakeAlertaAlert("a1", "web01", "Down", "critical", ["checkout"], [], "", "open", NOW, NOW)
    alert = SimpleNamespace(id=kept.id, status=kept.status, get_body=lambda history: kept.body())
    bodies: list[bytes] = []

    async def take(request: Request) -> Response:
        bodies.append(await request.body())
        return Response(status_code=202)

    async with serving(Starlette(routes=[Route("/", take, methods=["POST"])])) as address:
        known = {"LIAISON_URL": f"{address}/", "LIAISON_TOKEN": FIRST.decode()}
        plugin = plugin_class()
        plugin.get_config = lambda name, **_: known[name]
        await asyncio.to_thread(CALLS[how], plugin, alert)
    (body,) = bodies
    return alert_event(parse_json(body)["alert"], "alerta/main", page=None)


@pytest.mark.parametrize("how", ["closed", "expired", "deleted"])
async def test_an_end_that_is_told_before_it_is_done_is_now(plugin_class: Any, how: str) -> None:
    """Not when the alert last changed, which may be days ago."""
    before = datetime.now(UTC).replace(microsecond=0)
    event = await told(plugin_class, how)
    assert event.started_at == NOW
    assert event.ended_at is not None
    assert before <= event.ended_at <= datetime.now(UTC)


@pytest.mark.parametrize("how", ["ack", "received"])
async def test_what_goes_on_has_no_end(plugin_class: Any, how: str) -> None:
    assert (await told(plugin_class, how)).ended_at is None
