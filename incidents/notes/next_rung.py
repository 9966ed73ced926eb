"""Whom an incident's page goes to next: the rungs of its team's ladder, then the team's lead and its manager; and the
words by which somebody asks for that."""

from __future__ import annotations

import re

from incidents.case import Case
from incidents.policy.policy import Policy, Rung

NEXT = "next"
"""What is said after `escalate` to wake them besides whoever is woken already."""
_LATER = ("lead", "manager")
_MARK = re.compile(r"#g[0-9]{1,9}-[0-9]{1,4}")


def next_rung(case: Case, policy: Policy) -> Rung | None:
    """The next one to be woken; None where nobody is left, each being asked once in a generation."""
    team, level = policy.team_of(case.incident.service), case.incident.page_level
    if level < len(team.ladder):
        return team.ladder[level]
    left = ((who, team.lead if who == "lead" else team.manager) for who in _LATER)
    return next((one for who, one in left if one is not None and not _is_paged(case, who)), None)


def person_page_key(case: Case, who: str) -> str:
    """What makes the page to the team's `lead` or `manager` once in a generation."""
    return f"{case.once('page')}:{who}"


def rung_mark(case: Case) -> str:
    """How far the ladder was climbed, for a button's words: who presses it twice, or an old one, wakes nobody more."""
    climbed = case.incident.page_level + sum(_is_paged(case, who) for who in _LATER)
    return f"#g{case.incident.generation}-{climbed}"


def is_rung_mark(word: str) -> bool:
    """Whether a button put that there; a person has no need to type it."""
    return _MARK.fullmatch(word) is not None


def _is_paged(case: Case, who: str) -> bool:
    return case.line(person_page_key(case, who)) is not None
