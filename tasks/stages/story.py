"""The incident's story as an artifact of the Prefect UI: one key an incident, a version for each stage."""

from __future__ import annotations

from incidents.store.cases import load_case
from incidents.store.timeline import read_timeline
from tasks import resources
from tasks.artifacts import publish_page
from tasks.pages.markdown import plain
from tasks.pages.story import story_page
from tasks.retries import OUTSIDE_CALL
from tasks.runs import task
from tasks.without_prefect import is_without_prefect


@task(name="tell story", **OUTSIDE_CALL)
async def tell_story(incident_id: int) -> str:
    """Write the incident's page for the people who watch; returns its key. While Prefect is away nobody can watch: what
    was done then is shown when it is back."""
    key = f"inc-{incident_id}"
    if is_without_prefect():
        return key
    async with resources.transaction() as step:
        case = await load_case(step.connection, incident_id)
        entries = await read_timeline(step.connection, incident_id)
    incident = case.incident
    await publish_page(
        key=key,
        markdown=story_page(case, entries, step.basis),
        # Shown as Markdown like the page, and on the list of all incidents too.
        description=f"{incident.name} {incident.state.replace('_', ' ')}: {plain(incident.title)}",
    )
    return key
