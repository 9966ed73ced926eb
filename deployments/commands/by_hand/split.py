"""`liaison split`: a ticket that does not belong to its incident goes on in another one."""

from __future__ import annotations

from pathlib import Path

from deployments.commands.by_hand.steps import by_hand
from incidents.decisions.merging.split import Splitting
from incidents.process.splitting import SplitOff, split
from incidents.store.cases import incident_number
from incidents.store.database import Database


async def split_off(database: Database, policy_file: Path, incident: str, splitting: Splitting) -> SplitOff:
    """Split it off; what follows from it is sent by the worker within seconds.

    Raises `NotFound` for no such incident, `Refused` with what to do instead, and `PolicyError`.
    """
    async with by_hand(database, policy_file) as step:
        return await split(step, incident_number(incident), splitting)
