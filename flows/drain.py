"""Emptying a lane of the inbox: each connection on its own, so that none waits for another one's vendor."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from incidents.events import Lane
from tasks.stages.drain import (
    Chunk,
    ChunkSize,
    drop_lane,
    forgive,
    keep_lane,
    leave_lane,
    read_chunk,
    waiting,
)

LOOK_EVERY = 1.0
"""Seconds between two looks for connections that have something new, while another one is busy."""
AGAIN = 60.0
"""Seconds until a connection that failed is tried again, while another one is busy."""


async def drain(lane: Lane, fence: int, handle: Callable[[Chunk], Awaitable[None]]) -> None:
    """Hand chunk after chunk to `handle` until nothing is pending, then leave the lane.

    A connection whose chunk fails keeps no other from being emptied; its error is raised at the end, and the lane
    given up.
    """
    work = _Work(lane, fence, handle)
    try:
        async with keep_lane(lane, fence):
            await work.until_nothing_is_pending()
    except BaseException:
        await drop_lane(lane, fence)
        raise
    finally:
        await work.stop()


@dataclass(slots=True)
class _Work:
    """Who is at work on which connection, and which ones failed, and when."""

    lane: Lane
    fence: int
    handle: Callable[[Chunk], Awaitable[None]]
    busy: dict[str, asyncio.Task[None]] = field(default_factory=dict)
    failed: dict[str, tuple[float, Exception]] = field(default_factory=dict)
    clock: Callable[[], float] = field(default_factory=lambda: asyncio.get_running_loop().time)

    async def until_nothing_is_pending(self) -> None:
        while True:
            for connection in await waiting(self.lane):
                if connection not in self.busy and not self._rests(connection):
                    self.busy[connection] = asyncio.create_task(self._empty(connection))
            if self.busy:
                await asyncio.wait(
                    self.busy.values(), timeout=LOOK_EVERY, return_when=asyncio.FIRST_COMPLETED
                )
                self._note_who_ended()
            elif self.failed:
                raise next(iter(self.failed.values()))[1]
            elif await leave_lane(self.lane, self.fence):
                return

    async def stop(self) -> None:
        for task in self.busy.values():
            task.cancel()
        await asyncio.gather(*self.busy.values(), return_exceptions=True)

    def _rests(self, connection: str) -> bool:
        failure = self.failed.get(connection)
        return failure is not None and self.clock() - failure[0] < AGAIN

    def _note_who_ended(self) -> None:
        for connection in [name for name, task in self.busy.items() if task.done()]:
            error = self.busy.pop(connection).exception()
            self.failed.pop(connection, None)
            if isinstance(error, Exception):
                self.failed[connection] = (self.clock(), error)
            elif error is not None:
                raise error

    async def _empty(self, connection: str) -> None:
        size = ChunkSize()
        try:
            while True:
                began, limit = self.clock(), size.now
                chunk = await read_chunk(self.lane, self.fence, connection, limit)
                if chunk.is_empty:
                    return
                await self.handle(chunk)
                if len(chunk.ids) + len(chunk.parked) + len(chunk.ignored) >= limit:
                    size.took(self.clock() - began)
        except BaseException as error:
            await forgive(self.lane, self.fence, connection, error)
            raise
