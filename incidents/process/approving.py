"""Taking a person's yes or no: the incident is locked, so of two at once one counts and the other is told."""

from __future__ import annotations

from incidents.approval import Ruling
from incidents.case import Case, Plan
from incidents.decisions.participants.approval import Ruled, ruled
from incidents.process.deciding import decide
from incidents.step import Step


async def approve(step: Step, incident_id: int, ruling: Ruling) -> Ruled:
    """Write it with what follows from it, and say what came of it. Raises `NotFound` when there is no such incident."""
    found: list[Ruled] = []

    def decision(case: Case) -> Plan:
        found.append(ruled(case, ruling, step.basis))
        return found[-1].plan

    await decide(step, incident_id, decision)
    return found[-1]
