"""Telling Prefect, when it is back, what was done without it."""

from __future__ import annotations

from incidents.store.emergencies import (
    Emergency,
    done_without,
    mark_emergency_told,
    sent_to_tickets,
)
from tasks import resources
from tasks.artifacts import page_ids, publish_page
from tasks.pages.emergency import KEY, emergency_page
from tasks.retries import OUTSIDE_CALL
from tasks.runs import task
from tasks.stages.story import tell_story


@task(name="tell emergency", **OUTSIDE_CALL)
async def tell_emergency(emergency: Emergency) -> str:
    """Write a page of what was done in it, and the pages of its incidents anew; nothing when nothing was done.

    Twice does no harm: the page has one more version.
    """
    async with resources.database().transaction() as tx:
        done = await done_without(tx, emergency.id)
        sent = await sent_to_tickets(tx, emergency)
    incidents = list(dict.fromkeys(one.incident_id for one in done))
    for incident_id in incidents:
        await tell_story(incident_id)
    if done or sent:
        stories = await page_ids([f"inc-{incident_id}" for incident_id in incidents])
        await publish_page(
            key=KEY,
            markdown=emergency_page(emergency, done, sent_to_tickets=sent, stories=stories),
            description=f"{len(done)} steps for {len(incidents)} incidents while Prefect was away, from "
            f"{emergency.began_at:%Y-%m-%d %H:%M} to {emergency.ended_at:%H:%M UTC}",
        )
    async with resources.database().transaction() as tx:
        await mark_emergency_told(tx, emergency.id)
    return f"{len(done)} steps for {len(incidents)} incidents"
