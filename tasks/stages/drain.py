"""Taking a lane, reading a chunk of its deliveries, and giving the lane up when nothing is left."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass

from incidents.errors import (
    Busy,
    LiaisonError,
    NotAllowed,
    NotFound,
    Refused,
    StoreFault,
    Unreachable,
    Unrecognised,
)
from incidents.events import Event, Ignored, Lane
from incidents.ports import EventSource
from incidents.store.inbox.drains import (
    LEASE,
    abandon_drain,
    begin_drain,
    end_drain,
    keep_drain,
)
from incidents.store.inbox.inbox import (
    CHUNK,
    Delivery,
    forgive_attempt,
    lease_deliveries,
    lease_next_tried,
    waiting_connections,
)
from tasks import resources
from tasks.leases import kept
from tasks.retries import REPEATABLE_STORE_CALL, STORE_CALL, read_again
from tasks.runs import task

# A delivery that was leased this often and never settled may be what keeps breaking the drain: it goes alone and
# after the others, and after as many tries again it is parked.
_SUSPECT_AFTER = 3
PARK_AFTER = 6


@dataclass(frozen=True, kw_only=True, slots=True)
class Chunk:
    """Deliveries leased together, what they say, and which of them say nothing we understand.

    `ignored` are of types that their connection does not read, with the type. `traces` are those of the deliveries, the
    oldest first.
    """

    ids: tuple[int, ...]
    events: tuple[Event, ...]
    parked: tuple[tuple[int, str], ...]
    ignored: tuple[tuple[int, str], ...] = ()
    traces: tuple[str, ...] = ()

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to settle, neither understood nor parked."""
        return not self.ids and not self.parked and not self.ignored


@task(name="take lane", **STORE_CALL)
async def take_lane(lane: Lane) -> int | None:
    """The fence of this drain, or None when another one is alive."""
    async with resources.database().transaction() as tx:
        return await begin_drain(tx, lane)


@task(name="leave lane", **REPEATABLE_STORE_CALL)
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


async def forgive(lane: Lane, fence: int, connection: str, error: BaseException) -> None:
    """What was leased of a connection could not be handled.

    A vendor or a store that is away, for hours or until a person mends it, is no reason to give deliveries up. Only
    a vendor's `Unreachable` may be one delivery's own (a ticket that the vendor cannot show), so such go alone after a
    while; but they are not parked for it either.
    """
    if isinstance(error, (Busy, NotAllowed, StoreFault)):
        # Never down to none: what was leased once is no longer like an equal one that waits untouched.
        down_to = 1
    elif isinstance(error, Unreachable):
        down_to = _SUSPECT_AFTER
    else:
        return
    async with resources.database().transaction() as tx:
        await forgive_attempt(tx, lane, fence=fence, down_to=down_to, connection=connection)


@read_again
async def waiting(lane: Lane) -> Sequence[str]:
    """The connections whose deliveries wait in a lane."""
    async with resources.database().transaction() as tx:
        return await waiting_connections(tx, lane)


@dataclass(slots=True)
class ChunkSize:
    """How many deliveries are read at once: so many as are handled in a second or two.

    Tickets of one outage are quick, however many they are. Where each of them opens an incident, a chunk is small, so
    that the first of these is not kept waiting by the last; not smaller, though, than pays for what a chunk costs
    whatever is in it, in a process that is busy with a hundred incidents.
    """

    now: int = 100

    def took(self, seconds: float) -> None:
        """A chunk of this size has been handled."""
        if seconds < QUICK:
            self.now = min(2 * self.now, LARGEST)
        elif seconds > SLOW:
            self.now = max(self.now // 2, SMALLEST)


QUICK, SLOW = 1.0, 3.0
SMALLEST, LARGEST = 100, 800


@task(name="read deliveries", task_run_name="read deliveries from {connection}", **REPEATABLE_STORE_CALL)
async def read_chunk(lane: Lane, fence: int, connection: str | None = None, limit: int = CHUNK) -> Chunk:
    """Lease a chunk of webhooks and read the events in them; what is not understood is set aside."""
    async with resources.database().transaction() as tx:
        deliveries = await lease_deliveries(
            tx, lane, fence=fence, limit=limit, tried_less_than=_SUSPECT_AFTER, connection=connection
        ) or await lease_next_tried(tx, lane, fence=fence, connection=connection)
    return await _understand(deliveries)


async def _understand(deliveries: Sequence[Delivery]) -> Chunk:
    ids: list[int] = []
    events: list[Event] = []
    parked: list[tuple[int, str]] = []
    ignored: list[tuple[int, str]] = []
    sources: dict[str, EventSource] = {}
    for delivery in deliveries:
        if delivery.attempts > PARK_AFTER:
            parked.append((delivery.id, f"given up after {delivery.attempts - 1} attempts to handle it"))
            continue
        try:
            if delivery.connection not in sources:
                sources[delivery.connection] = await resources.connect(delivery.connection, EventSource)
            found = sources[delivery.connection].events(delivery.verified)
        except (Unrecognised, NotFound, Refused) as error:
            parked.append((delivery.id, _reason(error)))
            continue
        kinds = [event.kind for event in found if isinstance(event, Ignored)]
        if kinds:
            ignored.append((delivery.id, kinds[0]))
            continue
        ids.append(delivery.id)
        events.extend(found)
    return Chunk(
        ids=tuple(ids),
        events=tuple(events),
        parked=tuple(parked),
        ignored=tuple(ignored),
        traces=tuple(delivery.trace for delivery in deliveries if delivery.trace),
    )


def _reason(error: LiaisonError) -> str:
    return f"{type(error).__name__}: {error}"[:500]
