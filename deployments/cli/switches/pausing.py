"""`liaison pause actions`, `liaison resume actions`."""

from __future__ import annotations

import getpass
import sys
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from deployments.commands.terminal import Home, ask

if TYPE_CHECKING:
    from deployments.commands.by_hand.pausing import Switched
    from incidents.store.database import Database


class Switch(StrEnum):
    """What can be paused."""

    ACTIONS = "actions"


What = Annotated[Switch, typer.Argument(help="What to switch: actions.")]
By = Annotated[str | None, typer.Option(help="Who says so. Default: your login here.")]


def pause(
    what: What,
    *,
    by: By = None,
    why: Annotated[str, typer.Option(help="The reason: whoever meets the pause reads it.")] = "",
    home: Home = None,
) -> None:
    """Let no action be started any more, whoever approves it, until `liaison resume actions`. One that runs already is
    followed to its end.

    Exit status 1 if they are paused already.
    """
    from deployments.commands.by_hand.pausing import paused

    del what

    async def work(database: Database) -> Switched:
        return await paused(database, by=by or getpass.getuser(), why=why)

    _tell(ask(home, work))


def resume(what: What, *, by: By = None, home: Home = None) -> None:
    """Let actions be started again. What was held back meanwhile is not started by itself.

    Exit status 1 if they were not paused.
    """
    from deployments.commands.by_hand.pausing import resumed

    del what

    async def work(database: Database) -> Switched:
        return await resumed(database, by=by or getpass.getuser())

    _tell(ask(home, work))


def _tell(done: Switched) -> None:
    print(done.said, file=sys.stdout if done.is_new else sys.stderr)
    if not done.is_new:
        raise typer.Exit(1)
