"""The `liaison` command: it names the verbs and their options; each verb lives in `deployments.commands`."""

from __future__ import annotations

import asyncio
import os
import sys
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

from deployments.cli.approve import approve
from deployments.cli.backtest import backtest
from deployments.cli.backup import backup, restore
from deployments.cli.board import board
from deployments.cli.close import close
from deployments.cli.fakes import fakes
from deployments.cli.first_hour.init import init
from deployments.cli.first_hour.sidebar import sidebar
from deployments.cli.first_hour.trial import try_connection
from deployments.cli.forget import forget
from deployments.cli.imports.catalog import catalog_import
from deployments.cli.imports.tools import import_app
from deployments.cli.insights import models
from deployments.cli.merge import merge
from deployments.cli.oncall import oncall
from deployments.cli.owner import owner
from deployments.cli.parked import parked
from deployments.cli.rehearsals.drill import drill
from deployments.cli.rehearsals.replay import uci
from deployments.cli.rehearsals.what_if import what_if
from deployments.cli.report import report
from deployments.cli.review import affected, review
from deployments.cli.running.doctor import doctor
from deployments.cli.running.key import key_app
from deployments.cli.running.roles import gateway, listener, migrate, register, server, worker
from deployments.cli.sla import sla, sla_import
from deployments.cli.split import split
from deployments.cli.switches.pausing import pause, resume
from deployments.cli.webhooks import PublicUrl, check_webhooks
from deployments.commands.terminal import (
    AsJson,
    Home,
    PolicyFile,
    ask,
    print_json,
    run,
)
from deployments.machine.home import liaison_home
from deployments.replay.requests311 import requests311
from incidents.errors import LiaisonError

if TYPE_CHECKING:
    from deployments.demo.play import DemoResult
    from deployments.demo.vendorless.play import MailDemoResult
    from incidents.store.database import Database

app = typer.Typer(
    name="liaison",
    help="From the first customer's report to the last customer's answer.\n\n"
    "Try [bold]liaison demo[/bold] first: it plays a whole outage in about a minute, on a scratch installation.",
    rich_markup_mode="rich",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)

replay_app = typer.Typer(no_args_is_help=True, help="Play recorded logs through gateway, store and worker.")
replay_app.command()(uci)
replay_app.command()(requests311)
app.add_typer(replay_app, name="replay")
app.command()(init)
app.command(name="try")(try_connection)
app.command()(sla)
app.command(name="sla-import")(sla_import)
app.command(name="catalog-import")(catalog_import)
app.add_typer(import_app, name="import")
app.command()(oncall)
app.command()(board)
app.command()(sidebar)
app.command()(report)
app.command()(review)
app.command()(owner)
app.command()(parked)
app.command()(affected)
app.command()(approve)
app.command()(close)
app.command()(pause)
app.command()(resume)
app.command()(merge)
app.command()(split)
app.command()(models)
app.command()(fakes)
app.command()(drill)
app.command(name="what-if")(what_if)
app.command()(backtest)
app.command()(backup)
app.command()(restore)
app.command()(forget)
app.command()(doctor)
app.add_typer(key_app, name="key")
app.command()(migrate)
app.command()(register)
app.command()(server)
app.command()(worker)
app.command()(gateway)
app.command()(listener)


def main() -> None:
    """Entry point: errors we raise on purpose are told in one sentence, without a traceback."""
    # Prefect, imported at a terminal for the first time, prints a notice and tells its makers of it; the server that we
    # start has that switched off. Whoever has said otherwise is left their word.
    os.environ.setdefault("DO_NOT_TRACK", "1")
    try:
        app()
    except (KeyboardInterrupt, asyncio.CancelledError):
        sys.exit(130)
    except LiaisonError as error:
        Console(stderr=True).print(f"liaison: {error}", style="red", markup=False, soft_wrap=True)
        sys.exit(1)


@app.command()
def up(home: Home = None, policy: PolicyFile = None) -> None:
    """Start what is missing on this machine and keep it running.

    PostgreSQL (embedded, unless LIAISON_DATABASE_URL names another), the Prefect server (unless PREFECT_API_URL
    names another), the worker and the gateway. Blocks and deployments are registered. Ctrl-C stops it all.
    """
    from deployments.commands import settings
    from deployments.commands.up import up as run_up
    from deployments.machine.stack import StackOptions

    say = Console(stderr=True).print
    options = StackOptions.from_environment(
        os.environ, policy=settings.policy_file(policy), say=say, home=liaison_home(home)
    )
    run(run_up(options))


@app.command()
def demo(
    keep: Annotated[
        bool, typer.Option("--keep", help="Leave it running at the end, to look around in the Prefect UI.")
    ] = False,
    as_json: AsJson = False,
    port: Annotated[int, typer.Option(help="Port of the Prefect UI.")] = 4200,
    quick: Annotated[
        bool, typer.Option("--quick", help="Send the 40 tickets at once instead of over 30 seconds.")
    ] = False,
    without_vendors: Annotated[
        bool,
        typer.Option("--without-vendors", help="Play it by mail: a mailbox, a rota, a status page of files."),
    ] = False,
) -> None:
    """Play one outage from the first ticket to the last answer, on a scratch installation.

    Everything is real but the vendors: four stateful fakes speak the wire protocols of Zendesk, PagerDuty and
    Slack on loopback (or, without vendors, a mail server), and a small web service breaks and is mended. Exit code 1
    if the story did not end as told.
    """
    from deployments.demo.scratch import DemoOptions

    options = DemoOptions(keep=keep, api_port=port, is_quick=quick, is_quiet=as_json)
    if without_vendors:
        from deployments.demo.vendorless.play import play_without_vendors

        result: MailDemoResult | DemoResult = run(play_without_vendors(options))
    else:
        from deployments.demo.play import play

        result = run(play(options))
    if as_json:
        print_json(asdict(result))
    raise typer.Exit(0 if result.ok else 1)


@app.command()
def incidents(home: Home = None, limit: int = 50, as_json: AsJson = False) -> None:
    """List the newest incidents."""
    from deployments.commands import show

    async def work(database: Database) -> list[show.IncidentRow]:
        return await show.incident_rows(database, limit=limit)

    rows = ask(home, work)
    if as_json:
        print_json([asdict(row) for row in rows])
    else:
        show.print_rows(Console(), rows)


@app.command(name="show")
def show_one(
    incident: Annotated[str, typer.Argument(help="Such as INC-1.")],
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """Tell an incident's whole story: state, evidence, everything that happened, what needs a person."""
    from deployments.commands import show

    async def work(database: Database) -> show.Shown:
        return await show.shown(database, incident)

    found = ask(home, work)
    if as_json:
        print_json(show.shown_as_json(found))
    else:
        show.print_shown(Console(), found)


@app.command()
def held(
    home: Home = None,
    done: Annotated[str | None, typer.Option(help="Key of an effect that was done after all.")] = None,
    again: Annotated[str | None, typer.Option(help="Key of an effect to be sent again.")] = None,
    as_json: AsJson = False,
) -> None:
    """List effects that wait for a person, and settle them.

    A customer message whose reply was lost is never sent again by itself: look at the ticket, then say --done or
    --again.
    """
    from deployments.commands import show

    async def work(database: Database) -> list[show.HeldEffect]:
        for effect, is_done in ((done, True), (again, False)):
            if effect is not None:
                await show.settle_held(database, effect, is_done=is_done)
        return await show.held_effects(database)

    found = ask(home, work)
    if as_json:
        print_json([asdict(item) for item in found])
        return
    for item in found:
        print(
            f"{item.incident} {item.kind} {item.state} at {item.connection} {item.target}: {item.detail}\n  {item.key}"
        )
    if not found:
        print("Nothing waits for a person.")


@app.command()
def check(  # noqa: PLR0917 - a command line has many options
    home: Home = None,
    policy: PolicyFile = None,
    gateway: Annotated[
        str | None,
        typer.Option(help="Where the gateway listens; else where `liaison up` started it, on port 8400."),
    ] = None,
    webhooks: Annotated[
        bool, typer.Option("--webhooks", help="Look at the vendors' webhooks to us instead.")
    ] = False,
    repair: Annotated[
        bool, typer.Option("--repair", help="With --webhooks: mend what can be mended.")
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", help="With --repair: do not ask.")] = False,
    public_url: PublicUrl = None,
    as_json: AsJson = False,
) -> None:
    """Look at policy, store, Prefect server, worker, gateway and connections: what is wrong, and the cure.

    With --webhooks: does each vendor send what we need, once, to the right address? Exit code 1 if anything is wrong.
    """
    from deployments.machine.prefect_login import use_prefect_server

    if repair and not webhooks:
        raise typer.BadParameter("--repair mends webhooks: say --webhooks, too")
    use_prefect_server(liaison_home(home))
    if webhooks:
        raise typer.Exit(
            check_webhooks(home, public_url=public_url, repairs=repair, is_sure=yes, as_json=as_json)
        )
    from deployments.commands import settings
    from deployments.commands.check import Surroundings, print_findings
    from deployments.commands.check import check as run_check

    where = Surroundings(
        home=home, policy=settings.policy_file(policy), gateway_url=settings.gateway_url(home, gateway)
    )
    findings = run(run_check(where))
    if as_json:
        print_json([asdict(finding) for finding in findings])
    else:
        print_findings(Console(), findings)
    raise typer.Exit(0 if all(finding.is_well for finding in findings) else 1)
