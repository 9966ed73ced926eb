"""Telling open pages that something has changed, by server-sent events: one look into the store for all who listen."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from starlette.types import Receive, Send

from deployments.gateway.answers import busy
from deployments.gateway.notices import Notices, error_words

LISTENERS = 100
EVERY = 0.5
"""Seconds between two looks while somebody listens."""
SIGN_OF_LIFE = 15.0
"""Seconds after which something is sent, that proxies do not think us dead."""

TOO_MANY = busy(b"too many are listening; the page still asks by itself\n")
_HEADERS = [
    (b"content-type", b"text/event-stream; charset=utf-8"),
    (b"cache-control", b"no-store"),
    # nginx would keep it until it has 4 KiB of it.
    (b"x-accel-buffering", b"no"),
]


class ChangeFeed:
    """Looks for changes while anybody listens. `stamp` gives another text when something has changed."""

    def __init__(
        self, stamp: Callable[[], Awaitable[str]], notices: Notices, *, every: float = EVERY
    ) -> None:
        self._stamp = stamp
        self._notices = notices
        self._every = every
        self._seen = ""
        self._is_over = False
        self._news = asyncio.Condition()
        self._looking: asyncio.Task[None] | None = None
        self.listeners = 0

    async def tell(self, receive: Receive, send: Send) -> None:
        """Tell one listener of each change until they go, or until we do."""
        if self.listeners >= LISTENERS or self._is_over:
            await TOO_MANY.send(send)
            return
        self.listeners += 1
        if self._looking is None or self._looking.done():
            self._looking = asyncio.create_task(self._look())
        gone = asyncio.create_task(_until_gone(receive))
        try:
            await send({"type": "http.response.start", "status": 200, "headers": _HEADERS})
            telling = asyncio.create_task(self._tell(send))
            await asyncio.wait((gone, telling), return_when=asyncio.FIRST_COMPLETED)
            telling.cancel()
            await asyncio.gather(telling, return_exceptions=True)
            await send({"type": "http.response.body", "body": b""})
        finally:
            gone.cancel()
            self.listeners -= 1

    async def end(self) -> None:
        """Let all listeners go; nobody is told anything any more."""
        self._is_over = True
        async with self._news:
            self._news.notify_all()
        if self._looking is not None:
            self._looking.cancel()
            await asyncio.gather(self._looking, return_exceptions=True)

    async def _tell(self, send: Send) -> None:
        known = self._seen
        while not self._is_over:
            event = b": still here\n\n"
            if await self._is_news(known):
                known, event = self._seen, b"event: change\ndata: look\n\n"
            await send({"type": "http.response.body", "body": event, "more_body": True})

    async def _is_news(self, known: str) -> bool:
        try:
            async with asyncio.timeout(SIGN_OF_LIFE), self._news:
                await self._news.wait_for(lambda: self._is_over or self._seen != known)
        except TimeoutError:
            return False
        return self._seen != known

    async def _look(self) -> None:
        while self.listeners:
            try:
                stamp = await self._stamp()
            except Exception as error:  # noqa: BLE001 - whatever ails the store, it may be well at the next look
                self._notices.warn(
                    "the board could not be looked at: %s", error_words(error), subject="board"
                )
            else:
                if stamp != self._seen:
                    async with self._news:
                        self._seen = stamp
                        self._news.notify_all()
            await asyncio.sleep(self._every)


async def _until_gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
