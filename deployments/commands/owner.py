"""`liaison owner INC-7 "Ada Agent" --note ...`: who is accountable, and handing that over."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from pathlib import Path

from deployments.commands.by_hand.steps import by_hand
from incidents.decisions.ownership.hand_over import HandOver, hand_over
from incidents.process.deciding import decide
from incidents.store.cases import incident_number, read_incident
from incidents.store.database import Database


@dataclass(frozen=True, kw_only=True)
class OwnerShown:
    """Whose an incident is, and whether that is new."""

    incident: str
    owner: str | None
    is_new: bool


async def owner_of(database: Database, name: str) -> OwnerShown:
    """Raises `NotFound`."""
    async with database.transaction() as tx:
        incident = await read_incident(tx, incident_number(name))
    return OwnerShown(incident=incident.name, owner=incident.owner, is_new=False)


async def give_to(database: Database, name: str, wanted: HandOver, policy: Path) -> OwnerShown:
    """Hand it over; what tells people is sent by the worker. Raises `NotFound`, `Refused` and `PolicyError`."""
    async with by_hand(database, policy) as step:
        plan = await decide(step, incident_number(name), partial(hand_over, wanted=wanted, basis=step.basis))
    return OwnerShown(incident=plan.incident.name, owner=plan.incident.owner, is_new=bool(plan.entries))
