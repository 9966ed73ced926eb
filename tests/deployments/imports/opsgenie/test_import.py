"""`liaison import opsgenie`: what is written loads, what is not is told, and a bad export names file and field."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from deployments.commands.imports.tools import import_opsgenie
from incidents.errors import Refused
from incidents.imports.report import Fate
from incidents.policy.file import load_policy, parse_policy
from tests.deployments.imports.exports import NAMES, NOW, told
from tests.deployments.imports.opsgenie.account import (
    NIGHT,
    account,
    answer,
    imported,
    one_schedule,
    participant,
    rotation,
    rule,
    schedule,
)

BERLIN = ZoneInfo("Europe/Berlin")


def test_the_whole_account(tmp_path: Path):
    """It loads as it is, and teams, services, people and next levels are those of the account."""
    made = imported(tmp_path, account())
    (tmp_path / "new.yaml").write_text(made.text)
    policy = load_policy(tmp_path / "new.yaml")
    assert {name: (one.title, one.team) for name, one in policy.services.items()} == {
        "checkout": ("Checkout", "payments"),
        "accounts": ("Accounts", "platform"),
    }
    assert {name: (one.pager, one.pager_target) for name, one in policy.teams.items()} == {
        "payments": ("roster/main", "payments"),
        "platform": ("roster/main", "platform"),
    }
    rota = policy.rotas["payments"]
    assert (rota.then, rota.rounds) == (["platform", "bo-berg"], 3)
    ana = policy.people["ana-silva"]
    assert (ana.name, ana.known_as) == ("Ana Silva", ["ana@acme.example"])
    assert [(one.way, one.wait) for one in ana.reach] == [("ana-silva-mail", timedelta(minutes=10))]
    assert told(made, Fate.LEFT) == [
        (
            "team 'Payments', routing rule 'p1': it is for some alerts only; "
            "say it under routing, or under alerts of a service"
        )
    ]


LEFT = [
    (
        rotation("x", "ana", "2026-10-05T07:00:00Z", participants=[participant("ana"), {"type": "none"}]),
        "some of its turns are nobody's",
    ),
    (
        rotation("x", "ana", "2026-10-05T07:00:00Z", participants=[{"type": "team", "id": "t-pay"}]),
        "some of its turns are no user's (team)",
    ),
    (rotation("x", "", "2026-10-05T07:00:00Z"), "it has no participants"),
    (
        rotation("x", "ana bo", "2026-10-05T07:00:00Z", type="hourly", length=7),
        "turns of 7 hours are handed over at another time each day",
    ),
    (
        rotation("x", "ana bo", "2026-10-05T07:00:00Z", type="hourly", length=12, timeRestriction=NIGHT),
        "turns of hours within a restriction have no word",
    ),
    (
        rotation("x", "ana", "2026-10-05T07:00:00Z", timeRestriction={"type": "time-of-day"}),
        "its restriction has no hours",
    ),
    (rotation("x", "ana", "2026-01-05T07:00:00Z", endDate="2026-02-05T07:00:00Z"), "it ended on 2026-02-05"),
]


@pytest.mark.parametrize(("given", "words"), LEFT, ids=[words for _, words in LEFT])
def test_what_cannot_be_said_is_left_and_told(tmp_path: Path, given: dict[str, Any], words: str):
    """The rest of the schedule is taken over."""
    files = one_schedule(given, rotation("Rest", "di", "2026-10-05T07:00:00Z"))
    made = imported(tmp_path, files)
    assert any(words in line for line in told(made, Fate.LEFT)), made.lines
    assert [one.layers[0].people for one in parse_policy(made.text).rotas.values()] == [["di-okafor"]]


def test_several_who_have_the_second_rota_at_once(tmp_path: Path):
    """All of them are woken after the first rota, as they are there."""
    files = account()
    files["schedules.json"]["data"][1] = schedule(
        "Platform",
        rotation("All", "di", "2026-01-05T08:00:00Z"),
        rotation("Too", "cy", "2026-01-05T08:00:00Z"),
    )
    rotas = parse_policy(imported(tmp_path, files).text).rotas
    assert rotas["platform"].then == ["platform-beside-1"]
    assert rotas["payments"].then == ["platform", "platform-beside-1", "bo-berg"]


def test_steps_that_page_again_and_a_team_that_pages_the_rota_alone(tmp_path: Path):
    """A rota wakes each once a round, and whatever is under its then, whoever pages it: both are told."""
    files = account()
    steps = files["escalations.json"]["data"][0]["rules"]
    steps[1:1] = [rule(2, "schedule", "s-Payments"), rule(4, "schedule", "s-Payments")]
    notify = {"type": "schedule", "id": "s-Payments"}
    files["routing-rules-t-plat.json"] = answer({"name": "Default", "isDefault": True, "notify": notify})
    lines = "\n".join(told(imported(tmp_path, files), Fate.DIFFERS))
    for words in (
        "escalation 'Payments_escalation': 2 of its steps page who was paged before; here each is woken once a round",
        "team 'Platform': it pages payments alone there; here payments wakes whoever an escalation of it wakes next",
    ):
        assert words in lines, lines


def test_what_escalations_cannot_say(tmp_path: Path):
    """Steps of other kinds, other delays, several at once, a second one of the same rota."""
    files = account()
    files["escalations.json"] = answer(
        {
            "id": "e-pay",
            "name": "First",
            "rules": [
                rule(5, "schedule", "s-Payments"),
                rule(5, "user", "u-di"),
                rule(10, "schedule", "s-Payments", notifyType="next"),
                rule(15, "user", "u-bo", condition="if-not-closed"),
                rule(45, "user", "u-cy"),
                rule(50, "group", "g"),
            ],
        },
        {
            "id": "e-2",
            "name": "Second",
            "rules": [rule(0, "schedule", "s-Payments"), rule(9, "user", "u-cy")],
        },
        {"id": "e-3", "name": "Alone", "rules": [rule(0, "user", "u-cy"), rule(9, "team", "t-plat")]},
        {"id": "e-4", "name": "Nobody", "rules": [rule(0, "schedule", "s-gone")]},
    )
    made = imported(tmp_path, files)
    policy = parse_policy(made.text)
    assert policy.rotas["payments"].then == ["di-okafor", "bo-berg", "cy-young"]
    assert (policy.rotas["alone"].layers[0].people, policy.rotas["alone"].then) == (
        ["cy-young"],
        ["platform"],
    )
    lines = "\n".join(str(line) for line in made.lines)
    for words in (
        "escalation 'First', rule 3: it notifies 'next' of a schedule, which has no word",
        "escalation 'First', rule 6: it notifies a group that is no user, schedule, or team with a schedule",
        "escalation 'First': its first step comes 5 min after the alert; here it comes at once",
        "escalation 'First': it pages several at once; here one comes after the other",
        "escalation 'First': it waits 10 min and 30 min between steps; here 9 min are waited for each way",
        "escalation 'Second', its further steps: its first step is that of escalation 'First'",
        "escalation 'Nobody': none of its steps pages anybody who is in the policy file",
    ):
        assert words in lines, lines


def test_people_who_are_only_in_schedules(tmp_path: Path):
    """Without users.json they are known by their mail addresses."""
    files = one_schedule(rotation("Primary", "ana bo", "2026-10-05T07:00:00Z"))
    del files["users.json"]
    policy = parse_policy(imported(tmp_path, files).text)
    assert {key: one.name for key, one in policy.people.items()} == {
        "ana-acme-example": "ana@acme.example",
        "bo-acme-example": "bo@acme.example",
    }
    assert (list(policy.teams), list(policy.services)) == (["on-call"], ["everything"])


HOSTILE = [
    ({"schedules.json": "{"}, r"schedules\.json: line 1: no JSON"),
    ({"schedules.json": "<html>"}, r"schedules\.json: line 1: no JSON"),
    ({"schedules.json": "[" * 100_000}, r"schedules\.json is no JSON that a tool answers: RecursionError"),
    (
        {"schedules.json": {"message": "Could not authenticate", "took": 0.0}},
        r"schedules\.json: data: it must be a list.*it says: 'Could not authenticate'",
    ),
    ({"schedules.json": {"data": [7]}}, r"schedules\.json: data\[0\]: "),
    (
        {"schedules.json": answer(schedule("a", rotation("r", "ana", "yesterday")))},
        r"schedules\.json: data\[0\]\.rotations\[0\]\.startDate: ",
    ),
    (
        {"schedules.json": answer(schedule("a", rotation("r", "ana", "2026-10-05T07:00:00")))},
        r"data\[0\]\.rotations\[0\]\.startDate: .*timezone",
    ),
    (
        {"schedules.json": answer(schedule("a", rotation("r", "ana", "9999-12-31T23:59:59Z")))},
        r"data\[0\]\.rotations\[0\]\.startDate: the year 9999 is out of reach",
    ),
    (
        {"schedules.json": answer(schedule("a", rotations=None))},
        r"schedules\.json: schedule 'a' has no rotations; save /v2/schedules\?expand=rotation",
    ),
    (
        {"schedules.json": answer(paging={"next": "https://api.opsgenie.com/v2/schedules?offset=100"})},
        r"schedules\.json: paging\.next: there is a further page; save it as schedules-2\.json",
    ),
    ({"users.json": answer()}, r"has no schedules\.json; docs/importing\.md says how to get it"),
    ({"schedules.json": answer()}, "nothing was found that a policy could page"),
    ({}, r"has no \.json file"),
]


@pytest.mark.parametrize(("files", "words"), HOSTILE, ids=[words for _, words in HOSTILE])
def test_bad_exports(tmp_path: Path, files: dict[str, Any], words: str):
    """Told with file, field and cure."""
    with pytest.raises(Refused, match=words):
        imported(tmp_path, files)


def test_a_folder_that_is_none(tmp_path: Path):
    """Not there, or a file."""
    (tmp_path / "file").write_text("{}")
    for name, words in (("none", "is not there"), ("file", "is no folder")):
        with pytest.raises(Refused, match=words):
            import_opsgenie(tmp_path / name, NAMES, now=NOW)


def test_names_of_strangers(tmp_path: Path):
    """Markup, line ends, other letters and equal names do no harm to YAML, keys or report."""
    files = account()
    ugly = "x: {y}\n# [red]\x1b[31m\u202e*&!%@`'\"" + "z" * 300
    files["teams.json"]["data"][0]["name"] = ugly
    files["users.json"]["data"][0]["fullName"] = "Зоя"
    files["users.json"]["data"][1]["fullName"] = "Зоя"
    files["services.json"]["data"][1]["name"] = "Checkout"
    files["schedules.json"]["data"][0]["name"] = ugly
    made = imported(tmp_path, files)
    policy = parse_policy(made.text)
    assert list(policy.services) == ["checkout", "checkout-2"]
    assert [one.name for one in policy.people.values()][:2] == ["Зоя", "Зоя"]
    assert not any("\n" in line.text or "\x1b" in line.text for line in made.lines)
    titles = [one.title for one in policy.teams.values()] + [one.title for one in policy.rotas.values()]
    assert not any("\x1b" in title for title in titles)


def test_zones(tmp_path: Path):
    """One that is no place's clock is told, not guessed; its team and its services with it."""
    files = account()
    files["schedules.json"]["data"][0]["timezone"] = "EST"
    files["schedules.json"]["data"][1]["timezone"] = "GMT-8:00"
    made = imported(tmp_path, files)
    assert list(parse_policy(made.text).rotas) == ["payments-escalation"]
    lines = "\n".join(told(made, Fate.LEFT))
    for words in (
        "schedule 'Payments': 'EST' has no summer time",
        "schedule 'Platform': there is no time zone 'GMT-8:00'",
        "team 'Platform': what it pages could not be taken over",
        "service 'Accounts': its team is not in the policy file",
    ):
        assert words in lines, lines


@pytest.mark.parametrize(
    "name", ["users-more.json", "escalations-payments.json", "notes.json", "overrides.json"]
)
def test_a_file_that_nothing_is_taken_of(tmp_path: Path, name: str):
    """Also one whose name only begins as those that are read: half a list would be missing."""
    made = imported(tmp_path, {**account(), name: answer()})
    assert [line for line in told(made, Fate.LEFT) if line.startswith("file ")] == [
        f"file {name}: it is none of those that are read; rename it"
    ]
