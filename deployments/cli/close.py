"""`liaison close`."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from deployments.commands.terminal import Home, PolicyFile, ask

if TYPE_CHECKING:
    from incidents.decisions.closing.word import ClosedByName
    from incidents.store.database import Database


def close(
    name: Annotated[str, typer.Argument(help="The incident, such as INC-7.")],
    *,
    by: Annotated[str, typer.Option("--by", help="Who says so; it stands in the incident's story.")],
    why: Annotated[str, typer.Option("--why", help="How you know, or who was told by hand.")],
    home: Home = None,
    policy: PolicyFile = None,
) -> None:
    """Say by name that an incident is over, where no look can prove it or a customer's last message did not arrive.

    One that is said to be fixed: its customers are told. One that waits for their messages: it is closed. Exit status 1
    for any other.
    """
    from deployments.commands import settings
    from deployments.commands.by_hand.close import closed

    async def work(database: Database) -> ClosedByName:
        return await closed(database, settings.policy_file(policy), name, by=by, why=why)

    found = ask(home, work)
    print(found.said, file=sys.stdout if found.counts else sys.stderr)
    if not found.counts:
        raise typer.Exit(1)
