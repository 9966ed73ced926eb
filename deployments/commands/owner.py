"""`liaison owner INC-7 "Ada Agent" --note ...`: who is accountable, and handing that over."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from incidents.basis import Basis
from incidents.decisions.ownership.hand_over import HandOver, hand_over
from incidents.policy.file import load_policy
from incidents.process.deciding import decide
from incidents.step import Step
from incidents.store.cases import incident_number, read_incident
from incidents.store.database import Database
from incidents.store.instance import instance_id


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
    basis = Basis(load_policy(policy), datetime.now(UTC))
    async with database.transaction() as tx:
        instance = await instance_id(tx)
    async with database.transaction() as tx:
        step = Step(connection=tx, basis=basis, instance=instance)
        plan = await decide(step, incident_number(name), partial(hand_over, wanted=wanted, basis=basis))
    return OwnerShown(incident=plan.incident.name, owner=plan.incident.owner, is_new=bool(plan.entries))
