"""A person's word, by name, that an incident is over: instead of what nobody could prove."""

from __future__ import annotations

from dataclasses import dataclass

from incidents.basis import Basis
from incidents.case import Case, Plan
from incidents.decisions.closing.farewell import tell_everybody
from incidents.decisions.closing.over import over
from incidents.models import IncidentState
from incidents.notes.states import state_words
from incidents.redaction.redaction import safe_excerpt
from incidents.texts.plain_text import cut, one_line
from incidents.texts.team import worded

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
        return _no(case, worded("Say who you are and why {name} is over: `close {name} <reason>`", name=name))
    if incident.state is IncidentState.RESOLVED:
        seen = (
            worded("the last looks were red")
            if incident.checks < 0
            else worded("no look of ours has proven it")
        )
        said = worded(
            "Taken as fixed on the word of {by} ({why}), {where}; {seen}",
            by=by,
            why=why,
            where=word.where,
            seen=seen,
        )
        plan = tell_everybody(
            case,
            said,
            basis,
            on_word_of=by,
            said=worded("It works again: {why} ({seen})", why=why, seen=seen),
        )
        return ClosedByName(
            plan=plan,
            said=worded("{name}: customers are told now that it works again.", name=name),
            counts=True,
        )
    if incident.state is IncidentState.CLOSING:
        return ClosedByName(
            plan=over(case, basis, on_word_of=by, why=why),
            said=worded("{name} is closed.", name=name),
            counts=True,
        )
    if incident.state in (IncidentState.CLOSED, IncidentState.NOT_AN_INCIDENT, IncidentState.MERGED):
        return _no(case, worded("{name} is {state} already", name=name, state=state_words(incident.state)))
    return _no(
        case,
        worded(
            "{name} is {state}: nobody has said that it is fixed. Resolve its page first",
            name=name,
            state=state_words(incident.state),
        ),
    )


def _no(case: Case, why: str) -> ClosedByName:
    return ClosedByName(plan=Plan(incident=case.incident), said=f"{why}.", counts=False)
