"""Playing the demo: a scratch installation, the world around it, the story, and what it came to."""

from __future__ import annotations

import asyncio
import signal
import tempfile
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

from prefect.settings import temporary_settings
from rich.console import Console
from rich.table import Table

from deployments.commands.up import running
from deployments.demo.story import CUSTOMERS, NotAsTold, Story
from deployments.demo.world import World, open_world, save_connections
from deployments.machine.home import discard_home
from deployments.machine.stack import Stack, StackOptions
from incidents.store.cases import list_incidents
from incidents.store.database import Database
from incidents.store.tickets import count_tickets

POLICY = Path(__file__).with_name("policy.yaml")


@dataclass(frozen=True, kw_only=True)
class DemoOptions:
    """`keep` leaves the installation running at the end; `is_quick` lets the customers come thirty times as fast;
    `is_quiet` leaves standard output to the result. `api_port` is the Prefect server's.
    """

    keep: bool = False
    api_port: int = 4200
    is_quick: bool = False
    is_quiet: bool = False


@dataclass(frozen=True, kw_only=True)
class DemoResult:
    """What the story came to. `seconds_to_first_page` counts from the outage's first ticket."""

    tickets: int
    incidents: int
    pages: int
    customer_messages: int
    duplicates_dropped: int
    seconds_to_first_page: float | None
    reopened: bool
    closed: bool
    ok: bool


async def play(options: DemoOptions) -> DemoResult:
    """Tell the story once. With `keep` it stays up until Ctrl-C."""
    _stop_cleanly_on_sigterm()
    console = Console(stderr=options.is_quiet)
    began = time.monotonic()

    def say(text: str) -> None:
        console.print(f"[dim]{time.monotonic() - began:6.1f} s[/dim]  ", end="")
        console.print(text, markup=False, highlight=False)

    # Short, because a unix socket's path may not be long.
    home = Path(tempfile.mkdtemp(prefix="liaison-demo-"))
    is_well = False
    try:
        async with open_world() as world:
            stack_options = StackOptions(
                home=home, policy=POLICY, say=say, api_port=options.api_port, gateway_port=8400
            )
            with_blocks = _BlocksOf(world)
            async with running(stack_options, before_gateway=with_blocks) as stack:
                result = await _tell(stack, world, say, options)
                is_well = result.ok
                _print(console, result)
                if options.keep:
                    await _stay(stack, say)
                return result
    finally:
        if is_well:
            discard_home(home)
        else:
            say(f"what the processes said is in {home / 'logs'}")


def _stop_cleanly_on_sigterm() -> None:
    """Ctrl-C cancels this task already; being told by a supervisor shall clean up just the same."""
    task = asyncio.current_task()
    if task is not None:
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)


@dataclass(frozen=True)
class _BlocksOf:
    world: World

    async def __call__(self, stack: Stack) -> None:
        with temporary_settings(stack.prefect_access):
            await save_connections(self.world)


async def _tell(stack: Stack, world: World, say: Callable[[str], None], options: DemoOptions) -> DemoResult:
    world.point_webhooks_at(stack.gateway_url)
    say(f"watch it in the Prefect UI: {stack.ui_url}, login {stack.prefect_login}")
    database = Database(stack.database_url)
    story = Story(
        world=world,
        database=database,
        gateway_url=stack.gateway_url,
        say=say,
        pace=1.0 if options.is_quick else 30.0,
    )
    try:
        went_as_told = True
        try:
            await story.tell()
        except NotAsTold as error:
            went_as_told = False
            say(f"NOT AS TOLD: {error}")
        return await _result(story, database, went_as_told=went_as_told, say=say)
    finally:
        await database.aclose()


async def _result(
    story: Story, database: Database, *, went_as_told: bool, say: Callable[[str], None]
) -> DemoResult:
    async with database.transaction() as tx:
        tickets = await count_tickets(tx)
        incidents = len(await list_incidents(tx))
    problems = {
        "pages are not two": len(story.world.pagerduty.pages) != 2,
        "incidents are not two": incidents != 2,
        "tickets are not forty-three": tickets != CUSTOMERS + 3,
        f"customers told twice: {story.told_twice()}": bool(story.told_twice()),
        f"tickets not solved: {await story.unsolved()}": bool(await story.unsolved()),
        "a customer was not told": any(not story.replies(ticket) for ticket in story.tickets),
    }
    found = [text for text, is_so in problems.items() if is_so]
    for text in found:
        say(f"NOT AS TOLD: {text}")
    return DemoResult(
        tickets=tickets,
        incidents=incidents,
        pages=len(story.world.pagerduty.pages),
        customer_messages=sum(len(story.replies(ticket)) for ticket in story.tickets),
        duplicates_dropped=await story.duplicates_dropped(),
        seconds_to_first_page=round(story.first_page_after, 2) if story.first_page_after else None,
        reopened=story.was_reopened,
        closed=story.was_closed,
        ok=went_as_told and not found,
    )


def _print(console: Console, result: DemoResult) -> None:
    table = Table(title="What came of it", show_header=False, box=None)
    for name, value in asdict(result).items():
        table.add_row(name.replace("_", " "), str(value))
    console.print(table)


async def _stay(stack: Stack, say: Callable[[str], None]) -> None:
    say(f"still running: {stack.ui_url} (Runs, Artifacts: inc-1, inc-2). Ctrl-C ends it")
    try:
        await asyncio.Event().wait()
    except asyncio.CancelledError:
        say("stopping")
