"""The embedded PostgreSQL, kept alive: started again when its postmaster dies, for as long as it takes.

The server is no child of ours (`pg_ctl` starts it, and a start finds one that a killed run left), so its death is seen
by looking, not by waiting for a process.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from dataclasses import dataclass, field
from signal import SIGINT

from deployments.machine.embedded_database import EmbeddedDatabase
from deployments.machine.postgres_programs import DatabaseError
from deployments.machine.process_table import ProcessRow, ProcessTable

POSTGRES = "postgres"


@dataclass(frozen=True, kw_only=True, slots=True)
class KeeperPacing:
    """Seconds. A look each `look`; a failed start is repeated after `first`, then after twice that, and so on up to
    `longest`. What a dead postmaster left of sessions is ended when it has not gone by itself within `orphans`."""

    look: float = 0.25
    first: float = 0.2
    longest: float = 10.0
    orphans: float = 3.0


@dataclass(kw_only=True)
class KeptDatabase:
    """One server and its keeper. `start` it, and `stop` it at the end."""

    server: EmbeddedDatabase
    table: ProcessTable
    say: Callable[[str], None]
    pace: KeeperPacing = field(default_factory=KeeperPacing)
    restarted: int = 0
    _keeper: asyncio.Task[None] | None = None
    _starting: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def start(self) -> None:
        """Return when it serves. Raises `DatabaseError` if it cannot be started now: a first start must tell why."""
        await self._start()
        self._keeper = asyncio.create_task(self._keep(), name="keep the database")

    async def stop(self) -> None:
        """Keep it no longer, and stop it in good order."""
        if self._keeper is not None:
            # Not in the midst of a start, which would go on in its thread and leave a server behind.
            async with self._starting:
                self._keeper.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._keeper
        await asyncio.to_thread(self.server.stop)
        self.table.remove(POSTGRES)

    async def _start(self) -> None:
        async with self._starting:
            await asyncio.to_thread(self.server.start)
            pid = self.server.pid
            if pid is None:
                raise DatabaseError(f"PostgreSQL ended as soon as it had started; see {self.server.log}")
            self.table.add(ProcessRow.of(POSTGRES, pid, asks=SIGINT))

    async def _keep(self) -> None:
        while True:
            await asyncio.sleep(self.pace.look)
            if self.server.pid is None:
                self.say("PostgreSQL died; starting it again")
                await self._start_again()
                self.restarted += 1
                self.say("PostgreSQL serves again")

    async def _start_again(self) -> None:
        """Until it serves. Webhooks are answered 503 meanwhile, and their senders keep them."""
        pause, said = self.pace.first, ""
        while True:
            await self._until_orphans_are_gone()
            try:
                await self._start()
            except (DatabaseError, OSError) as error:
                if str(error) != said:
                    said = str(error)
                    self.say(f"PostgreSQL does not start yet: {said}")
                await asyncio.sleep(pause)
                pause = min(2 * pause, self.pace.longest)
            else:
                return

    async def _until_orphans_are_gone(self) -> None:
        """Old sessions of a dead postmaster hold its shared memory until they have noticed; a start would fail."""
        loop = asyncio.get_running_loop()
        deadline = loop.time() + self.pace.orphans
        while await asyncio.to_thread(self.server.orphans):
            if loop.time() >= deadline:
                count = await asyncio.to_thread(self.server.end_orphans)
                self.say(f"ended {count} processes that the dead PostgreSQL had left")
                return
            await asyncio.sleep(self.pace.first)
