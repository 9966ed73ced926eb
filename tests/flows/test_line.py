"""Whose turn it is: the most pressing, the worst, the ones whose service had fewer turns, the first."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace

import pytest

from flows.following.line import Line, Urgency, give_way
from incidents.models import Incident, Severity
from tests.incidents.builders import an_incident

LONG = 3600.0


def _incident(number: int, *, service: str | None = None, severity: int = 3) -> Incident:
    return replace(
        an_incident(), id=number, service=service or f"service-{number}", severity=Severity(severity)
    )


async def _turn(line: Line, urgency: Urgency, one: Incident, seen: list[int]) -> None:
    async with line.place(urgency, one):
        seen.append(one.id)


async def _order(line: Line, wanted: Sequence[tuple[Urgency, Incident]]) -> list[int]:
    """In which order they have their turns, when all ask while the only place is taken."""
    seen: list[int] = []
    async with asyncio.TaskGroup() as group, line.place(Urgency.CHECK, _incident(0)):
        for urgency, one in wanted:
            group.create_task(_turn(line, urgency, one, seen))
        await _settle()
        assert seen == []
    return seen


async def _settle() -> None:
    """Let every task go as far as it can without the others' doing."""
    for _ in range(20):
        await asyncio.sleep(0)


@pytest.mark.parametrize(
    ("wanted", "order"),
    [
        ([(Urgency.CHECK, _incident(1)), (Urgency.CHECK, _incident(2))], [1, 2]),
        ([(Urgency.CHECK, _incident(1)), (Urgency.PAGE, _incident(2))], [2, 1]),
        ([(Urgency.REST, _incident(1)), (Urgency.CLOSE, _incident(2))], [2, 1]),
        ([(Urgency.CHECK, _incident(1)), (Urgency.CHECK, _incident(2, severity=1))], [2, 1]),
        ([(Urgency.CHECK, _incident(1, severity=1)), (Urgency.PAGE, _incident(2, severity=4))], [2, 1]),
        (
            [(Urgency.CHECK, _incident(number, service="loud")) for number in (1, 2, 3)]
            + [(Urgency.CHECK, _incident(4, service="quiet"))],
            [1, 4, 2, 3],
        ),
    ],
    ids=[
        "who came first",
        "a page before a check",
        "an end before notes",
        "the worst first",
        "through to its page before another is begun",
        "a loud service does not keep a quiet one waiting",
    ],
)
async def test_the_most_pressing_has_the_next_turn(
    wanted: Sequence[tuple[Urgency, Incident]], order: Sequence[int]
):
    line = Line(places=1, kept_free=0, patience=LONG)
    assert await _order(line, wanted) == order


async def test_no_more_than_there_are_places_are_worked_on_at_once():
    line, at_work, most = Line(places=3, kept_free=2, patience=LONG), 0, 0

    async def work(number: int) -> None:
        nonlocal at_work, most
        async with line.place(Urgency.CHECK, _incident(number)):
            at_work, most = at_work + 1, max(most, at_work + 1)
            await _settle()
            at_work -= 1

    await asyncio.gather(*(work(number) for number in range(50)))
    assert (most, at_work) == (3, 0)


async def test_what_is_under_way_finds_a_place_kept_free():
    line, seen = Line(places=1, kept_free=1, patience=LONG), list[int]()
    async with line.place(Urgency.CHECK, _incident(1)):
        await _turn(line, Urgency.UNDER_WAY, _incident(2), seen)
        assert seen == [2]


async def test_who_waits_for_somebody_elses_server_holds_up_nobody():
    """Its place is another's after the patience, and is not given back twice."""
    line, seen, is_answered = Line(places=1, kept_free=0, patience=0.0), list[int](), asyncio.Event()

    async def slow() -> None:
        async with line.place(Urgency.PAGE, _incident(1)):
            await is_answered.wait()

    waits = asyncio.create_task(slow())
    await _settle()
    await _turn(line, Urgency.REST, _incident(2), seen)
    assert seen == [2]
    is_answered.set()
    await waits
    assert line.taken == 0


async def test_who_gives_way_lets_the_more_pressing_pass_and_then_goes_on():
    line, seen = Line(places=1, kept_free=0, patience=LONG), list[str]()

    async def first() -> None:
        async with line.place(Urgency.PAGE, _incident(1)):
            seen.append("its page")
            await _settle()
            await give_way()
            seen.append("its notes")

    async def second() -> None:
        async with line.place(Urgency.CHECK, _incident(2)):
            seen.append("another's check")

    await asyncio.gather(first(), second())
    assert seen == ["its page", "another's check", "its notes"]


async def test_a_crowd_is_twice_as_many_as_have_a_place():
    """Then runs of tasks are spared; in a calm hour each is seen in the Prefect UI."""
    line, seen = Line(places=1, kept_free=0, patience=LONG), list[int]()
    async with line.place(Urgency.CHECK, _incident(0)):
        waiting = [
            asyncio.create_task(_turn(line, Urgency.CHECK, _incident(one), seen)) for one in range(1, 6)
        ]
        await _settle()
        assert not line.is_crowded
        waiting.append(asyncio.create_task(_turn(line, Urgency.CHECK, _incident(6), seen)))
        await _settle()
        assert line.is_crowded
    await asyncio.gather(*waiting)
    assert not line.is_crowded


async def test_giving_way_outside_the_line_is_nothing():
    await give_way()


async def test_one_who_is_cancelled_while_waiting_takes_no_place_with_him():
    line, seen = Line(places=1, kept_free=0, patience=LONG), list[int]()
    async with line.place(Urgency.CHECK, _incident(1)):
        leaves = asyncio.create_task(_turn(line, Urgency.PAGE, _incident(2), seen))
        stays = asyncio.create_task(_turn(line, Urgency.CHECK, _incident(3), seen))
        await _settle()
        leaves.cancel()
        await _settle()
    await stays
    assert seen == [3]


async def test_one_who_is_cancelled_at_the_moment_of_his_turn_gives_it_to_the_next():
    line, seen = Line(places=1, kept_free=0, patience=LONG), list[int]()
    async with line.place(Urgency.CHECK, _incident(1)):
        leaves = asyncio.create_task(_turn(line, Urgency.PAGE, _incident(2), seen))
        stays = asyncio.create_task(_turn(line, Urgency.CHECK, _incident(3), seen))
        await _settle()
    leaves.cancel()
    await stays
    assert seen == [3]


@pytest.mark.parametrize("urgency", [urgency for urgency in Urgency if urgency is not Urgency.REST])
@pytest.mark.parametrize("taken_as", [Urgency.REST, Urgency.UNDER_WAY])
async def test_what_wakes_nobody_gives_its_place_up(urgency: Urgency, taken_as: Urgency):
    """It waits for a vendor, for as long as it likes: who presses more is let in at once, and it goes on without."""
    line, answers = Line(places=1, kept_free=0, patience=LONG), asyncio.Event()
    seen: list[int] = []

    async def tell(number: int) -> None:
        async with line.place(taken_as, _incident(number), wakes_nobody=True):
            await answers.wait()
            seen.append(number)

    async with asyncio.TaskGroup() as group:
        group.create_task(tell(1))
        await _settle()
        group.create_task(_turn(line, Urgency.REST, _incident(2), seen))
        await _settle()
        assert seen == [], "what presses no more waits for its turn"
        group.create_task(_turn(line, urgency, _incident(3), seen))
        await _settle()
        assert seen[0] == 3
        answers.set()
    assert sorted(seen) == [1, 2, 3]
    assert (line.taken, line.waiting) == (0, 0)


async def test_what_wakes_somebody_keeps_its_place():
    """However much presses: too many at once would make none of them earlier."""
    line, answers = Line(places=1, kept_free=0, patience=LONG), asyncio.Event()
    seen: list[int] = []

    async def check() -> None:
        async with line.place(Urgency.CHECK, _incident(1)):
            await answers.wait()

    async with asyncio.TaskGroup() as group:
        group.create_task(check())
        await _settle()
        group.create_task(_turn(line, Urgency.PAGE, _incident(2), seen))
        await _settle()
        assert seen == []
        answers.set()
    assert seen == [2]
