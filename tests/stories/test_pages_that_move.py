"""Pages that nobody hears, or that change hands at the on-call tool: the agents read who has it now, and why."""

from __future__ import annotations

from datetime import timedelta

from flows.reconcile import reconcile
from flows.recover import recover
from flows.sla_sweep import sla_sweep
from incidents.effects import EffectKind, EffectState
from incidents.models import IncidentState
from incidents.store.inbox.parked import WhichParked, parked_deliveries
from tests.stories.installation import Installation

MINUTE = timedelta(minutes=1)


async def assert_nothing_was_parked(liaison: Installation) -> None:
    async with liaison.database.transaction() as tx:
        assert await parked_deliveries(tx, WhichParked(), limit=1) == []


async def test_a_page_that_woke_nobody(liaison: Installation):
    """The service is in maintenance: PagerDuty takes the page and drops it. A minute later the lead is woken, and the
    owner and the room know why."""
    liaison.world.pagerduty.directory.service_of("payments")["status"] = "disabled"
    (ticket,) = await liaison.escalated()
    assert liaison.world.pagerduty.pages == []
    await recover()
    assert liaison.world.pagerduty.pages == [], "too early: it might not show yet"

    await liaison.let_pass(MINUTE)
    await recover()
    (woken,) = liaison.world.pagerduty.pages
    assert woken.target == "payments-lead"
    why = "its service payments is disabled). Paged the next level: Payments lead"
    for read in (liaison.notes(ticket), liaison.room()):
        assert read.count("Nobody was woken: pagerduty/demo took the page and has no incident of it") == 1
        assert why in read
    first, second = await liaison.ledger(EffectKind.PAGE)
    assert (first.state, second.state) == (EffectState.DEAD, EffectState.DONE)

    await liaison.sync()
    for _ in range(3):
        await liaison.let_pass(2 * MINUTE)
        await recover()
        await reconcile()
    assert len(liaison.world.pagerduty.pages) == 1, "told once, and only the level that was not there"
    liaison.world.pagerduty.acknowledge(liaison.page.id, "Omar Haddad")
    await liaison.sync()
    assert (await liaison.incident()).responder == "Omar Haddad"


async def test_a_page_that_did_not_wake_the_owners_lead(liaison: Installation):
    """The story says so, once, and no engineer is woken in the lead's stead."""
    patient = {"sla": {"targets": {1: {"response": "100h", "resolution": "200h"}}}}
    lead = {"title": "Head of service", "pager_target": "payments-lead"}
    liaison.write_policy({**patient, "ownership": {"lead": lead}})
    liaison.world.pagerduty.directory.service_of("payments-lead")["status"] = "disabled"
    await liaison.escalated()
    await liaison.let_pass(16 * MINUTE)
    await sla_sweep()
    for _ in range(3):
        await liaison.let_pass(MINUTE)
        await recover()
    said = [entry.text for entry in await liaison.timeline() if entry.kind == "nobody_woken"]
    assert len(said) == 1
    assert said[0].startswith(
        "The lead was not woken: pagerduty/demo took the page and has no incident of it"
    )
    assert [page.target for page in liaison.world.pagerduty.pages] == ["payments"]


async def test_no_level_hears(liaison: Installation):
    """All services of the team are silent: after the last one somebody must be called by hand, and is told so."""
    for target in ("payments", "payments-lead"):
        liaison.world.pagerduty.directory.service_of(target)["status"] = "disabled"
    (ticket,) = await liaison.escalated()
    for _ in range(4):
        await liaison.let_pass(MINUTE)
        await recover()
    assert liaison.world.pagerduty.pages == []
    assert liaison.notes(ticket).count("Nobody was woken") == 2
    assert liaison.notes(ticket).count("No further level is left: somebody must be called by hand") == 1
    # Nobody will acknowledge at the on-call tool, so the room's word counts.
    await liaison.world.slack.slash("ack", channel="inc-1-checkout")
    await liaison.sync()
    assert (await liaison.incident()).state is IncidentState.ACKNOWLEDGED


async def test_a_page_that_shows_late(liaison: Installation):
    """It was given up as missing and shows after all: it is followed again."""
    liaison.world.pagerduty.directory.service_of("payments")["status"] = "disabled"
    await liaison.escalated()
    await liaison.let_pass(MINUTE)
    await recover()
    liaison.world.pagerduty.directory.service_of("payments")["status"] = "active"
    (first, _) = await liaison.ledger(EffectKind.PAGE)
    event = {
        "dedup_key": first.key,
        "payload": {"summary": "Checkout", "severity": "error"},
        "client": "Liaison",
    }
    liaison.world.pagerduty.account.trigger("payments", event)
    liaison.world.pagerduty.acknowledge(liaison.page.id, "Jane Doe")
    await liaison.sync()
    (first, _) = await liaison.ledger(EffectKind.PAGE)
    assert first.state is EffectState.DONE
    assert (await liaison.incident()).responder == "Jane Doe"


async def test_a_page_that_is_seen_is_not_looked_for(liaison: Installation):
    """Its webhook is enough; the pager is not asked again each minute."""
    await liaison.escalated()
    await liaison.sync()
    await liaison.let_pass(MINUTE)
    assert "0 with pages not seen yet" in await recover()


async def test_handed_on_at_the_on_call_tool(liaison: Installation):
    """Given to a colleague, gone on to the next level by time, timed out: each is told, none is blamed on anybody."""
    pagerduty = liaison.world.pagerduty
    (ticket,) = await liaison.acknowledged(by="Jane Doe")
    pagerduty.reassign(liaison.page.id, to="Omar Haddad", by="Jane Doe")
    await liaison.sync()
    said = "INC-1: Jane Doe gave the page to Omar Haddad (not acknowledged yet)."
    assert said in liaison.notes(ticket)
    assert (await liaison.incident()).state is IncidentState.ESCALATED

    pagerduty.account.escalate(liaison.page, 2, "")
    await liaison.sync()
    assert "The page went on to the next level: " in liaison.notes(ticket)
    pagerduty.acknowledge(liaison.page.id, "Omar Haddad")
    await liaison.sync()
    assert (await liaison.incident()).responder == "Omar Haddad"

    pagerduty.unacknowledge(liaison.page.id)
    await liaison.sync()
    assert (
        "INC-1: The acknowledgement ran out by time; the page rings again for Omar Haddad."
        in liaison.notes(ticket)
    )
    assert "handed the page back" not in liaison.notes(ticket)
    assert len(liaison.replies(ticket)) == 1, "customers are not bothered with any of it"
    await assert_nothing_was_parked(liaison)


async def test_changed_at_the_on_call_tool(liaison: Installation):
    """Urgency lowered, a colleague asked: the agents and the room read it."""
    pagerduty = liaison.world.pagerduty
    (ticket,) = await liaison.acknowledged()
    pagerduty.account.describe(liaison.page, "Jane Doe", urgency="low")
    pagerduty.account.ask_for_help(liaison.page, {}, ["Omar Haddad"], "Jane Doe")
    await liaison.sync()
    for read in (liaison.notes(ticket), liaison.room()):
        assert "Jane Doe: urgency is now low; it may no longer ring" in read
        assert "Jane Doe: Omar Haddad was asked to help" in read
    await assert_nothing_was_parked(liaison)


async def test_snoozed_at_the_on_call_tool(liaison: Installation):
    """No webhook tells it; the poll sees it, and tells it once."""
    (ticket,) = await liaison.acknowledged()
    liaison.world.pagerduty.account.snooze(liaison.page, 4 * 3600, "Jane Doe")
    for _ in range(2):
        await reconcile()
    assert liaison.notes(ticket).count("Jane Doe snoozed the page until ") == 1
    assert liaison.room().count("Jane Doe snoozed the page until ") == 1
    assert [entry.kind for entry in await liaison.timeline()].count("snoozed") == 1


async def test_merged_into_another_page(liaison: Installation):
    """It goes on there, under our key, in their hands; and it is over when that one is."""
    pagerduty = liaison.world.pagerduty
    (ticket,) = await liaison.escalated()
    await liaison.sync()
    ours = liaison.page
    event = {"dedup_key": "theirs", "payload": {"summary": "Cards are down", "severity": "error"}}
    pagerduty.account.trigger("platform", event)
    other = pagerduty.incidents[-1]
    pagerduty.acknowledge(other.id, "Omar Haddad")
    pagerduty.merge(ours.id, into=other.id)
    await liaison.sync()
    assert "merged into Cards are down; it goes on there" in liaison.notes(ticket)
    incident = await liaison.incident()
    assert (incident.state, incident.responder) == (IncidentState.ACKNOWLEDGED, "Omar Haddad")

    pagerduty.add_note(other.id, "Omar Haddad", "The bank is down.")
    await liaison.sync()
    assert "Omar Haddad: The bank is down." in liaison.notes(ticket)
    liaison.world.mend_checkout()
    pagerduty.resolve(other.id, "Omar Haddad")
    await liaison.sync()
    assert (await liaison.incident()).state in (IncidentState.RESOLVED, IncidentState.CLOSED)
