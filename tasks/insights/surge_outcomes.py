"""What became of surges, shown as a page."""

from __future__ import annotations

from insights.store.surge_record import surge_outcomes
from insights.surge.insight import LOOKED_BACK
from insights.surge.outcomes import (
    SurgeTally,
    tally,
)
from tasks import resources
from tasks.artifacts import publish_page
from tasks.pages.surges import surges_page
from tasks.retries import STORE_CALL
from tasks.runs import task


@task(name="look at surges", **STORE_CALL)
async def look_at_surges() -> SurgeTally | None:
    """Tell what became of the surges of the last 90 days. None if there were none."""
    async with resources.transaction() as step:
        services, since = frozenset(step.policy.services), step.now - LOOKED_BACK
        outcomes = await surge_outcomes(step.connection, since, now=step.now, services=services)
    if not outcomes:
        return None
    found = tally(outcomes)
    await publish_page(
        key="surges",
        markdown=surges_page(outcomes, found, step.policy.insights.surge, span=LOOKED_BACK),
        description=f"Surges of the last {LOOKED_BACK.days} days: {found}",
    )
    return found
