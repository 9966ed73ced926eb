"""A history of `bench.sync` whose tools are two vendors' helpdesks and PagerDuty, through their connectors."""

from __future__ import annotations

import asyncio
import random
from types import TracebackType
from typing import Self, cast

from bench.sync.history import Ended, History
from bench.sync.liaison import Arm, Liaison
from bench.sync.policies import POLICIES
from bench.sync.tools import Desk, OnCall
from bench.sync.wired.behind import BEHIND
from bench.sync.wired.tools import WiredDesk, WiredPager
from incidents.errors import Busy


class WiredHistory(History):
    """Use it as a context: its connectors are closed at the end."""

    def __post_init__(self) -> None:
        self.random = random.Random(self.seed)
        self._runner = asyncio.Runner()
        vendors = self.random.sample(sorted(BEHIND), 2)
        self._wired = {
            f"{vendor}/d": WiredDesk(
                f"{vendor}/d", vendor, BEHIND[vendor](f"{vendor}/d", self.clock), self.clock, self._runner
            )
            for vendor in vendors
        }
        self._pager = WiredPager("pager/p", self.clock, self._runner)
        # They offer what the tools in memory offer, as far as a history asks.
        self.desks = cast("dict[str, Desk]", self._wired)
        self.pager = cast(OnCall, self._pager)
        self.chat = None
        policy = self.random.choice(POLICIES)(self.pager.name, None, list(self.desks))
        self.liaison = Liaison(policy, self.clock, self.desks, self.pager, None, arm=self.arm)
        for number in range(1, self.random.randint(2, 4)):
            for desk in self._wired.values():
                self.pass_by(1)
                desk.open(number)

    def play(self) -> Ended:
        """One that a vendor stops at its limit (at Zendesk 30 updates of a ticket in ten minutes) goes on for ever."""
        try:
            return super().play()
        except Busy:
            return self.ended(0, is_loop=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        for tool in (*(desk.behind.connector for desk in self._wired.values()), self._pager.connector):
            self._runner.run(tool.aclose())  # type: ignore[attr-defined]
        self._runner.close()


def played(seed: int, *, arm: Arm = Arm.LEDGER) -> Ended:
    """The history with this seed, from the page to the quiet."""
    with WiredHistory(seed, arm=arm) as history:
        return history.play()
