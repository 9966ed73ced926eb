"""`liaison import`: what an on-call tool that ends has, as a policy file."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

if TYPE_CHECKING:
    from incidents.imports.report import Imported

import_app = typer.Typer(no_args_is_help=True, help="Take over what a tool that ends has, from its export.")

Export = Annotated[Path, typer.Argument(help="The folder with the tool's API answers (docs/importing.md).")]
Pager = Annotated[str, typer.Option(help="The roster's connection, which is to page them.")]
HelpdeskName = Annotated[str, typer.Option("--helpdesk", help="The connection that tickets come from.")]
Out = Annotated[
    Path | None, typer.Option("--out", help="A new file for the policy. Default: standard output.")
]


@import_app.command()
def opsgenie(
    export: Export, pager: Pager = "roster/main", helpdesk: HelpdeskName = "mail/support", out: Out = None
) -> None:
    """Opsgenie: schedules with restrictions and overrides, escalations, teams, services.

    A policy file goes to standard output or to --out, a report of what is not the same to standard error. Nothing is
    asked of Opsgenie, changed or overwritten.
    """
    from deployments.commands.imports.tools import import_opsgenie
    from incidents.imports.sections import SetupNames

    names = SetupNames(pager=pager, helpdesk=helpdesk)
    _tell(import_opsgenie(export, names, now=datetime.now(UTC)), out)


@import_app.command(name="grafana-oncall")
def grafana_oncall(
    export: Export, pager: Pager = "roster/main", helpdesk: HelpdeskName = "mail/support", out: Out = None
) -> None:
    """Grafana OnCall: schedules with shifts, overrides and swaps, escalation chains, teams, integrations.

    A policy file goes to standard output or to --out, a report of what is not the same to standard error. Nothing is
    asked of Grafana, changed or overwritten.
    """
    from deployments.commands.imports.tools import import_grafana_oncall
    from incidents.imports.sections import SetupNames

    names = SetupNames(pager=pager, helpdesk=helpdesk)
    _tell(import_grafana_oncall(export, names, now=datetime.now(UTC)), out)


def _tell(imported: Imported, out: Path | None) -> None:
    from deployments.commands.imports.report import print_report, save_new

    print_report(Console(stderr=True), imported)
    if out is None:
        print(imported.text, end="")
    else:
        save_new(imported.text, out)
