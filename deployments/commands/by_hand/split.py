"""`liaison split`: a ticket that does not belong to its incident goes on in another one."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from incidents.basis import Basis
from incidents.decisions.merging.split import Splitting
from incidents.policy.file import load_policy
from incidents.process.splitting import SplitOff, split
from incidents.step import Step
from incidents.store.cases import incident_number
from incidents.store.database import Database
from incidents.store.instance import instance_id


async def split_off(database: Database, policy_file: Path, incident: str, splitting: Splitting) -> SplitOff:
    """Split it off; what follows from it is sent by the worker within seconds.

    Raises `NotFound` for no such incident, `Refused` with what to do instead, and `PolicyError`.
    """
    basis = Basis(load_policy(policy_file), datetime.now(UTC))
    async with database.transaction() as tx:
        instance = await instance_id(tx)
    async with database.transaction() as tx:
        step = Step(connection=tx, basis=basis, instance=instance)
        return await split(step, incident_number(incident), splitting)
