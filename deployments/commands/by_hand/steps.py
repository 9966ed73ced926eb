"""A step of the process that is taken on the command line: what it writes is for colleagues, in their language."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path

from incidents.basis import Basis
from incidents.policy.file import load_policy
from incidents.step import Step
from incidents.store.database import Database
from incidents.store.instance import instance_id
from incidents.texts.team import team_reads


@asynccontextmanager
async def by_hand(database: Database, policy_file: Path) -> AsyncIterator[Step]:
    """One transaction by the file's policy as of now. Raises `PolicyError`."""
    basis = Basis(load_policy(policy_file), datetime.now(UTC))
    async with database.transaction() as tx:
        instance = await instance_id(tx)
    async with database.transaction() as tx:
        with team_reads(basis.policy.language.team):
            yield Step(connection=tx, basis=basis, instance=instance)
