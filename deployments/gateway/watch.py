"""The watch: looks into the store for what is due, and starts a run only where there is something for it to do.

A schedule that looks each minute would make 1,440 runs a day of each flow when nothing happens, and Prefect keeps all
of them. So the looking is done here, with one query; `recover` and `sla_sweep` have a schedule too, a slow one, for
when no gateway runs. A bell that was rung in vain is found here as well: `recover` rings again.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from prefect.client.orchestration import PrefectClient
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from deployments.gateway.alarms import Alarms
from deployments.gateway.notices import Notices, error_words
from incidents.store.database import Database
from incidents.store.health.backlog import read_backlog
from incidents.store.instance import instance_id
from incidents.store.overdue import things_to_do
from tasks.ring import WAKE_CHANNEL

RECOVER, SLA_SWEEP = "recover", "sla_sweep"


@dataclass(frozen=True, kw_only=True, slots=True)
class WatchPacing:
    """Seconds. A look each `every`. What is due for less than `grace` is still in the hands of the run that planned
    it. Starting a run takes `patience` at most."""

    every: float = 10.0
    grace: float = 10.0
    patience: float = 15.0


class Watch:
    """`run` looks until it is cancelled; nothing that fails ends it.

    Any number of gateways make one run of a flow a minute at most: the minute is in its idempotency key. `clock` is
    PostgreSQL's unless another one is given: this machine's may be wrong, and what is due goes by the store's.
    """

    def __init__(
        self,
        database: Database,
        notices: Notices,
        client: PrefectClient,
        *,
        pacing: WatchPacing | None = None,
        clock: Callable[[], datetime] | None = None,
    ) -> None:
        self._database = database
        self._notices = notices
        self._client = client
        self._pacing = pacing or WatchPacing()
        self._clock = clock
        self._alarms = Alarms(client)

    async def run(self) -> None:
        """Look again and again, until cancelled."""
        while True:
            await asyncio.sleep(self._pacing.every)
            try:
                async with asyncio.timeout(self._pacing.patience):
                    await self.look()
            except Exception as error:  # noqa: BLE001 - whatever the store or Prefect does, the next look may succeed
                self._notices.warn("could not look for what is due: %s", error_words(error), subject="watch")

    async def look(self) -> None:
        """Start a run for what is due, and tell what operators are to hear of. Raises what store and Prefect raise."""
        async with self._database.transaction() as tx:
            now = self._clock() if self._clock is not None else await _store_time(tx)
            found = await things_to_do(tx, now=now - timedelta(seconds=self._pacing.grace))
            instance = await instance_id(tx)
        # A promise's moment is nobody's before it is swept, so the grace costs it some seconds and no more.
        wanted = {SLA_SWEEP: found.has_promises, RECOVER: found.has_work}
        for deployment in [name for name, is_due in wanted.items() if is_due]:
            await self._start(deployment, f"{instance}-{deployment}-{now:%Y-%m-%dT%H:%M}")
        # Last: a Prefect that takes no events is still to start runs, as is a store whose backlog cannot be read.
        async with self._database.transaction() as tx:
            backlog = await read_backlog(tx)
        await self._alarms.tell(backlog)

    async def _start(self, name: str, key: str) -> None:
        deployment = await self._client.read_deployment_by_name(f"{name}/{name}")
        if deployment.paused:
            return
        await self._client.create_flow_run_from_deployment(deployment.id, idempotency_key=key, tags=["watch"])
        async with self._database.transaction() as tx:
            await tx.execute(text(f"notify {WAKE_CHANNEL}"))


async def _store_time(tx: AsyncConnection) -> datetime:
    moment: datetime = (await tx.execute(text("select clock_timestamp() at time zone 'utc'"))).scalar_one()
    return moment.replace(tzinfo=UTC)
