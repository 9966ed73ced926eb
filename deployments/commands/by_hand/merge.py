"""`liaison merge`: two incidents that are one become one."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from incidents.basis import Basis
from incidents.decisions.merging.merge import Merging
from incidents.policy.file import load_policy
from incidents.process.merging import Merged, merge
from incidents.step import Step
from incidents.store.cases import incident_number
from incidents.store.database import Database
from incidents.store.instance import instance_id


async def merged(
    database: Database, policy_file: Path, loser: str, survivor: str, merging: Merging
) -> Merged:
    """Merge the one into the other; what follows from it is sent by the worker within seconds.

    Raises `NotFound` for no such incident, `Refused` with what to do instead, and `PolicyError`.
    """
    basis = Basis(load_policy(policy_file), datetime.now(UTC))
    async with database.transaction() as tx:
        instance = await instance_id(tx)
    async with database.transaction() as tx:
        step = Step(connection=tx, basis=basis, instance=instance)
        return await merge(step, incident_number(loser), incident_number(survivor), merging)
