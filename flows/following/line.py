"""Whose turn it is: of many incidents a few are worked on at a time, the most pressing first.

Each thing that is done for an incident takes a place in the line and leaves it when it is done. Whoever keeps a
place for longer than `patience` waits for somebody else's server: then the place is another's, so that a slow vendor
holds up nobody but those who need it. What wakes nobody (`Urgency.REST`) gives its place up as soon as something that
presses more finds none: it goes on without.
"""

from __future__ import annotations

import asyncio
import heapq
import itertools
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from enum import IntEnum

from incidents.models import Incident

PLACES = 3
"""More at once make none of them earlier: all share one event loop and one Prefect server."""
KEPT_FREE = 3
"""Places beside those, for what is under way."""
CROWD = 6
"""So many waiting, twice as many as have a place, are a crowd: what only costs is left out."""
PATIENCE = 5.0
"""Seconds."""


class Urgency(IntEnum):
    """What is to be done, the most pressing first."""

    UNDER_WAY = 0
    """An engineer or an agent said something, or a promise is due."""
    PAGE = 1
    CHECK = 2
    CLOSE = 3
    REST = 4
    """Notes, customers' messages, pages of the UI: nobody is woken by it."""


@dataclass(frozen=True, order=True)
class _Rank:
    """Of equally urgent ones the worst goes first, and of equally bad ones that of a service with fewer before it."""

    urgency: Urgency
    severity: int
    before_it: int
    number: int


@dataclass(order=True)
class _Waiting:
    rank: _Rank
    turn: asyncio.Future[None] = field(compare=False)


class Line:
    """The line of this process. `places` are for all, `kept_free` more for what is under way."""

    def __init__(
        self, *, places: int = PLACES, kept_free: int = KEPT_FREE, patience: float = PATIENCE
    ) -> None:
        self._places = places
        self._kept_free = kept_free
        self.patience = patience
        self._taken = 0
        self._waiting: list[_Waiting] = []
        self._numbers = itertools.count()
        self._in_line: Counter[str] = Counter()
        self._giving_way: dict[_Place, None] = {}
        """Places of what wakes nobody, the oldest first."""

    @asynccontextmanager
    async def place(
        self, urgency: Urgency, incident: Incident, *, wakes_nobody: bool | None = None
    ) -> AsyncIterator[None]:
        """Wait for a turn, and have it until the end of the block or for as long as the patience lasts.

        `wakes_nobody`: whether the place is given up for what presses more; if not said, `REST` is.
        """
        place = _Place(self, incident)
        await place.take(
            urgency, wakes_nobody=urgency is Urgency.REST if wakes_nobody is None else wakes_nobody
        )
        token = _held.set(place)
        try:
            yield
        finally:
            _held.reset(token)
            place.leave()

    @property
    def taken(self) -> int:
        """How many places are taken now."""
        return self._taken

    @property
    def waiting(self) -> int:
        """How many wait for a place."""
        return sum(not one.turn.done() for one in self._waiting)

    @property
    def is_crowded(self) -> bool:
        """Whether many wait."""
        return self.waiting >= CROWD

    async def enter(self, urgency: Urgency, incident: Incident) -> None:
        """Wait for a turn. Whoever has had it leaves."""
        service = incident.service
        rank = _Rank(urgency, int(incident.severity), self._in_line[service], next(self._numbers))
        self._in_line[service] += 1
        try:
            if self._has_room(urgency):
                self._taken += 1
                return
            waiting = _Waiting(rank, asyncio.get_running_loop().create_future())
            heapq.heappush(self._waiting, waiting)
            if urgency is not Urgency.REST and self._giving_way:
                next(iter(self._giving_way)).leave()
            try:
                await waiting.turn
            except asyncio.CancelledError:
                if waiting.turn.done() and not waiting.turn.cancelled():
                    self.leave()
                raise
        finally:
            self._in_line[service] -= 1
            if not self._in_line[service]:
                del self._in_line[service]

    def leave(self) -> None:
        """Give a place up; the next in line has it at once."""
        self._taken -= 1
        while self._waiting and (
            self._waiting[0].turn.cancelled() or self._has_room(self._waiting[0].rank.urgency)
        ):
            first = heapq.heappop(self._waiting).turn
            if not first.done():
                self._taken += 1
                first.set_result(None)

    def will_give_way(self, place: _Place) -> None:
        """Its place is for whoever presses more."""
        self._giving_way[place] = None

    def will_not_give_way(self, place: _Place) -> None:
        """It is given up, or was never to be."""
        self._giving_way.pop(place, None)

    def _has_room(self, urgency: Urgency) -> bool:
        return self._taken < self._places + (self._kept_free if urgency is Urgency.UNDER_WAY else 0)


class _Place:
    """A place that somebody has, or had."""

    def __init__(self, line: Line, incident: Incident) -> None:
        self._line = line
        self._incident = incident
        self._is_held = False
        self._timer: asyncio.TimerHandle | None = None

    async def take(self, urgency: Urgency, *, wakes_nobody: bool) -> None:
        await self._line.enter(urgency, self._incident)
        self._is_held = True
        if wakes_nobody:
            self._line.will_give_way(self)
        self._timer = asyncio.get_running_loop().call_later(self._line.patience, self.leave)

    def leave(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        if self._is_held:
            self._is_held = False
            self._line.will_not_give_way(self)
            self._line.leave()


_held: ContextVar[_Place | None] = ContextVar("held place", default=None)


async def give_way() -> None:
    """In the middle of something: let everybody pass who presses more than what is left to do."""
    place = _held.get()
    if place is not None:
        place.leave()
        await place.take(Urgency.REST, wakes_nobody=True)
