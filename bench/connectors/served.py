"""A fake in a process of its own: what it takes to answer is not to be counted as the connector's."""

from __future__ import annotations

import asyncio
import multiprocessing
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager, contextmanager
from multiprocessing.connection import Connection
from typing import TypeVar

from starlette.types import ASGIApp

from connectors.kit.fakes.loopback import serving

Facts = Mapping[str, str]
"""What the connector must know of the fake: ids of what is in it."""
Make = Callable[[], tuple[ASGIApp, Facts]]
READY_WITHIN = 30.0
Told = TypeVar("Told")


@contextmanager
def served(make: Make) -> Iterator[tuple[str, Facts]]:
    """Serve what `make` makes until the end of the block; yields its address and its facts."""
    with in_a_process(lambda: _serving(make)) as told:
        yield told


@asynccontextmanager
async def _serving(make: Make) -> AsyncIterator[tuple[str, Facts]]:
    app, facts = make()
    async with serving(app) as address:
        yield address, dict(facts)


@contextmanager
def in_a_process(
    serve: Callable[[], AbstractAsyncContextManager[Told]], *, within: float = READY_WITHIN
) -> Iterator[Told]:
    """Serve in a process of its own until the end of the block; yields what the server tells of itself. Raises
    `TimeoutError` when that takes longer than `within` seconds."""
    context = multiprocessing.get_context("fork")
    ours, theirs = context.Pipe()
    child = context.Process(target=_run, args=(serve, theirs, ours), daemon=True)
    child.start()
    theirs.close()
    try:
        if not ours.poll(within):
            raise TimeoutError("the fake did not start")
        yield ours.recv()
    finally:
        ours.close()
        child.join(5.0)
        child.kill()


def _run(
    serve: Callable[[], AbstractAsyncContextManager[Told]], parent: Connection, of_parent: Connection
) -> None:
    # A fork has the parent's end, too: held open here, it would never tell that the parent has let go.
    of_parent.close()
    asyncio.run(_until_parent_is_gone(serve, parent))


async def _until_parent_is_gone(
    serve: Callable[[], AbstractAsyncContextManager[Told]], parent: Connection
) -> None:
    gone = asyncio.Event()
    asyncio.get_running_loop().add_reader(parent.fileno(), gone.set)
    async with serve() as told:
        parent.send(told)
        await gone.wait()
