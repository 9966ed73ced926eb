"""Whether anything on the board has changed: asked twice a second while somebody looks, so it reads next to nothing."""

from __future__ import annotations

from sqlalchemy import bindparam, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.types import Text

from incidents.lifecycle import UNSETTLED

_STAMP = text(
    """
    select concat_ws('.',
        (select max(id) from timeline),
        (select concat(count(*), '-', sum(version)) from incidents where state = any(:open)),
        (select count(*) from approvals where state = 'asked'),
        (select count(*) from action_pauses where ended_at is null),
        (select max(id) from deliveries where state in ('parked', 'ignored')),
        (select count(*) from customer_updates where next_look_at is not null)) as stamp
    """
).bindparams(bindparam("open", type_=ARRAY(Text)))
_OPEN = sorted(state.value for state in UNSETTLED)


async def change_stamp(tx: AsyncConnection) -> str:
    """Another text than before where something has happened to an incident, or waits for a person."""
    stamp: str = (await tx.execute(_STAMP, {"open": _OPEN})).scalar_one()
    return stamp
