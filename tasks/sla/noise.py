"""The weekly look at pages that nobody acted on, shown in the Prefect UI beside the SLA report."""

from __future__ import annotations

from incidents.store.ledger.noise import page_noise
from incidents.texts.team import team_reads
from insights.sla_report.iso_week import IsoWeek
from tasks import resources
from tasks.artifacts import publish_page
from tasks.pages.noise import KEY, noise_headline, noise_page
from tasks.retries import OUTSIDE_CALL
from tasks.runs import task


@task(name="show page noise", task_run_name="show page noise {week}", **OUTSIDE_CALL)
async def show_page_noise(week: str) -> str:
    """Write the page; returns its headline."""
    policy, which = resources.policy(), IsoWeek.parse(week)
    async with resources.database().transaction() as tx:
        found = await page_noise(tx, which.start, which.end)
    with team_reads(policy.language.team):
        headline, page = noise_headline(found, week), noise_page(found, week, policy)
    await publish_page(key=KEY, markdown=page, description=headline)
    return headline
