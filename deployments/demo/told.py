"""Whether a story goes as told: each step waits for what must have come of it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable

_LOOK_EVERY = 0.2


class NotAsTold(Exception):
    """Something that had to happen did not, within its time."""


async def until(what: str, holds: Callable[[], Awaitable[bool]], seconds: float) -> None:
    """Return when it holds; raises `NotAsTold`, with what it is in words, when it does not in so many seconds."""
    deadline = time.monotonic() + seconds
    while not await holds():
        if time.monotonic() > deadline:
            raise NotAsTold(f"{what}: not within {seconds:g} s")
        await asyncio.sleep(_LOOK_EVERY)


async def goes_as_told(tell: Callable[[], Awaitable[None]], say: Callable[[str], None]) -> bool:
    """Tell it; what did not happen is said, and makes it False."""
    try:
        await tell()
    except NotAsTold as error:
        say(f"NOT AS TOLD: {error}")
        return False
    return True
