"""Keeping to a vendor's rate limit before the vendor has to say so."""

from __future__ import annotations

import asyncio
import bisect
from collections import deque
from collections.abc import Callable

from incidents.errors import Busy
from incidents.fan_out.budget import Limit
from incidents.fan_out.standing_back import stands_back

MARGIN = 1.02
"""Calls do not arrive as evenly as they leave; a window a fiftieth longer than the vendor's forgives it: a 429 costs
whoever meets it the better part of a minute."""
SHARE = 4
"""Of so many places, one is for calls that stand back, however many others wait: customers must be told, too."""

SPARED = 40
"""One of so many places is kept for the first who does not stand back, so that it need not wait for one at all."""


class Pace:
    """At most `calls` in any window of `seconds`, as vendors count them.

    A bucket that fills up again, with the same figures, lets through up to twice as many in its first window; the
    vendor answers 429 then, and whoever was to be woken waits for the next attempt. So the times of what has been let
    through are kept, at most `calls` of them, and a call goes when the one of a window ago has left.

    Who waits goes in order of arrival; calls that stand back (`standing_back`) come after the others, of each `SHARE`
    places but one, and leave `spare` places of a window free for them.

    One process, one pace a connection. Several processes share a vendor's limit without knowing each other; then the
    vendor's 429 is the referee and `Busy` carries its word. `clock` is monotonic seconds.
    """

    def __init__(
        self, calls: float, seconds: float, *, spare: int = 0, clock: Callable[[], float] | None = None
    ) -> None:
        if calls < 1 or seconds <= 0:
            raise ValueError("a pace needs at least one call in a positive time")
        if not 0 <= spare < int(calls):
            raise ValueError("a pace that spares all its calls lets nothing through that stands back")
        self._calls = int(calls)
        self._spare = spare
        self._window = seconds * MARGIN
        self._clock = clock
        self._times: list[float] = []
        self._back_times: list[float] = []
        self._line: deque[asyncio.Future[float]] = deque()
        self._back_line: deque[asyncio.Future[float]] = deque()
        self._timer: asyncio.TimerHandle | None = None

    @classmethod
    def of_helpdesk(cls, calls_a_minute: float) -> Pace:
        """Of an account whose tickets are read and told by the same limit."""
        return cls(calls_a_minute, 60, spare=int(calls_a_minute) // SPARED)

    async def wait(self, *, at_most: float | None = None) -> None:
        """Return when one more call fits.

        Raises `Busy` at once, and takes no place, where that is expected more than `at_most` seconds from now.
        """
        is_back = stands_back()
        now = self._now()
        if self._fits_now(now, is_back):
            self._made(now, is_back)
            return
        if at_most is not None:
            delay = self._expected(now, is_back)[-1] - now
            if delay > at_most:
                raise Busy(
                    f"{self._calls} calls in {self._window:g} s are made: as many as are allowed",
                    retry_after=delay,
                )
        line = self._back_line if is_back else self._line
        turn: asyncio.Future[float] = asyncio.get_running_loop().create_future()
        line.append(turn)
        self._wake()
        try:
            await turn
        except asyncio.CancelledError:
            # Who gives up leaves no debt, or callers that gave up would keep later ones waiting for ever.
            if turn in line:
                line.remove(turn)
            elif not turn.cancelled():
                self._give_back(turn.result(), is_back)
            self._wake()
            raise

    def free(self) -> int:
        """How many calls fit now, without waiting."""
        self._forget(self._now())
        return max(0, self._calls - len(self._times) - len(self._line))

    def limit(self) -> Limit:
        """The limit as it stands now, for whoever plans changes; those that wait have their places.

        Without the places that are spared for others: who plans what stands back would else be let go, and wait in the
        middle of its round.
        """
        now = self._now()
        self._forget(now)
        waiting = len(self._line) + len(self._back_line)
        times = self._expected(now, is_back=True)[:waiting]
        return Limit(
            calls=self._calls - self._spare,
            seconds=self._window,
            made=tuple(at - now for at in (*self._times, *times)),
        )

    def take(self) -> float:
        """Take a place and say how many seconds to wait before using it."""
        now = self._now()
        place = self._expected(now, is_back=False)[-1]
        self._made(place, is_back=False)
        return place - now

    def _now(self) -> float:
        return self._clock() if self._clock is not None else asyncio.get_running_loop().time()

    def _forget(self, now: float) -> None:
        for times in (self._times, self._back_times):
            del times[: bisect.bisect_right(times, now - self._window)]

    def _fits_now(self, now: float, is_back: bool) -> bool:
        self._forget(now)
        if self._line or (is_back and self._back_line):
            return False
        return self._fits_at(self._times, self._spare if is_back else 0, now) <= now

    def _expected(self, now: float, is_back: bool) -> list[float]:
        """When those go that are ahead, and who comes now, if nobody else comes."""
        self._forget(now)
        ahead = len(self._line) + (len(self._back_line) if is_back else 0)
        spare = self._spare if is_back else 0
        times = list(self._times)
        places: list[float] = []
        for _ in range(ahead + 1):
            place = self._fits_at(times, spare, now)
            bisect.insort(times, place)
            places.append(place)
        return places

    def _fits_at(self, times: list[float], spare: int, now: float) -> float:
        calls = self._calls - spare
        return now if len(times) < calls else max(now, times[-calls] + self._window)

    def _made(self, at: float, is_back: bool) -> None:
        bisect.insort(self._times, at)
        if is_back:
            bisect.insort(self._back_times, at)

    def _give_back(self, at: float, is_back: bool) -> None:
        for times in (self._times, self._back_times) if is_back else (self._times,):
            place = bisect.bisect_left(times, at)
            if place < len(times) and times[place] == at:
                del times[place]

    def _wake(self) -> None:
        """See to it that the next one who waits goes in time."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if not self._line and not self._back_line:
            return
        now = self._now()
        self._forget(now)
        spare = 0 if self._line or self._is_share_due() else self._spare
        delay = self._fits_at(self._times, spare, now) - now
        self._timer = asyncio.get_running_loop().call_later(delay, self._let_go)

    def _let_go(self) -> None:
        now = self._now()
        self._forget(now)
        while (line := self._next_line(now)) is not None:
            turn = line.popleft()
            if not turn.cancelled():
                self._made(now, line is self._back_line)
                turn.set_result(now)
        self._wake()

    def _next_line(self, now: float) -> deque[asyncio.Future[float]] | None:
        if self._fits_at(self._times, 0, now) > now:
            return None
        if self._back_line and self._is_share_due():
            return self._back_line
        if self._line:
            return self._line
        has_room = self._fits_at(self._times, self._spare, now) <= now
        return self._back_line if self._back_line and has_room else None

    def _is_share_due(self) -> bool:
        return len(self._back_times) * SHARE < len(self._times)
