"""Tickets that leave, move, come back and come of one another while their incident is under way."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import select

from flows.reconcile import reconcile
from flows.sla_sweep import sla_sweep
from incidents.models import IncidentState
from incidents.store.schema.tables import sla_breaches
from tests.stories.installation import Installation

HOUR = timedelta(hours=1)
PROMISED = {
    "sla": {
        "policies": [
            {
                "name": "gold",
                "when": {"applies_to": "ticket"},
                "targets": {"first_response": "1h", "resolution": "8h"},
                "pause_on": ["waiting_for_customer"],
            }
        ]
    }
}


async def broken_promises(liaison: Installation, ticket: int) -> list[str]:
    async with liaison.database.transaction() as tx:
        rows = await tx.execute(select(sla_breaches.c.clock_key))
        return [row.clock_key for row in rows if f"#{ticket}" in row.clock_key]


async def told(liaison: Installation) -> str:
    return "\n".join(entry.text for entry in await liaison.timeline())


async def linked(liaison: Installation) -> list[str]:
    return [item.ticket.ref.id for item in (await liaison.case()).tickets]


async def test_what_goes_into_the_bin_is_owed_nothing(liaison: Installation):
    """Deleted while it waits, one told by its event and one found by the poll: no promise of theirs is broken."""
    liaison.write_policy(PROMISED)
    told_of, found = liaison.customers_write(2, subject="Where is my parcel?", body="Please tell me.")
    await liaison.intake()
    liaison.world.zendesk.delete_ticket(told_of)
    await liaison.intake()
    liaison.world.zendesk.delete_ticket(found)
    liaison.world.zendesk.webhooks.forget()
    await reconcile()
    await liaison.let_pass(3 * HOUR)
    assert await sla_sweep() == "nothing due"
    assert await broken_promises(liaison, told_of) + await broken_promises(liaison, found) == []


async def test_an_incident_of_spam_only_asks_its_owner(liaison: Installation):
    """Its one ticket was spam: nothing closes by itself, and somebody reads that there is no customer left."""
    (ticket,) = await liaison.escalated()
    liaison.world.zendesk.delete_ticket(ticket, as_spam=True)
    await liaison.intake()
    assert f"1 ticket is gone (marked as spam): #{ticket}" in await told(liaison)
    assert "has no ticket left" in await told(liaison)
    assert "has no ticket left" in liaison.room()
    assert (await liaison.incident()).state is IncidentState.ESCALATED


async def test_a_merge_moves_the_link_and_counts_once(liaison: Installation):
    """The survivor was about something else until then; its customer is told, and the merged ticket's is not."""
    source, other = await liaison.escalated(2)
    (target,) = liaison.customers_write(1, subject="Hello", body="Are you there?")
    await liaison.intake()
    liaison.world.zendesk.merge_tickets(source, target, "Sam")
    await liaison.intake()
    assert sorted(await linked(liaison)) == sorted([str(other), str(target)])
    assert f"#{source} into #{target}" in await told(liaison)
    await liaison.resolved()
    assert (await liaison.incident()).state is IncidentState.CLOSED
    assert "fixed" in liaison.replies(target)[-1]
    assert liaison.replies(source) == []


async def test_a_follow_up_belongs_to_its_ancestors_incident(liaison: Installation):
    """Zendesk makes a new ticket of an answer to a closed one: a complaint there reopens, thanks do not."""
    content, unlucky = await liaison.escalated(2)
    await liaison.resolved()
    for ticket in (content, unlucky):
        liaison.world.zendesk.close(ticket)
    thanks = liaison.world.zendesk.customer_reply(content, "Thank you, all is well again.")
    await liaison.intake()
    assert (await liaison.incident()).state is IncidentState.CLOSED
    liaison.world.break_checkout()
    complaint = liaison.world.zendesk.customer_reply(unlucky, "The payment page is broken again.")
    await liaison.intake()
    (incident,) = await liaison.incidents()
    assert (incident.state, incident.generation) == (IncidentState.ESCALATED, 2)
    assert {str(thanks), str(complaint)} <= set(await linked(liaison))


async def test_colleagues_asking_each_other_open_nothing(liaison: Installation):
    """A side conversation's child has all the words of a report, and is none."""
    (ticket,) = liaison.customers_write(1, subject="Where is my parcel?", body="Please tell me.")
    await liaison.intake()
    child = liaison.world.zendesk.open_side_conversation(
        ticket, "Sam", "Checkout fails?", "Does checkout fail?"
    )
    await liaison.intake()
    assert await liaison.incidents() == []
    assert liaison.notes(child) == ""


async def test_a_complaint_whose_webhook_is_lost_is_found_by_the_poll(liaison: Installation):
    """The poll reads what was written on the opened ticket, once: the next poll reopens nothing a second time."""
    (ticket,) = await liaison.escalated()
    await liaison.resolved()
    liaison.world.break_checkout()
    liaison.world.zendesk.customer_reply(ticket, "I still get an error when I pay.")
    liaison.world.zendesk.webhooks.forget()
    await reconcile()
    incident = await liaison.incident()
    assert (incident.state, incident.generation) == (IncidentState.ESCALATED, 2)
    await liaison.resolved()
    liaison.world.zendesk.agent_note(ticket, "Ada Agent", "called her")
    await reconcile()
    assert (await liaison.incident()).generation == 2


async def test_a_trigger_that_names_a_ticket_only_is_enough(liaison: Installation):
    """Its comments are read: an answer keeps the promise, a complaint reopens."""
    liaison.write_policy(PROMISED)
    (ticket,) = await liaison.escalated()
    liaison.world.zendesk.agent_reply(ticket, "Ada Agent", "We are on it.")
    _only_a_trigger(liaison, ticket)
    await liaison.intake()
    await liaison.resolved()
    _only_a_trigger(liaison, ticket)
    await liaison.intake()
    liaison.world.break_checkout()
    liaison.world.zendesk.customer_reply(ticket, "Same error as before, sorry.")
    _only_a_trigger(liaison, ticket)
    await liaison.intake()
    assert (await liaison.incident()).generation == 2
    await liaison.let_pass(HOUR / 2)
    await sla_sweep()
    assert await broken_promises(liaison, ticket) == []


async def test_who_complains_at_once_while_the_probe_is_green_wakes_nobody(liaison: Installation):
    """Liaison's "fixed" has just gone out and the service answers: the agent reads it, and no page is sent."""
    (ticket,) = await liaison.escalated()
    await liaison.resolved()
    pages = len(liaison.world.pagerduty.pages)
    liaison.world.zendesk.customer_reply(ticket, "It is still broken!")
    await liaison.intake()
    assert (await liaison.incident()).state is IncidentState.CLOSED
    assert len(liaison.world.pagerduty.pages) == pages
    assert "answered within two minutes of our message" in liaison.notes(ticket)


async def test_a_recovered_absence_notice_reopens_nothing(liaison: Installation):
    """Zendesk suspended it as automatic, an agent recovered it: it stays a machine's word."""
    (ticket,) = await liaison.escalated()
    await liaison.resolved()
    liaison.world.break_checkout()
    liaison.world.zendesk.recover_mail(ticket, "Still broken? I am not there to tell.", cause_id=8)
    await liaison.intake()
    assert (await liaison.incident()).state is IncidentState.CLOSED


async def test_thanks_break_no_promise(liaison: Installation):
    """They open the solved ticket at the helpdesk, and hours later nobody has failed to answer."""
    liaison.write_policy(PROMISED)
    (ticket,) = await liaison.acknowledged()
    liaison.world.zendesk.agent_reply(ticket, "Ada Agent", "We are on it.")
    await liaison.intake()
    await liaison.resolved()
    await liaison.intake()
    liaison.world.zendesk.customer_reply(ticket, "Wonderful, thank you very much!")
    await liaison.intake()
    await liaison.let_pass(9 * HOUR)
    await sla_sweep()
    assert await broken_promises(liaison, ticket) == []


async def test_closed_says_who_was_not_told(liaison: Installation):
    """One was closed by the helpdesk before, and takes no message any more."""
    _, early = await liaison.acknowledged(2)
    liaison.world.zendesk.close(early)
    await liaison.intake()
    await liaison.resolved()
    assert "1 of 2 linked customers were not told" in await told(liaison)
    assert f"#{early} (closed at the helpdesk before)" in await told(liaison)


def _only_a_trigger(liaison: Installation, ticket: int) -> None:
    queue = liaison.world.zendesk.webhooks
    queue.forget()
    queue.push({"ticket_id": str(ticket)})
