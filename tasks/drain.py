"""Taking a lane, reading a chunk of its deliveries, and giving the lane up when nothing is left."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass

from prefect import task

from incidents.errors import LiaisonError, NotFound, Refused, Unrecognised
from incidents.models import Event, Lane
from incidents.ports import WebhookSource
from incidents.store.drains import LEASE, abandon_drain, begin_drain, end_drain, keep_drain
from incidents.store.inbox import CHUNK, Delivery, lease_deliveries
from tasks import resources
from tasks.leases import kept
from tasks.retries import STORE_CALL

# A delivery that was leased this often and never settled is what keeps breaking the drain: it goes alone,
# and after as many tries again it is parked.
_SUSPECT_AFTER = 3
PARK_AFTER = 6


@dataclass(frozen=True, kw_only=True, slots=True)
class Chunk:
    """Deliveries leased together, what they say, and which of them say nothing we understand."""

    ids: tuple[int, ...]
    events: tuple[Event, ...]
    parked: tuple[tuple[int, str], ...]

    @property
    def is_empty(self) -> bool:
        return not self.ids and not self.parked


@task(name="take lane", **STORE_CALL)
async def take_lane(lane: Lane) -> int | None:
    """The fence of this drain, or None when another one is alive."""
    async with resources.database().transaction() as tx:
        return await begin_drain(tx, lane)


@task(name="leave lane", **STORE_CALL)
async def leave_lane(lane: Lane, fence: int) -> bool:
    """End the drain, in a transaction that sees nothing pending; False means that there is more."""
    async with resources.database().transaction() as tx:
        return await end_drain(tx, lane, fence)


def keep_lane(lane: Lane, fence: int) -> AbstractAsyncContextManager[None]:
    """Show that this drain is alive, until the end of the block."""
    return kept(lambda tx: keep_drain(tx, lane, fence), lease=LEASE)


async def drop_lane(lane: Lane, fence: int) -> None:
    """The drain failed: let the next one start at once."""
    async with resources.database().transaction() as tx:
        await abandon_drain(tx, lane, fence)


@task(name="read deliveries", **STORE_CALL)
async def read_chunk(lane: Lane, fence: int, limit: int = CHUNK) -> Chunk:
    """Lease a chunk of webhooks and read the events in them; what is not understood is set aside."""
    async with resources.database().transaction() as tx:
        deliveries = await lease_deliveries(tx, lane, fence=fence, limit=limit)
    suspects = [delivery for delivery in deliveries if delivery.attempts > _SUSPECT_AFTER]
    if suspects:
        deliveries = suspects[:1]
    return await _understand(deliveries)


async def _understand(deliveries: Sequence[Delivery]) -> Chunk:
    ids: list[int] = []
    events: list[Event] = []
    parked: list[tuple[int, str]] = []
    for delivery in deliveries:
        if delivery.attempts > PARK_AFTER:
            parked.append((delivery.id, f"given up after {delivery.attempts - 1} attempts to handle it"))
            continue
        try:
            source = await resources.connect(delivery.connection, WebhookSource)
            found = source.events(delivery.verified)
        except (Unrecognised, NotFound, Refused) as error:
            parked.append((delivery.id, _reason(error)))
            continue
        ids.append(delivery.id)
        events.extend(found)
    return Chunk(ids=tuple(ids), events=tuple(events), parked=tuple(parked))


def _reason(error: LiaisonError) -> str:
    return f"{type(error).__name__}: {error}"[:500]
