"""Waiting for an outside account: looked at seldom, asked again when it says that it is asked too much."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import TypeVar

from deployments.demo.told import NotAsTold
from incidents.errors import Busy, Unreachable

LOOK_EVERY = 3.0
"""Seconds between two looks at an account, whose calls are counted."""
NUDGE_EVERY = 20.0
MOST_WAITED = 180.0
"""Seconds that a vendor which is busy or away is waited for, in all."""
_AGAIN = 5.0

Answer = TypeVar("Answer")


async def patiently(
    what: str, call: Callable[[], Awaitable[Answer]], say: Callable[[str], None], *, most: float = MOST_WAITED
) -> Answer:
    """The call's answer; it is made again while the vendor is busy or away, `most` seconds. Raises what else it raises,
    and that too after this time."""
    deadline = time.monotonic() + most
    while True:
        try:
            return await call()
        except (Busy, Unreachable) as error:
            pause = error.retry_after if isinstance(error, Busy) else _AGAIN
            if time.monotonic() + pause > deadline:
                raise
            say(f"  {what}: {error}; again in {pause:g} s")
            await asyncio.sleep(pause)


async def until_seen(
    what: str,
    holds: Callable[[], Awaitable[bool]],
    seconds: float,
    *,
    nudge: Callable[[], Awaitable[None]] | None = None,
) -> None:
    """Return when it holds. `nudge` is called at once, and now and then while it does not.

    Raises `NotAsTold` when it does not hold in time; a vendor that is busy or away is looked at again.
    """
    deadline = time.monotonic() + seconds
    nudged = -NUDGE_EVERY
    while not await _now(holds):
        if time.monotonic() > deadline:
            raise NotAsTold(f"{what}: not within {seconds:g} s")
        if nudge is not None and time.monotonic() - nudged >= NUDGE_EVERY:
            await nudge()
            nudged = time.monotonic()
        await asyncio.sleep(LOOK_EVERY)


async def _now(holds: Callable[[], Awaitable[bool]]) -> bool:
    try:
        return await holds()
    except (Busy, Unreachable):
        return False
