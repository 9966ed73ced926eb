"""Ringing for a run: create one run of a deployment, and wake the worker that will take it."""

from __future__ import annotations

from prefect.client.orchestration import get_client
from sqlalchemy import text

from tasks import resources
from tasks.retries import OUTSIDE_CALL
from tasks.runs import task

WAKE_CHANNEL = "liaison_run"


@task(name="ring", task_run_name="ring {deployment}", **OUTSIDE_CALL)
async def ring(deployment: str, idempotency_key: str) -> str:
    """Create a run of `deployment` (its flow has the same name) unless this key already made one."""
    async with get_client() as client:
        found = await client.read_deployment_by_name(f"{deployment}/{deployment}")
        run = await client.create_flow_run_from_deployment(found.id, idempotency_key=idempotency_key)
    async with resources.database().transaction() as tx:
        await tx.execute(text(f"notify {WAKE_CHANNEL}"))
    return str(run.id)
