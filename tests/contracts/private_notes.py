"""What every `Helpdesk` must keep that stores notes at a vendor: none of them is read by a customer and nobody told.

Subclass it beside the helpdesk's own suite, with the same fixtures; the world must also be able to go wrong:

    class TestZendeskKeepsNotesPrivate(PrivateNotesContract):
        hides = True
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar, Protocol

import pytest
import stamina

from connectors.kit.fakes.faults import FaultKind
from incidents.errors import Exposed, NotShown, Unknown
from incidents.models import ChangeOutcome, TicketChange, TicketStatus
from incidents.ports import Helpdesk
from tests.contracts.helpdesk import BODY, NOTE, ONCE, REPLY, SUBJECT, many_tickets
from tests.contracts.helpdesk_world import HelpdeskWorld


class LeakyHelpdeskWorld(HelpdeskWorld, Protocol):
    """A helpdesk where something of the house's own sets the flag otherwise than it was sent.

    `hide_path` is part of the path on which a note is hidden; `read_path` of that on which the flag is read back, and
    which no call before the write is on.
    """

    hide_path: str
    read_path: str

    def lose_privacy(self) -> None:
        """From now on what is written as private is stored as public, and answered with success."""
        ...

    def hide_replies(self) -> None:
        """From now on what is written as public is stored as private, and answered with success."""
        ...

    def keep_flags(self) -> None:
        """From now on all is stored as it is sent."""
        ...


class PrivateNotesContract:
    hides: ClassVar[bool] = True
    """Whether the vendor has a call that hides what stands there for customers."""

    @pytest.fixture
    def ticket(self, world: LeakyHelpdeskWorld) -> str:
        return world.create_ticket(SUBJECT, BODY, name="Ada Lovelace", email="ada@customer.example")

    @pytest.fixture(autouse=True)
    def _no_waiting(self) -> Iterator[None]:
        stamina.set_testing(True, attempts=2)
        yield
        stamina.set_testing(False)

    async def test_a_note_stored_as_public(
        self, helpdesk: Helpdesk, world: LeakyHelpdeskWorld, ticket: str
    ) -> None:
        """It is not called done, it is hidden where that can be, and whoever is told reads what to do."""
        world.lose_privacy()
        (outcome,) = await helpdesk.update([ticket], NOTE, once=ONCE)
        assert outcome.outcome is ChangeOutcome.EXPOSED
        assert "customers could read it" in outcome.detail
        if self.hides:
            assert "it is hidden now" in outcome.detail
            assert world.public_replies(ticket) == []
            assert world.private_notes(ticket) == [NOTE.private_note]
        else:
            assert "by hand" in outcome.detail

    async def test_a_note_that_cannot_be_hidden(
        self, helpdesk: Helpdesk, world: LeakyHelpdeskWorld, ticket: str
    ) -> None:
        """Whatever ails the attempt, the alarm is raised all the same."""
        world.lose_privacy()
        for kind in (FaultKind.UNAUTHORIZED, FaultKind.OUTAGE, FaultKind.RATE_LIMIT, FaultKind.DROP_REPLY):
            if self.hides:
                world.faults.arm(kind, where=world.hide_path, times=None)
            (outcome,) = await helpdesk.update([ticket], NOTE, once=f"{ONCE}/{kind}")
            world.faults.clear()
            assert outcome.outcome is ChangeOutcome.EXPOSED
            assert "by hand" in outcome.detail

    async def test_a_note_stored_as_public_whose_answer_was_lost(
        self, helpdesk: Helpdesk, world: LeakyHelpdeskWorld, ticket: str
    ) -> None:
        """The look-up does not call it done either."""
        world.lose_privacy()
        world.faults.arm(FaultKind.DROP_REPLY, where=world.update_path)
        with pytest.raises(Unknown):
            await helpdesk.update([ticket], NOTE, once=ONCE)
        with pytest.raises(Exposed):
            await helpdesk.was_done(ticket, ONCE)
        if self.hides:
            assert world.public_replies(ticket) == []

    async def test_notes_on_many(self, helpdesk: Helpdesk, world: LeakyHelpdeskWorld) -> None:
        """In bulk each note is looked at; also with a status beside it, and with other news on top of it."""
        ids = many_tickets(world, 3)
        world.lose_privacy()
        change = TicketChange(private_note=NOTE.private_note, status=TicketStatus.OPEN)
        outcomes = await helpdesk.update(ids, change, once=ONCE)
        assert {one.outcome for one in outcomes} == {ChangeOutcome.EXPOSED}
        if self.hides:
            assert [world.public_replies(one) for one in ids] == [[]] * 3

    async def test_a_flag_that_cannot_be_read(
        self, helpdesk: Helpdesk, world: LeakyHelpdeskWorld, ticket: str
    ) -> None:
        """A note whose flag nobody saw is not called done; the look-up sees it later."""
        world.lose_privacy()
        world.faults.arm(FaultKind.OUTAGE, where=world.read_path, times=None)
        try:
            (outcome,) = await helpdesk.update([ticket], NOTE, once=ONCE)
        except Unknown:
            pass
        else:
            assert outcome.outcome is ChangeOutcome.UNKNOWN
        world.faults.clear()
        with pytest.raises(Exposed):
            await helpdesk.was_done(ticket, ONCE)

    async def test_a_reply_that_its_customer_cannot_read(
        self, helpdesk: Helpdesk, world: LeakyHelpdeskWorld, ticket: str
    ) -> None:
        """Nobody was told, so it is not called done."""
        world.hide_replies()
        (outcome,) = await helpdesk.update([ticket], REPLY, once=ONCE)
        assert outcome.outcome is ChangeOutcome.REFUSED
        assert "tell the customer by hand" in outcome.detail

    async def test_a_reply_that_its_customer_cannot_read_whose_answer_was_lost(
        self, helpdesk: Helpdesk, world: LeakyHelpdeskWorld, ticket: str
    ) -> None:
        """The look-up does not call it done either."""
        world.hide_replies()
        world.faults.arm(FaultKind.DROP_REPLY, where=world.update_path)
        with pytest.raises(Unknown):
            await helpdesk.update([ticket], REPLY, once=ONCE)
        with pytest.raises(NotShown, match="tell the customer by hand"):
            await helpdesk.was_done(ticket, ONCE)

    async def test_what_is_stored_as_sent_alarms_nobody(
        self, helpdesk: Helpdesk, world: LeakyHelpdeskWorld, ticket: str
    ) -> None:
        """The control: the same calls on a helpdesk that keeps the flags."""
        world.lose_privacy()
        world.keep_flags()
        for once, change in (("note", NOTE), ("reply", REPLY)):
            (outcome,) = await helpdesk.update([ticket], change, once=once)
            assert outcome.outcome is ChangeOutcome.DONE
            assert await helpdesk.was_done(ticket, once)
