"""`liaison try`."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

import typer
from rich.console import Console

from deployments.commands.terminal import AsJson, Home, PolicyFile, print_json, run

_MARKS = {True: "[green]✔[/green]", False: "[red]✘[/red]", None: "[yellow]–[/yellow]"}


def try_connection(
    connection: Annotated[str, typer.Argument(help="Such as mail/support.")],
    *,
    ticket: Annotated[str, typer.Option(help="A ticket of yours that may get a note for colleagues.")] = "",
    to: Annotated[str, typer.Option(help="An address of yours that may get a mail.")] = "",
    target: Annotated[
        str, typer.Option(help="Whom to page, as pager_target in the policy; else the first team's.")
    ] = "",
    service: Annotated[str, typer.Option(help="The service to look at, for a probe.")] = "",
    public_url: Annotated[
        str | None,
        typer.Option(
            envvar="LIAISON_PUBLIC_URL",
            help="The gateway's address as vendors reach it: the webhook is posted there. Else to this machine.",
        ),
    ] = None,
    home: Home = None,
    policy: PolicyFile = None,
    as_json: AsJson = False,
) -> None:
    """Send a harmless test through a connection, and say in a line what was seen.

    A page wakes whoever is on call, says that it is a test and is over at once; a message goes to a room for tests; a
    signed webhook goes to our own gateway; a probe looks. A note or a mail goes only to whom you name. Liaison must be
    running. Exit code 1 if anything was not as it should be.
    """
    from deployments.machine.home import liaison_home
    from deployments.machine.prefect_login import use_prefect_server

    use_prefect_server(liaison_home(home))
    from deployments.commands import settings
    from deployments.commands.first_hour.trials.seen import TrialWishes
    from deployments.commands.first_hour.trials.trial import try_connection as tried

    wishes = TrialWishes(
        ticket=ticket, to=to, target=target, service=service, public_url=settings.public_url(public_url) or ""
    )
    found = run(tried(connection, home=home, policy=settings.policy_file(policy), wishes=wishes))
    if as_json:
        print_json([asdict(one) for one in found])
    else:
        console = Console()
        for one in found:
            console.print(_MARKS[one.is_well], end=" ")
            console.print(f"{one.what}: {one.seen}", markup=False, highlight=False, soft_wrap=True)
    raise typer.Exit(1 if any(one.is_well is False for one in found) else 0)
