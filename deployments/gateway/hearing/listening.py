"""Listening: what connections say over lines of their own (IMAP and its like) goes into the same inbox as webhooks.

The cursor is moved only when what was heard is on disk, so a kill loses nothing; what is heard again then is known by
its identity. Of several gateways one listens to a connection, by a lock of its database session; should two ever do,
each delivery is still kept once.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from deployments.gateway.doorbell import Doorbell
from deployments.gateway.metrics import Metrics
from deployments.gateway.notices import Notices, error_words
from deployments.gateway.sources import Sources
from incidents.errors import LiaisonError
from incidents.events import Heard
from incidents.ports import ListeningSource
from incidents.store.database import Database
from incidents.store.inbox.listening import become_listener, move_place, read_place, stop_listening
from incidents.store.inbox.writer import InboxWriter


@dataclass(frozen=True, kw_only=True, slots=True)
class ListeningPacing:
    """Seconds. A look at who is to be listened to each `look`; after a failure again in `retry`, then in twice that,
    and so on up to `longest_retry`."""

    look: float = 5.0
    retry: float = 2.0
    longest_retry: float = 300.0


@dataclass(slots=True)
class _Ear:
    listener: ListeningSource
    task: asyncio.Task[None]


class Listening:
    """`run` listens to every connection that can be, until it is cancelled; nothing that fails ends it."""

    def __init__(
        self,
        database: Database,
        sources: Sources,
        inbox: InboxWriter,
        doorbell: Doorbell,
        *,
        notices: Notices,
        metrics: Metrics,
        pacing: ListeningPacing | None = None,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._database = database
        self._sources = sources
        self._inbox = inbox
        self._doorbell = doorbell
        self._notices = notices
        self._metrics = metrics
        self._pacing = pacing or ListeningPacing()
        self._clock = clock
        self._ears: dict[str, _Ear] = {}

    async def run(self) -> None:
        """Keep as many ears as there are connections to listen to. Cancelled, it stops all of them first."""
        while True:
            try:
                await self._tend()
            except Exception as error:  # noqa: BLE001 - whatever the store does, the next try may succeed
                self._notices.warn(
                    "could not look who is listened to: %s", error_words(error), subject="ears"
                )
            finally:
                # Without the session there is no lock: somebody else may listen by now.
                await self._stop(*self._ears)
            await asyncio.sleep(self._pacing.look)

    async def _tend(self) -> None:
        async with contextlib.AsyncExitStack() as stack:
            session: AsyncConnection | None = None
            while True:
                wanted = self._sources.listeners
                changed = [name for name, ear in self._ears.items() if wanted.get(name) is not ear.listener]
                await self._stop(*changed)
                if wanted and session is None:
                    session = await self._database.dedicated_connection()
                    stack.push_async_callback(session.close)
                    await session.execution_options(isolation_level="AUTOCOMMIT")
                if session is not None:
                    await self._look_after(session, changed)
                await asyncio.sleep(self._pacing.look)

    async def _look_after(self, session: AsyncConnection, stopped: list[str]) -> None:
        for name in stopped:
            await stop_listening(session, name)
        for name, listener in self._sources.listeners.items():
            # Asked also for one that we have: a session that is lost is noticed by that.
            is_ours = await become_listener(session, name)
            if name in self._ears:
                # Each asking is to be undone once.
                await stop_listening(session, name)
            elif is_ours:
                task = asyncio.create_task(self._listen_on(name, listener), name=f"listen to {name}")
                self._ears[name] = _Ear(listener, task)

    async def _stop(self, *names: str) -> None:
        stopped = [self._ears.pop(name) for name in names]
        for ear in stopped:
            ear.task.cancel()
        await asyncio.gather(*(ear.task for ear in stopped), return_exceptions=True)

    async def _listen_on(self, name: str, listener: ListeningSource) -> None:
        wait = self._pacing.retry
        while True:
            began = asyncio.get_running_loop().time()
            try:
                await self._listen(name, listener)
            except LiaisonError as error:
                # Its words are ours and tell the operator what to do.
                self._notices.warn("%s is not heard: %s", name, error, subject=name)
                self._metrics.count(name, "not_heard")
            except Exception as error:  # noqa: BLE001 - a defect in one connector must not deafen the others
                self._notices.error("listening to %s failed: %s", name, error_words(error), subject=name)
                self._metrics.count(name, "error")
            if asyncio.get_running_loop().time() - began > self._pacing.longest_retry:
                wait = self._pacing.retry
            await asyncio.sleep(wait)
            wait = min(2 * wait, self._pacing.longest_retry)

    async def _listen(self, name: str, listener: ListeningSource) -> None:
        async with self._database.transaction() as tx:
            cursor = await read_place(tx, name)
        said = listener.listen(cursor)
        async with contextlib.aclosing(said):
            async for heard in said:
                await self._keep(name, listener, heard)

    async def _keep(self, name: str, listener: ListeningSource, heard: Heard) -> None:
        kept = [self._inbox.accept(name, listener.lane, delivery) for delivery in heard.deliveries]
        for receipt in await asyncio.gather(*kept):
            self._metrics.count(name, receipt.value)
        async with self._database.transaction() as tx:
            await move_place(tx, name, heard.cursor, now=self._clock())
        if heard.deliveries:
            self._doorbell.press(listener.lane)
