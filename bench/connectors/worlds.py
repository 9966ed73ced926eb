"""The connectors, each with what is in its fake and how it is reached there. Their own pace is not what is measured."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import httpx
from starlette.types import ASGIApp

from bench.connectors.calls import SERVICE
from bench.connectors.served import Facts
from connectors.pagerduty import PagerDuty, PagerDutySettings
from connectors.pagerduty.fake import app as pagerduty
from connectors.prometheus import Prometheus, PrometheusSettings
from connectors.prometheus.fake.app import FakePrometheus
from connectors.slack import Slack, SlackSettings
from connectors.slack.fake import app as slack
from connectors.slack.fake.workspace import BOT_USER
from connectors.zendesk import Zendesk, ZendeskSettings
from connectors.zendesk.fake import app as zendesk
from incidents.ports import Connector

TICKETS = 40
ROOMS = 40
PLENTY = 10**6
QUERY = "failed / all"
Connect = Callable[[str, Facts, httpx.AsyncBaseTransport | None], Connector]


@dataclass(frozen=True, kw_only=True)
class World:
    """`make` makes the fake, in a process of its own; `connect` reaches it at the address it is served at."""

    vendor: str
    make: Callable[[], tuple[ASGIApp, Facts]]
    connect: Connect


def _make_zendesk() -> tuple[ASGIApp, Facts]:
    fake = zendesk.FakeZendesk(updates_per_minute=PLENTY, requests_per_minute=PLENTY)
    ids = [
        fake.create_ticket(f"Ada {number}", f"ada{number}@customer.example", "Cannot pay", "It says 503.")
        for number in range(TICKETS)
    ]
    return fake.app, {"tickets": ",".join(map(str, ids)), "me": str(fake.integration_user_id)}


def _connect_zendesk(address: str, facts: Facts, transport: httpx.AsyncBaseTransport | None) -> Connector:
    settings = ZendeskSettings.model_validate(
        {
            "base_url": address,
            "email": zendesk.EMAIL,
            "api_token": zendesk.API_TOKEN,
            "signing_secrets": [zendesk.SIGNING_SECRET],
            "integration_user_id": int(facts["me"]),
            "updates_per_minute": PLENTY,
            "requests_per_minute": PLENTY,
        }
    )
    return Zendesk("zendesk/bench", settings, transport=transport)


def _make_pagerduty() -> tuple[ASGIApp, Facts]:
    fake = pagerduty.FakePagerDuty(events_a_minute=PLENTY, requests_a_minute=PLENTY)
    return fake.app, {}


def _connect_pagerduty(address: str, facts: Facts, transport: httpx.AsyncBaseTransport | None) -> Connector:
    settings = PagerDutySettings.model_validate(
        {
            "api_url": address,
            "events_url": address,
            "api_token": pagerduty.API_TOKEN,
            "from_email": pagerduty.FROM_EMAIL,
            "routing_key": pagerduty.ROUTING_KEY,
            "signing_secrets": [pagerduty.SIGNING_SECRET],
        }
    )
    return PagerDuty("pagerduty/bench", settings, transport=transport)


def _make_slack() -> tuple[ASGIApp, Facts]:
    fake = slack.FakeSlack(posts_per_second=PLENTY, burst=PLENTY)
    rooms = [fake.workspace.add_channel(f"inc-{number}", member=BOT_USER).id for number in range(ROOMS)]
    return fake.app, {"rooms": ",".join(rooms)}


def _connect_slack(address: str, facts: Facts, transport: httpx.AsyncBaseTransport | None) -> Connector:
    settings = SlackSettings.model_validate(
        {
            "base_url": address,
            "bot_token": slack.TOKEN,
            "signing_secrets": [slack.SIGNING_SECRET],
        }
    )
    return Slack("slack/bench", settings, transport=transport)


def _make_prometheus() -> tuple[ASGIApp, Facts]:
    return FakePrometheus(series={QUERY: ["0.01"]}).app, {}


def _connect_prometheus(address: str, facts: Facts, transport: httpx.AsyncBaseTransport | None) -> Connector:
    settings = PrometheusSettings.model_validate(
        {"url": address, "queries": {SERVICE: {"value": QUERY, "fails_above": 0.05}}}
    )
    return Prometheus("prometheus/bench", settings, transport=transport)


WORLDS: Sequence[World] = (
    World(vendor="zendesk", make=_make_zendesk, connect=_connect_zendesk),
    World(vendor="pagerduty", make=_make_pagerduty, connect=_connect_pagerduty),
    World(vendor="slack", make=_make_slack, connect=_connect_slack),
    World(vendor="prometheus", make=_make_prometheus, connect=_connect_prometheus),
)
