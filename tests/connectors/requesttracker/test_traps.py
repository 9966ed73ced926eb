"""What RT 5.0.3 was seen to do, and what an honest client would get wrong about it.

The same is seen on the real one in tests/real/test_requesttracker.py.
"""

from __future__ import annotations

from datetime import timedelta

import pytest
from pydantic import SecretStr

from connectors.kit.fakes.faults import FaultKind
from connectors.requesttracker import RequestTracker
from connectors.requesttracker.fake.app import USER
from incidents.errors import NotAllowed, Unknown
from incidents.models import (
    ChangeOutcome,
    Departure,
    InternalText,
    Origin,
    PublicText,
    TicketChange,
    TicketStatus,
)
from tests.connectors.requesttracker.conftest import RequestTrackerWorld, connect

ONCE = "t-1/reply/1"
REPLY = TicketChange(public_reply=PublicText("It works again."))


@pytest.fixture
def ticket(world: RequestTrackerWorld) -> str:
    return world.create_ticket(
        "Cannot pay", "Every card is refused.", name="Ada", email="ada@customer.example"
    )


@pytest.mark.parametrize("zone", ["Europe/Berlin", "America/New_York", "Asia/Kolkata"])
@pytest.mark.parametrize("whose", ["user", "server"])
async def test_a_zone_in_which_searches_lie_is_refused(
    world: RequestTrackerWorld, helpdesk: RequestTracker, ticket: str, zone: str, whose: str
) -> None:
    """In another zone a poll would overlook hours of changes, or see them again; it says how to mend it."""
    if whose == "user":
        world.fake.bot.zone = zone
    else:
        world.fake.desk.zone = zone
    for call in (helpdesk.check, lambda: anext(helpdesk.changed_since(world.now()))):
        with pytest.raises(NotAllowed, match="time zone"):
            await call()


async def test_a_profile_in_a_zone_that_is_utc_in_winter_is_refused(
    world: RequestTrackerWorld, helpdesk: RequestTracker, ticket: str
) -> None:
    """London's winter would pass any look at the clock, and its summer not."""
    world.fake.bot.zone = "Europe/London"
    with pytest.raises(NotAllowed, match="Europe/London"):
        await helpdesk.check()


async def test_a_change_in_the_second_asked_for_is_found(
    world: RequestTrackerWorld, helpdesk: RequestTracker, ticket: str
) -> None:
    """RT's `>` would miss it, and a trailing Z would take the time of day away."""
    world.let_time_pass(0.7)
    world.customer_reply(ticket, "Any news?")
    found = [one.ref.id async for one in helpdesk.changed_since(world.now())]
    assert found == [ticket]
    world.let_time_pass(3600)
    assert [one.ref.id async for one in helpdesk.changed_since(world.now())] == []


async def test_more_changes_in_one_second_than_a_page_holds(
    world: RequestTrackerWorld, helpdesk: RequestTracker
) -> None:
    """Going on from the time reached must not stand still there."""
    ids = [world.create_ticket("s", "b", name="C", email="c@customer.example") for _ in range(230)]
    world.let_time_pass(60)
    ids.append(world.create_ticket("s", "b", name="C", email="c@customer.example"))
    since = world.now() - timedelta(minutes=5)
    assert [one.ref.id async for one in helpdesk.changed_since(since)] == ids


async def test_a_reply_leaves_a_settled_ticket_settled(
    world: RequestTrackerWorld, helpdesk: RequestTracker, ticket: str
) -> None:
    """RT opens it; left so, telling and closing would go on for ever."""
    world.fake.set_status(int(ticket), "resolved")
    (outcome,) = await helpdesk.update([ticket], REPLY, once=ONCE)
    assert outcome.outcome is ChangeOutcome.DONE
    (found,) = await helpdesk.read([ticket])
    assert found.status is TicketStatus.SOLVED
    assert world.public_replies(ticket) == [REPLY.public_reply]


async def test_telling_comes_before_resolving(
    world: RequestTrackerWorld, helpdesk: RequestTracker, ticket: str
) -> None:
    """In one change: the other way round the reply would open the ticket again."""
    change = TicketChange(public_reply=REPLY.public_reply, status=TicketStatus.SOLVED)
    await helpdesk.update([ticket], change, once=ONCE)
    (found,) = await helpdesk.read([ticket])
    assert found.status is TicketStatus.SOLVED


async def test_a_status_that_rt_does_not_take_is_refused(world: RequestTrackerWorld, ticket: str) -> None:
    """It answers 200 to it, with a sentence or with nothing; the message that went before it is not told twice."""
    helpdesk = connect(world, statuses={"fixed": TicketStatus.SOLVED})
    for change, words in (
        (TicketChange(status=TicketStatus.SOLVED), "nothing changed"),
        (TicketChange(public_reply=REPLY.public_reply, status=TicketStatus.SOLVED), "the message was sent"),
    ):
        (outcome,) = await helpdesk.update([ticket], change, once=ONCE)
        assert outcome.outcome is ChangeOutcome.REFUSED
        assert words in outcome.detail
    assert world.public_replies(ticket) == [REPLY.public_reply]
    assert await helpdesk.was_done(ticket, ONCE)


async def test_success_that_changed_nothing_is_not_done(
    world: RequestTrackerWorld, helpdesk: RequestTracker, ticket: str
) -> None:
    """200 and `[]` to a status, 201 to a message that is not there, 200 to tags."""
    world.fake.desk.is_deaf = True
    for change in (
        TicketChange(status=TicketStatus.SOLVED),
        REPLY,
        TicketChange(private_note=InternalText("a note")),
        TicketChange(add_tags=("liaison",)),
    ):
        (outcome,) = await helpdesk.update([ticket], change, once=ONCE)
        assert outcome.outcome in (ChangeOutcome.REFUSED, ChangeOutcome.GONE)
    assert not await helpdesk.was_done(ticket, ONCE)


async def test_a_status_whose_answer_was_lost_after_a_message_is_unknown(
    world: RequestTrackerWorld, helpdesk: RequestTracker, ticket: str
) -> None:
    """ "Surely not done" would send the message again."""
    world.faults.arm(FaultKind.DELAY, where="ticket/1", times=3)
    world.faults.arm(FaultKind.OUTAGE, where="ticket/1", times=None)
    change = TicketChange(public_reply=REPLY.public_reply, status=TicketStatus.SOLVED)
    with pytest.raises(Unknown):
        await helpdesk.update([ticket], change, once=ONCE)
    world.faults.clear()
    assert await helpdesk.was_done(ticket, ONCE)


async def test_500_and_stored_all_the_same(
    world: RequestTrackerWorld, helpdesk: RequestTracker, ticket: str
) -> None:
    """RT mails the customer and then answers 500: one call, "unknown", and the look-up finds it."""
    world.faults.arm(FaultKind.ERROR_AFTER_WORK, where="correspond")
    with pytest.raises(Unknown):
        await helpdesk.update([ticket], REPLY, once=ONCE)
    assert await helpdesk.was_done(ticket, ONCE)
    assert world.public_replies(ticket) == [REPLY.public_reply]


async def test_a_merged_ticket(world: RequestTrackerWorld, helpdesk: RequestTracker, ticket: str) -> None:
    """RT answers for it with the other one's id, and takes changes of it for the other one's."""
    other = world.create_ticket("Same", "here", name="Bob", email="bob@customer.example")
    (before,) = await helpdesk.read([other])
    world.fake.merge(int(other), int(ticket))
    (found,) = await helpdesk.read([other])
    assert (found.ref.id, found.gone, found.merged_into) == (other, Departure.MERGED, ticket)
    (outcome,) = await helpdesk.update([other], REPLY, once=ONCE)
    assert outcome.outcome is ChangeOutcome.GONE
    assert f"merged into {ticket}" in outcome.detail
    assert world.public_replies(ticket) == []
    assert await helpdesk.comments(before, before.created_at) == []


async def test_a_deleted_ticket_is_not_brought_back(
    world: RequestTrackerWorld, helpdesk: RequestTracker, ticket: str
) -> None:
    """A reply would open it."""
    world.delete_ticket(ticket)
    (outcome,) = await helpdesk.update([ticket], REPLY, once=ONCE)
    assert outcome.outcome is ChangeOutcome.GONE
    assert world.fake.desk.tickets[int(ticket)].status == "deleted"


@pytest.mark.parametrize("text", ["", " \n\t"])
async def test_an_empty_text_is_refused(
    world: RequestTrackerWorld, helpdesk: RequestTracker, ticket: str, text: str
) -> None:
    """RT would store it and mail it."""
    (outcome,) = await helpdesk.update([ticket], TicketChange(public_reply=PublicText(text)), once=ONCE)
    assert outcome.outcome is ChangeOutcome.REFUSED
    assert "empty" in outcome.detail
    assert world.public_replies(ticket) == []


async def test_a_history_longer_than_a_page_with_what_we_may_not_see(
    world: RequestTrackerWorld, helpdesk: RequestTracker, ticket: str
) -> None:
    """RT leaves the mails it sent out of the pages and then tells no total: the newest words stand on the last page."""
    (found,) = await helpdesk.read([ticket])
    for number in range(70):  # each with a mail that is not shown
        world.customer_reply(ticket, f"word {number}")
    for _ in range(150):
        world.fake.desk.mail(world.fake.desk.tickets[int(ticket)])
    await helpdesk.update([ticket], REPLY, once=ONCE)
    said = await helpdesk.comments(found, found.created_at)
    assert [one.text for one in said] == [*(f"word {n}" for n in range(70)), REPLY.public_reply]
    assert await helpdesk.was_done(ticket, ONCE)
    world.fake.is_superuser = True
    assert await helpdesk.comments(found, found.created_at) == said


async def test_an_address_that_changed_is_read(
    world: RequestTrackerWorld, helpdesk: RequestTracker, ticket: str
) -> None:
    """A requestor's id stays the old address for ever; the notice must not go there."""
    world.fake.desk.users["ada@customer.example"].email = "ada@new.example"
    (found,) = await helpdesk.read([ticket])
    assert found.requester.email == "ada@new.example"
    assert found.requester.id == "ada@customer.example"


async def test_a_ticket_without_a_requestor_is_not_reachable(
    world: RequestTrackerWorld, helpdesk: RequestTracker
) -> None:
    """RT takes "Jane Doe" for nobody, and says nothing."""
    number = world.fake.desk.create("By telephone", "words", requester="", by="agent").id
    (found,) = await helpdesk.read([str(number)])
    assert not found.is_reachable


async def test_an_automatic_answer_is_known_as_such(
    world: RequestTrackerWorld, helpdesk: RequestTracker, ticket: str
) -> None:
    """By the headers that RT keeps of a mail."""
    (found,) = await helpdesk.read([ticket])
    world.fake.customer_reply(int(ticket), "I am away", headers="Auto-Submitted: auto-replied\n")
    (said,) = await helpdesk.comments(found, found.created_at)
    assert said.origin is Origin.AUTOMATIC


async def test_somebody_elses_mark_proves_nothing(
    world: RequestTrackerWorld, helpdesk: RequestTracker, ticket: str
) -> None:
    """A customer whose mail brings our mark along has not sent our message."""
    await helpdesk.update([ticket], REPLY, once=ONCE)
    (ours,) = [p for one in world.fake.desk.transactions if one.creator == USER for p in one.parts]
    other = world.create_ticket("s", "b", name="Eve", email="eve@customer.example")
    world.fake.customer_reply(int(other), "hello", headers=ours.headers)
    assert not await helpdesk.was_done(other, ONCE)


async def test_one_forbidden_ticket_keeps_no_other_waiting(
    world: RequestTrackerWorld, helpdesk: RequestTracker, ticket: str
) -> None:
    """RT says 403 of a ticket where our login is as good as ever."""
    other = world.create_ticket("s", "b", name="Bob", email="bob@customer.example")
    world.refuse_updates(ticket)
    outcomes = await helpdesk.update([ticket, other], REPLY, once=ONCE)
    assert [one.outcome for one in outcomes] == [ChangeOutcome.REFUSED, ChangeOutcome.DONE]
    assert "ReplyToTicket" in outcomes[0].detail


async def test_a_queue_that_is_not_there_is_named(world: RequestTrackerWorld) -> None:
    """In a search it would simply be empty, for ever."""
    with pytest.raises(NotAllowed, match="no queue 'Suport'"):
        await connect(world, queues=["Suport"]).check()
    assert "hears the scrip" in await connect(world, queues=["General"]).check()


async def test_a_ticket_that_we_may_not_see_stops_no_other(
    world: RequestTrackerWorld, helpdesk: RequestTracker, ticket: str
) -> None:
    """It was moved to a restricted queue: RT says 403 of it, and our login is as good as ever."""
    other = world.create_ticket("Same", "here", name="Bob", email="bob@customer.example")
    (before,) = await helpdesk.read([ticket])
    world.fake.desk.tickets[int(ticket)].is_restricted = True
    assert [one.ref.id for one in await helpdesk.read([ticket, other])] == [other]
    assert await helpdesk.comments(before, before.created_at) == []
    assert not await helpdesk.was_done(ticket, ONCE)
    hidden, done = await helpdesk.update([ticket, other], REPLY, once=ONCE)
    assert (hidden.outcome, done.outcome) == (ChangeOutcome.GONE, ChangeOutcome.DONE)
    assert "ShowTicket" in hidden.detail
    assert (world.public_replies(ticket), world.public_replies(other)) == ([], [REPLY.public_reply])


async def test_a_refused_login_is_not_taken_for_a_hidden_ticket(
    world: RequestTrackerWorld, helpdesk: RequestTracker, ticket: str
) -> None:
    """ "Not there" would be believed of every ticket."""
    stranger = connect(world, password=SecretStr("changed meanwhile"))
    with pytest.raises(NotAllowed):
        await stranger.read([ticket])
    with pytest.raises(NotAllowed):
        await stranger.update([ticket], REPLY, once=ONCE)
    await stranger.aclose()


async def test_a_note_that_rt_does_not_show_us_is_not_sent_again(
    world: RequestTrackerWorld, helpdesk: RequestTracker, ticket: str
) -> None:
    """Without ShowTicketComments the look-up finds no note of ours: "unknown" would write it again and again."""
    world.fake.sees_comments = False
    note = TicketChange(private_note=InternalText("Part of INC-42."))
    (outcome,) = await helpdesk.update([ticket], note, once=ONCE)
    assert outcome.outcome is ChangeOutcome.REFUSED
    assert "was sent" in outcome.detail
    assert "ShowTicketComments" in outcome.detail
    assert world.private_notes(ticket) == [note.private_note]
    (outcome,) = await helpdesk.update([ticket], REPLY, once="told")
    assert outcome.outcome is ChangeOutcome.DONE


@pytest.mark.parametrize(
    ("way", "is_signed_in"), [("Web", True), ("REST2", True), ("Email", False), ("CLI", False), ("", False)]
)
async def test_who_was_logged_in_is_known_by_the_way_that_it_came(
    world: RequestTrackerWorld, helpdesk: RequestTracker, ticket: str, way: str, is_signed_in: bool
) -> None:
    """A comment by mail is whose its sender says that he is: RT marks it as Email, whatever the mail says."""
    (found,) = await helpdesk.read([ticket])
    world.fake.agent_message(int(ticket), "Comment", "/liaison status", way=way)
    (said,) = await helpdesk.comments(found, found.created_at)
    assert (said.is_public, said.is_signed_in, said.author_id) == (False, is_signed_in, "agent")
