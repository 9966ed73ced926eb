"""`liaison close`: a person's word that an incident is over."""

from __future__ import annotations

from pathlib import Path

from deployments.commands.by_hand.steps import by_hand
from incidents.decisions.closing.word import ClosedByName, ClosingWord
from incidents.process.closing import close
from incidents.store.cases import incident_number
from incidents.store.database import Database
from incidents.texts.team import worded


async def closed(database: Database, policy_file: Path, name: str, *, by: str, why: str) -> ClosedByName:
    """Write it, if it counts; what follows from it is sent by the worker within seconds.

    Raises `NotFound` for no such incident, and `PolicyError`.
    """
    async with by_hand(database, policy_file) as step:
        word = ClosingWord(by=by, why=why, where=worded("on the command line"))
        return await close(step, incident_number(name), word)
