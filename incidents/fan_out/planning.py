"""Who is told first, in which calls, and when: an update to many tickets, planned against a helpdesk's budget."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import takewhile
from math import inf

from incidents.fan_out.budget import ALONE_AT_ONCE, Budget, slots

ROUND = 20
"""So many calls go out in a round at most: who comes meanwhile and presses more need not wait for all of the others."""
_ROUNDS_A_WINDOW = 5
_SOON = 2.0
"""Seconds for which a few places are waited for, to be used together."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Untold:
    """A change that waits to go to a ticket; `alike` is equal for those that can share a call.

    `due_at`: when a promise to the ticket breaks that a message keeps; `weight`: that of its customer's tier;
    `is_next`: nothing else waits before it on the same ticket.
    """

    id: int
    alike: str
    is_message: bool = True
    due_at: datetime | None = None
    weight: int = 1
    is_next: bool = True


@dataclass(frozen=True, kw_only=True, slots=True)
class FanOut:
    """A plan. `now`: the calls of this round, each with the changes that share it, the most urgent first. `later`: in
    how many seconds each of the others goes. `next_in`: when the next round is, in seconds; None where nothing waits
    for one. `ends_in`: when the last of all is out."""

    now: tuple[tuple[int, ...], ...] = ()
    later: Mapping[int, float] = field(default_factory=dict)
    next_in: float | None = None
    ends_in: float = 0.0


def plan_fan_out(untold: Sequence[Untold], budget: Budget, *, now: datetime) -> FanOut:
    """Plan them all; what is not next on its ticket counts for the end only."""
    rest = calls([one for one in untold if not one.is_next], budget)
    first = calls([one for one in untold if one.is_next], budget)
    if not first and not rest:
        return FanOut()
    ends_in = slots(budget, [len(call) for call in (*first, *rest)])[-1]
    ordered = in_order(
        [one for one in untold if one.is_next], now=now, ends_at=now + timedelta(seconds=ends_in)
    )
    first = calls(ordered, budget)
    places = slots(budget, [len(call) for call in first])
    most = min(_round(budget, first), len(first))
    fits = len(list(takewhile(lambda place: place <= 0, places[:most])))
    # Not one at a time, as a round each costs more than it tells earlier. But what is free is not left unused, either,
    # where the next place is far: a window in which four are left would end without them.
    soon = [place for place in places[: min(ALONE_AT_ONCE, most)] if place <= places[0] + _SOON]
    goes = fits > 0 and (fits >= len(soon) or fits == len(first))
    together = fits if goes else 0
    next_in = None if not first else 0.0 if goes else soon[-1]
    waiting = list(zip(first, places, strict=True))[together:]
    later = {one.id: max(place, next_in or 0.0) for call, place in waiting for one in call}
    return FanOut(
        now=tuple(tuple(one.id for one in call) for call in first[:together]),
        later=later,
        next_in=next_in,
        ends_in=ends_in,
    )


def in_order(untold: Iterable[Untold], *, now: datetime, ends_at: datetime) -> Sequence[Untold]:
    """The most urgent first.

    1. Whose promise would break before all are told, and can still be kept: the soonest first.
    2. Whose promise is broken already.
    3. Everybody else.

    Of equals, the customer of the weightier tier, then whose promise breaks first, then who came first. Customers'
    messages go before notes and statuses, as far as these are not in line before them on the same ticket.
    """

    began, ends = now.timestamp(), ends_at.timestamp()

    def rank(one: Untold) -> tuple[bool, int, float, float, int]:
        due = inf if one.due_at is None else one.due_at.timestamp()
        if began <= due <= ends:
            return not one.is_message, 0, due, -one.weight, one.id
        return not one.is_message, 1 if due < began else 2, -one.weight, due, one.id

    return sorted(untold, key=rank)


def calls(ordered: Sequence[Untold], budget: Budget) -> Sequence[Sequence[Untold]]:
    """As calls: the most urgent one that is left, with those after it that are told the same."""
    found: list[list[Untold]] = []
    open_calls: defaultdict[str, list[Untold]] = defaultdict(list)
    for one in ordered:
        call = open_calls[one.alike]
        if not call:
            found.append(call)
        call.append(one)
        if len(call) >= budget.most:
            open_calls[one.alike] = []
    return found


def _round(budget: Budget, calls: Sequence[Sequence[Untold]]) -> int:
    """How many of these calls go out together: a fifth of what a window takes of the dearest of them, so that none of
    it is left unused for long."""
    costs = {budget.cost(len(call)) for call in calls}
    fitting = [
        limit.calls // cost
        for each in costs
        for limit, cost in zip(budget.limits, each, strict=False)
        if cost
    ]
    most = max(ROUND, budget.at_once)
    return max(1, min([most, *(fits // _ROUNDS_A_WINDOW for fits in fitting)]))
