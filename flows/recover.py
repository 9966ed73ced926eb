"""Recover: each minute, take up what a crash, an outage or a lost bell left lying."""

from __future__ import annotations

from prefect import flow
from prefect.runtime import flow_run

from flows.follow import Followers
from incidents.events import Lane
from incidents.store.cases import due_incidents
from incidents.store.inbox.drains import is_drained
from incidents.store.inbox.inbox import has_pending
from incidents.store.ledger.due import incidents_with_due_effects
from tasks import resources
from tasks.deliver.deliver import deliver
from tasks.ring import ring


def _run_name() -> str:
    return f"recover {flow_run.scheduled_start_time:%H:%M}"


@flow(name="recover", flow_run_name=_run_name)
async def recover() -> str:
    """Deliver overdue effects, run overdue stages, and ring for lanes that wait without a drain."""
    now = resources.utc_now()
    async with resources.database().transaction() as tx:
        stages = [incident.id for incident in await due_incidents(tx, now=now)]
        effects = list(await incidents_with_due_effects(tx, now=now))
        forgotten = [lane for lane in Lane if await has_pending(tx, lane) and not await is_drained(tx, lane)]
    followers = Followers()
    followers.start(dict.fromkeys([*stages, *(incident for incident in effects if incident is not None)]))
    try:
        if None in effects:
            await deliver(None)
        for lane in forgotten:
            await ring(lane.value, f"recover-{lane}-{flow_run.id}")
    finally:
        # A bell that cannot be rung keeps nothing else from being done.
        await followers.finish()
    return f"{len(stages)} stages, {len(effects)} incidents with overdue effects, {len(forgotten)} bells"
