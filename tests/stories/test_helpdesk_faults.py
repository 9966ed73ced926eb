"""The helpdesk fails while customers and agents are being told: nobody is told twice, and nobody forgotten."""

from __future__ import annotations

from datetime import timedelta

import pytest

from connectors.kit.fakes.faults import FaultKind
from deployments.commands.parked import parked_deliveries
from deployments.commands.show import held_effects, settle_held
from flows.intake import intake
from flows.recover import recover
from incidents.effects import EffectKind, EffectState
from incidents.errors import NotAllowed, Unreachable, Unrecognised
from incidents.models import IncidentState
from tasks.stages.drain import PARK_AFTER
from tests.stories.installation import BODY, Installation

BULK, READ = "update_many", "show_many"
LATER = timedelta(minutes=2)
MESSAGE = EffectKind.CUSTOMER_MESSAGE
STATUS = EffectKind.TICKET_STATUS


async def states(liaison: Installation, kind: EffectKind) -> list[EffectState]:
    return [line.state for line in await liaison.ledger(kind)]


async def acknowledged_with(liaison: Installation, fault: FaultKind) -> list[int]:
    """Jane takes the page; the agents hear of it, and the call that tells the customers meets the fault."""
    tickets = await liaison.escalated(3)
    faults = liaison.world.zendesk.faults
    faults.arm(FaultKind.DELAY, where=BULK, times=1)  # the agents' notes go before, unharmed
    faults.arm(fault, where=BULK, times=1)
    liaison.world.pagerduty.acknowledge(liaison.page.id, "Jane Doe")
    await liaison.sync()
    assert all("Jane Doe is on it" in liaison.notes(ticket) for ticket in tickets)
    return tickets


async def test_told_and_not_heard_so(liaison: Installation):
    """The reply to a bulk message was lost after Zendesk sent it: each is found on its ticket, none sent again."""
    tickets = await acknowledged_with(liaison, FaultKind.DROP_REPLY)
    assert await states(liaison, MESSAGE) == [EffectState.UNKNOWN] * 3
    assert await held_effects(liaison.database) == []

    await liaison.let_pass(LATER)
    await recover()

    assert await states(liaison, MESSAGE) == [EffectState.DONE] * 3
    assert [len(liaison.replies(ticket)) for ticket in tickets] == [1, 1, 1]


async def test_told_where_no_customer_reads_it_and_not_heard_so(liaison: Installation):
    """A rule of the house stores our replies as internal, and the answer was lost: nobody was told, and nobody is told
    so by a second one; the incident waits until somebody has called them."""
    liaison.world.zendesk.api.desk.hides_replies = True
    tickets = await acknowledged_with(liaison, FaultKind.DROP_REPLY)
    await liaison.let_pass(LATER)
    await recover()
    lines = await liaison.ledger(MESSAGE)
    assert [line.state for line in lines] == [EffectState.DEAD] * 3
    assert all("tell the customer by hand" in line.detail for line in lines)
    assert [liaison.replies(ticket) for ticket in tickets] == [[], [], []]
    await liaison.resolved()
    assert "3 customers must be told by hand" in liaison.room()


async def test_perhaps_told_waits_for_a_person(liaison: Installation):
    """A 500 that did nothing: we cannot know, so a person looks. What she sends again goes out once."""
    tickets = await acknowledged_with(liaison, FaultKind.CRASH)
    await liaison.let_pass(LATER)
    await recover()
    await recover()

    waiting = await held_effects(liaison.database)
    assert [(item.kind, item.state, item.incident) for item in waiting] == [(MESSAGE, "held", "INC-1")] * 3
    assert {item.target for item in waiting} == {str(ticket) for ticket in tickets}
    assert all("please check" in item.detail for item in waiting)
    assert all(liaison.replies(ticket) == [] for ticket in tickets)

    await settle_held(liaison.database, waiting[0].key, is_done=True)
    await settle_held(liaison.database, waiting[1].key, is_done=False)
    await recover()
    await recover()
    assert [item.key for item in await held_effects(liaison.database)] == [waiting[2].key]
    told = {str(ticket): len(liaison.replies(ticket)) for ticket in tickets}
    assert told == {waiting[0].target: 0, waiting[1].target: 1, waiting[2].target: 0}


async def test_the_ticket_changed_between_decision_and_message(liaison: Installation):
    """Another requester: held, and neither of the two hears anything. A deleted ticket: given up, with the
    reason. The third customer is told all the same."""
    moved, deleted, unchanged = await liaison.escalated(3)
    desk = liaison.world.zendesk
    desk.faults.arm(FaultKind.RATE_LIMIT, where=READ, seconds=60)
    liaison.world.pagerduty.acknowledge(liaison.page.id, "Jane Doe")
    await liaison.sync()
    assert await states(liaison, MESSAGE) == [EffectState.PENDING] * 3

    desk.change_requester(moved, "Somebody Else", "somebody@else.example")
    desk.remove_ticket(deleted)
    await liaison.let_pass(LATER)
    await recover()

    by_target = {line.target: line for line in await liaison.ledger(MESSAGE)}
    assert by_target[str(moved)].state is EffectState.HELD
    assert "requester changed" in by_target[str(moved)].detail
    assert by_target[str(deleted)].state is EffectState.DEAD
    assert by_target[str(deleted)].detail == "the ticket is gone"
    assert liaison.replies(moved) == [BODY], "what was written there before, and nothing of ours"
    assert len(liaison.replies(unchanged)) == 1

    await liaison.resolved()
    assert liaison.world.zendesk.tickets[unchanged].status == "solved"
    room = liaison.room()
    assert "INC-1 is closed: " not in room
    assert "INC-1 works again and is not closed yet: 2 customers must be told by hand" in room
    assert (await liaison.incident()).state is IncidentState.CLOSING
    await liaison.world.slack.slash("close INC-1 both were called", channel="inc-1-checkout")
    await liaison.sync()
    assert (await liaison.incident()).state is IncidentState.CLOSED
    assert (
        "INC-1 is closed on the word of anna (both were called): 2 customers must be told" in liaison.room()
    )


async def test_an_outage_of_the_helpdesk_is_made_up_for(liaison: Installation):
    """Every call fails while the page is taken: afterwards each agent and each customer has been told once."""
    tickets = await liaison.escalated(3)
    liaison.world.zendesk.faults.arm(FaultKind.OUTAGE, times=None)
    liaison.world.pagerduty.acknowledge(liaison.page.id, "Jane Doe")
    await liaison.sync()
    assert "Jane Doe is on it" in liaison.room(), "the room does not wait for the helpdesk"
    await liaison.let_pass(LATER)
    await recover()
    assert not any("Jane Doe is on it" in liaison.notes(ticket) for ticket in tickets)

    liaison.world.zendesk.faults.clear()
    await liaison.let_pass(LATER)
    await recover()
    for ticket in tickets:
        assert liaison.notes(ticket).count("Jane Doe is on it") == 1
        assert len(liaison.replies(ticket)) == 1


async def test_tickets_that_cannot_be_read_wait(liaison: Installation):
    """Webhooks came, but the helpdesk does not let us read the tickets: all of them are taken in later."""
    liaison.world.break_checkout()
    liaison.customers_write(3)
    liaison.world.zendesk.faults.arm(FaultKind.OUTAGE, where=READ, times=None)
    with pytest.raises(Unreachable):
        await liaison.intake()
    assert await liaison.incidents() == []

    liaison.world.zendesk.faults.clear()
    await intake()
    assert len((await liaison.case()).tickets) == 3
    assert len(liaison.world.pagerduty.pages) == 1


@pytest.mark.parametrize(
    ("fault", "error"), [(FaultKind.UNAUTHORIZED, NotAllowed), (FaultKind.OUTAGE, Unreachable)]
)
async def test_a_long_absence_of_the_helpdesk_costs_no_ticket_and_no_word(
    liaison: Installation, fault: FaultKind, error: type[Exception]
):
    """Away for longer than we are patient with a delivery that breaks things: nothing is given up meanwhile."""
    (ticket,) = await liaison.escalated()
    await liaison.resolved()
    faults = liaison.world.zendesk.faults
    faults.arm(fault, where=READ, times=None)
    liaison.world.break_checkout()
    liaison.world.zendesk.customer_reply(ticket, "It is still broken for me.")
    liaison.customers_write(2)
    await liaison.hear()
    for _ in range(PARK_AFTER + 1):
        with pytest.raises(error):
            await intake()
    assert await parked_deliveries(liaison.database) == []

    faults.clear()
    await intake()
    assert (await liaison.incident()).generation == 2, "what the customer wrote was heard"
    linked = [len((await liaison.case(incident.id)).tickets) for incident in await liaison.incidents()]
    assert sum(linked) == 3


async def test_one_ticket_that_breaks_the_reading_harms_no_other(liaison: Installation):
    """A ticket with a status nobody knows fails its whole chunk: it is singled out and parked, alone."""
    liaison.world.break_checkout()
    tickets = liaison.customers_write(6)
    liaison.world.zendesk.tickets[tickets[2]].status = "a status of next year"
    await liaison.hear()
    for _ in range(PARK_AFTER):
        with pytest.raises(Unrecognised, match="next year"):
            await intake()
    await intake()

    parked = await parked_deliveries(liaison.database)
    assert len(parked) == 1
    assert "given up after" in parked[0].reason
    linked = {item.ticket.ref.id for item in (await liaison.case()).tickets}
    assert linked == {str(ticket) for ticket in tickets} - {str(tickets[2])}
    assert len(liaison.world.pagerduty.pages) == 1


async def test_a_status_that_an_agent_has_set_since_stands_where_the_newer_counts(liaison: Installation):
    """Decided while the ticket was open, and due when it waits for a third party: theirs is the newer. The message is
    sent all the same, and the other ticket is solved."""
    liaison.write_policy({"sync": {"ticket_status": "newer"}})
    theirs, unchanged = await liaison.acknowledged(2)
    desk = liaison.world.zendesk
    desk.faults.arm(FaultKind.RATE_LIMIT, where=READ, seconds=60)
    await liaison.resolved()
    assert await states(liaison, STATUS) == [EffectState.PENDING] * 2

    desk.agent_reply(theirs, "Ada Agent", "May I ask you something?", submit_as="hold")
    await liaison.let_pass(LATER)
    await recover()
    await recover()
    assert [desk.tickets[one].status for one in (theirs, unchanged)] == ["hold", "solved"]
    by_target = {line.target: line for line in await liaison.ledger(STATUS)}
    assert by_target[str(theirs)].detail.endswith("the newer stands")
    assert "is fixed" in liaison.replies(theirs)[-1]
    await liaison.intake()
    assert desk.tickets[theirs].status == "hold"
