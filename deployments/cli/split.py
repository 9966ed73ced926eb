"""`liaison split`."""

from __future__ import annotations

import getpass
from typing import TYPE_CHECKING, Annotated

import typer

from deployments.commands.terminal import Home, PolicyFile, ask

if TYPE_CHECKING:
    from incidents.process.splitting import SplitOff
    from incidents.store.database import Database


def split(
    incident: Annotated[str, typer.Argument(help="Which incident the ticket is of now, such as INC-2.")],
    ticket: Annotated[str, typer.Argument(help="Its number, or its whole name: zendesk/support#4711.")],
    *,
    into: Annotated[
        str | None, typer.Option(help="Which incident it belongs to. Default: a new one.")
    ] = None,
    service: Annotated[str | None, typer.Option(help="The new one's service, if it is another one.")] = None,
    by: Annotated[str | None, typer.Option(help="Who says so. Default: your login here.")] = None,
    why: Annotated[str, typer.Option(help="The reason, if you like.")] = "",
    home: Home = None,
    policy: PolicyFile = None,
) -> None:
    """Split a ticket off an incident that it does not belong to; its customer hears nothing more about that one."""
    from deployments.commands import settings
    from deployments.commands.by_hand.split import split_off
    from incidents.decisions.merging.merge import Merging
    from incidents.decisions.merging.split import Splitting
    from incidents.store.cases import incident_number

    if into is not None and service is not None:
        raise typer.BadParameter("--service is for a new incident: say --into or --service")
    splitting = Splitting(
        ticket=ticket,
        said=Merging(by=by or getpass.getuser(), why=why),
        into=None if into is None else incident_number(into),
        service=service,
    )

    async def work(database: Database) -> SplitOff:
        return await split_off(database, settings.policy_file(policy), incident, splitting)

    print(ask(home, work).said)
