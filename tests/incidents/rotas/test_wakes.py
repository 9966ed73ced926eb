"""Whom a page wakes: who is on call when their turn to be woken comes, way after way, round after round."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from incidents.policy.calendars import WorkCalendar
from incidents.rotas.rota import Layer, Responder, Roster, Rota, Turn, Way
from incidents.rotas.wakes import MOST_WAKES, gap_at, gap_lines, target_of, wakes

BERLIN = ZoneInfo("Europe/Berlin")
MONDAY = datetime(2026, 11, 2, 8, 0, tzinfo=UTC)  # 09:00 in Berlin


def responder(key: str, *waits: int) -> Responder:
    ways = tuple(
        Way(name=f"{key}-{number}", wait=timedelta(minutes=wait)) for number, wait in enumerate(waits)
    )
    return Responder(key=key, name=key.title(), ways=ways)


PEOPLE = {one.key: one for one in (responder("ana", 2, 3), responder("bo", 5), responder("cy", 5))}


def roster(*rotas: Rota) -> Roster:
    return Roster(people=PEOPLE, rotas={one.name: one for one in rotas})


def weekly(name: str, people: tuple[str, ...], *, then: tuple[str, ...] = (), rounds: int = 1) -> Rota:
    first = datetime(2026, 11, 2, 9, 0)  # noqa: DTZ001 - a wall clock's
    layers = (Layer(people=people, first=first, days=7),)
    return Rota(name=name, title=name, zone=BERLIN, layers=layers, then=then, rounds=rounds)


def ways(*args: object, **kwargs: object) -> list[str]:
    return [one.way for one in wakes(*args, **kwargs)]  # type: ignore[arg-type]


def test_each_way_then_the_next_person_then_again():
    people = roster(weekly("payments", ("ana", "cy"), then=("bo",), rounds=2))
    assert ways(people, "payments", {}, at=MONDAY) == ["ana-0", "ana-1", "bo-0"] * 2


def test_whoever_has_it_when_their_turn_comes():
    """Paged four minutes before the hand-over: Ana by both ways, and in the second round it is Cy's."""
    people = roster(weekly("payments", ("ana", "cy"), rounds=2))
    found = ways(people, "payments", {}, at=MONDAY + timedelta(days=7, minutes=-4))
    assert found == ["ana-0", "ana-1", "cy-0"]


def test_nobody_twice_in_a_round():
    people = roster(weekly("payments", ("ana",), then=("platform", "bo")), weekly("platform", ("ana",)))
    assert ways(people, "payments", {}, at=MONDAY) == ["ana-0", "ana-1", "bo-0"]


def test_a_gap_goes_to_the_next():
    people = roster(weekly("payments", ("ana",), then=("bo",)))
    assert ways(people, "payments", {}, at=MONDAY - timedelta(days=1)) == ["bo-0"]


def test_nobody_at_all():
    people = roster(weekly("payments", ("ana",)))
    sunday = MONDAY - timedelta(days=1)
    assert ways(people, "payments", {}, at=sunday) == []
    gap = gap_at(people, "payments", {}, at=sunday)
    assert gap is not None
    assert gap.end == MONDAY
    assert gap_at(people, "payments", {}, at=MONDAY) is None
    assert gap_lines(people.rotas["payments"], {}, begin=sunday) == [
        "rota 'payments' has a gap: nobody is on call from Sun 2026-11-01 09:00 to Mon 2026-11-02 09:00 (Europe/Berlin)"
    ]


def test_many_gaps_are_counted():
    hours = WorkCalendar(timezone="Europe/Berlin", hours={"mon-fri": ["09:00-17:00"]}).calendar("office")
    first = datetime(2026, 11, 2, 9, 0)  # noqa: DTZ001 - a wall clock's
    rota = Rota(
        name="office",
        title="",
        zone=BERLIN,
        layers=(Layer(people=("ana",), first=first, days=7, hours=hours),),
    )
    found = gap_lines(rota, {}, begin=MONDAY)
    assert found[-1] == "rota 'office' has 15 more gaps in the next four weeks"
    assert len(found) == 6


def test_a_person_is_a_target_too():
    assert ways(roster(), "bo", {}, at=MONDAY) == ["bo-0"]


def test_a_feeds_turn():
    rota = Rota(name="payments", title="", zone=BERLIN, feed="calendar")
    turns = {"calendar": [Turn(start=MONDAY, end=MONDAY + timedelta(hours=1), person="cy")]}
    assert ways(roster(rota), "payments", turns, at=MONDAY) == ["cy-0"]
    assert ways(roster(rota), "payments", {}, at=MONDAY) == []


def test_there_is_an_end():
    people = roster(weekly("payments", ("ana", "bo"), then=("bo", "cy"), rounds=20))
    many = Roster(people=PEOPLE | {"ana": responder("ana", *[1] * 50)}, rotas=people.rotas)
    assert len(wakes(many, "payments", {}, at=MONDAY)) == MOST_WAKES


@pytest.mark.parametrize(
    ("rotas", "target", "expected"),
    [
        (("payments",), "", "payments"),
        (("payments", "platform"), "", None),
        (("payments",), "payments", "payments"),
        (("payments",), "ana", "ana"),
        (("payments",), "nobody", None),
        ((), "", None),
    ],
)
def test_target(rotas: tuple[str, ...], target: str, expected: str | None):
    assert target_of(roster(*(weekly(name, ("ana",)) for name in rotas)), target) == expected
