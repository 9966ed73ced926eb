"""What tells of faults, and what is done about them: monitors, probes and remedies. `action` is one there is."""

from __future__ import annotations

from bench.connectors.worlds.world import SERVICE, Made, World, world
from connectors.alerta import Alerta, AlertaSettings
from connectors.alerta.fake.app import FakeAlerta
from connectors.alertmanager import Alertmanager, AlertmanagerSettings
from connectors.alertmanager.fake.app import FakeAlertmanager
from connectors.http import Http, HttpSettings
from connectors.http.fake.app import FakeService
from connectors.icinga2 import Icinga2, Icinga2Settings
from connectors.icinga2.fake import app as icinga2
from connectors.prefect import PrefectActions, PrefectSettings
from connectors.prefect.fake.app import FakeDeployment, FakePrefect
from connectors.prometheus import Prometheus, PrometheusSettings
from connectors.prometheus.fake.app import FakePrometheus

QUERY = "failed / all"
FIRING = 20
TOKEN = "the-token-of-a-measurement"


def _make_prometheus() -> Made:
    return FakePrometheus(series={QUERY: ["0.01"]}).app, {}


def _make_alertmanager() -> Made:
    fake = FakeAlertmanager()
    for number in range(FIRING):
        fake.fire(f"Down{number}", service=SERVICE, summary="Customers cannot pay")
    return fake.app, {"action": "Silence"}


def _make_alerta() -> Made:
    fake = FakeAlerta()
    for number in range(FIRING):
        fake.send(f"Down{number}", text="Customers cannot pay")
    return fake.app, {}


def _make_icinga2() -> Made:
    fake = icinga2.FakeIcinga2()
    for name in ("web", *(f"web!http{number}" for number in range(FIRING))):
        fake.add(name)
        fake.result(name, 0, "fine")
        fake.result(name, 2, "Customers cannot pay")
    return fake.app, {"action": "Downtime"}


def _make_http() -> Made:
    return FakeService(token=TOKEN).app, {"action": "restart"}


def _make_prefect() -> Made:
    deployment = FakeDeployment(
        flow="restart", name="production", wants=frozenset({"service", "incident", "approved_by"})
    )
    return FakePrefect(deployment).app, {"action": "Restart"}


MONITORS: tuple[World, ...] = (
    world(
        "prometheus",
        _make_prometheus,
        Prometheus,
        PrometheusSettings,
        lambda address, _: {
            "url": address,
            "queries": {SERVICE: {"value": QUERY, "fails_above": 0.05}},
        },
    ),
    world(
        "alertmanager",
        _make_alertmanager,
        Alertmanager,
        AlertmanagerSettings,
        lambda address, _: {"url": address, "silences": {"Silence": {"minutes": 60}}},
        most_rounds=15,
    ),
    world(
        "alerta",
        _make_alerta,
        Alerta,
        AlertaSettings,
        lambda address, _: {"url": f"{address}/api"},
        most_rounds=30,
    ),
    world(
        "icinga2",
        _make_icinga2,
        Icinga2,
        Icinga2Settings,
        lambda address, _: {
            "url": address,
            "username": icinga2.USER,
            "password": icinga2.PASSWORD,
            "services": {SERVICE: ["web!http0", "web!http1"]},
            "actions": {"Downtime": {"do": "downtime", "minutes": 60}},
        },
        most_rounds=15,
    ),
    world(
        "http",
        _make_http,
        Http,
        HttpSettings,
        lambda address, _: {
            "probe": {"urls": [f"{address}/health"], "attempts": 1},
            "action": {"url": f"{address}/actions/{{action}}", "bearer_token": TOKEN},
        },
    ),
    world(
        "prefect",
        _make_prefect,
        PrefectActions,
        PrefectSettings,
        lambda address, _: {
            "api_url": f"{address}/api",
            "actions": {"Restart": {"deployment": "restart/production"}},
        },
        most_rounds=50,
    ),
)
