"""Rotas kept in a calendar: iCalendar (RFC 5545) read as turns of people.

An event is a turn. Whose, its summary says, or its attendee: a person's name, key, or what they are `known_as`. Times
are those of the calendar's wall clock: a weekly event from Monday 09:00 to Monday 09:00 stays so when the clock
changes, and all-day and floating times are those of the rota's zone. A duration of hours (PT8H) is that many hours that
really pass (RFC 5545, 3.3.6); recurring-ical-events 3.8 adds it on the wall clock, an hour off when that changes.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

import icalendar
import recurring_ical_events

from connectors.kit.http import VendorHttp
from incidents.errors import LiaisonError, Unreachable, Unrecognised
from incidents.rotas.rota import Responder, Turn, wall_time

MOST_BYTES = 2_000_000
MOST_EVENTS = 5_000
_A_DAY = timedelta(days=1)
# A shift that comes each hour is none, and working out years of them takes long.
_TOO_OFTEN = frozenset({"SECONDLY", "MINUTELY", "HOURLY"})


@dataclass(frozen=True, kw_only=True, slots=True)
class CalendarTurns:
    """What a calendar says between two instants. `strangers` are summaries that name nobody of the policy; `overlaps`
    are stretches that it gives to two people at once."""

    turns: tuple[Turn, ...]
    strangers: tuple[str, ...] = ()
    overlaps: tuple[tuple[datetime, datetime], ...] = ()


async def fetch(address: str) -> str:
    """The calendar's text. Raises like every call; the address, which may be a secret, is in no error."""
    parts = urlsplit(address)
    path = f"{parts.path or '/'}{'?' + parts.query if parts.query else ''}"
    async with VendorHttp(
        vendor="calendar", base_url=f"{parts.scheme}://{parts.netloc}", parse=_calendar_text, deadline=15.0
    ) as http:
        try:
            answer = await http.call("GET", path, headers={"Accept": "text/calendar"})
        except LiaisonError as error:
            what = f"{error}".replace(parts.path, "(its address)") if len(parts.path) > 1 else f"{error}"
            raise Unreachable(what) from None
    if not isinstance(answer.data, str):
        raise Unreachable("calendar: an empty answer")
    return answer.data


def _calendar_text(body: bytes) -> str:
    text = body.decode("utf-8", "replace")
    if len(body) > MOST_BYTES or "BEGIN:VCALENDAR" not in text[:1000]:
        raise Unrecognised("no calendar")
    return text


def turns_of(
    content: str, zone: ZoneInfo, people: Mapping[str, Responder], *, begin: datetime, end: datetime
) -> CalendarTurns:
    """The turns that lie between the instants, in whole or in part. Raises `Unrecognised` for what is no calendar, or
    one that no rota is kept in."""
    known = _known_names(people)
    turns: list[Turn] = []
    strangers: dict[str, None] = {}
    for event, hours in _events(content, begin, end):
        start = _instant(event.start, zone)
        stop = _instant(event.end, zone) if hours is None else start + hours
        if stop <= start or stop <= begin or start >= end:
            continue
        person = _person_of(event, known)
        if person is None:
            strangers[str(event.get("SUMMARY", ""))[:80]] = None
        else:
            turns.append(Turn(start=start, end=stop, person=person))
    turns.sort(key=lambda turn: (turn.start, turn.end, turn.person))
    return CalendarTurns(turns=tuple(turns), strangers=tuple(strangers), overlaps=tuple(_overlaps(turns)))


def _events(
    content: str, begin: datetime, end: datetime
) -> Iterable[tuple[icalendar.Event, timedelta | None]]:
    """Each with its hours, where it is as many as pass; they are lost where the library works out its repetitions."""
    try:
        calendar = icalendar.Calendar.from_ical(content)
        found = calendar.walk("VEVENT")
        rules = [str(part).upper() for event in found for part in _frequencies(event)]
        if len(found) > MOST_EVENTS or _TOO_OFTEN.intersection(rules):
            raise Unrecognised("a calendar of too many events for a rota")
        hours = {_identity(event): _hours(event) for event in found}
        repeated = recurring_ical_events.of(calendar).between(begin - _A_DAY, end + _A_DAY)
        return [
            (event, hours.get(_identity(event), hours.get((_identity(event)[0], None)))) for event in repeated
        ]
    except Unrecognised:
        raise
    except Exception as error:  # a stranger's calendar can be wrong in ways that no list names
        raise Unrecognised(f"no calendar that can be read ({type(error).__name__})") from error


def _frequencies(event: Any) -> Iterator[object]:
    rules = event.get("RRULE", [])
    for rule in rules if isinstance(rules, list) else [rules]:
        yield from rule.get("FREQ", [])


def _identity(event: Any) -> tuple[str, object]:
    """Of an event, or of one of its repetitions that was changed."""
    changed = event.get("RECURRENCE-ID")
    return str(event.get("UID", "")), None if changed is None else changed.dt


def _hours(event: Any) -> timedelta | None:
    """How long it is, if it says so in hours: P7D cannot be told from PT168H any more, and is days."""
    length = event.get("DURATION")
    return length.dt if length is not None and timedelta(0) < length.dt < _A_DAY else None


def _instant(at: date | datetime, zone: ZoneInfo) -> datetime:
    if not isinstance(at, datetime):
        return wall_time(at, 0, zone)
    clock = at.tzinfo if isinstance(at.tzinfo, ZoneInfo) else zone
    if at.tzinfo is not None and clock is not at.tzinfo:
        return at.astimezone(UTC)  # UTC, or a zone that the calendar itself describes
    return wall_time(at.date(), at.hour * 60 + at.minute, clock)


def _known_names(people: Mapping[str, Responder]) -> dict[str, str]:
    """What each is called, in small letters; a name that two have is nobody's."""
    known: dict[str, str] = {}
    doubtful: set[str] = set()
    for key, person in people.items():
        for name in {one.strip().casefold() for one in (key, person.name, *person.known_as)}:
            if known.setdefault(name, key) != key:
                doubtful.add(name)
    return {name: key for name, key in known.items() if name and name not in doubtful}


def _person_of(event: Any, known: Mapping[str, str]) -> str | None:
    summary = str(event.get("SUMMARY", "")).strip().casefold()
    if summary in known:
        return known[summary]
    attendees = event.get("ATTENDEE", [])
    for attendee in attendees if isinstance(attendees, list) else [attendees]:
        address = str(attendee).casefold().removeprefix("mailto:")
        called = str(attendee.params.get("CN", "")).strip().casefold()
        if address in known or called in known:
            return known.get(address) or known[called]
    named = {
        key
        for name, key in known.items()
        if re.search(rf"(?<!\w){re.escape(name)}(?!\w)", summary) is not None
    }
    return named.pop() if len(named) == 1 else None


def _overlaps(turns: list[Turn]) -> Iterator[tuple[datetime, datetime]]:
    for before, after in pairwise(turns):
        if after.start < before.end and after.person != before.person:
            yield after.start, min(before.end, after.end)
