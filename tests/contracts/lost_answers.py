"""A state may be set twice: whichever answer to it is lost, it is as it should be, and nothing else happened.

Beside `HelpdeskContract` and `IssueTrackerContract`, with their fixtures; `docs/idempotency.md` names these tests.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from typing import ClassVar

import pytest
import stamina

from connectors.kit.fakes.faults import FaultKind
from incidents.errors import LiaisonError, Unknown
from incidents.models import TicketChange, TicketStatus
from incidents.ports import Helpdesk, IssueTracker
from tests.contracts.helpdesk import BODY, ONCE, SUBJECT
from tests.contracts.helpdesk_world import HelpdeskWorld
from tests.contracts.issue_tracker import LOST, IssueTrackerWorld, fail_at

SOLVED = TicketChange(status=TicketStatus.SOLVED)
TAGGED = TicketChange(add_tags=("liaison",))


class _Patient:
    @pytest.fixture(autouse=True)
    def _no_waiting(self) -> Iterator[None]:
        with stamina.set_testing(True, attempts=2):
            yield


class TicketStatesContract(_Patient):
    @pytest.mark.parametrize("kind", [FaultKind.DROP_REPLY, FaultKind.ERROR_AFTER_WORK])
    @pytest.mark.parametrize("change", [SOLVED, TAGGED])
    async def test_lost_answer_to_a_state(
        self, helpdesk: Helpdesk, world: HelpdeskWorld, change: TicketChange, kind: FaultKind
    ) -> None:
        """Repeated in place, or "unknown" and set again: the customer reads nothing of it, nor do colleagues."""
        ticket = world.create_ticket(SUBJECT, BODY, name="Ada Lovelace", email="ada@customer.example")
        world.faults.arm(kind, where=world.update_path)
        with suppress(Unknown):
            await helpdesk.update([ticket], change, once=ONCE)
        world.faults.clear()
        await helpdesk.update([ticket], change, once=ONCE)
        (found,) = await helpdesk.read([ticket])
        assert change.status in (None, found.status)
        assert list(world.tags(ticket)).count("liaison") == len(change.add_tags)
        assert [*world.public_replies(ticket), *world.private_notes(ticket)] == []


class IssueMovesContract(_Patient):
    closed_word: ClassVar[str]

    @LOST
    async def test_a_lost_answer_to_a_transition(
        self, tracker: IssueTracker, world: IssueTrackerWorld, kind: FaultKind, calls_before: int
    ) -> None:
        """Whichever is lost: the same call again leaves the issue where it should be, without a word beside it."""
        key = world.create_issue("Old trouble", "An engineer's own words.")
        fail_at(world, kind, calls_before)
        with suppress(LiaisonError):
            await tracker.transition(key, self.closed_word, once="move")
        world.faults.clear()
        await tracker.transition(key, self.closed_word, once="move")
        assert (await tracker.read(key)).is_closed
        assert world.comments(key) == []
