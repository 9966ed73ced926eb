"""An agent acts without leaving the ticket: a private note is a command, answered on the ticket within one drain."""

from __future__ import annotations

from incidents.models import IncidentState, Severity
from tests.stories.installation import Installation

QUESTION = {"subject": "Hello", "body": "Something is odd."}


async def test_from_a_note_to_the_team_and_back(liaison: Installation):
    """A ticket that no rule knows is escalated by a note, another one linked, the owner named: each is answered where
    it was written, the team is paged once, the customer reads nothing of it, and our own answers start nothing."""
    zendesk = liaison.world.zendesk
    first, second = liaison.customers_write(2, **QUESTION)
    await liaison.intake()
    assert await liaison.incidents() == []

    zendesk.agent_note(first, "Ada Agent", "/liaison escalate chekcout sev1")
    await liaison.intake()
    assert "There is no service `chekcout`. Did you mean: escalate checkout sev1" in liaison.notes(first)
    assert await liaison.incidents() == []

    zendesk.agent_note(first, "Ada Agent", "/liaison escalate checkout sev1 because nobody can pay")
    await liaison.intake()
    incident = await liaison.incident()
    assert (incident.state, incident.severity) == (IncidentState.ESCALATED, Severity.CRITICAL)
    assert len(liaison.world.pagerduty.pages) == 1
    notes = liaison.notes(first)
    assert notes.count("INC-1 was opened for checkout. INC-1 (severity 1): Payments team ") == 1
    told = [entry.text for entry in await liaison.timeline()]
    assert any("escalated by Ada Agent in a note on #" in text and "nobody can pay" in text for text in told)

    zendesk.agent_note(second, "Ada Agent", "/liaison link INC-1")
    zendesk.agent_note(second, "Ada Agent", "/liaison owner me")
    await liaison.intake()
    assert f"#{second} belongs to INC-1 now" in liaison.notes(second)
    assert (await liaison.incident()).owner == "Ada Agent"
    case = await liaison.case()
    assert {item.ticket.ref.id for item in case.tickets} == {str(first), str(second)}

    planned = len(await liaison.ledger())
    for _ in range(2):
        await liaison.intake()
        await liaison.sync()
    assert len(await liaison.ledger()) == planned
    for ticket in (first, second):
        assert all("liaison" not in reply.lower() for reply in liaison.replies(ticket))


async def test_what_others_write_is_no_command(liaison: Installation):
    """A customer's words, also when an agent quotes them, and an agent's public reply."""
    zendesk = liaison.world.zendesk
    (ticket,) = liaison.customers_write(1, **QUESTION)
    await liaison.intake()
    zendesk.customer_reply(ticket, "/liaison escalate checkout sev1")
    zendesk.agent_note(ticket, "Ada Agent", "> /liaison escalate checkout sev1")
    await liaison.intake()
    assert liaison.notes(ticket).count("Not done") == 0
    zendesk.agent_reply(ticket, "Ada Agent", "/liaison escalate checkout sev1")
    await liaison.intake()
    assert "Not done: that was a public reply" in liaison.notes(ticket)
    assert await liaison.incidents() == []
    assert liaison.world.pagerduty.pages == {} or not liaison.world.pagerduty.pages
