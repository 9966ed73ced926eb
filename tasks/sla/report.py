"""The weekly SLA report: counted, drawn and kept with its files; then shown in the Prefect UI."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import pandas as pd

from incidents.report_file import PNG, ReportFile
from incidents.store.reports import save_report
from incidents.texts.team import team_reads, worded
from insights.sla_report.csv_files import csv_files
from insights.sla_report.iso_week import IsoWeek
from insights.sla_report.plots import pictures
from insights.sla_report.report import (
    TREND_WEEKS,
    SlaReport,
    sla_report,
)
from insights.sla_report.words import headline
from insights.store.sla_outcomes import read_outcomes
from tasks import resources
from tasks.artifacts import publish_page, publish_picture
from tasks.pages.files import FileLinks, data_uri
from tasks.pages.sla_report import KEY, report_page
from tasks.retries import OUTSIDE_CALL, STORE_CALL
from tasks.runs import task


@dataclass(frozen=True, kw_only=True)
class KeptReport:
    """A report that is in the store, with its files and the token that opens them."""

    report: SlaReport
    files: tuple[ReportFile, ...]
    token: str


@task(name="make SLA report", task_run_name="make SLA report {week}", **STORE_CALL)
async def make_sla_report(week: str) -> KeptReport:
    """Count and draw the week's report and keep it; made again, it has the same addresses and new files."""
    basis = resources.basis()
    which = IsoWeek.parse(week)
    async with resources.database().transaction() as tx:
        outcomes = await read_outcomes(tx, which, basis, weeks=TREND_WEEKS)
    # It takes seconds, and this process has promises to keep meanwhile.
    with team_reads(basis.policy.language.team):
        report, files = await asyncio.to_thread(_made, outcomes, which, basis.now)
    async with resources.database().transaction() as tx:
        token = await save_report(tx, f"sla-{which}", files, now=basis.now)
    return KeptReport(report=report, files=tuple(files), token=token)


@task(name="show SLA report", **OUTSIDE_CALL)
async def show_sla_report(kept: KeptReport) -> None:
    """Write the report's page with its pictures and downloads, and each picture by itself."""
    report, links = kept.report, FileLinks(base=resources.policy().links.gateway, token=kept.token)
    with team_reads(resources.policy().language.team):
        title = f"{worded('SLA report {week}', week=report.week)}: {headline(report)}"
        page = report_page(report, kept.files, links)
        until = worded("until {week}", week=report.week)
    await publish_page(key=KEY, markdown=page, description=title)
    for file in kept.files:
        if file.media_type == PNG:
            # `sla-2026-W47-trend.png` is shown as `sla-report-trend`.
            subject = file.name.removeprefix(f"sla-{report.week}-").removesuffix(".png")
            await publish_picture(
                key=f"{KEY}-{subject}",
                address=links.to(file) or data_uri(file),
                description=f"{file.title}, {until}",
            )


def _made(outcomes: pd.DataFrame, week: IsoWeek, now: datetime) -> tuple[SlaReport, Sequence[ReportFile]]:
    report = sla_report(outcomes, week, now=now)
    return report, (*pictures(report), *csv_files(report))
