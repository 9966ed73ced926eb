"""Taking a person's yes or no: the incident is locked, so of two at once one counts and the other is told."""

from __future__ import annotations

from collections.abc import Callable

from incidents.approval import Ruling
from incidents.case import Case, Plan
from incidents.decisions.participants.approval import Ruled, Spoken, ruled, ruled_by_words
from incidents.process.deciding import decide
from incidents.step import Step


async def approve(step: Step, incident_id: int, ruling: Ruling) -> Ruled:
    """Write it with what follows from it, and say what came of it. Raises `NotFound` when there is no such incident."""
    return await _decided(step, incident_id, lambda case: ruled(case, ruling, step.basis))


async def decide_approval(step: Step, incident_id: int, words: str, spoken: Spoken) -> Ruled:
    """The same for a yes or no in a person's words: `words` is what they said after it (`action Fail over, go`), which
    may name what it is about. One decision wins, whichever way it came."""
    return await _decided(step, incident_id, lambda case: ruled_by_words(case, words, spoken, step.basis))


async def _decided(step: Step, incident_id: int, rule: Callable[[Case], Ruled]) -> Ruled:
    found: list[Ruled] = []

    def decision(case: Case) -> Plan:
        found.append(rule(case))
        return found[-1].plan

    await decide(step, incident_id, decision)
    return found[-1]
