"""Playing the demo: a scratch installation, the world around it, the story, and what it came to."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

from rich.console import Console

from deployments.demo.policies import write_played_policy
from deployments.demo.scratch import DemoOptions, sayer, scratch_installation
from deployments.demo.story import CUSTOMERS, Story
from deployments.demo.told import goes_as_told
from deployments.demo.world import World, open_world, save_connections
from deployments.machine.stack import Stack
from incidents.store.cases import list_incidents
from incidents.store.database import Database
from incidents.store.tickets import count_tickets


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
    console = Console(stderr=options.is_quiet)
    say = sayer(console)
    with tempfile.TemporaryDirectory(prefix="liaison-shown-") as given:
        folder = Path(given)
        policy = write_played_policy(folder)

        async with open_world() as world:

            async def connect(_: str) -> None:
                await save_connections(world, folder / "page")

            async with scratch_installation(options, policy, connect, say, console) as scratch:
                result = await _tell(scratch.stack, world, folder, say, options)
                scratch.is_well = result.ok
                scratch.show(asdict(result))
            return result


async def _tell(
    stack: Stack, world: World, folder: Path, say: Callable[[str], None], options: DemoOptions
) -> DemoResult:
    world.point_webhooks_at(stack.gateway_url)
    database = Database(stack.database_url)
    story = Story(
        world=world,
        database=database,
        stack=stack,
        folder=folder,
        say=say,
        pace=1.0 if options.is_quick else 30.0,
    )
    try:
        went_as_told = await goes_as_told(story.tell, say)
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
        "tickets are not forty-four": tickets != CUSTOMERS + 4,
        f"customers told twice: {story.told_twice()}": bool(story.told_twice()),
        f"tickets not solved: {await story.unsolved()}": bool(await story.unsolved()),
        "the issue for the lasting fix is not one": len(story.world.redmine.tracker.issues) != 1,
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
