"""What the verbs of `liaison` share: options, a question put to the store, JSON for scripts."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

import typer

if TYPE_CHECKING:
    from incidents.store.database import Database

Answer = TypeVar("Answer")

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON for scripts.")]
Home = Annotated[
    Path | None, typer.Option("--home", help="The data folder. Default: LIAISON_HOME, else ~/.liaison.")
]
PolicyFile = Annotated[
    Path | None,
    typer.Option(
        "--policy", help="The policy file. Default: LIAISON_POLICY, else ./liaison.yaml, else the example."
    ),
]


def run(work: Coroutine[Any, Any, Answer]) -> Answer:
    """Run it to its end on an event loop of its own, and return what it returns."""
    return asyncio.run(work)


def ask(home: Path | None, question: Callable[[Database], Coroutine[Any, Any, Answer]]) -> Answer:
    """Put a question to the store of this installation."""
    from deployments.commands import settings
    from incidents.store.database import Database

    async def work() -> Answer:
        database = Database(settings.database_url(home))
        try:
            return await question(database)
        finally:
            await database.aclose()

    return run(work())


def print_json(value: object) -> None:
    """Print it for scripts; what JSON has no word for, such as a time, as a text."""
    print(json.dumps(value, default=str, indent=2))
