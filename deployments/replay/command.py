"""What `liaison replay uci` does: the window read, played where it is asked for, its progress on the terminal."""

from __future__ import annotations

from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from deployments.commands.settings import database_url
from deployments.replay.failure import ReplayError
from deployments.replay.log import read_window
from deployments.replay.play import Target, Traffic, play
from deployments.replay.result import ReplayResult


@dataclass(frozen=True, kw_only=True, slots=True)
class ReplayOptions:
    """What to play and where. `gateway_url` None: on a scratch installation."""

    path: Path
    begin: datetime
    end: datetime
    traffic: Traffic
    gateway_url: str | None = None


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
