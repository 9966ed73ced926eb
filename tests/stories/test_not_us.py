"""A page that was not for who was woken: by the room's button, a note on the ticket, and the page's own link."""

from __future__ import annotations

from datetime import timedelta

import httpx
from sqlalchemy import text

from incidents.case import EntryKind
from incidents.models import IncidentState
from incidents.store.ledger.noise import page_noise
from tests.stories.installation import Installation
from tests.stories.test_roster import ANA, PATIENCE, RosterTeam, team, until

__all__ = ["team"]

ROOM = "inc-1-checkout"
NEEDS_SEARCH = {"services": {"checkout": {"depends_on": ["search"]}}}


def woken(liaison: Installation) -> list[str]:
    return [page.target for page in liaison.world.pagerduty.pages]


async def test_by_the_button_in_the_room(liaison: Installation):
    """The team of what it needs is woken, and takes it; the first page is quiet, and nobody was told untruths."""
    liaison.write_policy(NEEDS_SEARCH)
    (ticket,) = await liaison.escalated()
    slack, first = liaison.world.slack, liaison.page
    context = next(post for post in slack.messages(ROOM) if "Who is hit" in str(post))
    assert await slack.press(context["ts"], "Not us") == 200
    await liaison.sync()
    assert woken(liaison) == ["payments", "platform"]
    for where in (liaison.notes(ticket), liaison.room()):
        assert "anna says in chat that it is not for Payments team: no reason given" in where
        assert "Platform team is paged now: Checkout needs Product search" in where
    await liaison.sync()
    incident = await liaison.incident()
    assert (first.status, incident.state) == ("acknowledged", IncidentState.ESCALATED), (
        "quiet, and nobody's yet"
    )
    assert liaison.replies(ticket) == []

    liaison.world.pagerduty.acknowledge(liaison.page.id, "Jane Doe")
    await liaison.sync()
    incident = await liaison.incident()
    assert (incident.state, incident.responder) == (IncidentState.ACKNOWLEDGED, "Jane Doe")
    assert len(liaison.replies(ticket)) == 1

    liaison.world.pagerduty.resolve(first.id, "Ana Payments")
    await liaison.sync()
    assert (await liaison.incident()).state is IncidentState.ACKNOWLEDGED, "put away, not mended"
    async with liaison.database.transaction() as tx:
        now = (await tx.execute(text("select now()"))).scalar_one()
        (noise,) = await page_noise(tx, now - timedelta(days=1), now + timedelta(days=1))
    assert (noise.service, noise.not_us, noise.in_vain) == ("checkout", 1, 0)


async def test_taken_after_all_by_one_whom_the_first_page_woke(liaison: Installation):
    """Then that page is the incident's again: he mends it there, and the customer hears the end."""
    liaison.write_policy(NEEDS_SEARCH)
    (ticket,) = await liaison.escalated()
    first = liaison.page
    liaison.world.zendesk.agent_note(ticket, "Ana Payments", "/liaison not-us because it is the index")
    await liaison.intake()
    await liaison.sync()
    assert woken(liaison) == ["payments", "platform"]
    liaison.world.pagerduty.acknowledge(first.id, "Bo Payments")
    await liaison.sync()
    assert (await liaison.incident()).responder == "Bo Payments"
    liaison.world.mend_checkout()
    liaison.world.pagerduty.resolve(first.id, "Bo Payments")
    await liaison.sync()
    assert (await liaison.incident()).state is IncidentState.CLOSED
    assert len(liaison.replies(ticket)) == 2, "that he is on it, and the end"


async def test_whoever_had_it_hands_it_back_and_there_is_nobody_else(liaison: Installation):
    """The page that she took is silent, so the team is paged anew, and whoever takes that has it."""
    liaison.write_policy({"teams": {"payments": {"ladder": []}}})
    (ticket,) = await liaison.acknowledged()
    liaison.world.zendesk.agent_note(ticket, "Bo Berg", "/liaison not-us")
    await liaison.intake()
    assert (await liaison.incident()).responder == "Jane Doe", "nobody takes it from her"
    assert woken(liaison) == ["payments"]
    liaison.world.zendesk.agent_note(ticket, "Jane Doe", "/liaison not-us because it is their firewall")
    await liaison.intake()
    assert woken(liaison) == ["payments", "payments"]
    assert "Payments team is paged again, so that it is not lost" in liaison.notes(ticket)
    liaison.world.pagerduty.acknowledge(liaison.page.id, "Bo Berg")
    await liaison.sync()
    assert (await liaison.incident()).responder == "Bo Berg"


async def test_with_nobody_else_to_go_to(liaison: Installation):
    """The page rings on, the ladder goes on, and the agents read the reason on their ticket."""
    (ticket,) = await liaison.acknowledged()
    liaison.world.zendesk.agent_note(ticket, "Jane Doe", "/liaison not-us because it is their own firewall")
    await liaison.intake()
    incident = await liaison.incident()
    assert (incident.state, incident.responder) == (IncidentState.ESCALATED, None)
    assert woken(liaison) == ["payments", "payments-lead"]
    notes = liaison.notes(ticket)
    assert "that it is not for Payments team: it is their own firewall" in notes
    assert "Nobody else is known to ask. Paged the next level: Payments lead" in notes
    assert "not-us SERVICE names whose it is" in notes
    assert not any(page.status == "resolved" for page in liaison.world.pagerduty.incidents)
    (line,) = [one for one in await liaison.timeline() if one.kind == EntryKind.NOT_US]
    assert "it is their own firewall" in line.text

    liaison.world.pagerduty.acknowledge(liaison.page.id, "Lea Lead")
    await liaison.sync()
    assert (await liaison.incident()).responder == "Lea Lead"


async def test_by_the_pages_own_link(team: RosterTeam):
    """Ana's reason reaches the ticket; with nobody else to ask, her own list goes on, and Bo takes it."""
    liaison = team.liaison
    (ticket,) = await liaison.escalated()
    await team.holds_woken("Ana is woken", "ana")
    before = await team.heard()
    async with httpx.AsyncClient() as http:
        answer = await http.post(f"{team.link('ana')}/not-us", data={"why": "the index is down"})
        assert answer.status_code == 200

    async def is_kept() -> bool:
        return await team.heard() > before

    await until("the button is heard", is_kept, PATIENCE)
    await liaison.sync()
    assert "Ana Silva says that it is not for Payments team: the index is down" in liaison.notes(ticket)
    assert (await liaison.incident()).state is IncidentState.ESCALATED
    assert "Nobody else is known to ask. Its pages ring on" in liaison.notes(ticket)
    await liaison.let_pass(timedelta(minutes=2))
    await team.holds_woken("the page is not lost", "ana", ANA)
    await liaison.let_pass(timedelta(minutes=4))
    await team.holds_woken("then Bo", "ana", ANA, "bo")
    await team.presses(team.link("bo"))
    assert (await liaison.incident()).responder == "Bo Berg"
