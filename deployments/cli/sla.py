"""`liaison sla` and `liaison sla-import`: promises explained, and taken over from the helpdesk."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

from deployments.commands.terminal import (
    AsJson,
    Home,
    PolicyFile,
    ask,
    print_json,
    run,
)
from deployments.machine.home import liaison_home

if TYPE_CHECKING:
    from deployments.commands.sla import Explained
    from incidents.store.database import Database


def sla(
    name: Annotated[str, typer.Argument(help="Such as INC-1, zendesk/support#4711 or ZD-4711.")],
    home: Home = None,
    policy: PolicyFile = None,
    as_json: AsJson = False,
) -> None:
    """Explain what is promised to an incident or ticket: each due time with its arithmetic, and who broke what."""
    from deployments.commands import settings
    from deployments.commands import sla as explaining

    async def work(database: Database) -> Explained:
        return await explaining.explained(database, name, settings.policy_file(policy))

    found = ask(home, work)
    if as_json:
        print_json(asdict(found))
    else:
        explaining.print_explained(Console(), found)


def sla_import(
    connection: Annotated[str, typer.Argument(help="The helpdesk's connection, such as zendesk/support.")],
    policy: PolicyFile = None,
    schedule: Annotated[
        str | None,
        typer.Option(help="Schedule (name or id) that business hours count by, where there are several."),
    ] = None,
    out: Annotated[
        Path | None, typer.Option("--out", help="A new file for the section. Default: standard output.")
    ] = None,
) -> None:
    """Take over SLA policies, calendars and holidays from a helpdesk.

    The section `sla` goes to standard output or to --out as YAML, a report of what is not the same to standard
    error. Nothing is changed or overwritten.
    """
    from deployments.machine.prefect_login import use_prefect_server

    use_prefect_server(liaison_home())
    from deployments.commands import settings
    from deployments.commands.imports.report import print_report, save_new
    from deployments.commands.imports.service_levels import import_service_levels

    imported = run(import_service_levels(connection, settings.policy_file(policy), schedule=schedule))
    print_report(Console(stderr=True), imported)
    if out is None:
        print(imported.text, end="")
    else:
        save_new(imported.text, out)
