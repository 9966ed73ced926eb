"""What a helpdesk takes of us: its limits as they stand now, and what a change costs of them.

Vendors count calls in windows ("100 a minute"). So a limit is so many calls in any so many seconds, with the calls
that count already; when the next ones fit follows from that to the second, and nothing has to be tried out.
"""

from __future__ import annotations

import bisect
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Protocol, runtime_checkable

SHARED_BY = 100
"""So many tickets share a call at most, whatever the helpdesk is."""
ALONE_AT_ONCE = 5
"""So many tickets that share no call are told at a time: whoever dies then leaves no more than these in doubt."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Limit:
    """`calls` in any `seconds`. `made`: the times of those that count, in seconds from now, the oldest first; below
    zero for what was made already."""

    calls: int
    seconds: float
    made: tuple[float, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Budget:
    """What changes of tickets cost.

    Of each of the `limits`, one after the other: so many calls for one ticket (`alone`), and so many for tickets that
    are told the same (`together`), up to `most` of them; `most` is 1 where a vendor takes them one by one. `at_once`
    shared calls are under way at a time.
    """

    limits: tuple[Limit, ...] = ()
    alone: tuple[int, ...] = ()
    together: tuple[int, ...] = ()
    most: int = SHARED_BY
    at_once: int = 5

    def cost(self, tickets: int) -> tuple[int, ...]:
        """Calls of each limit for one change of so many tickets."""
        return self.alone if tickets == 1 else self.together

    def knowing(self, changes: Iterable[tuple[float, int]]) -> Budget:
        """The same with the changes that went out lately: when, in seconds from now, and to how many tickets. Whoever
        sent them may have been another process, or ours before it was started again."""
        said = list(changes)
        limits = []
        for number, limit in enumerate(self.limits):
            made = sorted(
                at for at, tickets in said for _ in range(self.cost(tickets)[number]) if at > -limit.seconds
            )
            limits.append(replace(limit, made=tuple(made)) if len(made) > len(limit.made) else limit)
        return replace(self, limits=tuple(limits))


UNLIMITED = Budget()
"""Of a helpdesk that does not say what it takes: it says so when it is too much."""


@runtime_checkable
class Budgeted(Protocol):
    """A helpdesk that says what it takes, before it is asked for too much."""

    def budget(self) -> Budget:
        """Its limits as they stand at this moment; asks nobody."""
        ...


class Slots:
    """When changes fit, one after the other: who asks first has the first place."""

    def __init__(self, budget: Budget) -> None:
        self._budget = budget
        self._made = [list(limit.made[-limit.calls :]) for limit in budget.limits]

    def take(self, tickets: int) -> float:
        """In how many seconds a change of so many tickets fits. Its place is taken then."""
        costs = self._budget.cost(tickets)
        place = max((self._free(number, cost) for number, cost in enumerate(costs)), default=0.0)
        for number, cost in enumerate(costs):
            made = self._made[number]
            for _ in range(cost):
                bisect.insort(made, place)
            del made[: -self._budget.limits[number].calls]
        return place

    def _free(self, number: int, cost: int) -> float:
        limit, made = self._budget.limits[number], self._made[number]
        # What costs more than the limit allows goes all the same, when nothing else counts.
        over = len(made) + min(cost, limit.calls) - limit.calls
        return max(0.0, made[over - 1] + limit.seconds) if cost and over > 0 else 0.0


def slots(budget: Budget, changes: Iterable[int]) -> Sequence[float]:
    """In how many seconds each change fits; a change is the number of tickets that share it."""
    places = Slots(budget)
    return [places.take(tickets) for tickets in changes]
