"""Customers who were listed as hit without having written, as the store keeps them with their incident."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from incidents.case import AffectedCustomer
from incidents.store.schema.tables import affected_customers


async def read_affected(
    tx: AsyncConnection, incident_ids: Sequence[int]
) -> Mapping[int, Sequence[AffectedCustomer]]:
    """Who was listed for these incidents, by address."""
    rows = await tx.execute(
        select(affected_customers)
        .where(affected_customers.c.incident_id.in_(incident_ids))
        .order_by(affected_customers.c.incident_id, affected_customers.c.address)
    )
    found: dict[int, list[AffectedCustomer]] = {}
    for row in rows:
        one = AffectedCustomer(
            incident=row.incident_id, address=row.address, name=row.name, reason=row.reason
        )
        found.setdefault(one.incident, []).append(one)
    return found


async def save_affected(tx: AsyncConnection, listed: Sequence[AffectedCustomer], *, now: datetime) -> None:
    """Write who was listed; whoever was before stays as they were."""
    if not listed:
        return
    rows = [
        {
            "incident_id": one.incident,
            "address": one.address,
            "name": one.name,
            "reason": one.reason,
            "listed_at": now,
        }
        for one in listed
    ]
    await tx.execute(insert(affected_customers).on_conflict_do_nothing(), rows)
