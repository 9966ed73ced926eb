"""Icinga's stream of events as a hint to look at once: what it says is never believed, only that it says something.

It says nothing of what happened while nobody was connected, holds a word back for up to five seconds (seen on 2.13),
and a line that died in silence says nothing at all: after some minutes without a word it is opened anew. So looks stay
the truth: one when the stream is opened, one after each word of it, and the others at their time all the same.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncGenerator, Callable

from incidents.errors import LiaisonError

RETRY, LONGEST_RETRY = 5.0, 300.0
"""Seconds until a stream that ended is opened again, then twice that, and so on."""
_AT_MOST_EVERY = 1.0
"""Seconds: what changes together is one look."""

logger = logging.getLogger("liaison.icinga2")


class LookHints:
    """`run` keeps the stream open; `wait` is what a listener does between two looks. `pause` is in seconds."""

    def __init__(
        self,
        name: str,
        events: Callable[[], AsyncGenerator[bytes, None]],
        *,
        pause: float,
        retry: float = RETRY,
    ) -> None:
        self._retry = retry
        self._name = name
        self._events = events
        self._pause = pause
        self._news = asyncio.Event()
        self.is_open = False

    async def run(self) -> None:
        """For ever; a stream that cannot be had is told in the log, and looks go on by themselves."""
        wait = self._retry
        while True:
            try:
                async with contextlib.aclosing(self._events()) as pieces:
                    async for _ in pieces:
                        if not self.is_open:
                            logger.info("%s: listening to its events", self._name)
                        self.is_open, wait = True, self._retry
                        self._news.set()
            except LiaisonError as error:
                # One that was open is opened again in seconds: a quiet Icinga is no trouble of anybody's.
                level = logging.INFO if self.is_open else logging.WARNING
                logger.log(
                    level,
                    "%s: its events are not heard, looking each %g s: %s",
                    self._name,
                    self._pause,
                    error,
                )
            except Exception:  # a defect here must not end the hearing: looks alone are later
                logger.exception("%s: its events are not heard, looking each %g s", self._name, self._pause)
            self.is_open = False
            await asyncio.sleep(wait)
            wait = min(2 * wait, LONGEST_RETRY)

    async def wait(self) -> None:
        """Until something is said, or it is time for a look; never less than a second, so that a storm is few looks."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(self._pause):
                await self._news.wait()
                await asyncio.sleep(min(_AT_MOST_EVERY, self._pause))
        # Before the look: what is said during it is news again.
        self._news.clear()
