"""Over only when proven, and open again when it is not over."""

from __future__ import annotations

from datetime import timedelta

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
