"""`liaison report`: a week's SLA report as tables here, and as CSV and pictures in a folder."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from rich.console import Console
from rich.table import Table
from rich.text import Text

from incidents.basis import Basis
from incidents.errors import Refused
from incidents.policy.file import load_policy
from incidents.report_file import ReportFile
from incidents.store.database import Database
from insights.sla_report.csv_files import csv_files
from insights.sla_report.iso_week import week_to_report
from insights.sla_report.report import (
    TREND_WEEKS,
    SlaReport,
    sla_report,
)
from insights.sla_report.words import (
    headline,
    sections,
    when,
)
from insights.store.sla_outcomes import read_outcomes

MARK = ".liaison-report"
"""A file in folders that we made: what is in them may be replaced."""


@dataclass(frozen=True, kw_only=True)
class WrittenReport:
    """The folder, and the names of the files now in it."""

    folder: Path
    names: tuple[str, ...]


async def report(database: Database, policy: Path, *, week: str | None) -> SlaReport:
    """The report of that week, or of the last one that is over; it is only read. Raises `Refused`, `PolicyError`."""
    basis = Basis(load_policy(policy), datetime.now(UTC))
    which = week_to_report(week, now=basis.now)
    async with database.transaction() as tx:
        outcomes = await read_outcomes(tx, which, basis, weeks=TREND_WEEKS)
    return sla_report(outcomes, which, now=basis.now)


def report_files(found: SlaReport) -> Sequence[ReportFile]:
    """Pictures and tables."""
    from insights.sla_report.plots import pictures  # noqa: PLC0415 - who only wants to read need not wait for it

    return (*pictures(found), *csv_files(found))


def write_report(files: Sequence[ReportFile], folder: Path, *, force: bool = False) -> WrittenReport:
    """Write the files into the folder, which is made if it is not there, and nowhere else.

    Files of the same names are replaced in a folder that we made, or with `force`; a link of such a name is replaced
    by the file, never followed. Raises `Refused`, before anything is written, if they may not be, and if the folder
    cannot be written.
    """
    try:
        is_ours = not folder.exists() or (folder / MARK).is_file()
        there = [file.name for file in files if os.path.lexists(folder / file.name)]
        if there and not (is_ours or force):
            raise Refused(
                f"{folder} has {there[0]} already; choose another folder, or say --force to replace it"
            )
        if not folder.exists():
            folder.mkdir(parents=True)
            (folder / MARK).touch()
        for file in files:
            _replace(folder / file.name, file.content)
    except OSError as error:
        raise Refused(f"{error.filename or folder} cannot be written: {error.strerror}") from error
    return WrittenReport(folder=folder, names=tuple(file.name for file in files))


def print_report(console: Console, found: SlaReport) -> None:
    """The week's tables for a terminal; its days are those of UTC."""
    console.print(f"SLA report {found.week}: {headline(found)}", style="bold", markup=False, highlight=False)
    console.print(f"{when(found)}.", markup=False, highlight=False)
    for section in sections(found):
        console.print(f"\n{section.title}", style="bold", markup=False, highlight=False)
        if not section.rows:
            console.print("Nothing.", markup=False)
            continue
        table = Table(box=None, header_style="dim")
        for number, heading in enumerate(section.headings):
            table.add_column(heading, justify="right" if number else "left")
        for row in section.rows:
            table.add_row(*(Text(cell) for cell in row))
        console.print(table)


def _replace(path: Path, content: bytes) -> None:
    """Whoever reads it has the old file or the new one, whole."""
    new = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with new.open("xb") as file:
            file.write(content)
        new.replace(path)
    finally:
        new.unlink(missing_ok=True)
