"""Over only when proven, and open again when it is not over."""

from __future__ import annotations

from datetime import timedelta

from connectors.http.fake.app import Health
from flows.by_hand.close import close
from flows.recover import recover
from incidents.models import IncidentState
from tests.stories.installation import Installation

INTERVAL = timedelta(minutes=2)
SELDOM = {"closure": {"proof_interval": "2m"}}
"""Looks so far apart that no slow machine takes the next one before its time."""


async def test_still_broken_reopens_and_thanks_does_not(liaison: Installation):
    """A thankful answer leaves it closed; "still broken" brings a page of its own, and a second closure."""
    content, unlucky = await liaison.escalated(2)
    await liaison.resolved()
    assert (await liaison.incident()).state is IncidentState.CLOSED

    liaison.world.zendesk.customer_reply(content, "Thanks a lot, it works again!")
    await liaison.intake()
    assert (await liaison.incident()).state is IncidentState.CLOSED
    assert len(liaison.world.pagerduty.pages) == 1
    assert f"opened again: #{content}" in liaison.room()

    liaison.world.break_checkout()
    liaison.world.zendesk.customer_reply(unlucky, "Sorry, but it is still broken for me.")
    await liaison.intake()
    incident = await liaison.incident()
    assert (incident.state, incident.generation) == (IncidentState.ESCALATED, 2)
    first, second = liaison.world.pagerduty.pages
    assert first.key != second.key
    assert second.summary.startswith("INC-1 AGAIN ")
    assert 'says "Sorry, but it is still broken for me."' in liaison.room()
    assert "is open again: this customer says it is still broken" in liaison.notes(unlucky)
    assert len(liaison.world.checkout.runs) == 1, "a remedy that did not help is not tried again"

    await liaison.resolved(by="Omar Haddad")
    assert (await liaison.incident()).state is IncidentState.CLOSED
    assert len(liaison.replies(unlucky)) == 2, "the closure of each generation"
    assert liaison.world.zendesk.tickets[unlucky].status == "solved"


async def test_no_closure_while_the_probe_is_red(liaison: Installation):
    """Engineers say it is fixed and the probe says no: nobody is told; after three red looks it is paged again."""
    liaison.write_policy(SELDOM)
    (ticket,) = await liaison.escalated()
    liaison.world.pagerduty.resolve(liaison.page.id, "Jane Doe")
    await liaison.sync()
    for _ in range(2):
        incident = await liaison.incident()
        assert incident.state is IncidentState.RESOLVED
        assert len(liaison.world.pagerduty.pages) == 1
        await liaison.let_pass(INTERVAL)
        await recover()

    incident = await liaison.incident()
    assert (incident.state, incident.generation) == (IncidentState.ESCALATED, 2)
    assert len(liaison.world.pagerduty.pages) == 2
    assert liaison.replies(ticket) == [], "no customer was told that it is fixed"
    assert liaison.world.zendesk.tickets[ticket].status != "solved"
    assert "Said to be fixed, but http/checkout: " in liaison.room()


async def test_a_red_look_between_two_green_ones_starts_the_proof_anew(liaison: Installation):
    """Two healthy looks in a row are the proof, not two in all."""
    liaison.write_policy({"closure": {**SELDOM["closure"], "proofs": 2}})
    (ticket,) = await liaison.escalated()
    await liaison.resolved()
    liaison.world.break_checkout()
    await liaison.let_pass(INTERVAL)
    await recover()
    liaison.world.mend_checkout()
    await liaison.let_pass(INTERVAL)
    await recover()
    assert (await liaison.incident()).state is IncidentState.RESOLVED
    assert liaison.replies(ticket) == []

    await liaison.let_pass(INTERVAL)
    await recover()
    assert (await liaison.incident()).state is IncidentState.CLOSED
    assert len(liaison.replies(ticket)) == 1


async def test_a_persons_word_where_no_look_can_prove_it(liaison: Installation):
    """The probe cannot see: who tried it says so by form, with name and reason; customers read no claim of a check."""
    liaison.write_policy(SELDOM)
    (ticket,) = await liaison.acknowledged()
    liaison.world.checkout.health = Health.REFUSES
    liaison.world.pagerduty.resolve(liaison.page.id, "Jane Doe")
    await liaison.sync()
    assert (await liaison.incident()).state is IncidentState.RESOLVED

    said = await close("INC-1", by="Ada Agent", why="paid with a card of my own")
    assert said == "INC-1: customers are told now that it works again."
    await liaison.let_pass(INTERVAL)
    await recover()
    assert (await liaison.incident()).state is IncidentState.CLOSED
    assert "our engineers tell us that the problem with Checkout is fixed" in liaison.replies(ticket)[-1]
    (proof,) = [entry for entry in await liaison.timeline() if entry.actor == "Ada Agent"]
    assert proof.text.startswith("It works again: paid with a card of my own (no look of ours has proven it)")
    assert await close("INC-1", by="Bo Agent", why="me too") == "INC-1 is closed already."
    assert len(liaison.replies(ticket)) == 2


async def test_still_broken_is_worse_by_policy(liaison: Installation):
    """What a customer says is not fixed is a step worse where the policy says so, and is paged as that, once."""
    liaison.write_policy({"services": {"checkout": {"severity": 2}}, "closure": {"raise_severity_by": 1}})
    first, second = await liaison.escalated(2)
    await liaison.resolved()
    liaison.world.break_checkout()
    for unlucky in (first, second):
        liaison.world.zendesk.customer_reply(unlucky, "Sorry, but it is still broken for me.")
    await liaison.intake()
    incident = await liaison.incident()
    assert (int(incident.severity), incident.state) == (1, IncidentState.ESCALATED)
    assert len(liaison.world.pagerduty.pages) == 2
    assert "Severity raised from 2 to 1: it was not fixed" in [
        entry.text for entry in await liaison.timeline()
    ]
