"""The incident's story as an artifact of the Prefect UI: one page an incident, rewritten in place, so that its address
always shows the newest; and its review once it is closed."""

from __future__ import annotations

from incidents.basis import Basis
from incidents.links.story_links import story_link
from incidents.models import IncidentState
from incidents.notes.states import state_words
from incidents.process.reviewing import read_review_facts
from incidents.review.document import review_document
from incidents.review.facts import ReviewFacts
from incidents.texts.team import team_reads
from tasks import resources
from tasks.artifacts import rewrite_page
from tasks.now import write_now_at_times
from tasks.pages.addresses import page_address
from tasks.pages.markdown import plain
from tasks.pages.story import review_key, story_page
from tasks.retries import OUTSIDE_CALL
from tasks.runs import task
from tasks.without_prefect import is_without_prefect, run_logger


@task(name="tell story", **OUTSIDE_CALL)
async def tell_story(incident_id: int) -> str:
    """Write the incident's page for the people who watch; returns its key. While Prefect is away nobody can watch: what
    was done then is shown when it is back."""
    key = _key(incident_id)
    if is_without_prefect():
        return key
    async with resources.transaction() as step:
        facts = await read_review_facts(step.connection, incident_id)
    with team_reads(step.policy.language.team):
        await _write(facts, step.basis)
    address = story_link(facts.case.incident.name, step.policy.links)
    if address is not None:
        run_logger().info("the story of %s: %s", facts.case.incident.name, address)
    await write_now_at_times()
    return key


async def _write(facts: ReviewFacts, basis: Basis) -> None:
    incident = facts.case.incident
    reviewed_at = None
    if incident.state is IncidentState.CLOSED:
        review = review_key(incident.id)
        page = await rewrite_page(
            key=review,
            markdown=review_document(facts, basis, plain),
            description=f"Review of {incident.name}: {plain(incident.title)}",
        )
        reviewed_at = page_address(review, {review: page})
    await rewrite_page(
        key=_key(incident.id),
        markdown=story_page(facts.case, facts.story, basis, reviewed_at=reviewed_at),
        # Shown as Markdown like the page, and on the list of all incidents too.
        description=f"{incident.name} {state_words(incident.state)}: {plain(incident.title)}",
    )


def _key(incident_id: int) -> str:
    return f"inc-{incident_id}"
