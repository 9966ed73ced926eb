"""`liaison merge`."""

from __future__ import annotations

import getpass
from typing import TYPE_CHECKING, Annotated

import typer

from deployments.commands.terminal import Home, PolicyFile, ask

if TYPE_CHECKING:
    from incidents.process.merging import Merged
    from incidents.store.database import Database


def merge(
    incident: Annotated[str, typer.Argument(help="Which one ends, such as INC-7.")],
    into: Annotated[str, typer.Argument(help="Which one goes on, such as INC-2.")],
    *,
    by: Annotated[str | None, typer.Option(help="Who says so. Default: your login here.")] = None,
    why: Annotated[str, typer.Option(help="The reason, if you like.")] = "",
    home: Home = None,
    policy: PolicyFile = None,
) -> None:
    """Merge an incident into another one that it is the same as: tickets, promises and the rest follow.

    Said twice, it is done once. Where it makes no sense, it says what to do instead, with exit status 1.
    """
    from deployments.commands import settings
    from deployments.commands.by_hand.merge import merged
    from incidents.decisions.merging.merge import Merging

    async def work(database: Database) -> Merged:
        merging = Merging(by=by or getpass.getuser(), why=why)
        return await merged(database, settings.policy_file(policy), incident, into, merging)

    print(ask(home, work).said)
