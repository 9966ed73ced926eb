"""Who drains a lane: one holder at a time, by lease and fence.

A drain renews its lease in every transaction it commits and, as long as it is alive, in between: a killed one
is followed by the next within seconds. One that was paused past its lease finds its fence
gone, and its commit is refused: nothing it decided on an old view is written.
"""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from incidents.errors import Stale
from incidents.events import Lane

# Leases go by the moment, not by the transaction's beginning: a commit may take longer than a lease.
LEASE = timedelta(seconds=15)
# Any number will do, as long as nobody else locks it.
_JOINING = 0x11A151


async def begin_drain(tx: AsyncConnection, lane: Lane) -> int | None:
    """Take the lane and return the fence, or None when another drain is alive."""
    row = await tx.execute(
        text(
            """
            insert into drains as d (lane, fence, until) values (:lane, 1, clock_timestamp() + :lease)
            on conflict (lane) do update set fence = d.fence + 1, until = clock_timestamp() + :lease
            where d.until < clock_timestamp()
            returning fence
            """
        ),
        {"lane": lane.value, "lease": LEASE},
    )
    fence: int | None = row.scalar_one_or_none()
    return fence


async def check_drain(tx: AsyncConnection, lane: Lane, fence: int) -> None:
    """`Stale` if the lane was lost. Locks nothing: while the holder works, its signs of life go on beside it."""
    row = await tx.execute(
        text("select 1 from drains where lane = :lane and fence = :fence"),
        {"lane": lane.value, "fence": fence},
    )
    if row.scalar_one_or_none() is None:
        raise _lost(lane)


async def renew_drain(tx: AsyncConnection, lane: Lane, fence: int) -> None:
    """Keep the lane for another lease and lock it until this transaction ends; `Stale` if it was lost.

    The last thing a transaction does: as long as the row is locked, no sign of life and no bell gets through.
    """
    row = await tx.execute(
        text(
            "update drains set until = clock_timestamp() + :lease where lane = :lane and fence = :fence returning 1"
        ),
        {"lane": lane.value, "fence": fence, "lease": LEASE},
    )
    if row.scalar_one_or_none() is None:
        raise _lost(lane)


def _lost(lane: Lane) -> Stale:
    return Stale(f"the {lane} drain lost its lease; another one has taken over")


async def keep_drain(tx: AsyncConnection, lane: Lane, fence: int) -> None:
    """A sign of life: another lease, unless the drain has ended or its lease ran out."""
    await tx.execute(
        text(
            "update drains set until = clock_timestamp() + :lease"
            " where lane = :lane and fence = :fence and until > clock_timestamp()"
        ),
        {"lane": lane.value, "fence": fence, "lease": LEASE},
    )


async def end_drain(tx: AsyncConnection, lane: Lane, fence: int) -> bool:
    """Give the lane up if nothing is pending; False means: there is more, go on.

    The row lock makes this and `next_fence` take turns: a delivery committed before we look is seen here,
    one committed after finds no drain alive and rings.
    """
    await renew_drain(tx, lane, fence)
    pending = await tx.execute(
        text("select exists (select 1 from deliveries where lane = :lane and state = 'pending')"),
        {"lane": lane.value},
    )
    if pending.scalar_one():
        return False
    await abandon_drain(tx, lane, fence)
    return True


async def abandon_drain(tx: AsyncConnection, lane: Lane, fence: int) -> None:
    """Give the lane up at once, whatever is pending (the flow failed; the next one shall not wait)."""
    await tx.execute(
        text("update drains set until = now() - interval '1 second' where lane = :lane and fence = :fence"),
        {"lane": lane.value, "fence": fence},
    )


async def next_fence(tx: AsyncConnection, lane: Lane) -> int | None:
    """The fence the next drain will have, or None while one is alive.

    Waits for one that is just ending (see `end_drain`), so a bell is never lost between the two.
    """
    row = await tx.execute(
        text("select fence, until > clock_timestamp() as alive from drains where lane = :lane for share"),
        {"lane": lane.value},
    )
    found = row.one_or_none()
    if found is None:
        return 1
    return None if found.alive else int(found.fence) + 1


async def is_drained(tx: AsyncConnection, lane: Lane) -> bool:
    """Whether a drain is alive now."""
    return await next_fence(tx, lane) is None


async def take_turns(tx: AsyncConnection) -> None:
    """Until this transaction ends, nobody else joins tickets to incidents (the drain, the reconciler)."""
    await tx.execute(text("select pg_advisory_xact_lock(:lock)"), {"lock": _JOINING})
