"""Reconcile: every few minutes, take in tickets whose webhooks got lost."""

from __future__ import annotations

from prefect import flow
from prefect.runtime import flow_run

from flows.follow import Followers
from tasks import resources
from tasks.reconcile import reconcile_helpdesk


def _run_name() -> str:
    return f"reconcile {flow_run.scheduled_start_time:%H:%M}"


@flow(name="reconcile", flow_run_name=_run_name)
async def reconcile() -> str:
    """Ask each helpdesk what changed since the last look; webhooks are the fast path, this is the sure one."""
    followers = Followers()
    tickets = joined = 0
    for connection in resources.policy().helpdesks:
        handled = await reconcile_helpdesk(connection)
        if handled is not None:
            tickets, joined = tickets + handled.tickets, joined + handled.joined
            followers.start(handled.incidents)
    await followers.finish()
    return f"{tickets} tickets looked at, {joined} joined"
