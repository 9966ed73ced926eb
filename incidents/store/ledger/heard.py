"""What customers have heard of an incident by its ledger: whose message did not go out, and who had the last one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import and_, any_, bindparam, select
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.types import BigInteger

from incidents.case import FAREWELL, UntoldCustomer
from incidents.effects import EffectKind, EffectState
from incidents.models import TicketRef
from incidents.store.schema.tables import effects, tickets

_NUMBERS = bindparam("numbers", type_=ARRAY(BigInteger))
IS_MESSAGE = effects.c.kind == EffectKind.CUSTOMER_MESSAGE.value
IS_GIVEN_UP = effects.c.state.in_([EffectState.HELD.value, EffectState.DEAD.value])
IS_FAREWELL = and_(
    effects.c.state == EffectState.DONE.value,
    effects.c.once.like(f"%:{FAREWELL}") | effects.c.once.like(f"%:{FAREWELL}:by-hand"),
)
IS_STILL_ITS_TICKET = (
    select(tickets.c.id)
    .where(
        tickets.c.connection == effects.c.connection,
        tickets.c.id == effects.c.target,
        tickets.c.incident_id == effects.c.incident_id,
    )
    .exists()
)
"""A ticket that was split off is told by another incident: nothing is owed to it here."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Farewell:
    """Who has heard that it works again. `once` is the message's mark, which says in which incident and generation."""

    ref: TicketRef
    once: str


async def untold_customers(
    tx: AsyncConnection, incident_ids: Sequence[int]
) -> Mapping[int, Sequence[UntoldCustomer]]:
    """Of each incident the tickets whose newest message is given up or waits for a person; an older one was
    overtaken."""
    if not incident_ids:
        return {}
    whose = (effects.c.incident_id, effects.c.connection, effects.c.target)
    newest = (
        select(effects)
        .where(effects.c.incident_id == any_(_NUMBERS), IS_MESSAGE, IS_STILL_ITS_TICKET)
        .distinct(*whose)
        .order_by(*whose, effects.c.id.desc())
        .subquery()
    )
    given_up = newest.c.state.in_([EffectState.HELD.value, EffectState.DEAD.value])
    rows = await tx.execute(
        select(newest).where(given_up).order_by(newest.c.id), {"numbers": list(incident_ids)}
    )
    found: dict[int, list[UntoldCustomer]] = {}
    for row in rows:
        one = UntoldCustomer(
            ref=TicketRef(connection=row.connection, id=row.target),
            state=EffectState(row.state),
            why=row.detail,
        )
        found.setdefault(row.incident_id, []).append(one)
    return found


async def farewells(tx: AsyncConnection, incident_ids: Sequence[int]) -> Mapping[int, Sequence[Farewell]]:
    """Of each incident who has heard the end, also of what was merged into it, in any generation; or whose agent was
    asked to tell them."""
    if not incident_ids:
        return {}
    rows = await tx.execute(
        select(effects.c.incident_id, effects.c.connection, effects.c.target, effects.c.once).where(
            effects.c.incident_id == any_(_NUMBERS), effects.c.about_ticket, IS_FAREWELL
        ),
        {"numbers": list(incident_ids)},
    )
    found: dict[int, list[Farewell]] = {}
    for row in rows:
        ref = TicketRef(connection=row.connection, id=row.target)
        found.setdefault(row.incident_id, []).append(Farewell(ref=ref, once=row.once))
    return found
