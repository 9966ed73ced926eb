"""Promises with who had their subject when, read from our own store for breach prediction."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncConnection

from incidents.promises.holders import Holder, HolderKind
from incidents.promises.subjects import subject_ref
from incidents.store.schema.newer import known_word
from incidents.store.sla.clocks import clock_of
from insights.breach.promises import Promise

MOST_PROMISES = 50_000
"""The newest ones; training has to end, and to fit into memory."""

_AT_ONCE = 1000
_CHOSEN = """
    select * from sla_clocks
    where target is not null and target > interval '0' and not is_withdrawn
        and started_at >= :since and started_at < :until
    order by started_at desc limit :most
"""
_CLOCKS = text(
    f"""
    select c.*, t.tier, t.product, t.channel, t.linked_at, i.service
    from ({_CHOSEN}) c
    left join tickets t on t.connection = c.connection and t.id = c.ticket_id
    left join incidents i on i.id = coalesce(c.incident_id, t.incident_id)
    order by c.started_at, c.key
    """  # noqa: S608  # our own text
)
_HOLDERS = text(
    f"""
    select subject, since, holder, holder_kind, state from sla_holders
    where subject in (select subject from ({_CHOSEN}) c)
    order by subject, since
    """  # noqa: S608  # our own text
)


async def read_promises(tx: AsyncConnection, *, since: datetime, until: datetime) -> Sequence[Promise]:
    """The promises that were made in that time and not withdrawn, in the order in which they were made."""
    bounds = {"since": since, "until": until, "most": MOST_PROMISES}
    holders: dict[str, list[Holder]] = {}
    # In parts: others run in this loop.
    async with tx.stream(_HOLDERS, bounds) as found:
        async for part in found.partitions(_AT_ONCE):
            for row in part:
                one = Holder(
                    subject=subject_ref(row.subject),
                    since=row.since,
                    holder=row.holder,
                    kind=known_word(HolderKind, row.holder_kind, otherwise=HolderKind.UNKNOWN),
                    state=row.state,
                )
                holders.setdefault(row.subject, []).append(one)
    promises: list[Promise] = []
    async with tx.stream(_CLOCKS, bounds) as found:
        async for part in found.partitions(_AT_ONCE):
            promises.extend(_promise(row, tuple(holders.get(row.subject, ()))) for row in part)
    return promises


def _promise(row: Row[Any], holders: tuple[Holder, ...]) -> Promise:
    return Promise(
        clock=clock_of(row),
        holders=holders,
        tier=row.tier,
        product=row.product,
        channel=row.channel,
        service=row.service,
        service_since=row.linked_at if row.ticket_id is not None else None,
    )
