"""`liaison replay uci`: its options, its progress on the terminal, and its exit code."""

from __future__ import annotations

import asyncio
import json
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

DAY = "%Y-%m-%d"
MINUTE = "%Y-%m-%dT%H:%M"


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
    from deployments.replay.command import ReplayOptions, replay_uci
    from deployments.replay.play import Traffic
    from deployments.replay.result import render

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
