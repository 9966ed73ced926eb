"""What one incident's page needs besides its case: what customers were told, what is stuck, where its objects are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from incidents.case import NewerWord
from incidents.effects import EffectKind, EffectState
from incidents.models import Link
from incidents.notes.kinds import kind_words
from incidents.store.schema.newer import word_as_written
from incidents.store.schema.tables import bindings, effects
from incidents.texts.team import worded

SAID_SHOWN = 20
STUCK_SHOWN = 50


@dataclass(frozen=True, kw_only=True, slots=True)
class SaidToCustomers:
    """One message to customers: its words, when the first one went out, and how many have it or are still to get it."""

    text: str
    at: datetime | None
    told: int
    waiting: int
    not_told: int


@dataclass(frozen=True, kw_only=True, slots=True)
class StuckEffect:
    """What waits for a person: what it is, where, why, and the key by which it is settled."""

    kind: EffectKind | NewerWord
    state: EffectState
    connection: str
    target: str
    why: str
    key: str


async def said_to_customers(tx: AsyncConnection, incident_id: int) -> Sequence[SaidToCustomers]:
    """The newest first; one message to two hundred tickets is one."""
    state, first = effects.c.state, func.min(effects.c.id)
    is_open = state.in_([one.value for one in EffectState if one.is_open])
    rows = await tx.execute(
        select(
            func.min(effects.c.payload["text"].astext).label("text"),
            func.min(effects.c.settled_at).filter(state == EffectState.DONE.value).label("at"),
            func.count().filter(state == EffectState.DONE.value).label("told"),
            func.count().filter(is_open).label("waiting"),
            func.count()
            .filter(state.in_([EffectState.HELD.value, EffectState.DEAD.value]))
            .label("not_told"),
        )
        .where(effects.c.incident_id == incident_id, effects.c.kind == EffectKind.CUSTOMER_MESSAGE.value)
        .group_by(effects.c.once)
        .order_by(first.desc())
        .limit(SAID_SHOWN)
    )
    return [
        SaidToCustomers(
            text=row.text or "", at=row.at, told=row.told, waiting=row.waiting, not_told=row.not_told
        )
        for row in rows
    ]


async def stuck_effects(tx: AsyncConnection, incident_id: int) -> Sequence[StuckEffect]:
    """The oldest first."""
    rows = await tx.execute(
        select(effects)
        .where(
            effects.c.incident_id == incident_id,
            effects.c.state.in_([EffectState.HELD.value, EffectState.DEAD.value]),
        )
        .order_by(effects.c.id)
        .limit(STUCK_SHOWN)
    )
    return [
        StuckEffect(
            kind=word_as_written(EffectKind, row.kind),
            state=EffectState(row.state),
            connection=row.connection,
            target=row.target,
            why=row.detail,
            key=row.key,
        )
        for row in rows
    ]


async def bound_links(tx: AsyncConnection, incident_id: int) -> Sequence[Link]:
    """Its objects elsewhere that have an address: pages, rooms, public incidents, issues."""
    rows = await tx.execute(
        select(bindings)
        .where(bindings.c.incident_id == incident_id, bindings.c.url.is_not(None))
        .order_by(bindings.c.kind, bindings.c.external_id)
    )
    return [
        Link(
            label=worded("{kind} at {connection}", kind=kind_words(row.kind), connection=row.connection),
            url=row.url,
        )
        for row in rows
    ]
