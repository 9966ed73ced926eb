"""`liaison review`: how an incident went, text and Markdown. `liaison affected`: who was hit and did not write."""

from __future__ import annotations

import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from deployments.commands.terminal import AsJson, Home, PolicyFile, ask, print_json
from deployments.machine.home import liaison_home

if TYPE_CHECKING:
    from deployments.commands.reviews.affected import ListedCustomer
    from deployments.commands.reviews.review import IncidentReview
    from incidents.store.database import Database


def review(
    incident: Annotated[str, typer.Argument(help="Such as INC-1.")],
    *,
    home: Home = None,
    policy: PolicyFile = None,
    out: Annotated[
        Path | None, typer.Option(help="Write it into this file, instead of reviews/ in the home folder.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Tell how an incident went: times, promises, who saw it first, what it cost customers, where time went."""
    from deployments.commands import settings
    from deployments.commands.reviews import review as reviewing

    async def work(database: Database) -> IncidentReview:
        return await reviewing.reviewed(database, settings.policy_file(policy), incident)

    found = ask(home, work)
    if as_json:
        print_json(found.measures)
        return
    print(found.text)
    file = out if out is not None else liaison_home(home) / reviewing.REVIEWS / f"{found.name}.md"
    reviewing.write_review(found, file)
    print(f"\nIt is in {file}.", file=sys.stderr)


def affected(
    incident: Annotated[str, typer.Argument(help="Such as INC-1.")],
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """List customers who use what is broken and have not written: why they are thought to be hit, what they heard."""
    from deployments.commands.reviews import affected as listing

    async def work(database: Database) -> list[ListedCustomer]:
        return await listing.listed_customers(database, incident)

    found = ask(home, work)
    if as_json:
        print_json([asdict(one) for one in found])
        return
    for one in found:
        print(f"{one.name or 'no name'} <{one.address}>: {one.reason}; {one.state}")
    if not found:
        print("Nobody is listed.")
