"""Playing the demo without vendors: a scratch installation, the mail around it, the story, and what it came to."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

from rich.console import Console

from deployments.demo.scratch import DemoOptions, sayer, scratch_installation
from deployments.demo.told import goes_as_told
from deployments.demo.vendorless.story import POLICY, MailStory
from deployments.demo.vendorless.world import MailWorld, open_mail_world, save_connections
from deployments.machine.stack import Stack
from incidents.store.cases import list_incidents
from incidents.store.database import Database
from incidents.store.tickets import count_tickets


@dataclass(frozen=True, kw_only=True)
class MailDemoResult:
    """What the story came to. `seconds_to_first_page` counts from the outage's first mail."""

    tickets: int
    incidents: int
    pages: int
    customer_messages: int
    seconds_to_first_page: float | None
    reopened: bool
    closed: bool
    ok: bool


async def play_without_vendors(options: DemoOptions) -> MailDemoResult:
    """Tell the story once. With `keep` it stays up until Ctrl-C."""
    console = Console(stderr=options.is_quiet)
    say = sayer(console)
    with tempfile.TemporaryDirectory(prefix="liaison-status-") as folder:
        async with open_mail_world(Path(folder) / "page") as world:

            async def connect(gateway_url: str) -> None:
                await save_connections(world, gateway_url)

            async with scratch_installation(options, POLICY, connect, say, console) as scratch:
                result = await _tell(scratch.stack, world, say, options)
                scratch.is_well = result.ok
                scratch.show(asdict(result))
            return result


async def _tell(
    stack: Stack, world: MailWorld, say: Callable[[str], None], options: DemoOptions
) -> MailDemoResult:
    database = Database(stack.database_url)
    story = MailStory(
        world=world, database=database, stack=stack, say=say, pace=1.0 if options.is_quick else 12.0
    )
    try:
        went_as_told = await goes_as_told(story.tell, say)
        return await _result(story, database, went_as_told=went_as_told, say=say)
    finally:
        await database.aclose()


async def _result(
    story: MailStory, database: Database, *, went_as_told: bool, say: Callable[[str], None]
) -> MailDemoResult:
    async with database.transaction() as tx:
        tickets, incidents = await count_tickets(tx), len(await list_incidents(tx))
    problems = {
        f"incidents are {incidents}, not one": incidents != 1,
        f"tickets are {tickets}, not {len(story.customers)}": tickets != len(story.customers),
        f"customers told twice: {story.told_twice()}": bool(story.told_twice()),
        "a customer was not told": any(not story.world.got(customer) for customer in story.customers),
    }
    found = [text for text, is_so in problems.items() if is_so]
    for text in found:
        say(f"NOT AS TOLD: {text}")
    return MailDemoResult(
        tickets=tickets,
        incidents=incidents,
        pages=story.pages(),
        customer_messages=sum(len(story.world.got(customer)) for customer in story.customers),
        seconds_to_first_page=round(story.first_page_after, 2) if story.first_page_after else None,
        reopened=story.was_reopened,
        closed=story.was_closed,
        ok=went_as_told and not found,
    )
