"""A person's word, by name, that an incident is over: instead of what nobody could prove."""

from __future__ import annotations

from dataclasses import dataclass

from incidents.basis import Basis
from incidents.case import Case, Plan
from incidents.decisions.closing.farewell import tell_everybody
from incidents.decisions.closing.over import over
from incidents.models import IncidentState
from incidents.redaction.redaction import safe_excerpt
from incidents.texts.plain_text import cut, one_line

_LONGEST_NAME, _LONGEST_REASON = 100, 500


@dataclass(frozen=True, kw_only=True, slots=True)
class ClosingWord:
    """Who says that it is over, why, and where they said it."""

    by: str
    why: str
    where: str


@dataclass(frozen=True, kw_only=True, slots=True)
class ClosedByName:
    """What came of it: the plan, what to say to whoever said it, and whether it counted."""

    plan: Plan
    said: str
    counts: bool


def close_by_name(case: Case, word: ClosingWord, basis: Basis) -> ClosedByName:
    """Of one that is said to be fixed it proves the fix: customers are told. Of one whose customers are being told it
    ends the waiting. Any other is left as it is, and whoever said it hears why."""
    incident, name = case.incident, case.incident.name
    by = cut(one_line(word.by), _LONGEST_NAME)
    why = safe_excerpt(one_line(word.why), _LONGEST_REASON)
    if not by or not why:
        return _no(case, f"Say who you are and why {name} is over: `close {name} <reason>`")
    if incident.state is IncidentState.RESOLVED:
        seen = "the last looks were red" if incident.checks < 0 else "no look of ours has proven it"
        said = f"Taken as fixed on the word of {by} ({why}), {word.where}; {seen}"
        plan = tell_everybody(case, said, basis, on_word_of=by, said=f"It works again: {why} ({seen})")
        return ClosedByName(
            plan=plan, said=f"{name}: customers are told now that it works again.", counts=True
        )
    if incident.state is IncidentState.CLOSING:
        return ClosedByName(
            plan=over(case, basis, on_word_of=by, why=why), said=f"{name} is closed.", counts=True
        )
    if incident.state in (IncidentState.CLOSED, IncidentState.NOT_AN_INCIDENT, IncidentState.MERGED):
        return _no(case, f"{name} is {incident.state.replace('_', ' ')} already")
    return _no(
        case,
        f"{name} is {incident.state.replace('_', ' ')}: nobody has said that it is fixed. Resolve its page first",
    )


def _no(case: Case, why: str) -> ClosedByName:
    return ClosedByName(plan=Plan(incident=case.incident), said=f"{why}.", counts=False)
