"""`liaison owner`: who is accountable for an incident, and handing that over with a note."""

from __future__ import annotations

import getpass
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from deployments.commands.terminal import AsJson, Home, PolicyFile, ask, print_json

if TYPE_CHECKING:
    from deployments.commands.owner import OwnerShown
    from incidents.store.database import Database


def owner(
    incident: Annotated[str, typer.Argument(help="Such as INC-1.")],
    name: Annotated[
        str | None, typer.Argument(help="Who is accountable from now on, as the helpdesk shows them.")
    ] = None,
    *,
    note: Annotated[str, typer.Option(help="What they should know.")] = "",
    by: Annotated[str | None, typer.Option(help="Who hands it over. Default: your login here.")] = None,
    home: Home = None,
    policy: PolicyFile = None,
    as_json: AsJson = False,
) -> None:
    """Say who is accountable for an incident, or hand it over: both agents and the room read it, with the note."""
    from deployments.commands import owner as owners
    from deployments.commands import settings
    from incidents.decisions.ownership.hand_over import HandOver

    async def work(database: Database) -> OwnerShown:
        if name is None:
            return await owners.owner_of(database, incident)
        wanted = HandOver(to=name, by=by or getpass.getuser(), note=note)
        return await owners.give_to(database, incident, wanted, settings.policy_file(policy))

    found = ask(home, work)
    if as_json:
        print_json(asdict(found))
        return
    new = "" if name is None else " now" if found.is_new else " already"
    print(
        f"{found.incident} is {found.owner}'s{new}." if found.owner else f"{found.incident} is nobody's yet."
    )
