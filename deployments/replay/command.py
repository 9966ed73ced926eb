"""`liaison replay uci`: its options, its progress on the terminal, and its exit code."""

from __future__ import annotations

import asyncio
import json
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from deployments.commands.settings import database_url
from deployments.replay.failure import ReplayError
from deployments.replay.log import read_window
from deployments.replay.play import Target, Traffic, play
from deployments.replay.result import ReplayResult, render

DAY = "%Y-%m-%d"
MINUTE = "%Y-%m-%dT%H:%M"


@dataclass(frozen=True, kw_only=True, slots=True)
class ReplayOptions:
    """What to play and where. `gateway_url` None: on a scratch installation."""

    path: Path
    begin: datetime
    end: datetime
    traffic: Traffic
    gateway_url: str | None = None


def uci(
    path: Annotated[Path, typer.Argument(help="The incident log: a gzip CSV file.", show_default=False)],
    *,
    begin: Annotated[
        datetime, typer.Option("--from", formats=[DAY, MINUTE], help="Events updated then or later.")
    ],
    end: Annotated[datetime, typer.Option("--to", formats=[DAY, MINUTE], help="Events updated before then.")],
    duplicate: Annotated[
        float, typer.Option(min=0, max=1, help="Share of the webhooks that come twice.")
    ] = 0.0,
    shuffle: Annotated[int, typer.Option(min=0, help="How many places late a webhook may be.")] = 0,
    seed: Annotated[int, typer.Option(help="The same seed, the same order.")] = 0,
    url: Annotated[
        str | None,
        typer.Option(
            help="Gateway of a running installation; its store is LIAISON_DATABASE_URL or that of the data"
            " folder, its Prefect server PREFECT_API_URL. It must not have played a later window. Default: a"
            " scratch installation."
        ),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON for scripts.")] = False,
) -> None:
    """Play a real company's incident log as signed webhooks, as fast as it can, and count every ticket.

    Exit code 1 unless every ticket ends where the log has it, nothing lost and nothing handled twice.
    """
    options = ReplayOptions(
        path=path,
        begin=begin,
        end=end,
        traffic=Traffic(duplicate=duplicate, shuffle=shuffle, seed=seed),
        gateway_url=url,
    )
    result = asyncio.run(replay_uci(options, Console(stderr=True)))
    print(json.dumps(result.as_json(), indent=2) if as_json else render(result))
    raise typer.Exit(0 if result.ok else 1)


async def replay_uci(options: ReplayOptions, console: Console) -> ReplayResult:
    """Play it, and tell on `console` how far it is.

    Raises `ReplayError` for a log or an installation that cannot be used, and the stack's errors.
    """
    if options.begin >= options.end:
        raise ReplayError("the window is empty: --from must be before --to")
    events = read_window(options.path, options.begin, options.end)
    async with _installation(options.gateway_url, console) as target:
        with _progress(console) as progress:
            bars = {stage: progress.add_task(stage, total=len(events)) for stage in ("accepted", "handled")}
            return await play(
                events,
                target,
                options.traffic,
                progress=lambda stage, done, total: progress.update(bars[stage], completed=done, total=total),
            )


def _installation(gateway_url: str | None, console: Console) -> AbstractAsyncContextManager[Target]:
    # Here and not above: `liaison --help` must not wait for Prefect.
    from deployments.replay.installations import running_installation, scratch_installation  # noqa: PLC0415

    if gateway_url is not None:
        return running_installation(gateway_url, database_url())
    return scratch_installation(lambda text: console.print(text, style="dim", markup=False, highlight=False))


def _progress(console: Console) -> Progress:
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    return Progress(*columns, console=console, transient=True)
