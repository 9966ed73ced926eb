"""`liaison import grafana-oncall`: what is written loads, what is not is told, a bad export names file and field."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from incidents.errors import Refused
from incidents.imports.report import Fate
from incidents.policy.file import load_policy, parse_policy
from tests.deployments.imports.exports import told
from tests.deployments.imports.grafana_oncall.organisation import (
    answer,
    imported,
    one_schedule,
    organisation,
    rolling,
    schedule,
    single,
    step,
)


def test_the_whole_organisation(tmp_path: Path):
    """It loads as it is; a calendar's address, which is a secret, is neither in it nor in the report."""
    made = imported(tmp_path, organisation())
    (tmp_path / "new.yaml").write_text(made.text)
    policy = load_policy(tmp_path / "new.yaml")
    assert [(one.title, one.team) for one in policy.services.values()] == [("Checkout", "payments")]
    assert {name: one.pager_target for name, one in policy.teams.items()} == {"payments": "payments"}
    rota = policy.rotas["payments"]
    assert (rota.then, rota.rounds, rota.feed) == (["di"], 6, None)
    assert policy.rotas["holidays"].feed == "holidays"
    assert [(one.way, one.wait) for one in policy.people["ana"].reach] == [
        ("ana-mail", timedelta(minutes=15))
    ]
    assert policy.people["ana"].known_as == ["ana@acme.example"]
    assert "secret-7Qk2" not in made.text + "".join(line.text for line in made.lines)
    assert told(made, Fate.LEFT) == [
        (
            "integration 'Checkout', route 'us-(east|west)': it is for some alerts only; "
            "say it under alerts of a service (docs/alerts.md)"
        ),
        "team 'No team': nothing says whom to page for it; add it under teams, with a rota or a person as pager_target",
        (
            "service 'Old': its team is not in the policy file; "
            "add it under services, with the team that looks after it"
        ),
    ]


def test_a_team_of_several_chains(tmp_path: Path):
    """A team pages one thing: each further chain gets a team of its own, so that services keep theirs."""
    files = organisation()
    files["escalation_chains.json"]["results"].append({"id": "F-2", "name": "quiet", "team_id": "T-1"})
    files["escalation_policies.json"]["results"].append(
        step("2", 0, "notify_persons", persons_to_notify=["U-cy"])
    )
    files["integrations.json"]["results"][1] = {
        **files["integrations.json"]["results"][1],
        "team_id": "T-1",
        "default_route": {"escalation_chain_id": "F-2"},
    }
    policy = parse_policy(imported(tmp_path, files).text)
    assert {name: one.pager_target for name, one in policy.teams.items()} == {
        "payments": "payments",
        "payments-quiet": "cy",
    }
    assert {name: one.team for name, one in policy.services.items()} == {
        "checkout": "payments",
        "old": "payments-quiet",
    }


def test_a_calendar_of_overrides(tmp_path: Path):
    """It comes before the layers as a rota's feed does; beside a calendar of turns there is no place for it."""
    shift = rolling("week", "ana bo", "2026-10-05T09:00:00")
    files = one_schedule(shift, ical_url_overrides="https://calendar.example/o.ics")
    assert parse_policy(imported(tmp_path, files).text).rotas["payments"].feed == "payments"
    files["schedules.json"] = answer(
        {
            **schedule("Payments"),
            "type": "ical",
            "ical_url_primary": "https://calendar.example/p.ics",
            "ical_url_overrides": "https://calendar.example/o.ics",
        }
    )
    made = imported(tmp_path, files)
    assert "ical_url_overrides: a rota has one calendar" in told(made, Fate.LEFT)[0]


def test_a_user_without_mail(tmp_path: Path):
    """Stays on the rota, or others' turns would move; that nothing reaches them is told with the cure."""
    files = organisation()
    files["users.json"]["results"][1]["email"] = ""
    del files["users.json"]["results"][3]
    made = imported(tmp_path, files)
    policy = parse_policy(made.text)
    assert policy.rotas["payments"].layers[0].people == ["ana", "bo", "cy"]
    left = [line for line in told(made, Fate.LEFT) if line.startswith("user")]
    assert left == [
        (
            "user 'bo', mail: the tool has no mail address; bo is in the policy file, and its way bo-mail reaches "
            "nobody; give that way an address in the roster's block, of whatever reaches them"
        ),
        (
            "user 'U-di', mail: the tool has no mail address; u-di is in the policy file, and its way u-di-mail "
            "reaches nobody; give that way an address in the roster's block, of whatever reaches them"
        ),
    ]


REST = rolling("rest", "di", "2026-10-05T09:00:00")
LEFT = [
    (rolling("x", "ana bo", "2026-10-05T09:00:00", frequency="monthly"), "it goes by months"),
    (rolling("x", "ana bo", "2026-10-05T09:00:00", by_month=[1]), "it goes by months"),
    (
        rolling("x", "ana bo", "2026-10-05T09:00:00", interval=2, by_day=["MO", "TU"], duration=3600),
        "it comes on chosen days of every 2th week",
    ),
    (
        rolling("x", "ana bo", "2026-10-05T09:00:00", interval=2),
        "it comes every 2 weeks and does not last as long",
    ),
    (
        rolling("x", "ana bo", "2026-10-05T09:00:00", frequency="daily", interval=3, duration=3600),
        "it comes every 3 days and does not last as long",
    ),
    (
        rolling("x", "ana bo", "2026-10-05T09:00:00", frequency="hourly", interval=5, duration=18_000),
        "turns of 5 hours are handed over at another time each day",
    ),
    (
        rolling("x", "ana bo", "2026-10-05T09:00:00", frequency="hourly", interval=2, duration=3600),
        "hours that come again within a day",
    ),
    (rolling("x", "", "2026-10-05T09:00:00"), "it has no users"),
    (
        rolling("x", "ana", "2026-10-05T09:00:00", time_zone="America/New_York"),
        "it goes by the clock of America/New_York, and the rota by that of Europe/Berlin",
    ),
    (single("x", "", "2026-12-05T09:00:00", 3600, type="override"), "the answer names nobody"),
    (rolling("x", "ana", "2026-01-05T09:00:00", until="2026-02-01T00:00:00"), "it ended on 2026-02-01"),
]


@pytest.mark.parametrize(("given", "words"), LEFT, ids=[words for _, words in LEFT])
def test_what_cannot_be_said_is_left_and_told(tmp_path: Path, given: dict[str, Any], words: str):
    """The rest of the schedule is taken over."""
    more = {**REST, "id": "O-more", "level": 1}
    made = imported(tmp_path, one_schedule(REST, more, given))
    assert any(words in line for line in told(made, Fate.LEFT)), made.lines
    assert {person for one in parse_policy(made.text).rotas["payments"].layers for person in one.people} == {
        "di"
    }


STEPS = [
    "notify_person_next_each_time",
    "notify_user_group",
    "notify_whole_channel",
    "notify_team_members",
    "notify_if_time_from_to",
    "notify_if_num_alerts_in_window",
    "trigger_webhook",
    "resolve",
    "declare_incident",
    "",
]


@pytest.mark.parametrize("kind", STEPS)
def test_steps_that_have_no_word(tmp_path: Path, kind: str):
    """Each is told by its number; those before and after it stay."""
    files = organisation()
    files["escalation_policies.json"] = answer(
        step("pay", 0, "notify_on_call_from_schedule", notify_on_call_from_schedule="S-Payments"),
        step("pay", 2, "notify_persons", persons_to_notify=["U-di"]),
        step("pay", 1, kind),
    )
    made = imported(tmp_path, files)
    assert any("escalation chain 'default', step 2: " in line for line in told(made, Fate.LEFT)), made.lines
    assert parse_policy(made.text).rotas["payments"].then == ["di"]


def test_a_shift_that_is_not_in_the_export(tmp_path: Path):
    """Half of a schedule is told."""
    files = one_schedule(REST, {**REST, "id": "O-gone", "level": 1})
    del files["on_call_shifts.json"]["results"][1]
    made = imported(tmp_path, files)
    assert "schedule 'Payments', a shift: O-gone is not in on_call_shifts.json" in told(made, Fate.LEFT)[0]


HOSTILE = [
    ({"schedules.json": {"detail": "Invalid token."}}, r"schedules\.json: results: it must be a list"),
    (
        {"schedules.json": answer({"id": "S", "name": "x"})},
        r"schedules\.json: results\[0\]\.type: Field required",
    ),
    (
        {"schedules.json": answer(schedule("a", shifts=None))},
        r"schedule 'a' has no field shifts; add the ids that /api/v1/on_call_shifts/\?schedule_id=S-a lists",
    ),
    (
        {"on_call_shifts.json": answer({**REST, "start": "2026-10-05T09:00:00Z"})},
        r"on_call_shifts\.json: results\[0\]\.start: a time without a zone is expected",
    ),
    (
        {"on_call_shifts.json": answer({**REST, "duration": -1})},
        r"on_call_shifts\.json: results\[0\]\.duration: Input should be greater than 0",
    ),
    (
        {"on_call_shifts.json": answer({**REST, "duration": 10**12})},
        r"on_call_shifts\.json: results\[0\]\.duration: Input should be less than",
    ),
    (
        {"users.json": answer(next="https://oncall.example/api/v1/users/?page=2")},
        r"users\.json: next: there is a further page; save it as users-2\.json",
    ),
    (
        {
            "shift_swaps.json": answer(
                {"schedule": "S", "swap_start": "x", "swap_end": "y", "beneficiary": "U"}
            )
        },
        r"shift_swaps\.json: results\[0\]\.swap_start: ",
    ),
]


@pytest.mark.parametrize(("files", "words"), HOSTILE, ids=[words for _, words in HOSTILE])
def test_bad_exports(tmp_path: Path, files: dict[str, Any], words: str):
    """Told with file, field and cure."""
    with pytest.raises(Refused, match=words):
        imported(tmp_path, {**organisation(), **files})


def test_pages(tmp_path: Path):
    """A list in two files is one list."""
    files = organisation()
    first, *rest = files["users.json"]["results"]
    files["users.json"] = answer(first, next="https://oncall.example/api/v1/users/?page=2")
    files["users-2.json"] = answer(*rest)
    assert imported(tmp_path / "one", files).text == imported(tmp_path / "two", organisation()).text
