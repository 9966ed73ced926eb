"""Flows that are started at once: in a demo nobody waits until the clock or a person gets round to it."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from prefect.client.orchestration import get_client
from prefect.settings import temporary_settings
from sqlalchemy import text

from deployments.machine.stack import Stack
from incidents.store.database import Database
from tasks.ring import WAKE_CHANNEL


async def run_at_once(stack: Stack, database: Database, name: str, **parameters: Any) -> UUID:
    """A run of this deployment, as the gateway's watch or a form of the Prefect UI makes one; the worker is woken.
    Returns its id."""
    with temporary_settings(stack.prefect_access):
        async with get_client() as client:
            deployment = await client.read_deployment_by_name(f"{name}/{name}")
            run = await client.create_flow_run_from_deployment(deployment.id, parameters=parameters)
    async with database.transaction() as tx:
        await tx.execute(text(f"notify {WAKE_CHANNEL}"))
    return run.id


async def is_over(stack: Stack, run: UUID) -> bool:
    """Whether this run has come to its end, whichever."""
    with temporary_settings(stack.prefect_access):
        async with get_client() as client:
            state = (await client.read_flow_run(run)).state
    return state is not None and state.is_final()
