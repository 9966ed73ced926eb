"""Emptying a lane of the inbox: each connection on its own, so that none waits for another one's vendor."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import timedelta

from incidents.errors import Busy
from incidents.events import Lane
from incidents.telemetry.spans import span
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
from tasks.waits import patience

LOOK_EVERY = 1.0
"""Seconds between two looks for connections that have something new, while another one is busy."""
AGAIN = 60.0
"""Seconds until a connection that failed is tried again, while another one is busy."""
AT_ONCE = 0.1
"""Seconds after which who is asked too much is asked again at the soonest, whatever it says."""
BUSY_FOR = timedelta(minutes=2)
"""So long a vendor may go on saying that it is asked too much, before somebody is to see a run that failed."""


async def drain(
    lane: Lane,
    fence: int,
    handle: Callable[[Chunk], Awaitable[None]],
    *,
    busy_for: timedelta | None = None,
) -> None:
    """Hand chunk after chunk to `handle` until nothing is pending, then leave the lane.

    A connection whose chunk fails keeps no other from being emptied; its error is raised at the end, and the lane
    given up. One that is asked too much says when to come again, and is waited for, `busy_for` at most: nobody else
    would come so soon.
    """
    work = _Work(lane, fence, handle, patience(BUSY_FOR) if busy_for is None else busy_for)
    try:
        async with keep_lane(lane, fence):
            await work.until_nothing_is_pending()
    except BaseException:
        await drop_lane(lane, fence)
        raise
    finally:
        await work.stop()


@dataclass(frozen=True, kw_only=True, slots=True)
class _Failure:
    """Of a connection's chunk, `at` by the event loop's clock. `busy_since`: since when its vendor has said without a
    break that it is asked too much; None where that is not what is wrong."""

    at: float
    error: Exception
    busy_since: float | None

    @property
    def tried_again_at(self) -> float:
        if isinstance(self.error, Busy):
            return self.at + min(max(self.error.retry_after, AT_ONCE), AGAIN)
        return self.at + AGAIN

    def is_waited_for(self, now: float, busy_for: timedelta) -> bool:
        """Whether it is to be tried again, though nobody else keeps the drain at work."""
        return self.busy_since is not None and now - self.busy_since < busy_for.total_seconds()


@dataclass(slots=True)
class _Work:
    """Who is at work on which connection, and which ones failed."""

    lane: Lane
    fence: int
    handle: Callable[[Chunk], Awaitable[None]]
    busy_for: timedelta
    busy: dict[str, asyncio.Task[None]] = field(default_factory=dict)
    failed: dict[str, _Failure] = field(default_factory=dict)
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
                await self._wait_for_who_is_asked_too_much()
            elif await leave_lane(self.lane, self.fence):
                return

    async def stop(self) -> None:
        for task in self.busy.values():
            task.cancel()
        await asyncio.gather(*self.busy.values(), return_exceptions=True)

    async def _wait_for_who_is_asked_too_much(self) -> None:
        """Until the first may be asked again, or others' news is due. Raises what is not waited for."""
        now = self.clock()
        for failure in self.failed.values():
            if not failure.is_waited_for(now, self.busy_for):
                raise failure.error
        first = min(failure.tried_again_at for failure in self.failed.values())
        await asyncio.sleep(min(max(first - now, 0.0), LOOK_EVERY))

    def _rests(self, connection: str) -> bool:
        failure = self.failed.get(connection)
        return failure is not None and self.clock() < failure.tried_again_at

    def _note_who_ended(self) -> None:
        now = self.clock()
        for connection in [name for name, task in self.busy.items() if task.done()]:
            error = self.busy.pop(connection).exception()
            before = self.failed.pop(connection, None)
            if isinstance(error, Exception):
                since = now if before is None or before.busy_since is None else before.busy_since
                self.failed[connection] = _Failure(
                    at=now, error=error, busy_since=since if isinstance(error, Busy) else None
                )
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
                with span(
                    f"handle {self.lane.value}",
                    attributes={"liaison.connection": connection, "liaison.deliveries": len(chunk.ids)},
                    follows=chunk.traces,
                ):
                    await self.handle(chunk)
                if len(chunk.ids) + len(chunk.parked) + len(chunk.ignored) >= limit:
                    size.took(self.clock() - began)
        except BaseException as error:
            await forgive(self.lane, self.fence, connection, error)
            raise
