"""What every `Pager` must keep: a page wakes once, its state is told truly, and no failure is called success.

Subclass it in `tests/connectors/<vendor>/test_connector.py`:

    class TestPagerDutyIsAPager(PagerContract):
        @pytest.fixture
        def rig(self) -> PagerRig: ...     # the connector on its fake, and how to act behind its back
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

import pytest

from connectors.kit.fakes.faults import FaultKind, Faults
from incidents.errors import Busy, NotAllowed, Unknown, Unreachable
from incidents.models import Link, Page, PageStatus, Severity
from incidents.ports import Connector, Pager

KEY = "inc-42/page/1"
PAGE = Page(
    summary="Checkout fails for 12 customers",
    source="checkout",
    severity=Severity.CRITICAL,
    details=(("Customers", "12"), ("First report", "14:02 UTC")),
    links=(Link(label="INC-42", url="https://liaison.example.com/inc-42"),),
)


@dataclass(frozen=True, kw_only=True)
class PagerRig:
    """A pager on its fake. The callables look and act behind the connector's back.

    `woken` counts telephones that rang, `notes` are the texts on the newest page, `acknowledge` and `resolve`
    are a person's doing on the newest page; `acknowledge` returns that person's name. `lose_note_reply` arms
    a fault by which the next note is added and its answer lost.
    """

    pager: Pager
    faults: Faults
    woken: Callable[[], int]
    notes: Callable[[], Sequence[str]]
    acknowledge: Callable[[], str]
    resolve: Callable[[], object]
    lose_note_reply: Callable[[], None]


async def _page(rig: PagerRig) -> None:
    await rig.pager.page(PAGE, once=KEY)


async def _acknowledge(rig: PagerRig) -> None:
    await rig.pager.acknowledge(KEY, once="ack")


async def _resolve(rig: PagerRig) -> None:
    await rig.pager.resolve(KEY, once="resolve")


async def _note(rig: PagerRig) -> None:
    await rig.pager.add_note(KEY, "12 customers wait", once="note")


async def _read(rig: PagerRig) -> None:
    await rig.pager.read(KEY)


EVERY_CALL = pytest.mark.parametrize("call", [_page, _acknowledge, _resolve, _note, _read])
Call = Callable[[PagerRig], Awaitable[None]]


class PagerContract:
    def test_is_a_pager(self, rig: PagerRig) -> None:
        """The class line promises the capability, and the object keeps it."""
        assert isinstance(rig.pager, Pager)
        assert isinstance(rig.pager, Connector)
        assert rig.pager.index_lag >= 0

    async def test_nothing_stands_in_the_way_of_a_pager_that_works(self, rig: PagerRig) -> None:
        """A reason is only given where there is one."""
        assert await rig.pager.obstacle(PAGE.target) == ""

    async def test_page_is_read_back(self, rig: PagerRig) -> None:
        """A page wakes somebody and is found by its key and by the vendor's id alike."""
        await rig.pager.page(PAGE, once=KEY)
        state = await rig.pager.read(KEY)
        assert state is not None
        assert (state.key, state.status) == (KEY, PageStatus.TRIGGERED)
        assert await rig.pager.read_by_id(state.page_id) == state
        assert rig.woken() == 1

    async def test_page_wakes_once(self, rig: PagerRig) -> None:
        """The same key twice while the page is open wakes nobody again."""
        await rig.pager.page(PAGE, once=KEY)
        await rig.pager.page(PAGE, once=KEY)
        assert rig.woken() == 1

    async def test_two_keys_are_two_pages(self, rig: PagerRig) -> None:
        """Another key is another page, and each keeps its own state."""
        await rig.pager.page(PAGE, once=KEY)
        await rig.pager.page(PAGE, once="inc-43/page/1")
        await rig.pager.resolve(KEY, once="resolve")
        other = await rig.pager.read("inc-43/page/1")
        assert rig.woken() == 2
        assert other is not None
        assert other.status is PageStatus.TRIGGERED

    async def test_never_paged(self, rig: PagerRig) -> None:
        """What was never paged is None, by key and by id; acknowledging or resolving it harms nobody."""
        assert await rig.pager.read(KEY) is None
        assert await rig.pager.read_by_id("P-NEVER") is None
        await rig.pager.acknowledge(KEY, once="ack")
        await rig.pager.resolve(KEY, once="resolve")
        assert await rig.pager.read(KEY) is None
        assert rig.woken() == 0

    async def test_page_id_is_no_path(self, rig: PagerRig) -> None:
        """An id from a webhook cannot lead a call elsewhere."""
        await rig.pager.page(PAGE, once=KEY)
        for page_id in ("../users", "..", ".", "", "x/../../users", "?query=a", "#", "%2e%2e/users"):
            assert await rig.pager.read_by_id(page_id) is None

    async def test_acknowledge(self, rig: PagerRig) -> None:
        """An acknowledgement shows, and a second one is as good as the first."""
        await rig.pager.page(PAGE, once=KEY)
        await rig.pager.acknowledge(KEY, once="ack")
        await rig.pager.acknowledge(KEY, once="ack")
        state = await rig.pager.read(KEY)
        assert state is not None
        assert state.status is PageStatus.ACKNOWLEDGED

    async def test_person_acknowledges(self, rig: PagerRig) -> None:
        """Who took the page is told."""
        await rig.pager.page(PAGE, once=KEY)
        person = rig.acknowledge()
        state = await rig.pager.read(KEY)
        assert state is not None
        assert (state.status, state.responders[0]) == (PageStatus.ACKNOWLEDGED, person)

    async def test_resolve(self, rig: PagerRig) -> None:
        """A resolution shows, and a second one, or a late acknowledgement, changes nothing."""
        await rig.pager.page(PAGE, once=KEY)
        await rig.pager.resolve(KEY, once="resolve")
        await rig.pager.resolve(KEY, once="resolve")
        await rig.pager.acknowledge(KEY, once="ack")
        state = await rig.pager.read(KEY)
        assert state is not None
        assert state.status is PageStatus.RESOLVED

    async def test_person_resolves_before_a_late_resend(self, rig: PagerRig) -> None:
        """A resolved page is read as resolved: that is how the ledger knows not to page a second time."""
        await rig.pager.page(PAGE, once=KEY)
        rig.resolve()
        state = await rig.pager.read(KEY)
        assert state is not None
        assert state.status is PageStatus.RESOLVED
        assert rig.woken() == 1

    async def test_note_once(self, rig: PagerRig) -> None:
        """The same note twice is on the page once; another key is another note, be its text the same."""
        await rig.pager.page(PAGE, once=KEY)
        for once in ("note-1", "note-1", "note-2"):
            await rig.pager.add_note(KEY, "12 customers wait", once=once)
        assert [text.startswith("12 customers wait") for text in rig.notes()] == [True, True]

    async def test_note_on_nothing(self, rig: PagerRig) -> None:
        """A note for a page that does not show is not lost in silence."""
        with pytest.raises(Busy):
            await rig.pager.add_note(KEY, "12 customers wait", once="note")

    async def test_lost_reply_to_a_page(self, rig: PagerRig) -> None:
        """A page whose answer was lost is unknown, not repeated; reading shows that it was done."""
        for kind in (FaultKind.DROP_REPLY, FaultKind.ERROR_AFTER_WORK):
            rig.faults.arm(kind)
            with pytest.raises(Unknown):
                await rig.pager.page(PAGE, once=KEY)
            assert await rig.pager.read(KEY) is not None
        assert rig.woken() == 1

    async def test_lost_reply_to_a_note(self, rig: PagerRig) -> None:
        """A note whose answer was lost is found by its marker and not added again."""
        await rig.pager.page(PAGE, once=KEY)
        rig.lose_note_reply()
        with pytest.raises(Unknown):
            await rig.pager.add_note(KEY, "12 customers wait", once="note")
        await rig.pager.add_note(KEY, "12 customers wait", once="note")
        assert len(rig.notes()) == 1

    async def test_lost_reply_to_an_acknowledgement(self, rig: PagerRig) -> None:
        """Taking may be repeated, too: somebody has it, and nobody further is woken."""
        await rig.pager.page(PAGE, once=KEY)
        rig.faults.arm(FaultKind.DROP_REPLY)
        await rig.pager.acknowledge(KEY, once="ack")
        state = await rig.pager.read(KEY)
        assert state is not None
        assert state.status is PageStatus.ACKNOWLEDGED
        assert rig.woken() == 1

    async def test_lost_reply_to_a_resolution(self, rig: PagerRig) -> None:
        """Resolving may be repeated, so a lost answer is mended in place."""
        await rig.pager.page(PAGE, once=KEY)
        rig.faults.arm(FaultKind.DROP_REPLY)
        await rig.pager.resolve(KEY, once="resolve")
        state = await rig.pager.read(KEY)
        assert state is not None
        assert state.status is PageStatus.RESOLVED

    @EVERY_CALL
    async def test_credentials_refused(self, rig: PagerRig, call: Call) -> None:
        """401 asks for an operator."""
        rig.faults.arm(FaultKind.UNAUTHORIZED, times=None)
        with pytest.raises(NotAllowed):
            await call(rig)

    @EVERY_CALL
    async def test_rate_limit(self, rig: PagerRig, call: Call) -> None:
        """429 says when to come again."""
        rig.faults.arm(FaultKind.RATE_LIMIT, times=None)
        with pytest.raises(Busy) as caught:
            await call(rig)
        assert caught.value.retry_after >= 1

    @pytest.mark.parametrize(
        "kind", [FaultKind.OUTAGE, FaultKind.CRASH, FaultKind.HTML, FaultKind.DROP_REPLY]
    )
    @EVERY_CALL
    async def test_no_usable_answer(self, rig: PagerRig, call: Call, kind: FaultKind) -> None:
        """Outage, crash, a login page for JSON or a dead line is never taken for success."""
        rig.faults.arm(kind, times=None)
        expected = (Unknown,) if call is _page else (Unknown, Unreachable)
        with pytest.raises(expected):
            await call(rig)

    async def test_check(self, rig: PagerRig) -> None:
        """A check says who we are and wakes nobody."""
        assert isinstance(rig.pager, Connector)
        assert await rig.pager.check()
        assert rig.woken() == 0
