"""`liaison approve`: a person's yes or no to what waits for it."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from incidents.approval import ApprovalSubject, Ruling
from incidents.basis import Basis
from incidents.decisions.participants.approval import Ruled
from incidents.policy.file import load_policy
from incidents.process.approving import approve
from incidents.step import Step
from incidents.store.cases import incident_number
from incidents.store.database import Database
from incidents.store.instance import instance_id


async def answered(
    database: Database,
    policy_file: Path,
    name: str,
    subject: ApprovalSubject,
    *,
    is_yes: bool,
    by: str,
    why: str = "",
    which: str = "",
) -> Ruled:
    """Write the answer, if it is the one that counts; what follows from it is sent by the worker within seconds.

    Raises `NotFound` for no such incident, and `PolicyError`.
    """
    basis = Basis(load_policy(policy_file), datetime.now(UTC))
    ruling = Ruling(subject=subject, which=which, is_yes=is_yes, by=by, where="on the command line", why=why)
    async with database.transaction() as tx:
        instance = await instance_id(tx)
    async with database.transaction() as tx:
        step = Step(connection=tx, basis=basis, instance=instance)
        return await approve(step, incident_number(name), ruling)
