"""Whom a page wakes, one after the other, until somebody answers."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from incidents.rotas.rota import FeedTurns, Responder, Roster, Rota, Shift, holder, shifts
from incidents.texts.team import worded
from incidents.texts.times import weekday_and_clock

MOST_WAKES = 200
"""More than anybody waits for; a policy of many rounds and waits ends here."""
LOOKED_AHEAD = timedelta(days=60)
"""How far the end of a gap is looked for."""
CHECKED_AHEAD = timedelta(days=28)
MOST_GAPS = 5


@dataclass(frozen=True, kw_only=True, slots=True)
class Wake:
    """One attempt to reach somebody. `wait` is how long after it the next one comes."""

    person: str
    name: str
    way: str
    wait: timedelta


def wakes(roster: Roster, target: str, turns: FeedTurns, *, at: datetime) -> tuple[Wake, ...]:
    """In order, for a rota or a person: each who is on call when it will be their turn to be woken, by each of their
    ways. Whoever comes twice in a round is woken once in it. Empty where nobody is on call."""
    rota = roster.rotas.get(target)
    rounds, targets = (rota.rounds, (target, *rota.then)) if rota is not None else (1, (target,))
    found: list[Wake] = []
    for _ in range(rounds):
        seen: set[str] = set()
        for one in targets:
            person = _whom(roster, one, turns, at)
            if person is None or person.key in seen:
                continue
            seen.add(person.key)
            for way in person.ways:
                found.append(Wake(person=person.key, name=person.name, way=way.name, wait=way.wait))
                at += way.wait
    return tuple(found[:MOST_WAKES])


def target_of(roster: Roster, target: str) -> str | None:
    """The rota or person that a page is for; "" is the only rota there is. None if there is no such."""
    if target == "" and len(roster.rotas) == 1:
        return next(iter(roster.rotas))
    return target if target in roster.rotas or target in roster.people else None


def gap_at(roster: Roster, target: str, turns: FeedTurns, *, at: datetime) -> Shift | None:
    """The gap that the rota has at that instant, to its end as far as that can be seen; None if somebody has it."""
    rota = roster.rotas.get(target)
    if rota is None or not holder(rota, at, turns.get(rota.feed, ())).is_gap:
        return None
    return shifts(rota, at, at + LOOKED_AHEAD, turns.get(rota.feed, ()))[0]


def gap_words(roster: Roster, target: str, turns: FeedTurns, *, at: datetime) -> str:
    """Why nobody would be woken at that instant, and until when, as the team reads it."""
    gap = gap_at(roster, target, turns, at=at)
    if gap is None:
        return worded("nobody can be reached for '{target}'", target=target)
    zone = roster.rotas[target].zone
    return worded(
        "nobody is on call in rota '{rota}' from {start} to {end} ({zone})",
        rota=target,
        start=weekday_and_clock(gap.start.astimezone(zone)),
        end=weekday_and_clock(gap.end.astimezone(zone)),
        zone=zone.key,
    )


def gap_lines(rota: Rota, turns: FeedTurns, *, begin: datetime) -> list[str]:
    """When nobody is on call in the next four weeks, a line each; what comes after the first few is counted."""
    found = [
        one for one in shifts(rota, begin, begin + CHECKED_AHEAD, turns.get(rota.feed, ())) if one.is_gap
    ]
    lines = [
        f"rota {rota.name!r} has a gap: nobody is on call {span_words(gap.start, gap.end, rota)}"
        for gap in found[:MOST_GAPS]
    ]
    if len(found) > MOST_GAPS:
        lines.append(f"rota {rota.name!r} has {len(found) - MOST_GAPS} more gaps in the next four weeks")
    return lines


def span_words(start: datetime, end: datetime, rota: Rota) -> str:
    """`from Thu 2026-12-24 18:00 to Fri 2026-12-25 09:00 (Europe/Berlin)`."""
    own = [at.astimezone(rota.zone).strftime("%a %Y-%m-%d %H:%M") for at in (start, end)]
    return f"from {own[0]} to {own[1]} ({rota.zone.key})"


def _whom(roster: Roster, target: str, turns: FeedTurns, at: datetime) -> Responder | None:
    rota = roster.rotas.get(target)
    key = target if rota is None else holder(rota, at, turns.get(rota.feed, ())).person
    return None if key is None else roster.people.get(key)
