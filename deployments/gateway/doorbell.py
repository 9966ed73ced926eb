"""The doorbell: after a commit, see that somebody drains the lane. Nothing waits for it.

If no drain is alive, one run of the lane's deployment is created. Its idempotency key is the fence that the
next drain will have, so any number of rings, from any number of gateways, make one run. The installation's id is
part of it: Prefect's keys span the deployments of a flow and never expire, so another store at the same server would
else be answered with our runs. While Prefect is away the bell tries again and again, ever more seldom; deliveries wait
in the inbox, and `recover` finds them too.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from uuid import UUID, uuid4

from prefect.client.orchestration import PrefectClient
from prefect.client.schemas.objects import FlowRun
from sqlalchemy import text

from deployments.gateway.metrics import Metrics
from deployments.gateway.notices import Notices, error_words
from incidents.events import Lane
from incidents.store.database import Database
from incidents.store.inbox.drains import next_fence
from incidents.store.instance import instance_id
from tasks.ring import WAKE_CHANNEL


@dataclass(frozen=True, kw_only=True, slots=True)
class RingPacing:
    """Seconds. Presses within `debounce` of one another are one; a ring that failed is tried again after
    `retry`, then after twice that, and so on up to `longest_retry`; one try takes `patience` at most."""

    debounce: float = 0.05
    retry: float = 2.0
    longest_retry: float = 30.0
    patience: float = 15.0


class Doorbell:
    """Rings for lanes. `press` returns at once; `run` does the ringing until it is cancelled."""

    def __init__(
        self,
        database: Database,
        notices: Notices,
        metrics: Metrics,
        client: PrefectClient,
        *,
        pace: RingPacing | None = None,
    ) -> None:
        self._database = database
        self._metrics = metrics
        self._notices = notices
        self._client = client
        self._pace = pace or RingPacing()
        self._pressed = {lane: asyncio.Event() for lane in Lane}
        self._deployments: dict[Lane, UUID] = {}
        self._rung: dict[Lane, int] = {}

    def press(self, lane: Lane) -> None:
        """See soon that somebody drains the lane. Any number of presses meanwhile are one."""
        self._pressed[lane].set()

    async def run(self) -> None:
        """Ring for what is pressed, each lane for itself, until cancelled. Nothing that fails ends it."""
        async with asyncio.TaskGroup() as group:
            for lane in Lane:
                group.create_task(self._serve(lane))

    async def _serve(self, lane: Lane) -> None:
        pause = self._pace.retry
        while True:
            await self._pressed[lane].wait()
            self._pressed[lane].clear()
            try:
                async with asyncio.timeout(self._pace.patience):
                    has_rung = await self._ring(lane)
            except Exception as error:  # noqa: BLE001 - the bell must outlive whatever Prefect or the store does
                self._notices.warn("could not ring for %s: %s", lane, error_words(error), subject=lane)
                self._metrics.count_ring(lane, "failed")
                self._deployments.pop(lane, None)
                self._pressed[lane].set()
                await asyncio.sleep(pause)
                pause = min(2 * pause, self._pace.longest_retry)
            else:
                self._metrics.count_ring(lane, "rung" if has_rung else "not_needed")
                pause = self._pace.retry
                await asyncio.sleep(self._pace.debounce)

    async def _ring(self, lane: Lane) -> bool:
        async with self._database.transaction() as tx:
            fence = await next_fence(tx, lane)
            installation = await instance_id(tx)
        # A second ring for the same fence would make no second run. Should the first run come to nothing,
        # `recover` rings.
        if fence is None or fence == self._rung.get(lane):
            return False
        key = f"{installation}-{lane}-drain-{fence}"
        run = await self._create(lane, key)
        if run.state is not None and run.state.is_final():
            # The run of this key has ended, so it drains no more: Prefect tells the old one for a key it knows. Either
            # it drained a moment ago (then the fence has moved, and one run too many finds nothing to do), or this
            # store was restored and counts its fences again.
            await self._create(lane, f"{key}-{uuid4()}")
        async with self._database.transaction() as tx:
            await tx.execute(text(f"notify {WAKE_CHANNEL}"))
        self._rung[lane] = fence
        return True

    async def _create(self, lane: Lane, key: str) -> FlowRun:
        return await self._client.create_flow_run_from_deployment(
            await self._deployment(lane), idempotency_key=key, tags=["doorbell"]
        )

    async def _deployment(self, lane: Lane) -> UUID:
        if lane not in self._deployments:
            found = await self._client.read_deployment_by_name(f"{lane}/{lane}")
            self._deployments[lane] = found.id
        return self._deployments[lane]
