"""`liaison forget`."""

from __future__ import annotations

import os
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

from deployments.commands.terminal import AsJson, Home, PolicyFile, print_json, run
from deployments.machine.home import liaison_home

if TYPE_CHECKING:
    from incidents.store.erasure.receipts import ErasureReceipt


def forget(  # noqa: PLR0917 - a command line has many options
    customer: Annotated[
        str,
        typer.Argument(
            help="A mail address, a helpdesk's id such as zendesk/support:4711, or a ticket such as zendesk/support#12."
        ),
    ],
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only count what would be erased, and change nothing.")
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    home: Home = None,
    policy: PolicyFile = None,
    as_json: AsJson = False,
) -> None:
    """Erase a customer's data everywhere Liaison has it, and say what was erased where.

    It counts first, then asks, then erases. The receipt names nobody. Liaison must be running.
    """
    from deployments.machine.prefect_login import use_prefect_server

    where = liaison_home(home)
    use_prefect_server(where)
    from deployments.commands import settings

    os.environ.setdefault("LIAISON_DATABASE_URL", settings.database_url(home))
    os.environ["LIAISON_POLICY"] = str(settings.policy_file(policy))
    from deployments.commands import forget as command

    def done(*, is_dry: bool) -> ErasureReceipt:
        return run(_closing(customer, is_dry=is_dry))

    async def _closing(named: str, *, is_dry: bool) -> ErasureReceipt:
        from tasks import resources

        try:
            return await command.forget(
                named, home=where, is_dry=is_dry, prefects=settings.prefects_database_url(home)
            )
        finally:
            await resources.close()

    console = Console(stderr=as_json)
    if dry_run or not yes:
        found = done(is_dry=True)
        if dry_run and as_json:
            print_json(asdict(found))
            return
        command.print_receipt(console, found, is_dry=True)
        if dry_run:
            return
        if not typer.confirm("Erase it? There is no way back.", err=as_json):
            raise typer.Exit(1)
    receipt = done(is_dry=False)
    if as_json:
        print_json(asdict(receipt))
    else:
        command.print_receipt(console, receipt, is_dry=False)
