"""Whatever happens on a ticket, in whatever order and with whichever answers lost: what we write is there once, in the
right place, and in no other; and its status is the last word's."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import NamedTuple

import pytest
import stamina
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from connectors.intercom import Intercom
from connectors.kit.fakes.faults import FaultKind
from incidents.errors import LiaisonError
from incidents.models import ChangeOutcome, InternalText, PublicText, TicketChange, TicketStatus
from tests.connectors.intercom.conftest import STATES, connect
from tests.connectors.intercom.ticket_world import IntercomTicketWorld, number, open_ticket

pytestmark = pytest.mark.usefixtures("no_repeats")

TRIES = 4
LOSSES = (None, FaultKind.DROP_REPLY, FaultKind.ERROR_AFTER_WORK, FaultKind.OUTAGE, FaultKind.RATE_LIMIT)


class Turn(NamedTuple):
    """What happens, and which answer of ours is lost at it, where."""

    what: str
    loss: FaultKind | None = None
    where: str = ""


TURNS = st.builds(
    Turn,
    st.sampled_from(("customer", "agent", "colleague", "note", "reply", "solved", "open", "waiting")),
    st.sampled_from(LOSSES),
    st.sampled_from(("/reply", STATES, "#read", "/contacts", "/ticket_states")),
)
STATUSES = {
    "solved": TicketStatus.SOLVED,
    "open": TicketStatus.OPEN,
    "waiting": TicketStatus.WAITING_FOR_CUSTOMER,
}


class Story:
    """The ticket as it should be, beside the one in the fake."""

    def __init__(self, category: str) -> None:
        self.world = IntercomTicketWorld()
        self.conversation = self.world.create_conversation("Hi")
        self.ticket = open_ticket(self.world, category)
        self.world.tickets.link(number(self.ticket), self.conversation)
        self.is_customers = category == "Customer"
        self.notes: list[str] = []
        self.replies: list[str] = []
        self.status = TicketStatus.NEW

    async def act(self, desk: Intercom, turn: Turn, count: int) -> None:
        self.world.let_time_pass(1)
        acts: dict[str, Callable[[], None]] = {
            "customer": lambda: self.world.customer_reply(self.ticket, f"Hello {count}"),
            "agent": lambda: self.world.agent_note(self.ticket, f"Seen {count}"),
            "colleague": lambda: self.world.agent_reply(self.ticket, f"We look {count}"),
        }
        if turn.what in acts:
            acts[turn.what]()
            self._heard(turn.what)
            return
        words = f"{turn.what} {count}"
        if turn.what == "note":
            self.notes.append(words)
            change = TicketChange(private_note=InternalText(words))
        elif turn.what == "reply":
            self.replies += [words] * self.is_customers
            change = TicketChange(public_reply=PublicText(words))
            self._heard("colleague" if self.is_customers else "")
        else:
            self.status = STATUSES[turn.what]
            change = TicketChange(status=self.status)
        if turn.loss is not None:
            self.world.faults.arm(turn.loss, where=turn.where)
        await self._deliver(desk, change, words)
        self.world.faults.clear()

    def _heard(self, who: str) -> None:
        """A customer's word opens what is settled, and takes on what waits; the house's answer settles it again."""
        if who == "customer" and self.status in (TicketStatus.SOLVED, TicketStatus.WAITING_FOR_CUSTOMER):
            self.status = TicketStatus.OPEN
        elif who == "colleague" and self.is_reopened:
            self.status = TicketStatus.SOLVED

    @property
    def is_reopened(self) -> bool:
        """Whether Intercom has it as resolved still."""
        data = self.world.tickets.tickets[number(self.ticket)]
        return self.status is TicketStatus.OPEN and data["ticket_state"]["category"] == "resolved"

    async def _deliver(self, desk: Intercom, change: TicketChange, once: str) -> None:
        """As the ledger does: what nobody knows is looked up, and sent again only where it is not there."""
        for _ in range(TRIES):
            try:
                if change.status is None and await desk.was_done(self.ticket, once):
                    return
                (outcome,) = await desk.update([self.ticket], change, once=once)
            except LiaisonError:
                continue
            if outcome.outcome is ChangeOutcome.DONE:
                return
            assert outcome.outcome is ChangeOutcome.REFUSED, outcome
            assert not self.is_customers, outcome
            return
        raise AssertionError(f"{once} was not delivered")


@pytest.mark.parametrize("category", ["Customer", "Back-office", "Tracker"])
@hypothesis_settings(deadline=None, max_examples=60)
@given(turns=st.lists(TURNS, min_size=1, max_size=8))
def test_turns(category: str, turns: Sequence[Turn]) -> None:
    async def told() -> None:
        story = Story(category)
        desk = connect(story.world)
        for count, turn in enumerate(turns):
            await story.act(desk, turn, count)
        ours = [str(one) for one in story.world.private_notes(story.ticket)]
        assert [one for one in ours if one.startswith("note")] == story.notes
        said = story.world.public_replies(story.ticket)
        assert [one for one in said if one.startswith("reply")] == story.replies
        assert not {*story.notes} & {*said}
        # What is linked to it hears nothing of it, and customers are told of replies alone.
        assert story.world.inbox.parts[story.conversation] == []
        assert len(story.world.tickets.notified) == len(said)
        (found,) = await desk.read([story.ticket])
        assert found.status is story.status
        heard = await desk.comments(found, found.created_at)
        assert {one.text for one in heard if one.is_public and one.text in story.notes} == set()
        await desk.aclose()

    with stamina.set_testing(True, attempts=1):
        asyncio.run(told())
