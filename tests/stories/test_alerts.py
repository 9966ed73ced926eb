"""Tickets and an alert of one fault meet in one incident, whichever is first; an end that nobody tells is found."""

from __future__ import annotations

import json
import time
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from typing import Any

import pytest
from pydantic import SecretStr

from blocks.alertmanager import AlertmanagerBlock
from blocks.connect import settings_json
from connectors.alertmanager.fake.app import FakeAlertmanager, FakeFiringAlert
from connectors.alertmanager.settings import SilencePlan
from connectors.kit.fakes.loopback import serving
from connectors.slack.fake.workspace import BOT_USER
from flows.reconcile import reconcile
from incidents.case import EntryKind
from incidents.effects import EffectKind
from incidents.models import IncidentState, Verdict
from incidents.store.alerts import count_alerts, firing_at
from tests.deployments.gateway.conftest import Store
from tests.deployments.gateway.prefect_api import PrefectApi
from tests.stories.conftest import Door
from tests.stories.installation import Installation

NAME, TOKEN = "alertmanager/main", "the-token-of-the-webhooks"
ROOM = "inc-1-checkout"
MAPPED: dict[str, Any] = {
    "services": {"checkout": {"alerts": [{"connection": NAME, "labels": {"service": "checkout"}}]}}
}
# The verdict is the alert's and the tickets' alone; a test that wants a probe's says so.
WITHOUT_PROBES: dict[str, Any] = {"services": {"checkout": {"probes": [], **MAPPED["services"]["checkout"]}}}


@dataclass
class Monitored:
    """The installation with an Alertmanager that sends to its gateway."""

    liaison: Installation
    server: FakeAlertmanager

    async def fires(self, name: str = "CheckoutDown", **labels: str) -> FakeFiringAlert:
        """And its receiver hears of it."""
        labels = labels or {"service": "checkout"}
        alert = self.server.fire(name, summary="Customers cannot pay", **labels)
        await self.flushed()
        return alert

    async def flushed(self) -> None:
        assert await self.server.notify() in (200, 202, 204)
        await self.liaison.sync()

    async def told(self, number: int = 1) -> list[EntryKind]:
        kinds = (EntryKind.ALERT_FIRES, EntryKind.ALERT_ENDED)
        return [entry.kind for entry in await self.liaison.timeline(number) if entry.kind in kinds]

    async def firing(self) -> int:
        async with self.liaison.database.transaction() as tx:
            return len(await firing_at(tx, NAME))


@pytest.fixture
async def monitored(
    liaison: Installation, gateways_prefect: PrefectApi, doors: Mapping[str, Door]
) -> AsyncIterator[Monitored]:
    server = FakeAlertmanager(token=TOKEN)
    async with serving(server.app) as address:
        block = AlertmanagerBlock(
            url=address,
            signing_secrets=[SecretStr(TOKEN)],
            silences={"silence": SilencePlan(minutes=60)},
        )
        await block.save(NAME.partition("/")[2], overwrite=True)
        gateways_prefect.settings[NAME] = settings_json(block)
        server.receiver = f"{doors['gateway'].address}/hooks/{NAME}"
        liaison.write_policy(WITHOUT_PROBES)
        yield Monitored(liaison, server)
        del gateways_prefect.settings[NAME]


async def test_first_the_alert_then_a_ticket(monitored: Monitored):
    """The alert alone is nobody's incident; one customer's word beside it is enough to wake somebody."""
    liaison = monitored.liaison
    await monitored.fires()
    assert await liaison.incidents() == []
    assert liaison.world.pagerduty.pages == []

    (ticket,) = liaison.customers_write()
    await liaison.intake()
    (incident,) = await liaison.incidents()
    assert (incident.verdict, incident.state) == (Verdict.LIKELY, IncidentState.ESCALATED)
    assert await monitored.told() == [EntryKind.ALERT_FIRES]
    assert len(liaison.world.pagerduty.pages) == 1
    assert "alert CheckoutDown: Customers cannot pay (alertmanager/main) fires since" in liaison.notes(ticket)


async def test_first_a_ticket_then_the_alert(monitored: Monitored):
    """What could not be confirmed is looked at again at once, and not only when its time comes."""
    liaison = monitored.liaison
    (ticket,) = liaison.customers_write()
    await liaison.intake()
    (incident,) = await liaison.incidents()
    assert (incident.verdict, incident.state) == (Verdict.UNCONFIRMED, IncidentState.VALIDATING)

    await monitored.fires()
    (incident,) = await liaison.incidents()
    assert (incident.verdict, incident.state) == (Verdict.LIKELY, IncidentState.ESCALATED)
    assert await monitored.told() == [EntryKind.ALERT_FIRES]
    assert len(liaison.world.pagerduty.pages) == 1

    # Whatever else comes of the same fault: one incident, one page.
    await monitored.fires("CheckoutSlow", service="checkout")
    more = liaison.customers_write(2)
    await liaison.intake()
    assert len(await liaison.incidents()) == 1
    assert len(liaison.world.pagerduty.pages) == 1
    assert {item.ticket.ref.id for item in (await liaison.case()).tickets} == {
        str(one) for one in (ticket, *more)
    }


async def test_without_the_alert_one_ticket_wakes_nobody(monitored: Monitored):
    """The control: it is the alert that makes the difference in the stories above."""
    liaison = monitored.liaison
    await monitored.fires("SearchSlow", service="search")
    liaison.customers_write()
    await liaison.intake()
    assert (await liaison.incident()).verdict is Verdict.UNCONFIRMED
    assert liaison.world.pagerduty.pages == []


async def test_resolved_never_comes(monitored: Monitored):
    """It ends while it is silenced, so nobody is told; two looks at the monitor find that it is gone, one does not."""
    liaison, server = monitored.liaison, monitored.server
    alert = await monitored.fires()
    liaison.customers_write()
    await liaison.intake()
    server.silence(service="checkout")
    await reconcile()
    assert await monitored.firing() == 1, "silenced is not ended"
    server.end(alert)
    assert await server.notify() is None, "nothing is told of it"

    await reconcile()
    assert (await monitored.firing(), await monitored.told()) == (1, [EntryKind.ALERT_FIRES])
    await reconcile()
    assert (await monitored.firing(), await monitored.told()) == (
        0,
        [EntryKind.ALERT_FIRES, EntryKind.ALERT_ENDED],
    )
    assert (await liaison.incident()).state is IncidentState.ESCALATED, "that it ended proves no fix"


async def test_a_monitor_that_starts_anew_has_not_ended_what_fires(monitored: Monitored):
    """After kill -9 it knows nothing until the source sends again; a look in between ends nothing."""
    alert = await monitored.fires()
    monitored.server.crash()
    await reconcile()
    assert await monitored.firing() == 1
    monitored.server.alerts[alert.fingerprint] = alert
    await reconcile()
    monitored.server.crash()
    await reconcile()
    assert await monitored.firing() == 1


async def test_told_ended_and_closed_by_probes(monitored: Monitored):
    """The alert's end is in the story; the probe proves the fix, and what is told beside it is the alert's."""
    liaison, server = monitored.liaison, monitored.server
    liaison.write_policy(MAPPED)
    alert = await monitored.fires()
    await liaison.escalated()
    await liaison.resolved()
    closed = [entry.text for entry in await liaison.timeline() if "Proven fixed" in entry.text]
    assert "still firing: CheckoutDown" in closed[0]
    assert (await liaison.incident()).state is IncidentState.CLOSED
    server.end(alert)
    await monitored.flushed()
    assert await monitored.told() == [EntryKind.ALERT_FIRES, EntryKind.ALERT_ENDED]


async def test_a_group_that_is_told_in_part(monitored: Monitored):
    """`max_alerts`: what is left out is looked at, also when it is the group's "resolved" that covers it."""
    monitored.server.max_alerts = 1
    first = monitored.server.fire("CheckoutDown", service="checkout")
    monitored.server.fire("CheckoutSlow", service="checkout")
    await monitored.flushed()
    assert await monitored.firing() == 2
    monitored.server.end(first)
    await monitored.flushed()
    assert await monitored.firing() == 1


async def test_what_nobody_reads_is_answered_all_the_same(monitored: Monitored):
    """Alertmanager sends what is refused again at each group_interval, for ever: it is kept, counted and parked."""
    server, store = monitored.server, Store(monitored.liaison.database)
    await monitored.fires("Elsewhere", team="other")
    assert await server.send(json.dumps({"version": "9", "alerts": []}).encode()) in (200, 202, 204)
    await monitored.liaison.sync()
    assert [row.state for row in await store.deliveries()] == ["done", "parked"]
    async with monitored.liaison.database.transaction() as tx:
        (counted,) = await count_alerts(tx)
    assert counted.of_no_service == 1


async def test_an_alert_opens_an_incident_only_where_the_policy_says_so(monitored: Monitored):
    """The probe says whether it pages: a healthy one does not, a red one does."""
    liaison = monitored.liaison
    # Not to be looked at again, and found to be none, before the second one fires.
    patient = {"validation": {"recheck_after": "1h"}}
    liaison.write_policy({**MAPPED, **patient, "alerts": {"open_incidents": True}})
    await monitored.fires()
    (incident,) = await liaison.incidents()
    assert incident.verdict is Verdict.CONTRADICTED
    assert liaison.world.pagerduty.pages == []

    liaison.world.break_checkout()
    await monitored.fires("CheckoutSlow", service="checkout")
    (incident,) = await liaison.incidents()
    assert incident.verdict is Verdict.CONFIRMED
    assert len(liaison.world.pagerduty.pages) == 1


async def test_a_monitor_that_is_away_keeps_the_rest_from_nothing(monitored: Monitored):
    """The run fails at its end, so that it is seen; nothing is ended by it."""
    alert = await monitored.fires()
    monitored.server.api_token = "changed"
    with pytest.raises(Exception, match="401"):
        await reconcile()
    assert await monitored.firing() == 1
    assert alert.ends_at is None


async def test_a_silence_is_made_where_the_policy_approves_it(monitored: Monitored):
    """Once; and it mends nothing, so engineers are paged as ever."""
    liaison = monitored.liaison
    silence = {
        "name": "silence",
        "connection": NAME,
        "verdicts": ["confirmed"],
        "arguments": {"approved_by": "policy of the payments team"},
    }
    checkout = {**MAPPED["services"]["checkout"], "actions": [silence]}
    liaison.write_policy({"services": {"checkout": checkout}})
    await monitored.fires()
    await liaison.escalated()
    (made,) = monitored.server.silences
    assert made.body["createdBy"] == "policy of the payments team"
    assert made.body["comment"].startswith("INC-1: silence [liaison:")
    (line,) = await liaison.ledger(EffectKind.ACTION)
    assert line.detail.startswith("silenced until")
    assert len(liaison.world.pagerduty.pages) == 1


async def test_a_silence_is_offered_and_made_when_somebody_in_the_room_says_so(monitored: Monitored):
    """Not before, not by who is not in the room, and not twice."""
    liaison, server = monitored.liaison, monitored.server
    offer = {"name": "silence", "connection": NAME, "automatic": False}
    checkout = {**MAPPED["services"]["checkout"], "actions": [offer]}
    liaison.write_policy({"services": {"checkout": checkout}})
    await monitored.fires()
    await liaison.escalated()
    assert server.silences == []
    assert "run silence" in liaison.room()

    slack = liaison.world.slack
    slack.workspace.add_channel("general", member=BOT_USER)
    for seconds, (user, channel) in enumerate((("U0BORIS", "general"), ("U0ANNA", ROOM), ("U0ANNA", ROOM))):
        # The same words of the same person within one second are one command.
        slack.webhooks.clock = lambda seconds=seconds: time.time() + seconds
        await slack.slash("run INC-1 silence", channel=channel, user=user)
        await liaison.sync()
    (made,) = server.silences
    assert made.body["createdBy"] == "anna"
    assert "'silence' was run already: silenced until" in liaison.room()
