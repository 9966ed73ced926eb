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


@import_app.command()
def dispatch(
    export: Export,
    history: Annotated[
        Path | None,
        typer.Option("--history", help="A new CSV file for past incidents, for `liaison backtest`."),
    ] = None,
    pager: Annotated[
        str, typer.Option(help="The connection that pages the services' teams.")
    ] = "pagerduty/main",
    helpdesk: HelpdeskName = "mail/support",
    out: Out = None,
) -> None:
    """Netflix Dispatch: services as a policy file, past incidents as a history.

    The policy file goes to standard output or to --out, a report of what is not the same to standard error. Nothing is
    asked of Dispatch, changed or overwritten.
    """
    from deployments.commands.imports.report import print_report, require_new, save_new
    from deployments.commands.imports.tools import import_dispatch
    from incidents.imports.sections import SetupNames

    imported = import_dispatch(export, SetupNames(pager=pager, helpdesk=helpdesk))
    require_new(history, out)
    console = Console(stderr=True)
    print_report(console, imported.policy)
    count = imported.history.count
    if history is not None and count:
        save_new(imported.history.text, history)
    elif count:
        console.print(f"{count:,} past incidents are not written: say --history FILE.", markup=False)
    if out is None:
        print(imported.policy.text, end="")
    elif imported.policy.text:
        save_new(imported.policy.text, out)


def _tell(imported: Imported, out: Path | None) -> None:
    from deployments.commands.imports.report import print_report, save_new

    print_report(Console(stderr=True), imported)
    if out is None:
        print(imported.text, end="")
    else:
        save_new(imported.text, out)
