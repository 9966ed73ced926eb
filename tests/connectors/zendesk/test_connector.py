"""Zendesk against its fake: the helpdesk contract, and what is Zendesk's own."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
import stamina

from connectors.kit.fakes.faults import FaultKind
from connectors.kit.fakes.in_process import InProcessTransport
from connectors.zendesk import Zendesk
from connectors.zendesk.fake.app import API_TOKEN, EMAIL
from incidents.errors import Busy, Exposed, NotAllowed, Unknown
from incidents.models import ChangeOutcome, InternalText, PublicText, TicketChange, TicketStatus
from tests.connectors.zendesk.conftest import ZendeskWorld, connect
from tests.contracts.budgeted import BudgetedContract
from tests.contracts.helpdesk import NOTE, ONCE, REPLY, HelpdeskContract, many_tickets
from tests.contracts.lost_answers import TicketStatesContract
from tests.contracts.private_notes import PrivateNotesContract


class TestZendeskSetsStates(TicketStatesContract):
    """All of the contract."""


class TestZendeskIsAHelpdesk(HelpdeskContract, BudgetedContract):
    """All of the contract."""


class TestZendeskKeepsNotesPrivate(PrivateNotesContract):
    """All of the contract."""


def a_ticket(world: ZendeskWorld) -> str:
    return world.create_ticket("Cannot pay", "Cards are refused", name="Ada", email="ada@customer.example")


async def test_check_refuses_an_end_user(world: ZendeskWorld, helpdesk: Zendesk) -> None:
    """A token of somebody who is no agent would see next to nothing: said at once."""
    world.fake.api.me.role = "end-user"
    with pytest.raises(NotAllowed, match="not an agent"):
        await helpdesk.check()


async def test_wrong_token(world: ZendeskWorld) -> None:
    """Zendesk's own 401, not an armed one."""
    zendesk = connect(world, api_token="something-else")
    with pytest.raises(NotAllowed):
        await zendesk.check()
    await zendesk.aclose()


async def test_a_comment_that_says_nothing_is_public(world: ZendeskWorld) -> None:
    """Zendesk's trap, on the fake as well: so each note of ours says `public: false` (`change_body`)."""
    ticket = a_ticket(world)
    async with httpx.AsyncClient(
        transport=InProcessTransport(world.fake.app),
        base_url="https://acme.zendesk.test",
        auth=(f"{EMAIL}/token", API_TOKEN),
    ) as client:
        await client.put(
            f"/api/v2/tickets/{ticket}", json={"ticket": {"comment": {"body": "for colleagues"}}}
        )
    assert world.public_replies(ticket) == ["for colleagues"]


async def test_a_note_is_read_back_though_others_wrote_since(world: ZendeskWorld, helpdesk: Zendesk) -> None:
    """The last audit is then another one: the ticket's own are read, and the note is found among them."""
    tell = world.fake._desk._tell
    ids = many_tickets(world, 3)

    def answer(kind: str, ticket: Any, actor: Any, event: Any) -> None:
        tell(kind, ticket, actor, event)
        if kind == "ticket.comment_added" and actor is world.fake.api.me:
            world.fake.agent_note(ticket.id, "Grace", "seen")

    world.fake._desk._tell = answer
    world.lose_privacy()
    outcomes = await helpdesk.update(ids, NOTE, once=ONCE)
    assert {one.outcome for one in outcomes} == {ChangeOutcome.EXPOSED}
    assert not any(NOTE.private_note in world.public_replies(one) for one in ids)


async def test_a_hundred_notes_are_read_back_by_one_look(world: ZendeskWorld, helpdesk: Zendesk) -> None:
    """Beside the job and the looks at it."""
    ids = many_tickets(world, 100)
    world.fake.api.calls.clear()
    await helpdesk.update(ids, NOTE, once=ONCE)
    assert [call for call in world.fake.api.calls if "job_statuses" not in call] == [
        "PUT /api/v2/tickets/update_many.json",
        "GET /api/v2/tickets/show_many.json",
    ]


async def test_an_exposed_note_stays_exposed_once_it_is_hidden(
    world: ZendeskWorld, helpdesk: Zendesk
) -> None:
    """Zendesk's audit keeps telling how it was stored: who dies between hiding and telling loses nothing."""
    ticket = a_ticket(world)
    world.lose_privacy()
    await helpdesk.update([ticket], NOTE, once=ONCE)
    assert world.public_replies(ticket) == []
    with pytest.raises(Exposed, match="it is hidden now"):
        await helpdesk.was_done(ticket, ONCE)


async def test_marker_is_not_in_the_text(world: ZendeskWorld, helpdesk: Zendesk) -> None:
    """The key is kept where customers never look: the comment is the text and nothing but the text."""
    ticket = a_ticket(world)
    await helpdesk.update([ticket], REPLY, once="a-secret-key")
    assert world.public_replies(ticket) == [REPLY.public_reply]
    assert world.fake.tickets[int(ticket)].audits[-1].custom == {"liaison_once": "a-secret-key"}


async def test_customers_placeholder_stays_text(world: ZendeskWorld, helpdesk: Zendesk) -> None:
    """What a customer wrote is never a template to Zendesk, even when we quote it."""
    ticket = a_ticket(world)
    hostile = "Quote: {{ticket.assignee.email}} {{{x}}} {% for a in b %} {json}"
    await helpdesk.update([ticket], TicketChange(private_note=InternalText(hostile)), once="1")
    await helpdesk.update([ticket], TicketChange(public_reply=PublicText(hostile)), once="2")
    for text in (*world.private_notes(ticket), *world.public_replies(ticket)):
        assert "{{" not in text
        assert "{%" not in text
        assert text.replace("\u2060", "") == hostile


async def test_marker_among_hundreds_of_audits(world: ZendeskWorld, helpdesk: Zendesk) -> None:
    """The look-up walks all pages, newest first."""
    ticket = a_ticket(world)
    await helpdesk.update([ticket], NOTE, once=ONCE)
    for number in range(250):
        world.fake.agent_note(int(ticket), "Grace", f"note {number}")
    world.fake.api.calls.clear()
    assert await helpdesk.was_done(ticket, ONCE)
    assert len(world.fake.api.calls) == 3
    assert not await helpdesk.was_done(ticket, "never")


async def test_change_of_nothing_leaves_no_marker(world: ZendeskWorld, helpdesk: Zendesk) -> None:
    """Setting what is set makes no audit at Zendesk: the look-up says "not done", a repeat is idle."""
    ticket = a_ticket(world)
    change = TicketChange(status=TicketStatus.NEW)
    (outcome,) = await helpdesk.update([ticket], change, once=ONCE)
    assert outcome.outcome is ChangeOutcome.DONE
    assert not await helpdesk.was_done(ticket, ONCE)


async def test_status_change_may_be_sent_twice(world: ZendeskWorld, helpdesk: Zendesk) -> None:
    """A state, unlike a comment, is set again when the first answer was lost."""
    ticket = a_ticket(world)
    world.faults.arm(FaultKind.DROP_REPLY, where="/tickets/")
    with stamina.set_testing(True, attempts=2):
        (outcome,) = await helpdesk.update([ticket], TicketChange(status=TicketStatus.OPEN), once=ONCE)
    assert outcome.outcome is ChangeOutcome.DONE


async def test_job_that_never_ends(world: ZendeskWorld) -> None:
    """A bulk update still under way when our patience ends is unknown, not failed and not done."""
    zendesk = connect(world, job_wait_seconds=0.005)
    world.fake.api.jobs.are_stuck = True
    ids = many_tickets(world, 3)
    outcomes = await zendesk.update(ids, NOTE, once=ONCE)
    assert {outcome.outcome for outcome in outcomes} == {ChangeOutcome.UNKNOWN}
    await zendesk.aclose()


@pytest.mark.parametrize("kind", [FaultKind.UNAUTHORIZED, FaultKind.MISSING])
async def test_job_that_cannot_be_followed(world: ZendeskWorld, helpdesk: Zendesk, kind: FaultKind) -> None:
    """Once the job is taken on, a failure to look at it does not pass for "not done"."""
    ids = many_tickets(world, 3)
    world.faults.arm(kind, where="job_statuses", times=None)
    outcomes = await helpdesk.update(ids, NOTE, once=ONCE)
    assert {outcome.outcome for outcome in outcomes} == {ChangeOutcome.UNKNOWN}


async def test_job_followed_through_an_outage(world: ZendeskWorld, helpdesk: Zendesk) -> None:
    """An outage while we wait for the job's word costs time, not the word."""
    ids = many_tickets(world, 3)
    world.faults.arm(FaultKind.OUTAGE, where="job_statuses", times=3)
    with stamina.set_testing(True, attempts=1):
        outcomes = await helpdesk.update(ids, NOTE, once=ONCE)
    assert {outcome.outcome for outcome in outcomes} == {ChangeOutcome.DONE}


async def test_some_chunks_busy(world: ZendeskWorld, helpdesk: Zendesk) -> None:
    """When one hundred got through and the next was told to wait, the done stay done."""
    ids = many_tickets(world)
    world.faults.arm(FaultKind.RATE_LIMIT, where="update_many")
    outcomes = await helpdesk.update(ids, NOTE, once=ONCE)
    assert {outcome.outcome for outcome in outcomes} == {ChangeOutcome.DONE, ChangeOutcome.UNKNOWN}
    done = {outcome.id: outcome.outcome is ChangeOutcome.DONE for outcome in outcomes}
    assert all((world.private_notes(ticket) != []) is done[ticket] for ticket in ids)


async def test_all_chunks_busy(world: ZendeskWorld, helpdesk: Zendesk) -> None:
    """When nothing got through, the caller may come again with the whole."""
    ids = many_tickets(world)
    world.faults.arm(FaultKind.RATE_LIMIT, where="update_many", times=None)
    with pytest.raises(Busy):
        await helpdesk.update(ids, NOTE, once=ONCE)


async def test_perhaps_done_outweighs_not_done(world: ZendeskWorld, helpdesk: Zendesk) -> None:
    """One hundred told to wait and another without an answer: the whole is unknown, never "come again"."""
    ids = many_tickets(world)
    world.faults.arm(FaultKind.RATE_LIMIT, where="update_many")
    world.faults.arm(FaultKind.DROP_REPLY, where="update_many")
    with pytest.raises(Unknown):
        await helpdesk.update(ids, NOTE, once=ONCE)


async def test_export_in_pages(world: ZendeskWorld, helpdesk: Zendesk) -> None:
    """A long export is walked by its cursor to the end of the stream."""
    ids = many_tickets(world, 600)
    world.let_time_pass(120)
    since = world.now().replace(hour=0)
    assert [ticket.ref.id async for ticket in helpdesk.changed_since(since)] == ids
    assert world.fake.api.calls.count("GET /api/v2/incremental/tickets/cursor.json") == 3


async def test_who_we_are_is_asked_once(world: ZendeskWorld) -> None:
    """Our user id is learned by the first read, and not at all when the settings tell it."""
    ticket = a_ticket(world)
    for changes, asked in (({}, 1), ({"integration_user_id": world.fake.integration_user_id}, 0)):
        world.fake.api.calls.clear()
        zendesk = connect(world, **changes)
        await zendesk.read([ticket])
        await zendesk.read([ticket])
        assert world.fake.api.calls.count("GET /api/v2/users/me.json") == asked
        await zendesk.aclose()


async def test_customer_and_history_come_along(world: ZendeskWorld) -> None:
    """One call brings the customer's tier and product, the assignee's name, and how often it came back."""
    number = world.fake.create_ticket(
        "Ada",
        "ada@acme.example",
        "Cannot pay",
        "Cards are refused",
        ["product_shop"],
        organization="Acme",
        organization_fields={"plan": "gold"},
        priority="high",
    )
    world.fake.agent_take(number, "Grace Hopper")
    world.fake.agent_take(number, "Margaret Hamilton")
    world.fake.agent_solve(number, "Margaret Hamilton")
    world.fake.customer_reply(number, "Still broken")
    zendesk = connect(world, tier_field="plan")
    (ticket,) = await zendesk.read([str(number)])
    await zendesk.aclose()
    assert (ticket.tier, ticket.product, ticket.priority) == ("gold", "shop", "high")
    assert (ticket.assignee, ticket.reassignments, ticket.reopens) == ("Margaret Hamilton", 1, 1)
    assert ticket.url == f"https://acme.zendesk.test/agent/tickets/{number}"
