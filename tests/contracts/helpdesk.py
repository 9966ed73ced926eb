"""What every `Helpdesk` must keep: nothing private is ever public, and nothing done is ever forgotten.

Subclass it in `tests/connectors/<vendor>/test_connector.py`:

    class TestZendeskIsAHelpdesk(HelpdeskContract):
        @pytest.fixture
        def world(self) -> HelpdeskWorld: ...        # acts and looks behind the connector's back

        @pytest.fixture
        async def helpdesk(self, world) -> AsyncIterator[Helpdesk]: ...   # the connector on that world
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator
from datetime import timedelta
from typing import ClassVar, TypeVar

import pytest
import stamina

from connectors.kit.fakes.faults import FaultKind
from incidents.effects import value_hash
from incidents.errors import Busy, LiaisonError, NotAllowed, Unknown, Unreachable
from incidents.models import (
    Author,
    ChangeOutcome,
    Departure,
    InternalText,
    Origin,
    PublicText,
    Ticket,
    TicketChange,
    TicketStatus,
)
from incidents.ports import Connector, Helpdesk
from tests.contracts.helpdesk_world import HelpdeskWorld

ONCE = "t-1/note/1"
NOTE = TicketChange(private_note=InternalText("Part of INC-42: the payment provider is down."))
REPLY = TicketChange(public_reply=PublicText("We know of the fault; next news by 14:30 UTC."))
SUBJECT, BODY = "Cannot pay", "Since this morning every card is refused."
MANY = 120  # more than any vendor takes in one call


def many_tickets(world: HelpdeskWorld, count: int = MANY) -> list[str]:
    return [
        world.create_ticket(
            f"{SUBJECT} {number}", BODY, name=f"C {number}", email=f"c{number}@customer.example"
        )
        for number in range(count)
    ]


async def read_one(helpdesk: Helpdesk, ticket: str) -> object:
    return await helpdesk.read([ticket])


async def look_up(helpdesk: Helpdesk, ticket: str) -> object:
    return await helpdesk.was_done(ticket, ONCE)


async def leave_note(helpdesk: Helpdesk, ticket: str) -> object:
    return await helpdesk.update([ticket], NOTE, once=ONCE)


async def send_reply(helpdesk: Helpdesk, ticket: str) -> object:
    return await helpdesk.update([ticket], REPLY, once=ONCE)


Failure = TypeVar("Failure", bound=LiaisonError)
Call = Callable[[Helpdesk, str], Awaitable[object]]
READS = pytest.mark.parametrize("call", [read_one, look_up])
WRITES = pytest.mark.parametrize("call", [leave_note, send_reply])
CALLS = pytest.mark.parametrize("call", [read_one, look_up, leave_note, send_reply])


class HelpdeskContract:
    asks_vendor: ClassVar[frozenset[Call]] = frozenset({read_one, look_up, leave_note, send_reply})
    """The calls that go to the vendor. The others are answered from what is kept on our own side, and must do well
    whatever ails the vendor."""
    unanswered_write: ClassVar[tuple[type[LiaisonError], ...]] = (Unknown,)
    """What a write ends with that got no answer and was not done; a protocol that tells may say "surely not"."""
    many: ClassVar[int] = MANY

    @pytest.fixture
    def ticket(self, world: HelpdeskWorld) -> str:
        return world.create_ticket(SUBJECT, BODY, name="Ada Lovelace", email="ada@customer.example")

    @pytest.fixture(autouse=True)
    def _no_waiting(self) -> Iterator[None]:
        stamina.set_testing(True, attempts=2)
        yield
        stamina.set_testing(False)

    def test_is_a_helpdesk(self, helpdesk: Helpdesk) -> None:
        """The class line promises the capability, and the object keeps it."""
        assert isinstance(helpdesk, Helpdesk)
        assert isinstance(helpdesk, Connector)
        assert helpdesk.index_lag >= 0

    async def test_check_says_who_we_are(self, helpdesk: Connector) -> None:
        """An operator reads a line that tells him he connected the right account."""
        assert (await helpdesk.check()).strip()

    async def test_read_one(self, helpdesk: Helpdesk, world: HelpdeskWorld, ticket: str) -> None:
        """The ticket comes with its words, its customer and its times."""
        (found,) = await helpdesk.read([ticket])
        assert (found.ref.id, found.subject, found.body) == (ticket, SUBJECT, BODY)
        assert (found.requester.name, found.requester.email) == ("Ada Lovelace", "ada@customer.example")
        assert found.status in (TicketStatus.NEW, TicketStatus.OPEN)
        assert abs(found.updated_at - world.now()) < timedelta(seconds=5)
        assert found.url

    async def test_read_many(self, helpdesk: Helpdesk, world: HelpdeskWorld) -> None:
        """More tickets than one call takes come all, once each, in the order asked for."""
        ids = many_tickets(world, self.many)
        found = await helpdesk.read([*reversed(ids), ids[0]])
        assert [ticket.ref.id for ticket in found] == list(reversed(ids))
        assert {ticket.requester.email for ticket in found} == {
            f"c{number}@customer.example" for number in range(self.many)
        }

    async def test_missing_ids_are_left_out(
        self, helpdesk: Helpdesk, world: HelpdeskWorld, ticket: str
    ) -> None:
        """Tickets that never were, or are no more, do not stop the others; hostile ids reach no path."""
        gone = world.create_ticket(SUBJECT, BODY, name="Eve", email="eve@customer.example")
        world.remove_ticket(gone)
        found = await helpdesk.read([gone, ticket, "999999999", "../users/1", ""])
        assert [one.ref.id for one in found] == [ticket]
        assert await helpdesk.read([]) == []

    async def test_private_note(self, helpdesk: Helpdesk, world: HelpdeskWorld, ticket: str) -> None:
        """A note for colleagues is on the ticket, and no customer sees it."""
        (outcome,) = await helpdesk.update([ticket], NOTE, once=ONCE)
        assert outcome.outcome is ChangeOutcome.DONE
        assert world.private_notes(ticket) == [NOTE.private_note]
        assert world.public_replies(ticket) == []

    async def test_private_note_on_many(self, helpdesk: Helpdesk, world: HelpdeskWorld) -> None:
        """In bulk a note is as private as alone."""
        ids = many_tickets(world, 3)
        await helpdesk.update(ids, NOTE, once=ONCE)
        assert [world.private_notes(ticket) for ticket in ids] == [[NOTE.private_note]] * 3
        assert [world.public_replies(ticket) for ticket in ids] == [[]] * 3

    async def test_public_reply(self, helpdesk: Helpdesk, world: HelpdeskWorld, ticket: str) -> None:
        """The customer sees the reply, once."""
        (outcome,) = await helpdesk.update([ticket], REPLY, once=ONCE)
        assert outcome.outcome is ChangeOutcome.DONE
        assert world.public_replies(ticket) == [REPLY.public_reply]
        assert world.private_notes(ticket) == []

    @pytest.mark.parametrize(
        "status", [TicketStatus.OPEN, TicketStatus.WAITING_FOR_CUSTOMER, TicketStatus.SOLVED]
    )
    async def test_status(self, helpdesk: Helpdesk, ticket: str, status: TicketStatus) -> None:
        """The status set is the status read."""
        await helpdesk.update([ticket], TicketChange(status=status), once=ONCE)
        (found,) = await helpdesk.read([ticket])
        assert found.status is status

    async def test_tags_are_added(self, helpdesk: Helpdesk, world: HelpdeskWorld, ticket: str) -> None:
        """New tags join the old ones."""
        await helpdesk.update([ticket], TicketChange(add_tags=("liaison",)), once=ONCE)
        await helpdesk.update([ticket], TicketChange(add_tags=("inc_42",)), once="another")
        assert {"liaison", "inc_42"} <= set(world.tags(ticket))

    async def test_customers_answer_reopens(
        self, helpdesk: Helpdesk, world: HelpdeskWorld, ticket: str
    ) -> None:
        """A customer who writes after "solved" is seen as unsolved."""
        await helpdesk.update([ticket], TicketChange(status=TicketStatus.SOLVED), once=ONCE)
        world.customer_reply(ticket, "It is still broken")
        (found,) = await helpdesk.read([ticket])
        assert not found.status.is_settled

    async def test_version_never_falls(self, helpdesk: Helpdesk, world: HelpdeskWorld, ticket: str) -> None:
        """A later state has a bigger version."""
        (before,) = await helpdesk.read([ticket])
        world.let_time_pass(2)
        await helpdesk.update([ticket], NOTE, once=ONCE)
        (after,) = await helpdesk.read([ticket])
        assert after.version > before.version

    async def test_was_done(self, helpdesk: Helpdesk, ticket: str) -> None:
        """A change is known again by its key, and by its key only."""
        assert not await helpdesk.was_done(ticket, ONCE)
        await helpdesk.update([ticket], NOTE, once=ONCE)
        await helpdesk.update([ticket], REPLY, once="t-1/reply/1")
        assert await helpdesk.was_done(ticket, ONCE)
        assert await helpdesk.was_done(ticket, "t-1/reply/1")
        assert not await helpdesk.was_done(ticket, "t-1/note/2")

    @pytest.mark.parametrize("kind", [FaultKind.DROP_REPLY, FaultKind.ERROR_AFTER_WORK])
    @WRITES
    async def test_lost_answer(
        self, helpdesk: Helpdesk, world: HelpdeskWorld, ticket: str, kind: FaultKind, call: Call
    ) -> None:
        """When the answer is lost we say "unknown", the look-up finds the change, and it is there once."""
        world.faults.arm(kind, where=world.update_path)
        await self.expect(Unknown, call, helpdesk, ticket)
        assert await helpdesk.was_done(ticket, ONCE)
        assert len([*world.public_replies(ticket), *world.private_notes(ticket)]) == 1

    async def test_lost_answer_in_bulk(self, helpdesk: Helpdesk, world: HelpdeskWorld) -> None:
        """One lost answer among several calls: some are done, some unknown, and nobody is told twice."""
        ids = many_tickets(world, self.many)
        world.faults.arm(FaultKind.DROP_REPLY, where=world.bulk_path)
        outcomes = await helpdesk.update(ids, REPLY, once=ONCE)
        assert [outcome.id for outcome in outcomes] == ids
        assert {outcome.outcome for outcome in outcomes} == {ChangeOutcome.DONE, ChangeOutcome.UNKNOWN}
        assert all([await helpdesk.was_done(ticket, ONCE) for ticket in (ids[0], ids[-1])])
        assert all(world.public_replies(ticket) == [REPLY.public_reply] for ticket in ids)

    async def test_lost_answer_to_everything(self, helpdesk: Helpdesk, world: HelpdeskWorld) -> None:
        """When not one answer came back, the whole call is unknown."""
        ids = many_tickets(world, 3)
        world.faults.arm(FaultKind.DROP_REPLY, where=world.bulk_path, times=None)
        with pytest.raises(Unknown):
            await helpdesk.update(ids, REPLY, once=ONCE)
        assert await helpdesk.was_done(ids[0], ONCE)

    async def test_update_many(self, helpdesk: Helpdesk, world: HelpdeskWorld) -> None:
        """Over a hundred tickets in one go, with an outcome for each, in order."""
        ids = many_tickets(world, self.many)
        change = TicketChange(public_reply=REPLY.public_reply, status=TicketStatus.SOLVED)
        outcomes = await helpdesk.update(ids, change, once=ONCE)
        assert [outcome.id for outcome in outcomes] == ids
        assert {outcome.outcome for outcome in outcomes} == {ChangeOutcome.DONE}
        assert {found.status for found in await helpdesk.read(ids)} == {TicketStatus.SOLVED}

    async def test_update_many_with_some_lost(self, helpdesk: Helpdesk, world: HelpdeskWorld) -> None:
        """A gone ticket and one that takes no change do not keep the others waiting."""
        ids = many_tickets(world, 4)
        world.remove_ticket(ids[1])
        world.refuse_updates(ids[2])
        outcomes = await helpdesk.update(ids, NOTE, once=ONCE)
        assert [outcome.outcome for outcome in outcomes] == [
            ChangeOutcome.DONE,
            ChangeOutcome.GONE,
            ChangeOutcome.REFUSED,
            ChangeOutcome.DONE,
        ]
        assert outcomes[2].detail

    async def test_gone_ticket(self, helpdesk: Helpdesk, world: HelpdeskWorld, ticket: str) -> None:
        """A deleted ticket is an outcome, not an error, and nothing was done on it."""
        world.remove_ticket(ticket)
        (outcome,) = await helpdesk.update([ticket], NOTE, once=ONCE)
        assert outcome.outcome is ChangeOutcome.GONE
        assert not await helpdesk.was_done(ticket, ONCE)

    async def test_refused_update(self, helpdesk: Helpdesk, world: HelpdeskWorld, ticket: str) -> None:
        """What the helpdesk will not do is said so, with its reason."""
        world.refuse_updates(ticket)
        (outcome,) = await helpdesk.update([ticket], NOTE, once=ONCE)
        assert outcome.outcome is ChangeOutcome.REFUSED
        assert outcome.detail
        assert world.private_notes(ticket) == []

    async def test_update_of_nothing(self, helpdesk: Helpdesk) -> None:
        """No tickets, no call, no outcomes."""
        assert await helpdesk.update([], NOTE, once=ONCE) == []

    async def test_changed_since(self, helpdesk: Helpdesk, world: HelpdeskWorld) -> None:
        """What changed is found, oldest first, whether or not a webhook told of it; what did not is not."""
        old = many_tickets(world, 3)
        world.let_time_pass(3600)
        since = world.now()
        new = many_tickets(world, self.many)
        world.let_time_pass(5)
        world.customer_reply(old[0], "Any news?")
        world.let_time_pass(300)
        found = [ticket async for ticket in helpdesk.changed_since(since)]
        assert [ticket.ref.id for ticket in found] == [*new, old[0]]
        assert found[0].requester.email == "c0@customer.example"

    async def test_a_deleted_ticket_is_gone(
        self, helpdesk: Helpdesk, world: HelpdeskWorld, ticket: str
    ) -> None:
        """It cannot be read, takes no change, has no comments, and is told as gone if it is told at all."""
        (before,) = await helpdesk.read([ticket])
        since = world.now()
        world.let_time_pass(10)
        world.delete_ticket(ticket)
        world.let_time_pass(300)
        assert await helpdesk.read([ticket]) == []
        assert await helpdesk.comments(before, since) == []
        (outcome,) = await helpdesk.update([ticket], NOTE, once=ONCE)
        assert outcome.outcome is ChangeOutcome.GONE
        found = [one async for one in helpdesk.changed_since(since)]
        assert {one.gone for one in found if one.ref.id == ticket} <= {Departure.DELETED}

    async def test_comments(self, helpdesk: Helpdesk, world: HelpdeskWorld, ticket: str) -> None:
        """Whose words they are, who sees them and when they were written; the first message is the body, no comment."""
        (found,) = await helpdesk.read([ticket])
        world.let_time_pass(60)
        world.agent_note(ticket, "Looks like the card provider")
        world.agent_reply(ticket, "We are on it")
        world.let_time_pass(60)
        late = world.now()
        world.customer_reply(ticket, "It is still broken")
        said = await helpdesk.comments(found, found.created_at)
        assert [(one.author, one.is_public, one.text) for one in said] == [
            (Author.AGENT, False, "Looks like the card provider"),
            (Author.AGENT, True, "We are on it"),
            (Author.CUSTOMER, True, "It is still broken"),
        ]
        assert {one.origin for one in said} == {Origin.PERSON}
        assert len({one.id for one in said}) == 3
        assert abs(said[-1].at - late) < timedelta(seconds=2)
        (last,) = await helpdesk.comments(found, late)
        assert last == said[-1]

    async def test_our_own_comments_are_ours(
        self, helpdesk: Helpdesk, world: HelpdeskWorld, ticket: str
    ) -> None:
        """Else an update of ours could be taken for a customer's or an agent's word."""
        (found,) = await helpdesk.read([ticket])
        await helpdesk.update([ticket], NOTE, once=ONCE)
        await helpdesk.update([ticket], REPLY, once="another")
        said = await helpdesk.comments(found, found.created_at)
        assert [(one.author, one.is_public) for one in said] == [
            (Author.LIAISON, False),
            (Author.LIAISON, True),
        ]
        words = [value_hash(NOTE.private_note or ""), value_hash(REPLY.public_reply or "")]
        assert [value_hash(one.text) for one in said] == words, (
            "known by their words, too, however they are shown"
        )

    async def test_changed_just_now(self, helpdesk: Helpdesk, world: HelpdeskWorld, ticket: str) -> None:
        """Asking from this very moment on is no error."""
        found: list[Ticket] = [one async for one in helpdesk.changed_since(world.now())]
        assert {one.ref.id for one in found} <= {ticket}

    @CALLS
    async def test_revoked_token(
        self, helpdesk: Helpdesk, world: HelpdeskWorld, ticket: str, call: Call
    ) -> None:
        """401 asks for an operator."""
        world.faults.arm(FaultKind.UNAUTHORIZED, times=None)
        await self.expect(NotAllowed, call, helpdesk, ticket)

    @CALLS
    async def test_busy(self, helpdesk: Helpdesk, world: HelpdeskWorld, ticket: str, call: Call) -> None:
        """429 says when to come again, and did nothing."""
        world.faults.arm(FaultKind.RATE_LIMIT, times=None)
        error = await self.expect(Busy, call, helpdesk, ticket)
        world.faults.clear()
        if error is not None:
            assert error.retry_after >= 1
            assert not await helpdesk.was_done(ticket, ONCE)

    @pytest.mark.parametrize("kind", [FaultKind.OUTAGE, FaultKind.HTML, FaultKind.CRASH])
    @READS
    async def test_read_without_answer(
        self, helpdesk: Helpdesk, world: HelpdeskWorld, ticket: str, kind: FaultKind, call: Call
    ) -> None:
        """A read that failed may simply be repeated; a login page is no answer."""
        world.faults.arm(kind, times=None)
        await self.expect(Unreachable, call, helpdesk, ticket)

    @READS
    async def test_read_survives_a_blink(
        self, helpdesk: Helpdesk, world: HelpdeskWorld, ticket: str, call: Call
    ) -> None:
        """One failed read is repeated in place."""
        world.faults.arm(FaultKind.OUTAGE, times=1)
        await call(helpdesk, ticket)

    @pytest.mark.parametrize("kind", [FaultKind.OUTAGE, FaultKind.HTML, FaultKind.CRASH])
    @WRITES
    async def test_write_without_answer(
        self, helpdesk: Helpdesk, world: HelpdeskWorld, ticket: str, kind: FaultKind, call: Call
    ) -> None:
        """A write that failed is looked up before it is repeated; here it was not done."""
        world.faults.arm(kind, times=None)
        error = await self.expect(self.unanswered_write, call, helpdesk, ticket)
        world.faults.clear()
        if error is not None:
            assert not await helpdesk.was_done(ticket, ONCE)
            assert [*world.public_replies(ticket), *world.private_notes(ticket)] == []

    async def expect(
        self, error: type[Failure] | tuple[type[Failure], ...], call: Call, helpdesk: Helpdesk, ticket: str
    ) -> Failure | None:
        """The error with which the call ends; None for one that asks no vendor, and has done well."""
        if call not in self.asks_vendor:
            await call(helpdesk, ticket)
            return None
        with pytest.raises(error) as caught:
            await call(helpdesk, ticket)
        return caught.value
