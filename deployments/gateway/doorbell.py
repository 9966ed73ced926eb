"""The doorbell: after a commit, see that somebody drains the lane. Nothing waits for it.

If no drain is alive, one run of the lane's deployment is created. Its idempotency key is the fence that the
next drain will have, so any number of rings, from any number of gateways, make one run. While Prefect is away
the bell is silent; deliveries wait in the inbox, and the one-minute schedule finds them.
"""

from __future__ import annotations

import asyncio
import logging
from uuid import UUID

import httpx
from prefect.client.orchestration import PrefectClient, get_client
from prefect.exceptions import PrefectException
from sqlalchemy import text

from incidents.models import Lane
from incidents.store.database import Database
from incidents.store.drains import next_fence
from tasks.ring import WAKE_CHANNEL

# Rings that come within this many seconds of one another are one.
DEBOUNCE = 0.05
RETRY_AFTER = 2.0

logger = logging.getLogger("liaison.gateway")


class Doorbell:
    """Rings for lanes. `press` returns at once; `run` does the ringing until it is cancelled."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._pressed = {lane: asyncio.Event() for lane in Lane}
        self._deployments: dict[Lane, UUID] = {}
        self.rings = 0

    def press(self, lane: Lane) -> None:
        self._pressed[lane].set()

    async def run(self) -> None:
        async with asyncio.TaskGroup() as group:
            for lane in Lane:
                group.create_task(self._serve(lane))

    async def _serve(self, lane: Lane) -> None:
        while True:
            await self._pressed[lane].wait()
            self._pressed[lane].clear()
            try:
                await self._ring(lane)
            except (httpx.HTTPError, PrefectException, RuntimeError, OSError) as error:
                # RuntimeError: Prefect's client says so when it cannot reach its server.
                logger.warning("could not ring for %s: %s", lane, type(error).__name__)
                self._deployments.pop(lane, None)
                self._pressed[lane].set()
                await asyncio.sleep(RETRY_AFTER)
            else:
                await asyncio.sleep(DEBOUNCE)

    async def _ring(self, lane: Lane) -> None:
        async with self._database.transaction() as tx:
            fence = await next_fence(tx, lane)
        if fence is None:
            return
        async with get_client() as client:
            deployment = await self._deployment(client, lane)
            await client.create_flow_run_from_deployment(
                deployment, idempotency_key=f"{lane}-drain-{fence}", tags=["doorbell"]
            )
        async with self._database.transaction() as tx:
            await tx.execute(text(f"notify {WAKE_CHANNEL}"))
        self.rings += 1

    async def _deployment(self, client: PrefectClient, lane: Lane) -> UUID:
        if lane not in self._deployments:
            found = await client.read_deployment_by_name(f"{lane}/{lane}")
            self._deployments[lane] = found.id
        return self._deployments[lane]
