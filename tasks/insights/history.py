"""The history that models learn from, read from the store."""

from __future__ import annotations

import asyncio

import pandas as pd
from prefect import task

from incidents.policy.insights import InsightKind
from insights.breach.promises import promise_rows
from insights.similar.faults import similar_rows
from insights.store.breach_promises import read_promises
from insights.store.routing_history import routing_history
from insights.store.similar_faults import read_faults
from tasks import resources
from tasks.retries import STORE_CALL


@task(name="gather history", task_run_name="gather history of {kind}", **STORE_CALL)
async def gather_history(kind: str) -> pd.DataFrame:
    """As far back as the policy's `insights.history` says. Raises `UnusableHistory`."""
    policy, now = resources.policy(), resources.utc_now()
    since = now - policy.insights.history
    if InsightKind(kind) is InsightKind.BREACH:
        async with resources.database().transaction() as tx:
            promises = await read_promises(tx, since=since, until=now)
        # It may take a minute, and this process has promises to keep meanwhile.
        return await asyncio.to_thread(promise_rows, promises, policy.sla.working_calendars(), now=now)
    if InsightKind(kind) is InsightKind.SIMILAR:
        async with resources.database().transaction() as tx:
            faults = await read_faults(tx, since=since, until=now)
        return await asyncio.to_thread(similar_rows, faults, horizon=policy.insights.history)
    async with resources.database().transaction() as tx:
        return await routing_history(tx, since=since, until=now)
