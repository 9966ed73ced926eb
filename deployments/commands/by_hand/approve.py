"""`liaison approve`: a person's yes or no to what waits for it."""

from __future__ import annotations

from pathlib import Path

from deployments.commands.by_hand.steps import by_hand
from incidents.approval import ApprovalSubject, Ruling
from incidents.decisions.participants.approval import Ruled
from incidents.process.approving import approve
from incidents.store.cases import incident_number
from incidents.store.database import Database
from incidents.texts.team import worded


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
    async with by_hand(database, policy_file) as step:
        where = worded("on the command line")
        ruling = Ruling(subject=subject, which=which, is_yes=is_yes, by=by, where=where, why=why)
        return await approve(step, incident_number(name), ruling)
