"""Which incidents customers were told of who had not written, by the key of what they were told."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from incidents.effects import EffectKind
from incidents.store.schema.tables import effects


async def told_by_keys(tx: AsyncConnection, keys: Sequence[tuple[str, str]]) -> Mapping[tuple[str, str], int]:
    """By connection and key (`once`); what our ledger does not know is left out."""
    rows = await tx.execute(
        select(effects.c.connection, effects.c.key, effects.c.incident_id).where(
            # Its key is its `once`: there is an index.
            effects.c.key.in_([key for _, key in keys]),
            effects.c.kind == EffectKind.OUTBOUND_MESSAGE.value,
            effects.c.incident_id.is_not(None),
        )
    )
    found = {(row.connection, row.key): int(row.incident_id) for row in rows}
    return {key: incident for key, incident in found.items() if key in keys}
