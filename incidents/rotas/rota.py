"""A rota: who has it at each instant, by what.

Turns are written on the wall clock of the rota's zone, and an instant is what that clock shows then. From this follows

- a hand-over "09:00" is at 09:00 before and after the clock changes; the turn across the change is an hour shorter or
  longer;
- one at a time that the clock skips in spring is when the clock jumps; one at a time that it shows twice in autumn is
  the first of the two.

An override comes before a feed's turns, these before the layers, and of the layers the first that has somebody. So
an instant has one holder or none, and never two. Instants that come back are in UTC.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

from incidents.sla.calendars import Calendar

_SECOND = timedelta(seconds=1)
_DAY = timedelta(days=1)

OVERRIDE, FEED = "override", "feed"


@dataclass(frozen=True, kw_only=True, slots=True)
class Turn:
    """A stretch of time that one source gives to a person. `start` and `end` are instants; the end is not in it."""

    start: datetime
    end: datetime
    person: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Shift:
    """A stretch in which one person has the rota by one source, or nobody: then `person` is None, and it is a gap.

    `by` is `override`, `feed` or `layer 1`; "" in a gap.
    """

    start: datetime
    end: datetime
    person: str | None
    by: str = ""

    @property
    def is_gap(self) -> bool:
        """Whether nobody is on call in it."""
        return self.person is None


@dataclass(frozen=True, kw_only=True, slots=True)
class Layer:
    """People who take turns of `days` days each, from the first one's hand-over on, on the wall clock.

    With `hours`, only within these; a turn is whoever's it is all the same. From `until` on, nobody has it.
    """

    people: tuple[str, ...]
    first: datetime
    days: int
    hours: Calendar | None = None
    until: datetime | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Rota:
    """One rota. `feed` is the name of the calendar that gives it turns, "" for none. `then` are the rotas or people
    that are woken when whoever has this one does not answer; all of that is gone through `rounds` times."""

    name: str
    title: str
    zone: ZoneInfo
    layers: tuple[Layer, ...] = ()
    overrides: tuple[Turn, ...] = ()
    feed: str = ""
    then: tuple[str, ...] = ()
    rounds: int = 1


@dataclass(frozen=True, kw_only=True, slots=True)
class Way:
    """How to reach somebody: the way's name at the pager, and how long an answer is waited for."""

    name: str
    wait: timedelta


@dataclass(frozen=True, kw_only=True, slots=True)
class Responder:
    """Somebody who can be on call. `known_as` is what calendars call them besides."""

    key: str
    name: str
    ways: tuple[Way, ...]
    known_as: tuple[str, ...] = ()


FeedTurns = Mapping[str, Sequence[Turn]]
"""What the feeds give, by the feed's name."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Roster:
    """Everybody who can be on call, and the rotas by which they are."""

    people: Mapping[str, Responder] = field(default_factory=dict)
    rotas: Mapping[str, Rota] = field(default_factory=dict)

    def name_of(self, person: str) -> str:
        """The person's name, or their key where the policy has lost them."""
        found = self.people.get(person)
        return person if found is None else found.name


def wall_time(day: date, minutes: int, zone: ZoneInfo) -> datetime:
    """The instant at which the zone's clock first shows so many minutes after midnight on that day; in an hour that the
    clock skips, when it jumps."""
    naive = datetime.combine(day, time()) + timedelta(minutes=minutes)
    at = naive.replace(tzinfo=zone).astimezone(UTC)
    if at.astimezone(zone).replace(tzinfo=None) == naive:
        return at
    early, late = at - _DAY / 2, at
    while late - early > _SECOND:
        middle = early + (late - early) / 2
        is_before = middle.astimezone(zone).replace(tzinfo=None) < naive
        early, late = (middle, late) if is_before else (early, middle)
    return late.replace(microsecond=0)


def holder(rota: Rota, at: datetime, turns: Sequence[Turn] = ()) -> Shift:
    """Who has it at that instant, if anybody; the shift begins there and is cut off after a second."""
    return shifts(rota, at, at + _SECOND, turns)[0]


def shifts(rota: Rota, begin: datetime, end: datetime, turns: Sequence[Turn] = ()) -> Sequence[Shift]:
    """Who has it from `begin` to `end`, gaps among them: in order, without a hole, nobody twice in a row by the same
    source. `turns` are the feed's. Empty if `end` is not after `begin`."""
    begin, end = begin.astimezone(UTC), end.astimezone(UTC)
    if end <= begin:
        return ()
    sources = [(OVERRIDE, _within(rota.overrides, begin, end)), (FEED, _within(turns, begin, end))]
    sources += [
        (f"layer {number}", _within(_layer_turns(layer, rota.zone, begin, end), begin, end))
        for number, layer in enumerate(rota.layers, start=1)
    ]
    cuts = {begin, end}
    for _, found in sources:
        cuts.update(edge for turn in found for edge in (turn.start, turn.end))
    joined: list[Shift] = []
    for start, stop in pairwise(sorted(cuts)):
        person, by = _first_with_somebody(sources, start)
        last = joined[-1] if joined else None
        if last is not None and (last.person, last.by) == (person, by):
            joined[-1] = Shift(start=last.start, end=stop, person=person, by=by)
        else:
            joined.append(Shift(start=start, end=stop, person=person, by=by))
    return joined


def _within(turns: Sequence[Turn] | Iterator[Turn], begin: datetime, end: datetime) -> list[Turn]:
    return [
        Turn(start=max(turn.start, begin), end=min(turn.end, end), person=turn.person)
        for turn in turns
        if max(turn.start, begin) < min(turn.end, end)
    ]


def _first_with_somebody(
    sources: Sequence[tuple[str, Sequence[Turn]]], at: datetime
) -> tuple[str | None, str]:
    for by, turns in sources:
        there = [turn for turn in turns if turn.start <= at < turn.end]
        if there:
            # Of two turns of a calendar that overlap, the one that began later is the one that was put in its place.
            return max(there, key=lambda turn: (turn.start, turn.person)).person, by
    return None, ""


def _layer_turns(layer: Layer, zone: ZoneInfo, begin: datetime, end: datetime) -> Iterator[Turn]:
    if layer.until is not None:
        end = min(end, wall_time(layer.until.date(), layer.until.hour * 60 + layer.until.minute, zone))
        if end <= begin:
            return
    first, minutes = layer.first.date(), layer.first.hour * 60 + layer.first.minute
    # A day earlier than the window's own, as its hand-over may come later that day.
    number = max(((begin.astimezone(zone).date() - first).days - 1) // layer.days, 0)
    start = wall_time(first + timedelta(days=number * layer.days), minutes, zone)
    while start < end:
        number += 1
        stop = wall_time(first + timedelta(days=number * layer.days), minutes, zone)
        person = layer.people[(number - 1) % len(layer.people)]
        if layer.hours is None:
            yield Turn(start=start, end=min(stop, end), person=person)
        else:
            for span in layer.hours.spans(max(start, begin), min(stop, end)):
                yield Turn(start=span.start, end=span.end, person=person)
        start = stop
