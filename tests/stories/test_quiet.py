"""Fewer needless pages: repeats, services that flap, faults whose fix is known; and none of them waits for ever."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

from prefect.artifacts import Artifact

from connectors.http.fake.app import Health, Remedy
from flows.recover import recover
from flows.sla_report import sla_report
from incidents.models import IncidentState
from insights.sla_report.iso_week import IsoWeek
from tests.stories.installation import Installation
from tests.stories.test_merge import ANYONE

HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)
FLAPPING = {"escalation": {"flapping": {"openings": 2, "within": "1h", "hold": "30m"}}}


async def noise_page() -> str:
    found = await Artifact.aget("page-noise")
    assert found is not None
    return str(found.data)


async def test_a_repeat_pages_nobody_until_it_has_waited(liaison: Installation):
    """While the team has it: another ticket, then one that comes so late that it opens an incident. The engineers read
    of it on the page they have, with how to merge it, and are woken by it when it has waited."""
    liaison.write_policy({**ANYONE, "cadence": {"update_every": {1: "100h"}}})
    await liaison.escalated()
    liaison.customers_write(2)
    await liaison.intake()
    assert len(liaison.world.pagerduty.pages) == 1
    await liaison.let_pass(3 * HOUR)
    (late,) = liaison.customers_write(1)
    await liaison.intake()
    second = await liaison.incident(2)
    assert second.state is IncidentState.MITIGATING
    assert second.held_until is not None
    assert len(liaison.world.pagerduty.pages) == 1
    await recover()
    words = "INC-2 of the same service has opened (1 ticket from 1 customer"
    assert words in liaison.page_notes()
    assert "say `merge INC-2 INC-1`" in liaison.room()
    assert "engineers are not woken yet: the team has INC-1 of the same service already" in liaison.notes(
        late
    )

    await liaison.let_pass(5 * MINUTE)
    await recover()
    assert len(liaison.world.pagerduty.pages) == 1
    await liaison.let_pass(11 * MINUTE)
    await recover()
    assert (await liaison.incident(2)).state is IncidentState.ESCALATED
    assert len(liaison.world.pagerduty.pages) == 2


async def test_what_flaps_wakes_the_team_once(liaison: Installation):
    """It fails, is mended, fails again and mends itself: the second time its customers read that it works again, and no
    engineer was woken."""
    liaison.write_policy({**ANYONE, **FLAPPING})
    await liaison.escalated()
    await liaison.resolved()
    await liaison.intake()
    assert (await liaison.incident()).state is IncidentState.CLOSED
    await liaison.let_pass(10 * MINUTE)
    (again,) = await liaison.escalated()
    held = await liaison.incident(2)
    assert held.state is IncidentState.MITIGATING
    texts = [entry.text for entry in await liaison.timeline(2) if entry.kind == "held"]
    assert re.fullmatch(
        r"The page waits until \S+ UTC: the service flaps: 2 incidents in 1 h 00 min, .*", texts[0]
    )
    assert len(texts) == 1

    liaison.world.mend_checkout()
    await liaison.let_pass(21 * MINUTE)
    await recover()
    await liaison.intake()
    assert (await liaison.incident(2)).state is IncidentState.CLOSED
    assert len(liaison.world.pagerduty.pages) == 1
    assert len(liaison.replies(again)) == 1


async def test_the_agent_tries_first_what_is_on_offer(liaison: Installation):
    """A mild fault with an action on offer: the agent reads of it, runs it from chat, and nobody is woken."""
    action = {"name": "restart-search", "connection": "http/checkout", "automatic": False}
    liaison.write_policy(
        {
            "chat": {"may_act": "anyone"},
            "services": {"search": {"actions": [action]}},
            "escalation": {"known_fix": {"hold": "10m", "severity": 3}},
        }
    )
    liaison.world.search.health = Health.ERROR
    liaison.world.checkout.remedies["restart-search"] = Remedy.SUCCEEDS
    (ticket,) = liaison.customers_write(1, subject="Product search shows no results", body="Nothing.")
    await liaison.intake()
    assert (await liaison.incident()).held_until is not None
    assert "What helped before: on offer in chat: run restart-search." in liaison.notes(ticket)
    liaison.world.slack.workspace.add_channel("general", member="U0ANNA")
    assert await liaison.world.slack.slash("run INC-1 restart-search", channel="general") == 200
    await liaison.sync()
    assert [run.action for run in liaison.world.checkout.runs] == ["restart-search"]
    liaison.world.search.health = Health.HEALTHY
    await liaison.let_pass(11 * MINUTE)
    await recover()
    await liaison.intake()
    assert (await liaison.incident()).state is IncidentState.CLOSED
    assert liaison.world.pagerduty.pages == []


async def test_pages_in_vain_are_reported(liaison: Installation):
    await liaison.escalated()
    week = str(IsoWeek.of(datetime.now(UTC)))
    await sla_report(week)
    assert "| Checkout | 1 | 1 | INC-1 | 0 | 0 |" in await noise_page()
    liaison.world.pagerduty.acknowledge(liaison.page.id, "Jane Doe")
    await liaison.sync()
    await sla_report(week)
    assert "| Checkout | 1 | 0 |  | 0 | 0 |" in await noise_page()
