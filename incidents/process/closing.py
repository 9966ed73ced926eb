"""Taking a person's word that an incident is over: it is locked, so of two at once one counts and the other is told."""

from __future__ import annotations

from incidents.case import Case, Plan
from incidents.decisions.closing.word import ClosedByName, ClosingWord, close_by_name
from incidents.process.deciding import decide
from incidents.step import Step


async def close(step: Step, incident_id: int, word: ClosingWord) -> ClosedByName:
    """Write it with what follows from it, and say what came of it. Raises `NotFound` when there is no such incident."""
    found: list[ClosedByName] = []

    def decision(case: Case) -> Plan:
        found.append(close_by_name(case, word, step.basis))
        return found[-1].plan

    await decide(step, incident_id, decision)
    return found[-1]
