"""People and rotas in the policy: what is refused says where, and how to mend it."""

from __future__ import annotations

import textwrap
from datetime import UTC, datetime

import pytest

from incidents.policy.file import PolicyFileError, parse_policy
from incidents.policy.policy import Policy
from incidents.rotas.rota import holder, shifts

BASE = """\
helpdesks: [mail/support]
services:
  checkout: {title: Checkout, team: payments}
teams:
  payments: {title: Payments team, pager: roster/main, pager_target: payments}
people:
  ana:
    name: Ana Silva
    reach:
      - {way: ana-phone, wait: 2m}
      - {way: ana-mail}
  bo: {name: Bo Berg, reach: [{way: bo-phone}]}
"""
ROTA = """\
rotas:
  payments:
    timezone: Europe/Berlin
    layers:
      - people: [ana, bo]
        hand_over: 2026-11-02 09:00
"""


def policy(rotas: str = ROTA, base: str = BASE) -> Policy:
    return parse_policy(base + textwrap.dedent(rotas))


def problems(rotas: str = ROTA, base: str = BASE) -> list[str]:
    with pytest.raises(PolicyFileError) as caught:
        policy(rotas, base)
    return [str(problem) for problem in caught.value.problems]


def test_a_rota():
    """A week each, at nine by the clock of Berlin."""
    roster = policy().roster()
    rota = roster.rotas["payments"]
    found = shifts(rota, datetime(2026, 11, 2, tzinfo=UTC), datetime(2026, 11, 17, tzinfo=UTC))
    assert [(one.person, one.end.isoformat()) for one in found] == [
        (None, "2026-11-02T08:00:00+00:00"),
        ("ana", "2026-11-09T08:00:00+00:00"),
        ("bo", "2026-11-16T08:00:00+00:00"),
        ("ana", "2026-11-17T00:00:00+00:00"),
    ]
    assert roster.name_of("ana") == "Ana Silva"
    assert [way.name for way in roster.people["ana"].ways] == ["ana-phone", "ana-mail"]
    assert policy().roster().rotas["payments"].rounds == 3


def test_an_override_is_by_the_rotas_clock():
    rota = (
        policy(ROTA + "    overrides:\n      - {person: bo, from: 2026-12-24 18:00, to: 2026-12-26 09:00}\n")
        .roster()
        .rotas["payments"]
    )
    assert holder(rota, datetime(2026, 12, 24, 17, 0, tzinfo=UTC)).by == "override"
    assert holder(rota, datetime(2026, 12, 26, 8, 0, tzinfo=UTC)).by == "layer 1"


def test_the_only_rota_needs_no_target():
    policy(base=BASE.replace(", pager_target: payments", ""))


def test_a_person_may_be_paged():
    lead = "payments, lead: {title: Lead, pager_target: bo}"
    policy(base=BASE.replace("pager_target: payments", f"pager_target: {lead}"))


def test_another_pagers_targets_are_its_own():
    policy(base=BASE.replace("roster/main, pager_target: payments", "pagerduty/main, pager_target: P1"))


@pytest.mark.parametrize(
    ("written", "instead", "says"),
    [
        (
            "[ana, bo]",
            "[ana, bob]",
            "liaison.yaml:17: rotas.payments.layers[0].people[1]: there is no person 'bob'",
        ),
        ("[ana, bo]", "[]", "rotas.payments.layers[0].people: list should have at least 1 item"),
        (
            "2026-11-02 09:00",
            "monday",
            "liaison.yaml:18: rotas.payments.layers[0].hand_over: 'monday' is no date with a time",
        ),
        ("2026-11-02 09:00", "2026-02-30 09:00", "is no date with a time; write 2026-12-24 18:00"),
        (
            "Europe/Berlin",
            "Europe/Berln",
            "there is no time zone 'Europe/Berln'; did you mean 'Europe/Berlin'",
        ),
        ("        hand_over", "        every: 36h\n        hand_over", "a turn is whole days"),
        (
            "        hand_over",
            "        until: 2026-11-02 09:00\n        hand_over",
            "the layer ends at 2026-11-02 09:00, not after its first hand-over (2026-11-02 09:00)",
        ),
        (
            "        hand_over",
            "        hours: {mon: [9-17]}\n        hand_over",
            "are no hours; write 09:00-12:30",
        ),
        (
            "rotas:\n  payments:",
            "rotas:\n  ana:",
            "liaison.yaml:14: rotas.ana: 'ana' is a person, too, and a page could mean either",
        ),
        (
            "    layers",
            "    then: [cy]\n    layers",
            "liaison.yaml:16: rotas.payments.then[0]: there is no rota or person 'cy'",
        ),
        ("    layers", "    laiers: []\n    layers", "did you mean 'layers'?"),
    ],
)
def test_refused(written: str, instead: str, says: str):
    assert any(says in problem for problem in problems(ROTA.replace(written, instead, 1))), problems(
        ROTA.replace(written, instead, 1)
    )


def test_overrides_that_overlap():
    """Both are named, with the cure and the line."""
    (problem,) = problems(
        ROTA
        + "    overrides:\n"
        + "      - {person: bo, from: 2026-12-26 08:00, to: 2026-12-27 09:00}\n"
        + "      - {person: ana, from: 2026-12-24 18:00, to: 2026-12-26 09:00}\n"
    )
    assert problem == (
        "liaison.yaml:19: rotas.payments.overrides: the override of 'ana' until 2026-12-26 09:00 overlaps that of 'bo' "
        "from 2026-12-26 08:00; end one where the other begins"
    )


def test_an_override_that_ends_before_it_begins():
    found = problems(ROTA + "    overrides: [{person: bo, from: 2026-12-26 09:00, to: 2026-12-24 18:00}]\n")
    assert "not after it begins" in found[0]


def test_an_override_of_nobody():
    found = problems(ROTA + "    overrides: [{person: cy, from: 2026-12-24 09:00, to: 2026-12-24 18:00}]\n")
    assert found[0].startswith("liaison.yaml:19: rotas.payments.overrides[0].person: there is no person 'cy'")


def test_a_rota_of_nothing():
    found = problems("rotas:\n  payments: {timezone: Europe/Berlin}\n")
    assert "nobody would ever be on call; add layers or a feed" in found[0]


@pytest.mark.parametrize(
    ("written", "instead", "says"),
    [
        (
            "pager_target: payments",
            "pager_target: paymnts",
            "teams.payments.pager_target: there is no rota or person 'paymnts'; did you mean",
        ),
        (
            "pager_target: payments",
            "pager_target: payments, manager: {title: Boss, pager_target: cy}",
            "teams.payments.manager.pager_target: there is no rota or person 'cy'",
        ),
        (
            "pager_target: payments",
            "pager_target: payments, ladder: [{title: Boss, pager_target: cy}]",
            "teams.payments.ladder[0].pager_target: there is no rota or person 'cy'",
        ),
        ("reach: [{way: bo-phone}]", "reach: []", "people.bo.reach"),
    ],
)
def test_teams_and_people(written: str, instead: str, says: str):
    found = problems(base=BASE.replace(written, instead, 1))
    assert any(says in problem for problem in found), found


def test_two_rotas_and_no_target():
    found = problems(
        ROTA + ROTA.replace("rotas:\n", "").replace("payments", "platform"),
        BASE.replace(", pager_target: payments", ""),
    )
    assert found == [
        "liaison.yaml:5: teams.payments: roster/main must know whom to page; add pager_target: and the name of a rota"
    ]
