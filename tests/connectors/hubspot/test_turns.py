"""Whatever happens on a ticket, in whatever order and with whichever answers lost: what we write is there once, in the
right place, and goes to its contact alone; and its status is the one that was last set."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import NamedTuple

import pytest
import stamina
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from connectors.hubspot import HubSpot
from connectors.kit.fakes.faults import FaultKind
from incidents.errors import LiaisonError
from incidents.models import ChangeOutcome, InternalText, PublicText, TicketChange, TicketStatus
from tests.connectors.hubspot.conftest import READ_BACK, STATES, WRITES, HubSpotWorld, connect

pytestmark = pytest.mark.usefixtures("no_repeats")

TRIES = 4
LOSSES = (None, FaultKind.DROP_REPLY, FaultKind.ERROR_AFTER_WORK, FaultKind.OUTAGE, FaultKind.RATE_LIMIT)
STATUSES = {
    "solved": TicketStatus.SOLVED,
    "open": TicketStatus.OPEN,
    "waiting": TicketStatus.WAITING_FOR_CUSTOMER,
}


class Turn(NamedTuple):
    """What happens, and which answer of ours is lost at it, where."""

    what: str
    loss: FaultKind | None = None
    where: str = ""


TURNS = st.builds(
    Turn,
    st.sampled_from(("customer", "stranger", "colleague", "comment", "note", "reply", *STATUSES)),
    st.sampled_from(LOSSES),
    st.sampled_from((WRITES, STATES, READ_BACK, "/threads", "/batch/read", "GET /crm")),
)


class Desk:
    """As it should be, beside the one in the fake."""

    def __init__(self) -> None:
        self.world = HubSpotWorld()
        self.ticket = self.world.create_ticket("Hi", "x", name="Ada", email="ada@customer.example")
        self.notes: list[str] = []
        self.replies: list[str] = []
        self.tags: set[str] = set()
        self.status = TicketStatus.NEW

    async def act(self, desk: HubSpot, turn: Turn, count: int) -> None:
        self.world.let_time_pass(1)
        words = f"{turn.what} {count}"
        if turn.what in ("customer", "stranger"):
            by = "boss@elsewhere.example" if turn.what == "stranger" else ""
            self.world.portal.answer(self.ticket, words, by=by)
            if self.status in (TicketStatus.SOLVED, TicketStatus.WAITING_FOR_CUSTOMER):
                self.status = TicketStatus.OPEN
        elif turn.what == "comment":
            self.world.agent_note(self.ticket, words)
        elif turn.what == "colleague":
            self.world.agent_reply(self.ticket, words)
        else:
            await self._write(desk, turn, words)

    async def _write(self, desk: HubSpot, turn: Turn, words: str) -> None:
        if turn.what == "note":
            self.notes.append(words)
            change = TicketChange(private_note=InternalText(words))
        elif turn.what == "reply":
            self.replies.append(words)
            change = TicketChange(public_reply=PublicText(words))
        else:
            self.status = STATUSES[turn.what]
            self.tags.add(turn.what)
            change = TicketChange(status=STATUSES[turn.what], add_tags=(turn.what,))
        if turn.loss is not None:
            self.world.faults.arm(turn.loss, where=turn.where)
        await self._deliver(desk, change, words)
        self.world.faults.clear()

    async def _deliver(self, desk: HubSpot, change: TicketChange, once: str) -> None:
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
            else:
                return
        raise AssertionError(f"{once} was not delivered")


@hypothesis_settings(deadline=None, max_examples=60)
@given(turns=st.lists(TURNS, min_size=1, max_size=8))
def test_turns(turns: Sequence[Turn]) -> None:
    async def told() -> None:
        talk = Desk()
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
        customers = sum(turn.what in ("customer", "stranger") for turn in turns)
        assert len(heard) == len(notes) + len(said) + customers
        sent = [
            row for row in talk.world.portal.messages[talk.world.thread(talk.ticket)] if row["recipients"]
        ]
        ways = [way for row in sent for one in row["recipients"] for way in one["deliveryIdentifiers"]]
        assert {way["value"] for way in ways} <= {"ada@customer.example"}
        await desk.aclose()

    with stamina.set_testing(True, attempts=1):
        asyncio.run(told())
