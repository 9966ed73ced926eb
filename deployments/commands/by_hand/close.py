"""`liaison close`: a person's word that an incident is over."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from incidents.basis import Basis
from incidents.decisions.closing.word import ClosedByName, ClosingWord
from incidents.policy.file import load_policy
from incidents.process.closing import close
from incidents.step import Step
from incidents.store.cases import incident_number
from incidents.store.database import Database
from incidents.store.instance import instance_id


async def closed(database: Database, policy_file: Path, name: str, *, by: str, why: str) -> ClosedByName:
    """Write it, if it counts; what follows from it is sent by the worker within seconds.

    Raises `NotFound` for no such incident, and `PolicyError`.
    """
    basis = Basis(load_policy(policy_file), datetime.now(UTC))
    word = ClosingWord(by=by, why=why, where="on the command line")
    async with database.transaction() as tx:
        instance = await instance_id(tx)
    async with database.transaction() as tx:
        step = Step(connection=tx, basis=basis, instance=instance)
        return await close(step, incident_number(name), word)
