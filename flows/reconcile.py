"""Reconcile: every few minutes, find what lost webhooks did not tell."""

from __future__ import annotations

from prefect import flow
from prefect.runtime import flow_run

from flows.following.follow import Followers
from flows.following.look_at_pages import look_at_pages
from flows.names import rename_run
from flows.telling import telling
from incidents.errors import LiaisonError
from tasks import resources
from tasks.reading import paged_incidents
from tasks.stages.gather import note_look
from tasks.stages.issues import read_issues
from tasks.stages.look_at_alerts import look_at_alerts
from tasks.stages.missed import LookedAt, alerts_looked_at
from tasks.stages.reconcile import reconcile_helpdesk
from tasks.stages.show_missed import show_missed
from tasks.stages.status_pages import restore_status_page


def _run_name() -> str:
    return f"reconcile {flow_run.scheduled_start_time:%H:%M}"


@telling("What webhooks did not tell may be missed.")
@flow(name="reconcile", flow_run_name=_run_name)
async def reconcile() -> str:
    """Ask each helpdesk what changed, each pager how its pages stand, each monitor what fires; webhooks are only the
    fast path. Status pages that are lost are written again, and issues read. What webhooks missed is said on a page.

    One of them that is away keeps the others from nothing, and fails the run at its end.
    """
    followers = Followers()
    failures: list[LiaisonError] = []
    looks: list[LookedAt] = []
    tickets = joined = 0
    for connection in resources.policy().helpdesks:
        try:
            found = await reconcile_helpdesk(connection)
        except LiaisonError as error:
            failures.append(error)
            looks.append(LookedAt(connection=connection, why_not=str(error)))
            continue
        if found is not None:
            looks.append(found.looked_at)
            tickets, joined = tickets + found.handled.tickets, joined + found.handled.joined
            followers.start(found.handled.to_follow)
    for connection in resources.policy().alert_connections():
        try:
            alerts = await look_at_alerts(connection)
        except LiaisonError as error:
            failures.append(error)
            looks.append(LookedAt(connection=connection, why_not=str(error)))
            continue
        looks.append(alerts_looked_at(connection, alerts))
        followers.start(alerts.incidents)
    for connection in resources.policy().status_pages():
        try:
            await restore_status_page(connection)
        except LiaisonError as error:
            failures.append(error)
    began, paged = resources.utc_now(), await paged_incidents()
    missed = await look_at_pages(paged, followers)
    failures += missed
    if not missed:
        await note_look(resources.policy().pagers(), began)
    # Last: nobody waits for a lasting fix as for a page.
    failures += await read_issues()
    await followers.finish()
    told = await show_missed(looks)
    if failures:
        raise failures[0]
    await rename_run(f"reconcile: {told}")
    return f"{tickets} tickets looked at, {joined} joined; {len(paged)} incidents' pages looked at; {told}"
