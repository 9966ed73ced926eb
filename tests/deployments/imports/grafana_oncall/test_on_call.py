"""Who is on call by what was made of an OnCall organisation: the same person as by OnCall's own rule."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from incidents.imports.report import Fate
from incidents.policy.file import parse_policy
from incidents.rotas.rota import holder
from tests.deployments.imports.exports import has_it, told
from tests.deployments.imports.grafana_oncall.organisation import (
    answer,
    imported,
    one_schedule,
    organisation,
    rolling,
    single,
)

DAYS = ["MO", "TU", "WE", "TH", "FR", "SA", "SU"]
OFFICE = {"by_day": DAYS[:5], "duration": 30_600}

# Of three who take turns of a week, from Monday 09:00 in Berlin; the clock goes back there on 25 October.
MOMENTS = [
    ("2026-10-05T09:00", "ana"),
    ("2026-10-12T08:59", "ana"),
    ("2026-10-12T09:00", "bo"),
    ("2026-10-20T17:59", "cy"),
    ("2026-10-20T18:00", "di"),  # the override, of 15 hours
    ("2026-10-21T09:00", "cy"),
    ("2026-10-26T07:59:00Z", "cy"),
    ("2026-10-26T08:00:00Z", "ana"),  # 09:00 there, an hour later in UTC
    ("2026-11-02T07:59:00Z", "ana"),
    ("2026-11-02T08:00:00Z", "di"),  # bo's turn, swapped
    ("2026-11-09T07:59:00Z", "di"),
    ("2026-11-09T08:00:00Z", "cy"),
]


@pytest.mark.parametrize(("at", "who"), MOMENTS)
async def test_the_same_person_as_grafana_oncall(tmp_path: Path, at: str, who: str):
    """Across hand-overs, an override, a swap and the clock change, told by `liaison oncall`."""
    assert await has_it(tmp_path, imported(tmp_path, organisation()), "payments", at) == who


# A schedule made in the web says its shifts in UTC: they do not follow the clock of the schedule's zone.
IN_UTC = [
    ("2026-10-19T06:59:00Z", "bo"),
    ("2026-10-19T07:00:00Z", "cy"),  # 09:00 in Berlin
    ("2026-10-26T06:59:00Z", "cy"),
    ("2026-10-26T07:00:00Z", "ana"),  # 08:00 in Berlin
]


@pytest.mark.parametrize(("at", "who"), IN_UTC)
async def test_shifts_have_their_own_zone(tmp_path: Path, at: str, who: str):
    """As OnCall does after a clock change: the hand-over stays where it is in UTC."""
    shift = rolling("week", "ana bo cy", "2026-10-05T07:00:00", time_zone="UTC")
    made = imported(tmp_path, one_schedule(shift, type="web"))
    assert await has_it(tmp_path, made, "payments", at) == who


SHIFTS = [
    [rolling("weeks", "ana bo cy", "2026-10-07T09:00:00", interval=2, duration=1_209_600)],
    [rolling("index", "ana bo cy", "2026-10-05T09:00:00", start_rotation_from_user_index=2)],
    [rolling("nights of a week", "ana bo", "2026-10-05T20:00:00", by_day=DAYS, duration=43_200)],
    [rolling("office", "ana bo cy", "2026-10-05T09:00:00", **OFFICE)],
    [rolling("office from Sunday", "ana bo cy", "2026-10-04T09:00:00", week_start="SU", **OFFICE)],
    [rolling("one day", "ana bo", "2026-10-06T09:00:00", by_day=["SA"], duration=172_800)],
    [rolling("days", "ana bo cy", "2026-10-05T09:00:00", frequency="daily", interval=2, duration=172_800)],
    [rolling("each night", "ana bo cy", "2026-10-05T20:00:00", frequency="daily", duration=43_200)],
    [rolling("next chosen day", "ana bo cy", "2026-10-05T09:00:00", frequency="daily", **OFFICE)],
    [
        rolling(
            "two chosen days each",
            "ana bo cy",
            "2026-10-05T09:00:00",
            frequency="daily",
            interval=2,
            by_day=["WE", "FR", "SU"],
            duration=86_400,
        )
    ],
    [rolling("watches", "ana bo cy", "2026-10-05T06:00:00", frequency="hourly", interval=8, duration=28_800)],
    [rolling("until", "ana bo", "2026-10-05T09:00:00", until="2026-10-21T10:30:00")],
    [
        rolling("low", "ana bo", "2026-10-05T09:00:00", level=1),
        rolling("high", "cy di", "2026-10-05T09:00:00", level=2, **OFFICE),
    ],
    [
        rolling("low", "ana bo", "2026-10-05T09:00:00"),
        {
            **rolling("recurrent", "", "2026-10-06T16:00:00", level=1, by_day=["MO", "WE"], duration=10_800),
            "type": "recurrent_event",
            "users": ["U-cy"],
        },
    ],
    [rolling("begun", "ana bo cy", "2026-10-05T09:00:00", rotation_start="2026-10-14T00:00:00")],
]


def events(shift: dict[str, Any], zone: ZoneInfo) -> Iterator[tuple[datetime, datetime, str]]:
    """Each event of the first user of a group, by counting days from the start, as the API reference has it."""
    start = datetime.fromisoformat(shift["start"])
    length = timedelta(seconds=shift["duration"])
    groups = [one[0] for one in shift["rolling_users"] if one] or shift["users"]
    index = shift.get("start_rotation_from_user_index", 0)
    groups = groups[index:] + groups[:index]
    until = shift["until"] and datetime.fromisoformat(shift["until"]).replace(tzinfo=UTC).astimezone(zone)
    chosen, interval = shift["by_day"], shift["interval"]
    week = start - timedelta(days=(start.weekday() - DAYS.index(shift["week_start"])) % 7)
    turns = 0
    for hour in range(24 * 7 * 12):
        at = start + timedelta(hours=hour)
        if shift["frequency"] == "hourly":
            is_event, turn = hour % interval == 0, hour // interval
        elif hour % 24:
            continue
        elif shift["frequency"] == "daily":
            is_event = DAYS[at.weekday()] in chosen if chosen else hour // 24 % interval == 0
            turn = turns // interval if chosen else turns
        elif chosen:
            is_event, turn = DAYS[at.weekday()] in chosen, (at - week).days // 7
            turn -= (start + timedelta(days=_to_first(start, chosen)) - week).days // 7
        else:
            is_event, turn = hour // 24 % (7 * interval) == 0, hour // 24 // (7 * interval)
        if not is_event:
            continue
        turns += 1
        end = at + length
        if until:
            end = min(end, until.replace(tzinfo=None))
        if at < end and at >= datetime.fromisoformat(shift["rotation_start"]):
            yield at, end, groups[turn % len(groups)]


def _to_first(start: datetime, chosen: list[str]) -> int:
    return next(day for day in range(7) if DAYS[(start.weekday() + day) % 7] in chosen)


@pytest.mark.parametrize("shifts", SHIFTS, ids=[one[-1]["name"] for one in SHIFTS])
@pytest.mark.parametrize("zone", ["Europe/Berlin", "UTC"])
def test_every_half_hour_of_six_weeks(tmp_path: Path, shifts: list[dict[str, Any]], zone: str):
    """Each kind of shift, across the clock change, but for the hour that the clock shows twice."""
    made = imported(tmp_path, one_schedule(*shifts, time_zone=zone))
    assert not told(made, Fate.LEFT)
    policy = parse_policy(made.text)
    clock = ZoneInfo(zone)
    found = [(shift["level"], one) for shift in shifts for one in events(shift, clock)]
    begin = datetime(2026, 10, 4, 0, 0, tzinfo=UTC)
    for number in range(6 * 7 * 48):
        at = begin + timedelta(minutes=30 * number)
        if datetime(2026, 10, 25, 0, 0, tzinfo=UTC) <= at < datetime(2026, 10, 25, 2, 0, tzinfo=UTC):
            continue
        wall = at.astimezone(clock).replace(tzinfo=None)
        there = [(level, user) for level, (start, end, user) in found if start <= wall < end]
        expected = max(there)[1].removeprefix("U-") if there else None
        assert holder(policy.roster().rotas["payments"], at).person == expected, at


def test_groups_of_two(tmp_path: Path):
    """Both are on call there; here the second ones are woken next, and it is said."""
    shift = rolling("pairs", "ana+bo cy+di", "2026-10-05T09:00:00")
    made = imported(tmp_path, one_schedule(shift))
    rotas = parse_policy(made.text).rotas
    assert [(name, one.layers[0].people, one.then) for name, one in rotas.items()] == [
        ("payments", ["ana", "cy"], ["payments-beside-1"]),
        ("payments-beside-1", ["bo", "di"], []),
    ]
    assert "several are on call at once" in told(made, Fate.DIFFERS)[0]


def test_a_single_event(tmp_path: Path):
    """It becomes an override; one of a lower level than others comes first here, which is said."""
    week = rolling("week", "ana bo", "2026-10-05T09:00:00", level=2)
    made = imported(tmp_path, one_schedule(week, single("once", "di", "2026-11-04T08:00:00", 10_800)))
    (override,) = parse_policy(made.text).rotas["payments"].overrides
    assert (override.person, override.from_, override.to) == ("di", "2026-11-04 08:00", "2026-11-04 11:00")
    assert "single event 'once': it is of level 0, below others" in "\n".join(told(made, Fate.DIFFERS))


@pytest.mark.parametrize("has_left_shift", [False, True])
async def test_a_swap_of_somebody_without_a_turn(tmp_path: Path, has_left_shift: bool):
    """Whoever takes it takes nobody else's turns."""
    shifts = [rolling("week", "ana bo cy", "2026-10-05T09:00:00")]
    if has_left_shift:
        shifts.append(rolling("month", "zed", "2026-10-05T09:00:00", frequency="monthly"))
    files = one_schedule(*shifts)
    files["shift_swaps.json"] = answer(
        {**organisation()["shift_swaps.json"]["results"][0], "beneficiary": "U-zed"}
    )
    made = imported(tmp_path, files)
    assert await has_it(tmp_path, made, "payments", "2026-11-04T09:00") == "bo"
    assert (
        "schedule 'Payments', override from 2026-11-02 01:00: none of the turns that it takes is in the policy "
        "file; write it under overrides"
    ) in told(made, Fate.LEFT)


async def test_a_rotation_that_replaces_another_in_the_midst_of_a_week(tmp_path: Path):
    """As the web makes it where somebody edits one: one rota, by the old until that day, by the new from then on."""
    days = {"by_day": ["MO", "WE", "FR"], "duration": 28_800}
    old = rolling("old", "ana bo", "2026-09-07T09:00:00", until="2026-11-04T08:00:00", **days)
    new = rolling("new", "cy di", "2026-11-04T09:00:00", **days)
    for shifts in ((old, new), (new, old)):
        made = imported(tmp_path, one_schedule(*shifts))
        assert list(parse_policy(made.text).rotas) == ["payments"]
        for at, who in (("2026-11-02T10:00", "ana"), ("2026-11-04T10:00", "cy"), ("2026-11-09T10:00", "di")):
            assert await has_it(tmp_path, made, "payments", at) == who
