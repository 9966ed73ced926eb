"""`liaison backtest`: its options and its progress on the terminal."""

from __future__ import annotations

from datetime import UTC, datetime
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
    from deployments.commands.backtest import StoreHistory
    from incidents.store.database import Database

DAY = "%Y-%m-%d"


def backtest(
    export: Annotated[
        Path | None,
        typer.Argument(
            help="CSV export of tickets. Without it: this installation's store.", show_default=False
        ),
    ] = None,
    *,
    columns: Annotated[
        list[str] | None,
        typer.Option(
            "--map", metavar="FIELD=COLUMN", help="Which column of the export is what; again for others."
        ),
    ] = None,
    fields: Annotated[
        list[str] | None,
        typer.Option(
            "--field",
            metavar="COLUMN",
            help="A further column that tickets have from the start; again for others.",
        ),
    ] = None,
    start: Annotated[
        datetime | None,
        typer.Option("--from", formats=[DAY], help="First day to replay. Default: a quarter before the end."),
    ] = None,
    end: Annotated[
        datetime | None,
        typer.Option("--to", formats=[DAY], help="Day to stop before. Default: the history's end."),
    ] = None,
    out: Annotated[
        Path | None, typer.Option("--out", help="A new or empty folder. Default: backtest-<now> here.")
    ] = None,
    time_format: Annotated[
        str | None, typer.Option(help="How the export writes times, such as %d/%m/%Y %H:%M.")
    ] = None,
    home: Home = None,
    policy: PolicyFile = None,
) -> None:
    """Tell what routing, duplicates, surge and breach prediction would have done last quarter.

    Models are trained on what came before and replayed ticket by ticket. Nothing is changed or sent. Writes a page
    with plots, pictures and CSV files.
    """
    # Here and not above: `liaison --help` must not wait for pandas.
    from deployments.commands import backtest as replaying
    from deployments.commands import settings
    from incidents.policy.file import load_policy
    from insights.backtest.export_history import read_export
    from insights.backtest.files import fresh_folder, write_backtest

    now = datetime.now(UTC)
    folder = fresh_folder(out or replaying.default_folder(now))
    begin, until = (None if day is None else day.replace(tzinfo=UTC) for day in (start, end))
    terms = load_policy(settings.policy_file(policy))
    insights = terms.insights
    console = Console(stderr=True)
    with console.status("Reading") as status:

        def progress(part: str) -> None:
            status.update(part)

        if export is not None:
            history = read_export(export, columns or (), now=now, more=fields or (), time_format=time_format)
            replayed = replaying.replay_export(
                history, start=begin, end=until, insights=insights, progress=progress
            )
        else:

            async def work(database: Database) -> StoreHistory:
                return await replaying.read_store(database, history=insights.history, now=now)

            replayed = replaying.replay_store(
                ask(home, work),
                terms.sla.working_calendars(),
                start=begin,
                end=until,
                now=now,
                insights=insights,
                progress=progress,
            )
        write_backtest(folder, replayed.history, replayed.window, replayed.sections)
    replaying.print_replayed(Console(), replayed, folder)
