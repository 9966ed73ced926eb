"""`liaison up`: everything that is missing on this machine, started, registered, and stopped again."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import replace

from deployments.commands.settings import operator_key
from deployments.machine.stack import Stack, StackOptions
from deployments.worker.registration import register
from incidents.policy.file import load_policy
from incidents.store.database import Database
from incidents.store.migrate import migrate


@asynccontextmanager
async def running(
    options: StackOptions, *, before_gateway: Callable[[Stack], Awaitable[None]] | None = None
) -> AsyncIterator[Stack]:
    """A stack with its store migrated and its flows registered; stopped at the end of the block.

    `before_gateway` runs when Prefect is ready and nobody takes webhooks yet: the time to save connections.
    Raises `PolicyError` before anything is started when the policy cannot be used.
    """
    load_policy(options.policy)
    key = operator_key(options.home.expanduser().resolve())
    options = replace(options, extra_env={**options.extra_env, "LIAISON_KEY": key})
    async with Stack(options) as stack:
        options.say("starting the database")
        await stack.start_database()
        database = Database(stack.database_url)
        try:
            await database.check_durability()
            await migrate(database)
        finally:
            await database.aclose()
        options.say("starting the Prefect server (the first start takes half a minute)")
        await stack.start_prefect()
        options.say("registering blocks and deployments")
        await register(stack.prefect_api_url)
        if before_gateway is not None:
            await before_gateway(stack)
        options.say("starting the worker and the gateway")
        await asyncio.gather(stack.start_worker(), stack.start_gateway())
        yield stack


async def up(options: StackOptions) -> None:
    """Run until Ctrl-C or SIGTERM, or until a part cannot be kept alive."""
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stopped.set)
    async with running(options) as stack:
        options.say(f"Prefect UI   {stack.ui_url}")
        options.say(f"webhooks to  {stack.gateway_url}/hooks/<vendor>/<name>")
        options.say("Liaison is up. Ctrl-C stops it.")
        ended = asyncio.create_task(stack.ended())
        waiting = asyncio.create_task(stopped.wait())
        await asyncio.wait({ended, waiting}, return_when=asyncio.FIRST_COMPLETED)
        if ended.done():
            options.say(f"{ended.result()} cannot be kept alive; see its log in {stack.home / 'logs'}")
        for task in (ended, waiting):
            task.cancel()
        options.say("stopping")
