"""Keeping to a vendor's rate limit before the vendor has to say so."""

from __future__ import annotations

import asyncio
from collections.abc import Callable


class Pace:
    """A token bucket: `calls` every `seconds`, with bursts up to `calls`.

    One process, one bucket a connection. Several processes share a vendor's limit without knowing each
    other; then the vendor's 429 is the referee and `Busy` carries its word. `clock` is monotonic seconds.
    """

    def __init__(self, calls: float, seconds: float, *, clock: Callable[[], float] | None = None) -> None:
        if calls < 1 or seconds <= 0:
            raise ValueError("a pace needs at least one call in a positive time")
        self._rate = calls / seconds
        self._capacity = calls
        self._clock = clock
        self._tokens = calls
        self._last: float | None = None

    async def wait(self) -> None:
        """Return when one more call fits. Fair enough: waiters take their places in order of arrival."""
        delay = self.take()
        if delay > 0:
            try:
                await asyncio.sleep(delay)
            except asyncio.CancelledError:
                # Given back, or callers that gave up would keep later ones waiting for ever.
                self._tokens += 1
                raise

    def take(self) -> float:
        """Take a token and say how many seconds to wait before using it."""
        now = self._clock() if self._clock is not None else asyncio.get_running_loop().time()
        if self._last is not None:
            self._tokens = min(self._capacity, self._tokens + (now - self._last) * self._rate)
        self._last = now
        self._tokens -= 1
        return max(0.0, -self._tokens / self._rate)
