"""`liaison approve`."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from deployments.commands.terminal import Home, PolicyFile, ask
from incidents.approval import ApprovalSubject

if TYPE_CHECKING:
    from incidents.decisions.participants.approval import Ruled
    from incidents.store.database import Database


def approve(
    name: Annotated[str, typer.Argument(help="The incident, such as INC-7.")],
    subject: Annotated[ApprovalSubject, typer.Argument(help="What is asked for.")],
    which: Annotated[str, typer.Argument(help="The action's name, where several are asked for.")] = "",
    *,
    by: Annotated[str, typer.Option("--by", help="Who decides; it stands in the incident's story.")],
    no: Annotated[bool, typer.Option("--no", help="Deny it.")] = False,
    why: Annotated[str, typer.Option("--why", help="The reason, if you like.")] = "",
    home: Home = None,
    policy: PolicyFile = None,
) -> None:
    """Say yes, or --no, to what waits for a person: whether the public status page tells of an incident, customers who
    are hit and have not written are told, or an action is started.

    The first answer counts. Exit status 1 if another one was first, nothing is asked, or the question has expired.
    """
    from deployments.commands import settings
    from deployments.commands.by_hand.approve import answered

    if not by.strip():
        raise typer.BadParameter("say who decides: --by NAME")

    async def work(database: Database) -> Ruled:
        return await answered(
            database,
            settings.policy_file(policy),
            name,
            subject,
            is_yes=not no,
            by=by,
            why=why,
            which=which,
        )

    found = ask(home, work)
    print(found.said, file=sys.stdout if found.counts else sys.stderr)
    if not found.counts:
        raise typer.Exit(1)
