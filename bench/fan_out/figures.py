"""How long an update to many takes, against what the helpdesks' limits allow. In real time: nothing is scaled.

Delivery is the product's own, on the real store, as a worker does it while Prefect is away (there are no runs), against
fakes on loopback that answer 429 as the vendor does. Every customer is greeted by name, so no call is shared; the one
figure where all are told the same is named so. What the limits allow is the full windows before the last call goes: the
first hundred at once, the next a minute later, and so on.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import tempfile
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

from bench.fan_out.helpdesks import CountingHelpdesk, request_tracker, zammad, zendesk
from bench.fan_out.untold import NAMED, SAME, open_incident, plan_messages, settings_of
from bench.result import Result, progress
from connectors.kit.fakes.loopback import serving
from deployments.machine.embedded_database import EmbeddedDatabase
from deployments.machine.postgres_programs import discard_data
from incidents.effects import Wanted
from incidents.models import PublicText, TicketChange
from incidents.ports import Helpdesk
from incidents.store.database import Database
from incidents.store.migrate import migrate
from tasks import resources
from tasks.deliver.deliver import deliver, next_due
from tasks.without_prefect import without_prefect

ALL = 2_000


class ToldTwice(Exception):
    """A customer was told more than once, or not at all: then a time means nothing."""


async def fan_out_figures(tickets: int) -> AsyncIterator[Result]:
    """A text for all, then four helpdesks at once, then one Zendesk with so many tickets."""
    yield await _same_text()
    four = [
        zendesk("zendesk/eu", 300),
        zendesk("zendesk/us", 250),
        request_tracker("requesttracker/support", 190),
        zammad("zammad/support", 200),
    ]
    yield _result("fan_out_four_helpdesks", await _told(four, NAMED), four)
    one = [zendesk("zendesk/support", tickets)]
    yield _result(f"fan_out_{tickets}_zendesk", await _told(one, NAMED), one)


async def _told(helpdesks: Sequence[CountingHelpdesk], template: str) -> float:
    """Seconds until all customers of all of them were told, each once."""
    async with _site(helpdesks) as addresses:
        incident = await open_incident()
        for desk in helpdesks:
            # By a way of its own: the calls that planning needs are not of the update.
            helpdesk = desk.connect(addresses[desk.name], 1_000).connector(desk.name)
            await plan_messages(incident, helpdesk, desk.tickets, template=template)
            await helpdesk.aclose()
        progress(
            f"{sum(len(desk.tickets) for desk in helpdesks)} customers wait at {len(helpdesks)} helpdesks"
        )
        began = time.monotonic()
        await deliver(incident)
        while await next_due(incident, Wanted.ALL) is not None:
            # What a busy machine made late is taken up as `recover` does.
            await asyncio.sleep(0.5)
            await deliver(incident)
        took = time.monotonic() - began
    for desk in helpdesks:
        told = [desk.replies(ticket) for ticket in desk.tickets]
        if set(told) != {1}:
            raise ToldTwice(
                f"{desk.name}: told 0, 1, 2, … times: {[told.count(times) for times in range(4)]}"
            )
        progress(
            f"{desk.name}: {len(told)} told, {desk.app.refused} calls refused, {desk.allowed:g} s allowed"
        )
    return took


async def _same_text() -> Result:
    """2,000 by calls for a hundred, beside one such call alone: thirty may be under way, so one is what is allowed."""
    desk = zendesk("zendesk/support", ALL)
    took = await _told([desk], SAME)
    alone = zendesk("zendesk/support", 100)
    async with _site([alone]):
        helpdesk = await resources.connect(alone.name, Helpdesk)
        began = time.monotonic()
        change = TicketChange(public_reply=PublicText("It works again."))
        await helpdesk.update([str(one) for one in alone.tickets], change, once="alone")
        bare = time.monotonic() - began
    return Result(
        name="fan_out_2000_the_same_text",
        value=round(took, 2),
        unit="s",
        ratio=round(took / bare, 2),
        against=f"one call for a hundred alone, {bare:.2f} s",
        n=ALL,
    )


def _result(name: str, took: float, helpdesks: Sequence[CountingHelpdesk]) -> Result:
    slowest = max(helpdesks, key=lambda desk: desk.allowed)
    refused = sum(desk.app.refused for desk in helpdesks)
    return Result(
        name=name,
        value=round(took, 1),
        unit="s",
        ratio=round(took / slowest.allowed, 3),
        against=f"what the limits of {slowest.name} allow, {slowest.allowed:g} s; {refused} calls refused",
        n=sum(len(desk.tickets) for desk in helpdesks),
    )


@asynccontextmanager
async def _site(helpdesks: Sequence[CountingHelpdesk]) -> AsyncIterator[Mapping[str, str]]:
    """A store of its own and the helpdesks around it; yields their addresses."""
    folder = Path(tempfile.mkdtemp(prefix="liaison-bench"))
    server = EmbeddedDatabase(folder / "data")
    before = dict(os.environ)
    try:
        server.start()
        server.ensure_database("liaison")
        url = server.url("liaison")
        async with AsyncExitStack() as stack:
            database = Database(url)
            stack.push_async_callback(database.aclose)
            await migrate(database)
            addresses = {desk.name: await stack.enter_async_context(serving(desk.app)) for desk in helpdesks}
            blocks = {desk.name: desk.connect(addresses[desk.name], 1) for desk in helpdesks}
            os.environ.update(await settings_of(database, folder, blocks))
            stack.push_async_callback(resources.close)
            with without_prefect("a figure"):
                yield addresses
    finally:
        os.environ.clear()
        os.environ.update(before)
        server.stop()
        discard_data(folder / "data")
        shutil.rmtree(folder, ignore_errors=True)
