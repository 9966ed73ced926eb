"""What Prefect alone takes on this machine: runs of a flow that does nothing, by the same worker."""

from __future__ import annotations

import asyncio
import socket
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from uuid import UUID

from prefect import flow
from prefect.client.orchestration import PrefectClient, get_client
from prefect.settings import temporary_settings
from sqlalchemy import text

from deployments.machine.stack import Stack
from deployments.worker.registration import WORK_POOL
from incidents.store.database import Database
from tasks.ring import WAKE_CHANNEL

PATIENCE = 60.0


@flow(name="bench_nothing")
async def nothing(port: int) -> None:
    """Say that we are here, with one datagram to whoever measures."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        sender.sendto(b"here", ("127.0.0.1", port))


class PlainRuns:
    """Creates runs of `nothing` and hears when each has come to its first line of code."""

    def __init__(
        self, client: PrefectClient, database: Database, deployment: UUID, ear: socket.socket
    ) -> None:
        self._client = client
        self._database = database
        self._deployment = deployment
        self._ear = ear

    async def seconds_for(self, runs: int) -> float:
        """From creating that many runs at once until the last of them has come to its first line."""
        port = self._ear.getsockname()[1]
        started = time.perf_counter()
        await asyncio.gather(
            *(
                self._client.create_flow_run_from_deployment(self._deployment, parameters={"port": port})
                for _ in range(runs)
            )
        )
        # As whoever rings does, or they would wait for the worker's next look.
        async with self._database.transaction() as tx:
            await tx.execute(text(f"notify {WAKE_CHANNEL}"))
        async with asyncio.timeout(PATIENCE):
            for _ in range(runs):
                await asyncio.get_running_loop().sock_recv(self._ear, 16)
        return time.perf_counter() - started


@asynccontextmanager
async def plain_runs(stack: Stack) -> AsyncIterator[PlainRuns]:
    """Register the flow with the stack's Prefect server, on Liaison's own work pool."""
    with temporary_settings(stack.prefect_access):
        client = get_client()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as ear:
        ear.bind(("127.0.0.1", 0))
        ear.setblocking(False)
        async with client:
            deployment = await client.create_deployment(
                flow_id=await client.create_flow(nothing),
                name="bench_nothing",
                entrypoint="bench.plain_runs.nothing",
                work_pool_name=WORK_POOL,
                pull_steps=[],
            )
            database = Database(stack.database_url)
            try:
                yield PlainRuns(client, database, deployment, ear)
            finally:
                await database.aclose()
