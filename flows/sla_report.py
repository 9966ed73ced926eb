"""SLA report: each Monday, how last week's promises were kept, how long customers waited, and why some were missed;
and beside it, for which services engineers were woken in vain."""

from __future__ import annotations

from typing import Annotated

from prefect import flow
from pydantic import Field

from flows.names import rename_run
from flows.telling import telling
from insights.sla_report.iso_week import PATTERN, week_to_report
from tasks import resources
from tasks.sla.noise import show_page_noise
from tasks.sla.report import make_sla_report, show_sla_report

WeekName = Annotated[str, Field(pattern=PATTERN, examples=["2026-W47"])]


@telling("The week's report is not there.")
@flow(name="sla_report")
async def sla_report(week: WeekName | None = None) -> str:
    """Make the week's report; again for the same week, it replaces its files. Raises `Refused` for a week to come.

    Args:
        week: Which week, such as 2026-W47; None is the last one that is over.
    """
    # "Args", because that is where the forms of the Prefect UI take a parameter's description from.
    chosen = week_to_report(week, now=resources.utc_now())
    kept = await make_sla_report(str(chosen))
    await show_sla_report(kept)
    await show_page_noise(str(chosen))
    found = f"{chosen} {kept.report.attained}"
    await rename_run(f"sla_report {found}")
    return found
