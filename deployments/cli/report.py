"""`liaison report`: a week's SLA report in the terminal, and as files."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

from deployments.commands.terminal import (
    Home,
    PolicyFile,
    ask,
)

if TYPE_CHECKING:
    from incidents.store.database import Database
    from insights.sla_report.report import SlaReport


def report(
    home: Home = None,
    policy: PolicyFile = None,
    week: Annotated[
        str | None, typer.Option(help="Which week, such as 2026-W47. Default: the last one that is over.")
    ] = None,
    out: Annotated[Path | None, typer.Option(help="Write its CSV and pictures into this folder.")] = None,
    force: Annotated[
        bool,
        typer.Option("--force", help="Replace files of the same names in a folder that was there before."),
    ] = False,
) -> None:
    """Tell how a week's promises were kept, how long customers waited, and why some promises were missed."""
    from deployments.commands import report as reporting
    from deployments.commands import settings

    async def work(database: Database) -> SlaReport:
        return await reporting.report(database, settings.policy_file(policy), week=week)

    found = ask(home, work)
    reporting.print_report(Console(), found)
    if out is not None:
        written = reporting.write_report(reporting.report_files(found), out, force=force)
        print(f"\n{len(written.names)} files are in {written.folder}.")
