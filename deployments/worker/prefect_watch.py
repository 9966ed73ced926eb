"""Does Prefect answer? Asked every four seconds, so that somebody goes on when it does not."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

AWAY_AFTER = 20.0


@dataclass(frozen=True, kw_only=True, slots=True)
class AbsencePacing:
    """Seconds. It is asked each `every` and given `patience` to answer. It is away when it has not answered for
    `away_after`, and back when it has answered for `back_after`."""

    every: float = 4.0
    patience: float = 10.0
    away_after: float = AWAY_AFTER
    back_after: float = 4.0


class PrefectWatch:
    """`ask` raises, or does not return, when Prefect cannot do what runs need. `run` asks until it is cancelled."""

    def __init__(
        self,
        ask: Callable[[], Awaitable[object]],
        *,
        pacing: AbsencePacing | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._ask = ask
        self._pacing = pacing or AbsencePacing()
        self._clock = clock
        # When the answers began to be as they are now.
        self._since: float | None = None
        self._answers = True
        self.away = asyncio.Event()
        """Set while it is away."""
        self.here = asyncio.Event()
        """Set while it is not."""
        self.here.set()

    async def run(self) -> None:
        """Ask again and again; `away` and `here` say how it stands."""
        while True:
            began = self._clock()
            self.take_note(await self._does_answer(), asked_at=began)
            await asyncio.sleep(self._pacing.every)

    def take_note(self, answers: bool, *, asked_at: float) -> None:
        """One look: whether it answered when it was asked at that moment of the clock."""
        if answers is not self._answers or self._since is None:
            self._answers, self._since = answers, asked_at
        lasted = self._clock() - self._since
        if not answers and lasted >= self._pacing.away_after:
            self.here.clear()
            self.away.set()
        elif answers and lasted >= self._pacing.back_after:
            self.away.clear()
            self.here.set()

    async def _does_answer(self) -> bool:
        try:
            async with asyncio.timeout(self._pacing.patience):
                await self._ask()
        except Exception:  # noqa: BLE001 - whatever it is, runs cannot be made now
            return False
        return True
