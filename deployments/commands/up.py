"""`liaison up`: everything that is missing on this machine, started, registered, and stopped again."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace

from deployments.commands.settings import operator_key
from deployments.machine.stack import Stack, StackOptions
from deployments.worker.registration import register
from incidents.links.story_links import NOW, PATH
from incidents.policy.file import load_policy
from incidents.store.database import Database
from incidents.store.migrate import migrate


@dataclass(frozen=True, kw_only=True, slots=True)
class Patience:
    """Seconds between two tries to start what flows need: `first`, then twice that, and so on up to `longest`."""

    first: float = 2.0
    longest: float = 60.0


@asynccontextmanager
async def running(
    options: StackOptions, *, before_gateway: Callable[[Stack], Awaitable[None]]
) -> AsyncIterator[Stack]:
    """A whole stack, for a demo or a drill; stopped at the end of the block. Raises when a part cannot be started.

    `before_gateway` runs when Prefect is ready and nobody takes webhooks yet: the time to save connections.
    """
    async with _with_store(options) as stack:
        options.say("starting the Prefect server (the first start takes half a minute)")
        await stack.start_prefect()
        options.say("registering blocks and deployments")
        await register(stack.prefect_access)
        await before_gateway(stack)
        options.say("starting the worker and the gateway")
        await asyncio.gather(stack.start_worker(), stack.start_gateway())
        yield stack


async def up(options: StackOptions, *, patience: Patience | None = None) -> None:
    """Run until Ctrl-C or SIGTERM.

    Webhooks are taken as soon as the store is there, and the worker is started: where Prefect cannot be, people are
    paged without it. Prefect is started beside both, again and again if it must be.
    """
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stopped.set)
    async with _with_store(options) as stack:
        options.say("starting the gateway")
        await stack.start_gateway()
        options.say(f"webhooks to  {stack.gateway_url}/hooks/<vendor>/<name>")
        options.say(f"board        {stack.gateway_url}/board/, by a link that `liaison board` makes")
        if load_policy(options.policy).links.prefect_ui is not None:
            options.say(f"how it is    {stack.gateway_url}{PATH}{NOW}, in the Prefect UI")
        pace = patience or Patience()
        starting = [
            asyncio.create_task(start(stack, options.say, pace)) for start in (_start_worker, _start_engine)
        ]
        await stopped.wait()
        options.say("stopping")
        for task in starting:
            task.cancel()
        await asyncio.gather(*starting, return_exceptions=True)


@asynccontextmanager
async def _with_store(options: StackOptions) -> AsyncIterator[Stack]:
    """A stack with its store migrated. Raises `PolicyError` before anything is started if the policy is unusable."""
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
        yield stack


async def _start_worker(stack: Stack, say: Callable[[str], None], patience: Patience) -> None:
    say("starting the worker")
    await _until_done(stack.start_worker, say, patience)


async def _start_engine(stack: Stack, say: Callable[[str], None], patience: Patience) -> None:
    say("starting the Prefect server (the first start takes half a minute)")
    await _until_done(stack.start_prefect, say, patience)
    say(f"Prefect UI   {stack.ui_url}")
    if stack.prefect_login is not None:
        say(f"    log in with  {stack.prefect_login}")
    say("registering blocks and deployments")
    await _until_done(lambda: _register(stack, say), say, patience)
    say("Liaison is up. Ctrl-C stops it.")


async def _register(stack: Stack, say: Callable[[str], None]) -> None:
    for remark in (await register(stack.prefect_access)).remarks:
        say(f"    {remark}")


async def _until_done(
    start: Callable[[], Awaitable[object]], say: Callable[[str], None], patience: Patience
) -> None:
    pause = patience.first
    while True:
        try:
            await start()
        except Exception as error:  # noqa: BLE001 - whatever keeps flows from running, webhooks are taken meanwhile
            say(
                f"{str(error) or type(error).__name__}\nwebhooks are taken all the same; trying again in {pause:g} s"
            )
            await asyncio.sleep(pause)
            pause = min(2 * pause, patience.longest)
        else:
            return
