"""What came of an action, told to the engineers: they may have waited for it."""

from __future__ import annotations

from incidents.actions import DRY_RUN, NOT_STARTED
from incidents.basis import Basis
from incidents.case import Case, Plan
from incidents.decisions.posts import tell_engineers
from incidents.notes.kinds import result_words


def tell_of_outcome(case: Case, *, key: str, action: str, result: str, detail: str, basis: Basis) -> Plan:
    """In the incident's room and on its pages, where there are any; `key` is the effect's."""
    said = outcome_words(result, detail)
    told = tell_engineers(
        case, basis.policy, f"outcome:{key.rpartition(':action:')[2]}", f"'{action}' {said}"
    )
    return Plan(incident=case.incident, effects=tuple(told))


def outcome_words(result: str, detail: str) -> str:
    """`succeeded: 3 pods restarted`; one that was not started says why by its detail."""
    if result in (NOT_STARTED, DRY_RUN) or not detail or detail == result:
        return result_words(result) if detail in ("", result) else detail
    return f"{result_words(result)}: {detail}"
