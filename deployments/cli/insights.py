"""`liaison models`: what was learnt, and back to the model before."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

from deployments.commands.terminal import (
    AsJson,
    Home,
    ask,
    print_json,
)

if TYPE_CHECKING:
    from deployments.commands.models import ModelRow
    from incidents.store.database import Database


def models(
    home: Home = None,
    roll_back: Annotated[
        str | None,
        typer.Option(
            "--roll-back",
            help="Let the model before predict again: routing, 'routing service', breach, similar.",
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """List what was learnt, which of it predicts and how good it is; or go back to the model before."""
    from deployments.commands import models as learnt

    async def work(database: Database) -> list[ModelRow]:
        if roll_back is not None:
            return await learnt.go_back(database, roll_back)
        return await learnt.model_rows(database)

    rows = ask(home, work)
    if as_json:
        print_json([asdict(row) for row in rows])
    else:
        learnt.print_models(Console(), rows)
