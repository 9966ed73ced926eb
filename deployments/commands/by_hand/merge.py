"""`liaison merge`: two incidents that are one become one."""

from __future__ import annotations

from pathlib import Path

from deployments.commands.by_hand.steps import by_hand
from incidents.decisions.merging.merge import Merging
from incidents.process.merging import Merged, merge
from incidents.store.cases import incident_number
from incidents.store.database import Database


async def merged(
    database: Database, policy_file: Path, loser: str, survivor: str, merging: Merging
) -> Merged:
    """Merge the one into the other; what follows from it is sent by the worker within seconds.

    Raises `NotFound` for no such incident, `Refused` with what to do instead, and `PolicyError`.
    """
    async with by_hand(database, policy_file) as step:
        return await merge(step, incident_number(loser), incident_number(survivor), merging)
