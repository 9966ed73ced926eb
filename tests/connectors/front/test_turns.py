"""Whatever happens on a conversation, in whatever order and with whichever answers lost: what we write is there once,
in the right place, and archives nothing; and its status is the one that was last set."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import NamedTuple

import pytest
import stamina
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from connectors.front import Front
from connectors.front.fake.company import COLLEAGUE
from connectors.kit.fakes.faults import FaultKind
from incidents.errors import LiaisonError
from incidents.models import ChangeOutcome, InternalText, PublicText, TicketChange, TicketStatus
from tests.connectors.front.conftest import READ_BACK, STATES, WRITES, FrontWorld, connect

pytestmark = pytest.mark.usefixtures("no_repeats")

TRIES = 4
LOSSES = (None, FaultKind.DROP_REPLY, FaultKind.ERROR_AFTER_WORK, FaultKind.OUTAGE, FaultKind.RATE_LIMIT)
STATUSES = {
    "solved": TicketStatus.SOLVED,
    "open": TicketStatus.OPEN,
    "waiting": TicketStatus.WAITING_FOR_CUSTOMER,
}


class Turn(NamedTuple):
    """What happens, and which answer of ours is lost at it, where; a channel may hold back what it is given."""

    what: str
    loss: FaultKind | None = None
    where: str = ""
    holds_back: bool = False


TURNS = st.builds(
    Turn,
    st.sampled_from(("customer", "colleague", "archiving", "comment", "note", "reply", *STATUSES)),
    st.sampled_from(LOSSES),
    st.sampled_from((WRITES, STATES, READ_BACK, "/tags", "/company/statuses")),
    st.booleans(),
)


class Conversation:
    """As it should be, beside the one in the fake."""

    def __init__(self, has_ticketing: bool) -> None:
        self.world = FrontWorld()
        self.world.company.has_ticketing = has_ticketing
        self.ticket = self.world.create_ticket("Hi", "x", name="Ada", email="ada@customer.example")
        self.statuses = STATUSES if has_ticketing else {**STATUSES, "waiting": TicketStatus.OPEN}
        self.notes: list[str] = []
        self.replies: list[str] = []
        self.tags: set[str] = set()
        self.status = TicketStatus.OPEN

    async def act(self, desk: Front, turn: Turn, count: int) -> None:
        self.world.let_time_pass(1)
        company, words = self.world.company, f"{turn.what} {count}"
        if turn.what == "customer":
            self.world.customer_reply(self.ticket, words)
            self.status = TicketStatus.OPEN
        elif turn.what == "comment":
            self.world.agent_note(self.ticket, words)
        elif turn.what in ("colleague", "archiving"):
            company.reply(self.ticket, COLLEAGUE, words, archives=turn.what == "archiving")
            if turn.what == "archiving":
                self.status = TicketStatus.SOLVED
        else:
            await self._write(desk, turn, words)

    async def _write(self, desk: Front, turn: Turn, words: str) -> None:
        if turn.what == "note":
            self.notes.append(words)
            change = TicketChange(private_note=InternalText(words))
        elif turn.what == "reply":
            self.replies.append(words)
            change = TicketChange(public_reply=PublicText(words))
        else:
            self.status = self.statuses[turn.what]
            self.tags.add(turn.what)
            change = TicketChange(status=STATUSES[turn.what], add_tags=(turn.what,))
        self.world.company.holds_back = turn.holds_back
        if turn.loss is not None:
            self.world.faults.arm(turn.loss, where=turn.where)
        await self._deliver(desk, change, words)
        self.world.faults.clear()
        # What colleagues write is not held back.
        self.world.company.send_held_back()

    async def _deliver(self, desk: Front, change: TicketChange, once: str) -> None:
        """As the ledger does: what nobody knows is looked up once it must be seen, and sent again only where it is not
        there."""
        for _ in range(TRIES):
            try:
                if change.status is None and await desk.was_done(self.ticket, once):
                    return
                (outcome,) = await desk.update([self.ticket], change, once=once)
                assert outcome.outcome is ChangeOutcome.DONE, outcome
            except LiaisonError:
                self.world.let_time_pass(desk.index_lag)
                self.world.company.send_held_back()
            else:
                return
        raise AssertionError(f"{once} was not delivered")


@pytest.mark.parametrize("has_ticketing", [True, False])
@hypothesis_settings(deadline=None, max_examples=60)
@given(turns=st.lists(TURNS, min_size=1, max_size=8))
def test_turns(has_ticketing: bool, turns: Sequence[Turn]) -> None:
    async def told() -> None:
        talk = Conversation(has_ticketing)
        desk = connect(talk.world)
        for count, turn in enumerate(turns):
            await talk.act(desk, turn, count)
        notes, said = talk.world.private_notes(talk.ticket), talk.world.public_replies(talk.ticket)
        assert [one for one in notes if one.startswith("note")] == talk.notes
        assert [one for one in said if one.startswith("reply")] == talk.replies
        assert not {*notes} & {*said}
        (found,) = await desk.read([talk.ticket])
        assert (found.status, {*found.tags}) == (talk.status, talk.tags)
        heard = await desk.comments(found, found.created_at)
        assert len(heard) == len(notes) + len(said) + sum(turn.what == "customer" for turn in turns)
        await desk.aclose()

    with stamina.set_testing(True, attempts=1):
        asyncio.run(told())
