"""A fake in a process of its own: what it takes to answer is not to be counted as the connector's."""

from __future__ import annotations

import asyncio
import multiprocessing
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from multiprocessing.connection import Connection

from starlette.types import ASGIApp

from connectors.kit.fakes.loopback import serving

Facts = Mapping[str, str]
"""What the connector must know of the fake: ids of what is in it."""
Make = Callable[[], tuple[ASGIApp, Facts]]
READY_WITHIN = 30.0


@contextmanager
def served(make: Make) -> Iterator[tuple[str, Facts]]:
    """Serve what `make` makes until the end of the block; yields its address and its facts."""
    context = multiprocessing.get_context("fork")
    ours, theirs = context.Pipe()
    child = context.Process(target=_serve, args=(make, theirs), daemon=True)
    child.start()
    theirs.close()
    try:
        if not ours.poll(READY_WITHIN):
            raise TimeoutError("the fake did not start")
        yield ours.recv()
    finally:
        ours.close()
        child.join(5.0)
        child.kill()


def _serve(make: Make, parent: Connection) -> None:
    asyncio.run(_until_parent_is_gone(make, parent))


async def _until_parent_is_gone(make: Make, parent: Connection) -> None:
    app, facts = make()
    gone = asyncio.Event()
    asyncio.get_running_loop().add_reader(parent.fileno(), gone.set)
    async with serving(app) as address:
        parent.send((address, dict(facts)))
        await gone.wait()
