"""Keeping to a vendor's rate limit before the vendor has to say so."""

from __future__ import annotations

import asyncio
import bisect
from collections.abc import Callable

from incidents.errors import Busy
from incidents.fan_out.budget import Limit

MARGIN = 1.01
"""Calls do not arrive as evenly as they leave; a window a hundredth longer than the vendor's forgives it."""


class Pace:
    """At most `calls` in any window of `seconds`, as vendors count them.

    A bucket that fills up again, with the same figures, lets through up to twice as many in its first window; the
    vendor answers 429 then, and whoever was to be woken waits for the next attempt. What has been let through, and
    when what waits will be, is kept in order: a list of at most `calls` times and whoever waits.

    One process, one pace a connection. Several processes share a vendor's limit without knowing each other; then the
    vendor's 429 is the referee and `Busy` carries its word. `clock` is monotonic seconds.
    """

    def __init__(self, calls: float, seconds: float, *, clock: Callable[[], float] | None = None) -> None:
        if calls < 1 or seconds <= 0:
            raise ValueError("a pace needs at least one call in a positive time")
        self._calls = int(calls)
        self._window = seconds * MARGIN
        self._clock = clock
        self._times: list[float] = []

    async def wait(self, *, at_most: float | None = None) -> None:
        """Return when one more call fits. Fair enough: waiters take their places in order of arrival.

        Raises `Busy` at once, and takes no place, where that is more than `at_most` seconds away.
        """
        now = self._now()
        place = self._take(now)
        delay = place - now
        if delay <= 0:
            return
        if at_most is not None and delay > at_most:
            self._give_back(place)
            raise Busy(
                f"{self._calls} calls in {self._window:g} s are made: as many as are allowed",
                retry_after=delay,
            )
        try:
            await asyncio.sleep(delay)
        except asyncio.CancelledError:
            # Given back, or callers that gave up would keep later ones waiting for ever.
            self._give_back(place)
            raise

    def free(self) -> int:
        """How many calls fit now, without waiting."""
        self._forget(self._now())
        return max(0, self._calls - len(self._times))

    def limit(self) -> Limit:
        """The limit as it stands now, for whoever plans what is to be sent by it."""
        now = self._now()
        self._forget(now)
        return Limit(calls=self._calls, seconds=self._window, made=tuple(at - now for at in self._times))

    def take(self) -> float:
        """Take a place and say how many seconds to wait before using it."""
        now = self._now()
        return self._take(now) - now

    def _now(self) -> float:
        return self._clock() if self._clock is not None else asyncio.get_running_loop().time()

    def _forget(self, now: float) -> None:
        del self._times[: bisect.bisect_right(self._times, now - self._window)]

    def _take(self, now: float) -> float:
        self._forget(now)
        fits = len(self._times) < self._calls
        place = now if fits else max(now, self._times[-self._calls] + self._window)
        bisect.insort(self._times, place)
        return place

    def _give_back(self, place: float) -> None:
        at = bisect.bisect_left(self._times, place)
        if at < len(self._times) and self._times[at] == place:
            del self._times[at]
