"""Who is on call by what was made of an Opsgenie account: the same person as by Opsgenie's own rule."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from incidents.imports.report import Fate
from incidents.policy.file import parse_policy
from incidents.rotas.rota import holder
from tests.deployments.imports.exports import has_it, told
from tests.deployments.imports.opsgenie.account import (
    NIGHT,
    account,
    imported,
    one_schedule,
    override,
    rotation,
)

BERLIN = ZoneInfo("Europe/Berlin")

# Turns are counted from the rotation's start, 09:00 on Mondays by the schedule's clock, which goes back on 25 October.
MOMENTS = [
    ("2026-10-05T09:00", "Ana Silva"),
    ("2026-10-12T08:59", "Ana Silva"),
    ("2026-10-12T09:00", "Bo Berg"),
    ("2026-10-20T17:59", "Cy Young"),
    ("2026-10-20T18:00", "Di Okafor"),  # the override, 16:00 UTC
    ("2026-10-21T08:59", "Di Okafor"),
    ("2026-10-21T09:00", "Cy Young"),
    ("2026-10-26T07:59:00Z", "Cy Young"),
    ("2026-10-26T08:00:00Z", "Ana Silva"),  # still 09:00 there, an hour later in UTC
    ("2027-03-29T06:59:00Z", "Ana Silva"),  # and back after 28 March
    ("2027-03-29T07:00:00Z", "Bo Berg"),
]


@pytest.mark.parametrize(("at", "who"), MOMENTS)
async def test_the_same_person_as_opsgenie(tmp_path: Path, at: str, who: str):
    """Across hand-overs, an override and both clock changes, told by `liaison oncall`."""
    assert await has_it(tmp_path, imported(tmp_path, account()), "payments", at) == who


OFFICE = {
    "type": "weekday-and-time-of-day",
    "restrictions": [
        {
            "startDay": day,
            "startHour": 9,
            "startMin": 0,
            "endDay": day,
            "endHour": 17,
            "endMin": 30,
        }
        for day in ("monday", "tuesday", "wednesday", "thursday", "friday")
    ],
}
OVER_THE_WEEKEND = {
    "type": "weekday-and-time-of-day",
    "restrictions": [
        {"startDay": "friday", "startHour": 18, "startMin": 0, "endDay": "monday", "endHour": 8, "endMin": 0}
    ],
}
ALWAYS = {
    "type": "time-of-day",
    "restriction": {"startHour": 11, "startMin": 0, "endHour": 11, "endMin": 0},
}

ROTATIONS = [
    (rotation("Daily", "ana bo cy", "2026-10-05T07:00:00Z", type="daily", length=2), None),
    (rotation("Office", "ana bo", "2026-10-05T07:00:00Z", timeRestriction=OFFICE), OFFICE),
    (
        rotation("Weekend", "ana bo cy", "2026-10-05T07:00:00Z", timeRestriction=OVER_THE_WEEKEND),
        OVER_THE_WEEKEND,
    ),
    (rotation("Night", "ana bo", "2026-10-05T07:00:00Z", type="daily", timeRestriction=NIGHT), NIGHT),
    (rotation("Always", "ana bo", "2026-10-05T07:00:00Z", timeRestriction=ALWAYS), None),
    (rotation("Half days", "ana bo cy", "2026-10-05T06:00:00Z", type="hourly", length=12), None),
    (rotation("Watches", "ana bo cy di ana", "2026-10-05T22:30:00Z", type="hourly", length=4), None),
    (rotation("Two days", "ana bo", "2026-10-05T06:00:00Z", type="hourly", length=48), None),
    (rotation("Until", "ana bo", "2026-10-05T07:00:00Z", endDate="2026-10-22T10:30:00Z"), None),
]
HOURS = {"hourly": 1, "daily": 24, "weekly": 168}


def by_opsgenies_rule(given: dict[str, Any], restriction: dict[str, Any] | None, at: datetime) -> str | None:
    """Whose turn it is by the schedule's clock, counted from the start; nobody outside restriction and end."""

    def wall(text: str) -> datetime:
        return datetime.fromisoformat(text).astimezone(BERLIN).replace(tzinfo=None)

    now = at.astimezone(BERLIN).replace(tzinfo=None)
    if now < wall(given["startDate"]) or (given["endDate"] and now >= wall(given["endDate"])):
        return None
    minute = now.weekday() * 1440 + now.hour * 60 + now.minute
    if restriction is not None and not any(_in(one, minute) for one in _stretches(restriction)):
        return None
    turn = (now - wall(given["startDate"])) // timedelta(hours=HOURS[given["type"]] * given["length"])
    return given["participants"][turn % len(given["participants"])]["username"]


def _stretches(restriction: dict[str, Any]) -> list[tuple[int, int]]:
    if restriction["type"] == "time-of-day":
        days = [(day, day, restriction["restriction"]) for day in range(7)]
    else:
        names = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]
        days = [
            (names.index(one["startDay"]), names.index(one["endDay"]), one)
            for one in restriction["restrictions"]
        ]
    found = []
    for first, last, one in days:
        begin = first * 1440 + one["startHour"] * 60 + one["startMin"]
        end = last * 1440 + one["endHour"] * 60 + one["endMin"]
        if restriction["type"] == "time-of-day" and end <= begin:
            end += 1440
        found.append((begin, end))
    return found


def _in(stretch: tuple[int, int], minute: int) -> bool:
    begin, end = stretch
    end += 7 * 1440 if end <= begin else 0
    return begin <= minute < end or begin <= minute + 7 * 1440 < end


@pytest.mark.parametrize(("given", "restriction"), ROTATIONS, ids=[one["name"] for one, _ in ROTATIONS])
def test_every_half_hour_of_five_weeks(tmp_path: Path, given: dict[str, Any], restriction: Any):
    """Each kind of rotation and restriction, across the clock change, but for the hour that the clock shows twice."""
    policy = parse_policy(imported(tmp_path, one_schedule(given)).text)
    rota = policy.roster().rotas["payments"]
    mails = {key: person.known_as[0] for key, person in policy.people.items()}
    begin = datetime(2026, 10, 4, 0, 0, tzinfo=UTC)
    twice = datetime(2026, 10, 25, 0, 0, tzinfo=UTC), datetime(2026, 10, 25, 2, 0, tzinfo=UTC)
    for number in range(5 * 7 * 48):
        at = begin + timedelta(minutes=30 * number)
        if twice[0] <= at < twice[1]:
            continue
        person = holder(rota, at).person
        assert (person and mails[person]) == by_opsgenies_rule(given, restriction, at), at


def test_two_at_once_become_first_and_second(tmp_path: Path):
    """Opsgenie notifies whoever is on call of every rotation; here one is woken first, and it is said."""
    made = imported(
        tmp_path,
        one_schedule(
            rotation("Primary", "ana bo", "2026-10-05T07:00:00Z"),
            rotation("Secondary", "cy di", "2026-10-05T07:00:00Z"),
            rotation("Later", "bo", "2027-10-05T07:00:00Z", timeRestriction=NIGHT),
        ),
    )
    rotas = parse_policy(made.text).rotas
    assert [(name, one.layers[0].people, one.then) for name, one in rotas.items()] == [
        ("payments", ["ana-silva", "bo-berg"], ["payments-beside-1", "payments-beside-2"]),
        ("payments-beside-1", ["cy-young", "di-okafor"], []),
        ("payments-beside-2", ["bo-berg"], []),
    ]
    assert told(made, Fate.DIFFERS)[0] == (
        "schedule 'Payments': several are on call at once; here payments is woken first, then payments-beside-1, "
        "payments-beside-2"
    )


def test_rotations_that_do_not_meet_are_layers_of_one_rota(tmp_path: Path):
    """Day and night, and one that follows on another."""
    day = {"type": "time-of-day", "restriction": {"startHour": 11, "startMin": 0, "endHour": 19, "endMin": 0}}
    made = imported(
        tmp_path,
        one_schedule(
            rotation("Day", "ana", "2026-10-05T07:00:00Z", timeRestriction=day),
            rotation(
                "Night", "bo", "2026-10-05T07:00:00Z", timeRestriction=NIGHT, endDate="2027-01-01T08:00:00Z"
            ),
            rotation("New night", "cy", "2027-01-01T08:00:00Z", timeRestriction=NIGHT),
        ),
    )
    rotas = parse_policy(made.text).rotas
    assert [len(one.layers) for one in rotas.values()] == [3]
    assert rotas["payments"].layers[1].until == "2027-01-01 09:00"


def test_an_override_of_one_rotation(tmp_path: Path):
    """It takes that rotation's hours alone, within its own time."""
    day = {"type": "time-of-day", "restriction": {"startHour": 11, "startMin": 0, "endHour": 19, "endMin": 0}}
    files = one_schedule(
        rotation("Day", "ana", "2026-10-05T07:00:00Z", timeRestriction=day),
        rotation("Night", "bo", "2026-10-05T07:00:00Z", timeRestriction=NIGHT),
        overrides=[override("di", "2026-10-10T12:00:00Z", "2026-10-11T12:00:00Z", "Day")],
    )
    (rota,) = parse_policy(imported(tmp_path, files).text).rotas.values()
    assert [(one.person, one.from_, one.to) for one in rota.overrides] == [
        ("di-okafor", "2026-10-10 14:00", "2026-10-10 19:00"),
        ("di-okafor", "2026-10-11 11:00", "2026-10-11 14:00"),
    ]


def test_overrides_that_meet_or_are_over(tmp_path: Path):
    """The policy file has one at a time; what is cut or left is told."""
    files = one_schedule(
        rotation("Primary", "ana", "2026-01-05T07:00:00Z"),
        overrides=[
            override("bo", "2026-09-01T00:00:00Z", "2026-09-02T00:00:00Z"),
            override("bo", "2026-11-01T10:00:00Z", "2026-11-03T10:00:00Z"),
            override("cy", "2026-11-02T10:00:00Z", "2026-11-04T10:00:00Z"),
            override("di", "2026-11-02T11:00:00Z", "2026-11-03T10:00:00Z"),
            {**override("di", "2026-12-01T00:00:00Z", "2026-12-02T00:00:00Z"), "user": {"type": "none"}},
        ],
    )
    made = imported(tmp_path, files)
    (rota,) = parse_policy(made.text).rotas.values()
    assert [(one.person, one.from_, one.to) for one in rota.overrides] == [
        ("bo-berg", "2026-11-01 11:00", "2026-11-03 11:00"),
        ("cy-young", "2026-11-03 11:00", "2026-11-04 11:00"),
    ]
    assert [line for line in told(made, Fate.LEFT) if "override" in line] == [
        (
            "schedule 'Payments', override from 2026-12-01 00:00 UTC: it puts no user on call (none); "
            "write who has it under overrides"
        ),
        "schedule 'Payments', overrides: 1 of them is over",
        "schedule 'Payments', override from 2026-11-02 12:00: the one before covers it; correct it under overrides",
    ]


def test_a_long_override_of_one_rotation(tmp_path: Path):
    """What is over of it takes no place of what is still to come, and where it was cut is told."""
    day = {"type": "time-of-day", "restriction": {"startHour": 11, "startMin": 0, "endHour": 19, "endMin": 0}}
    files = one_schedule(
        rotation("Day", "ana", "2026-01-05T07:00:00Z", timeRestriction=day),
        rotation("Night", "bo", "2026-01-05T07:00:00Z", timeRestriction=NIGHT),
        overrides=[override("di", "2026-01-10T00:00:00Z", "2099-01-01T00:00:00Z", "Day")],
    )
    made = imported(tmp_path, files)
    (rota,) = parse_policy(made.text).rotas.values()
    assert (rota.overrides[0].from_, rota.overrides[0].to) == ("2026-10-01 14:00", "2026-10-01 19:00")
    assert rota.overrides[-1].to == "2026-11-29 19:00"
    assert [line for line in told(made, Fate.DIFFERS) if "override" in line] == [
        (
            "schedule 'Payments', override from 2026-01-10 01:00: only what is before 2026-11-30 11:00 is written; "
            "write the rest under overrides"
        )
    ]


def test_an_override_of_a_rotation_that_was_left_out(tmp_path: Path):
    """It is left out with it, and that is told."""
    files = one_schedule(
        rotation("Primary", "ana", "2026-01-05T07:00:00Z"),
        rotation("Wanders", "bo cy", "2026-01-05T07:00:00Z", type="hourly", length=5),
        overrides=[override("di", "2026-12-01T00:00:00Z", "2026-12-02T00:00:00Z", "Wanders")],
    )
    made = imported(tmp_path, files)
    (rota,) = parse_policy(made.text).rotas.values()
    assert rota.overrides == []
    assert (
        "schedule 'Payments', override from 2026-12-01 01:00: none of the turns that it takes is in the policy "
        "file; write it under overrides"
    ) in told(made, Fate.LEFT)
