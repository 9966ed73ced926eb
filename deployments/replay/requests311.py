"""`liaison replay requests311`: its options, its progress on the terminal, its table."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from deployments.replay.failure import ReplayError
from deployments.replay.requests import read_changes

if TYPE_CHECKING:
    from deployments.replay.simulation import Simulated

DAY = "%Y-%m-%d"
MIDNIGHTS = ("2011-08-01", "2011-09-01", "2011-10-01", "2011-11-01")


def requests311(
    folder: Annotated[
        Path, typer.Argument(help="Folder with requests.csv.gz and outcomes.csv.gz.", show_default=False)
    ],
    *,
    at: Annotated[
        list[datetime] | None,
        typer.Option(
            "--at", formats=[DAY], help="Midnights to count at; the first of each month without it."
        ),
    ] = None,
    every: Annotated[str, typer.Option(help="Simulated time from sweep to sweep, such as 1h.")] = "6h",
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON for scripts.")] = False,
) -> None:
    """Let a city's requests of four months run through the store and the sweep flow under a simulated clock.

    Each request's own target time is its promise. Prints, at each midnight, how many were received, were open, had
    broken their promise so far, and were open and past it.
    """
    moments = [day.replace(tzinfo=UTC) for day in at or [datetime.fromisoformat(day) for day in MIDNIGHTS]]
    result = asyncio.run(_play(folder, sorted(set(moments)), every, Console(stderr=True)))
    print(json.dumps(asdict(result), default=str, indent=2) if as_json else render(result))


async def _play(folder: Path, moments: Sequence[datetime], every: str, console: Console) -> Simulated:
    # Here and not above: `liaison --help` must wait neither for Prefect nor for all of the policy.
    from deployments.replay.simulation import scratch_store, simulate  # noqa: PLC0415
    from incidents.policy.words import parse_duration  # noqa: PLC0415

    try:
        step = parse_duration(every)
    except ValueError as error:
        raise ReplayError(f"--every: {error}") from error
    changes = read_changes(folder)
    if moments[0] <= changes[0].at:
        raise ReplayError(f"nothing was opened before {moments[0]:%Y-%m-%d}; give a later --at")
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    async with scratch_store(lambda text: console.print(text, style="dim", markup=False, highlight=False)):
        with Progress(*columns, console=console, transient=True) as progress:
            bar = progress.add_task("openings and closings", total=len(changes))
            return await simulate(
                changes,
                moments,
                every=step,
                progress=lambda done, total: progress.update(bar, completed=done, total=total),
            )


def render(result: Simulated) -> str:
    """A small table, a line a moment."""
    lines = [
        f"{'midnight of':<12}{'received':>10}{'open':>8}{'breached so far':>17}{'open and past target':>22}"
    ]
    lines += [
        f"{count.at:%Y-%m-%d}  {count.received:>10,}{count.open:>8,}{count.breached:>17,}"
        f"{count.open_past_target:>22,}"
        for count in result.counts
    ]
    return "\n".join([*lines, f"{result.changes:,} openings and closings, {result.sweeps:,} sweeps"])
