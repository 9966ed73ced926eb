"""The tables of an SLA report as CSV that opens well everywhere and runs nothing.

UTF-8 with a byte order mark, because without one Excel takes it for the machine's old code page and garbles names;
pandas and LibreOffice read it with or without. Texts come from helpdesks and customers, so one that a spreadsheet
would take for a formula gets an apostrophe before it (OWASP, "CSV Injection"), and every text is in quotes, because
where semicolons separate, one inside would begin a cell of its own.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator

import pandas as pd

from incidents.report_file import CSV, ReportFile
from incidents.texts.team import worded, worded_as
from insights.sla_report.report import (
    DIMENSIONS,
    PERCENTILES,
    SlaReport,
)
from insights.sla_report.words import DIMENSION_WORDS

_BEGIN_FORMULAS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
_HEADINGS = {name: f"{name}_minutes" for name in ("held", *(f"p{percentile}" for percentile in PERCENTILES))}


def csv_files(report: SlaReport) -> Iterator[ReportFile]:
    """A file for each table, named after its week: `sla-2026-W47-by-team.csv`."""
    tables = [
        *(
            (f"by-{by}", worded_as(DIMENSION_WORDS[by][0]), table)
            for by, table in zip(DIMENSIONS, report.attainment, strict=True)
        ),
        ("waits", worded("Working time to first response and resolution"), report.waits),
        ("causes", worded("Why promises were missed"), report.causes),
        ("trend", worded("Kept, week by week"), report.trend),
        ("waits-trend", worded("Working times, week by week"), report.wait_trend),
    ]
    for name, title, table in tables:
        yield ReportFile(
            name=f"sla-{report.week}-{name}.csv", title=title, media_type=CSV, content=to_csv(table)
        )


def to_csv(table: pd.DataFrame) -> bytes:
    """Shares and minutes have at most four decimals; what is missing is empty."""
    guarded = table.round(4).map(_guarded).rename(columns=_HEADINGS)
    text = guarded.to_csv(index=False, quoting=csv.QUOTE_NONNUMERIC, lineterminator="\r\n")
    return text.encode("utf-8-sig")


def _guarded(cell: object) -> object:
    return f"'{cell}" if isinstance(cell, str) and cell.startswith(_BEGIN_FORMULAS) else cell
