"""`liaison check` finds what the policy names a connection for and it is not, and tells what probes say now."""

from __future__ import annotations

import asyncio
from datetime import datetime

import pytest

from connectors.http import Http
from connectors.http.settings import HttpSettings
from connectors.kit.fakes.in_process import InProcessTransport
from connectors.pagerduty import PagerDutySettings
from connectors.prometheus import Prometheus, PrometheusSettings
from connectors.prometheus.fake.app import FakePrometheus
from connectors.redmine import Redmine, RedmineSettings
from deployments.commands.checks.uses import looks, misuses, sandbox_words
from deployments.commands.settings import EXAMPLE_POLICY
from incidents.errors import LiaisonError
from incidents.models import ProbeResult
from incidents.policy.file import load_policy
from incidents.ports import Connector, ImpactProbe

PROBES = ["services.checkout.probes", "services.search.probes"]


def prometheus() -> Prometheus:
    server = FakePrometheus()
    server.series["up"] = ["1"]
    query = {"value": "up", "fails_below": 1, "title": "instances that are up"}
    settings = PrometheusSettings.model_validate(
        {"url": "http://127.0.0.1:9090", "queries": {"checkout": query}}
    )
    return Prometheus("prometheus/main", settings, transport=InProcessTransport(server.app))


def redmine() -> Redmine:
    settings = RedmineSettings.model_validate(
        {"base_url": "http://127.0.0.1:1", "api_key": "of-a-test", "project": "shop"}
    )
    return Redmine("redmine/shop", settings)


class Slow(ImpactProbe):
    """Asked of search, it never answers."""

    async def check(self, service: str, *, now: datetime) -> ProbeResult:
        if service == "search":
            await asyncio.Event().wait()
        return ProbeResult(probe="slow/main", is_healthy=False, summary="503", at=now)


@pytest.mark.parametrize(
    ("connector", "keys", "wrong"),
    [
        (prometheus(), [*PROBES], []),
        (redmine(), ["teams.payments.tracker"], []),
        # Each connector has a `check`, which is what a probe is asked by.
        (redmine(), PROBES[:1], ["services.checkout.probes wants a probe"]),
        (
            prometheus(),
            [*PROBES, "helpdesks", "teams.payments.chat"],
            ["helpdesks wants a helpdesk", "teams.payments.chat wants a chat"],
        ),
        (prometheus(), ["ownership.lead"], ["ownership.lead wants a pager"]),
        (prometheus(), ["egress.alarm"], ["egress.alarm wants a pager"]),
        (
            redmine(),
            ["affected.by"],
            ["affected.by wants what writes to customers who have no ticket: mail, or zendesk"],
        ),
    ],
)
def test_what_the_policy_wants_of_a_connection(
    connector: Connector, keys: list[str], wrong: list[str]
) -> None:
    assert misuses(connector, keys) == wrong


def test_every_key_of_a_policy_is_known() -> None:
    policy = load_policy(EXAMPLE_POLICY)
    assert all(
        len(misuses(redmine(), [key])) == 1 for keys in policy.connection_uses().values() for key in keys
    )


async def test_what_a_probe_says_of_the_policys_services() -> None:
    """Of each that names it, also of one that it knows nothing of."""
    checkout, search = await looks(prometheus(), PROBES)
    assert checkout.startswith("checkout: healthy (instances that are up is 1;")
    assert search.startswith("search: cannot tell (no query names this service")
    assert await looks(redmine(), ["teams.payments.tracker"]) == []


async def test_one_that_does_not_answer_holds_up_nothing() -> None:
    said = await looks(Slow(), PROBES, seconds=0.05)
    assert said == ["checkout: failing (503)", "1 services were not asked within 0.05 s"]


async def test_a_connection_that_has_no_section_for_it() -> None:
    """Plain HTTP is what its settings make of it."""
    with pytest.raises(LiaisonError, match="has no probe section"):
        await looks(Http("http/main", HttpSettings()), PROBES)


def test_a_sandbox_that_is_in_use_is_told():
    """Real work there could be a drill's from another machine; what cannot be marked is passed over."""
    keys = {"api_token": "a", "routing_key": "b", "signing_secrets": ["a-secret-of-a-test"]}
    told = [
        sandbox_words(
            PagerDutySettings.model_validate({**keys, "from_email": "a@b.example", "is_sandbox": marked})
        )
        for marked in (True, False)
    ]
    assert "MARKED is_sandbox" in told[0]
    assert (told[1], sandbox_words(object())) == ("", "")
