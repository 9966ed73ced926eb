"""The roster against its fake: its contracts, where they can hold for pages that no vendor keeps."""

from __future__ import annotations

from itertools import count

import pytest

from connectors.kit.fakes.faults import FaultKind
from connectors.roster import RosterPager
from incidents.errors import StoreFault, Unknown
from incidents.models import PageStatus
from tests.connectors.roster.world import RosterWorld
from tests.contracts.listener import ListeningSourceContract
from tests.contracts.pager import EVERY_CALL, KEY, PAGE, Call, PagerContract, PagerRig


class TestRosterIsAPager(PagerContract):
    """All of the contract. Pages are kept by us, so a vendor's faults are the store's here, and of the ways to people
    nothing is asked but that they take a notice: where one does not, the page is no failure, and another is tried."""

    @pytest.fixture
    def rig(self, world: RosterWorld, pager: RosterPager) -> PagerRig:
        return PagerRig(
            pager=pager,
            faults=world.phones.faults,
            woken=lambda: len(world.woken),
            notes=world.notes,
            acknowledge=world.acknowledge,
            resolve=world.resolve,
            lose_note_reply=lambda: world.desk.faults.arm(FaultKind.DROP_REPLY, where="add_note"),
        )

    async def test_lost_reply_to_a_page(self, rig: PagerRig, world: RosterWorld) -> None:
        """The store took it and could not say so: unknown, and whoever is on call is woken all the same, once."""
        world.desk.faults.arm(FaultKind.DROP_REPLY, where="open_page")
        with pytest.raises(Unknown):
            await rig.pager.page(PAGE, once=KEY)
        assert await rig.pager.read(KEY) is not None
        await rig.pager.page(PAGE, once=KEY)
        await world.pager().send_due()
        await world.pager().send_due()
        assert world.woken == ["ana"]

    @pytest.mark.parametrize("kind", [FaultKind.UNAUTHORIZED, FaultKind.RATE_LIMIT, FaultKind.OUTAGE])
    async def test_credentials_refused(self, rig: PagerRig, world: RosterWorld, kind: FaultKind) -> None:  # type: ignore[override]
        """A way that refuses: the next one is tried at once, and an operator reads which one failed."""
        rig.faults.arm(kind, times=None)
        await rig.pager.page(PAGE, once=KEY)
        assert world.woken == ["ana@acme.example"]
        state = await rig.pager.read(KEY)
        assert state is not None
        assert state.responders == ("Ana Silva",)
        rig.faults.clear()
        assert "way 'ana-phone' failed lately" in await world.pager().check()

    @EVERY_CALL
    async def test_rate_limit(self, rig: PagerRig, world: RosterWorld, call: Call) -> None:
        """A store without a free connection is told as such, and nothing is taken for done."""
        world.desk.faults.arm(FaultKind.RATE_LIMIT, times=None)
        with pytest.raises(StoreFault):
            await call(rig)

    @pytest.mark.parametrize("kind", [FaultKind.OUTAGE, FaultKind.DROP_REPLY])
    @EVERY_CALL
    async def test_no_usable_answer(  # type: ignore[override]
        self, rig: PagerRig, world: RosterWorld, call: Call, kind: FaultKind
    ) -> None:
        """Nor is one that is away, or whose answer was lost."""
        world.desk.faults.arm(kind, times=None)
        with pytest.raises(StoreFault):
            await call(rig)

    async def test_resolved_pages_stay_resolved(self, rig: PagerRig) -> None:
        """The same key again wakes nobody, whatever has been since: it is the same page."""
        await rig.pager.page(PAGE, once=KEY)
        await rig.pager.resolve(KEY, once="resolve")
        await rig.pager.page(PAGE, once=KEY)
        state = await rig.pager.read(KEY)
        assert state is not None
        assert state.status is PageStatus.RESOLVED
        assert rig.woken() == 1


class Presser:
    """Somebody who is woken and says that they have it."""

    def __init__(self, world: RosterWorld) -> None:
        self._world = world
        self._pager = world.pager()
        self._numbers = count(1)

    async def say(self, text: str) -> None:
        del text
        await self._pager.page(PAGE, once=f"page-{next(self._numbers)}")
        self._world.acknowledge()

    async def hang_up(self) -> None:
        """The store goes away under whoever listens, once."""
        self._world.desk.faults.clear()
        self._world.desk.faults.arm(FaultKind.OUTAGE, where="acts_after")


class TestRosterListens(ListeningSourceContract):
    """All of the contract."""

    @pytest.fixture
    def speaker(self, world: RosterWorld) -> Presser:
        return Presser(world)

    @pytest.fixture
    def listener(self, pager: RosterPager) -> RosterPager:
        return pager

    async def test_cut_off(self, listener: RosterPager, speaker: Presser, cursor: str) -> None:  # type: ignore[override]
        """As the contract has it; what is said afterwards must not meet a fault that nobody has."""
        await super().test_cut_off(listener, _Mended(speaker), cursor)


class _Mended(Presser):
    def __init__(self, speaker: Presser) -> None:
        super().__init__(speaker._world)

    async def say(self, text: str) -> None:
        self._world.desk.faults.clear()
        await super().say(text)
