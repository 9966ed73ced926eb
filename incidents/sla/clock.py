"""One SLA clock: what it promised, how much working time has gone, and which of its moments came and were told.

A clock is a value; `incidents.sla.moves` makes new ones of it. A moment told under one target is not told
again under the same or a shorter one, whatever sweeps run twice or late and however often our own time jumps.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Self

from incidents.models import SubjectRef, TicketStatus
from incidents.sla.calendars import Calendars

_WHOLE = 1000


class SlaMetric(StrEnum):
    """What is promised. `next_update` is one clock from each update to the next."""

    FIRST_RESPONSE = "first_response"
    NEXT_UPDATE = "next_update"
    MITIGATION = "mitigation"
    RESOLUTION = "resolution"


class ClockState(StrEnum):
    """What a clock does now: `stopped` was kept or broken, `withdrawn` is promised no longer."""

    RUNNING = "running"
    PAUSED = "paused"
    STOPPED = "stopped"
    WITHDRAWN = "withdrawn"


@dataclass(frozen=True, order=True, slots=True)
class Moment:
    """A part of the target's time: 750 is the warning at 75 %, 1000 the breach."""

    per_mille: int

    def __post_init__(self) -> None:
        if not 0 < self.per_mille <= _WHOLE:
            raise ValueError("a moment is more than 0 and at most 1000 thousandths of the target")

    def __str__(self) -> str:
        """`warn75`, `warn87.5` or `breach`."""
        return "breach" if self.is_breach else f"warn{self.per_mille / 10:g}"

    @classmethod
    def parse(cls, text: str) -> Self:
        """The moment of that name. Raises `ValueError`."""
        return cls(_WHOLE if text == "breach" else round(float(text.removeprefix("warn")) * 10))

    @property
    def is_breach(self) -> bool:
        """Whether the whole time is used up at it."""
        return self.per_mille == _WHOLE

    def of(self, target: timedelta) -> timedelta:
        """Working time after which it comes."""
        return target * self.per_mille // _WHOLE


BREACH = Moment(_WHOLE)


@dataclass(frozen=True, kw_only=True, slots=True)
class SlaTerms:
    """What was promised to one ticket or incident: the policy that matches it, ready to count by.

    `pauses` are the states of a ticket in which clocks stand still; `liaison_answers` says whether Liaison's
    own message to a customer counts as a first response.
    """

    policy: str
    calendar: str
    targets: Mapping[SlaMetric, timedelta]
    warnings: tuple[Moment, ...] = ()
    pauses: frozenset[TicketStatus] = frozenset()
    liaison_answers: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Stretch:
    """A time the clock ran, closed. `count` is more than 1 where older stretches were added up."""

    since: datetime
    until: datetime
    calendar: str
    worked: timedelta
    ended_by: str
    count: int = 1


@dataclass(frozen=True, kw_only=True, slots=True)
class Told:
    """A moment that was told, under which target, and when."""

    moment: Moment
    target: timedelta
    at: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class SlaClock:
    """One promise to one ticket (`zendesk/x#1`) or incident (`INC-7`).

    `generation` counts reopenings, `round` the updates of a `next_update` promise: each is a clock of its own.
    Exactly one of `running_since`, `paused_because` and `stopped_at` is set. Without a target it is counted but
    nothing is promised: it has no moments, and it is there if the terms change.
    """

    subject: SubjectRef
    metric: SlaMetric
    policy: str
    calendar: str
    target: timedelta | None
    warnings: tuple[Moment, ...]
    started_at: datetime
    running_since: datetime | None
    paused_because: str | None = None
    stopped_at: datetime | None = None
    is_withdrawn: bool = False
    generation: int = 1
    round: int = 1
    stretches: tuple[Stretch, ...] = ()
    told: tuple[Told, ...] = ()

    @property
    def key(self) -> str:
        """Names this clock among all: `INC-7:resolution:g1r1`."""
        return f"{self.subject}:{self.metric}:g{self.generation}r{self.round}"

    @property
    def state(self) -> ClockState:
        """What it does now."""
        if self.is_withdrawn:
            return ClockState.WITHDRAWN
        if self.stopped_at is not None:
            return ClockState.STOPPED
        return ClockState.PAUSED if self.running_since is None else ClockState.RUNNING

    @property
    def is_over(self) -> bool:
        """Whether it has stopped for good. A reopening starts another clock."""
        return self.stopped_at is not None

    @property
    def worked(self) -> timedelta:
        """Working time of the closed stretches; what has run since is not in it."""
        return sum((stretch.worked for stretch in self.stretches), timedelta(0))

    @property
    def moments(self) -> tuple[Moment, ...]:
        """All its moments, in order."""
        return (*self.warnings, BREACH) if self.target is not None else ()

    def mark(self, moment: Moment) -> str:
        """Names one telling of a moment: a key for what is sent because of it."""
        seconds = self.target // timedelta(seconds=1) if self.target is not None else 0
        return f"sla:{self.key}:{moment}:{seconds}s"

    def was_told(self, moment: Moment) -> bool:
        """Whether it was told under this target or a longer one: then it says nothing new."""
        return self.target is not None and any(
            told.moment == moment and told.target >= self.target for told in self.told
        )


@dataclass(frozen=True, kw_only=True, slots=True)
class Missed:
    """A moment that has come and was not told yet."""

    clock: SlaClock
    moment: Moment
    at: datetime


def elapsed(clock: SlaClock, calendars: Calendars, *, now: datetime) -> timedelta:
    """Working time that has gone until now, or until it stopped."""
    calendar = calendars.get(clock.calendar)
    if clock.running_since is None or calendar is None:
        return clock.worked
    return clock.worked + calendar.working_time(clock.running_since, now)


def due_at(clock: SlaClock, calendars: Calendars) -> datetime | None:
    """When the target's time is, or was, used up.

    None without a target, while it stands still, if it stopped in time, and if it can never be: an empty
    calendar, or one that is not in the policy any more.
    """
    return reached_at(clock, BREACH, calendars)


def reached_at(clock: SlaClock, moment: Moment, calendars: Calendars) -> datetime | None:
    """When the moment comes or came; None as for `due_at`. A clock stopped at that very second was late."""
    if clock.target is None or clock.is_withdrawn:
        return None
    left = moment.of(clock.target)
    for stretch in clock.stretches:
        if left <= stretch.worked:
            calendar = calendars.get(stretch.calendar) if stretch.count == 1 else None
            at = calendar.due(stretch.since, left) if calendar is not None else None
            # Without its calendar as it was then, the stretch's end is what is certain.
            return min(at, stretch.until) if at is not None else stretch.until
        left -= stretch.worked
    calendar = calendars.get(clock.calendar)
    if clock.running_since is None or calendar is None:
        return None
    return calendar.due(clock.running_since, left)


def next_moment(clock: SlaClock, calendars: Calendars) -> tuple[datetime, Moment] | None:
    """The first moment not told yet and when it comes, or came; None if there is none to wait for."""
    for moment in clock.moments:
        if not clock.was_told(moment):
            at = reached_at(clock, moment, calendars)
            return (at, moment) if at is not None else None
    return None


def missed(clocks: Iterable[SlaClock], calendars: Calendars, *, now: datetime) -> tuple[Missed, ...]:
    """Every moment that has come and was not told, in the order in which they came."""
    found = [
        Missed(clock=clock, moment=moment, at=at)
        for clock in clocks
        for moment in clock.moments
        if not clock.was_told(moment)
        and (at := reached_at(clock, moment, calendars)) is not None
        and at <= now
    ]
    return tuple(sorted(found, key=lambda one: (one.at, one.clock.key, one.moment)))


def tell(clock: SlaClock, moments: Iterable[Moment], *, now: datetime) -> SlaClock:
    """The clock with these moments marked as told under its present target."""
    if clock.target is None:
        return clock
    told = {one.moment: one for one in clock.told}
    for moment in moments:
        if not clock.was_told(moment):
            told[moment] = Told(moment=moment, target=clock.target, at=now)
    return replace(clock, told=tuple(told[moment] for moment in sorted(told)))
