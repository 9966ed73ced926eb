"""The effects ledger: what was decided is sent, in order, and never twice where twice would hurt.

    pending → sending (lease, fence) → done | unknown | held | dead

A lease that ran out after `sent_at` was set is `unknown`: the call may have gone through. One that ran out
before was never sent and is simply taken again. Finishing needs the fence of the lease, so a worker that was
paused past its lease cannot write over what its successor did.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import DateTime, Row, bindparam, func, select, text
from sqlalchemy.dialects.postgresql import ARRAY, insert
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.types import BigInteger

from incidents.case import Entry
from incidents.effects import Effect, EffectKind, EffectState, payload_from_json, payload_to_json
from incidents.models import TicketRef
from incidents.store.ledger.due import CLOCK, IS_DUE
from incidents.store.restored import WAS_RESTORED_LATELY
from incidents.store.schema.tables import bindings, effects
from incidents.store.storable import StorableText
from incidents.telemetry.spans import current_trace

# A helpdesk's times are whole seconds, and its clock is not quite ours.
_HELPDESKS_SECOND = timedelta(seconds=2)

LEASE = timedelta(seconds=30)
EXPOSED = "exposed"
"""The result of an effect that was for colleagues and could be read by customers."""
OVERTAKEN = "overtaken"
"""The result of an effect that was left undone, as somebody's newer word stands: there is nothing left to do."""
MAX_ATTEMPTS = 40
OLD = timedelta(minutes=5)
"""Planned longer ago, an effect may have been sent by an installation of which this store is a restored backup."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Leased:
    """An effect to be sent now. `must_look_up`: an earlier attempt may have gone through. `is_old`: it was planned so
    long ago, or this store was restored so lately, that somebody may have sent it of whom this store does not know."""

    id: int
    effect: Effect
    fence: int
    attempts: int
    must_look_up: bool
    result: str
    is_old: bool = False
    trace: str | None = None

    @property
    def is_asked_for(self) -> bool:
        """A person wants it sent although an earlier attempt may have gone through (`liaison held --again`): nobody
        has tried since."""
        return self.must_look_up and self.attempts == 1


@dataclass(frozen=True, kw_only=True, slots=True)
class Settled:
    """How an attempt ended. `again_in` is how long to wait before it is tried (or looked up) again, for pending and
    unknown. `version` is the object's order at the vendor just after it, where the vendor tells. `also` is what the
    timeline tells of it besides."""

    id: int
    fence: int
    state: EffectState
    detail: str = ""
    result: str | None = None
    again_in: timedelta | None = None
    version: int | None = None
    also: tuple[Entry, ...] = ()

    @property
    def is_exposed(self) -> bool:
        """Whether what was for colleagues stood where customers read it."""
        return self.result == EXPOSED

    @property
    def is_overtaken(self) -> bool:
        """Whether it is at its end without having been sent, as somebody's newer word stands."""
        return self.result == OVERTAKEN


@dataclass(frozen=True, kw_only=True, slots=True)
class LedgerCounts:
    """Effects by state, all incidents."""

    open: int
    done: int
    held: int
    dead: int


async def plan_effects(tx: AsyncConnection, planned: Sequence[Effect]) -> None:
    """Write intended effects; one whose key is already there was planned before and is left alone."""
    if not planned:
        return
    statement = insert(effects).on_conflict_do_nothing(index_elements=["key"])
    await tx.execute(statement, [_values(effect) for effect in planned])
    pages = [effect for effect in planned if effect.kind is EffectKind.PAGE]
    for page in pages:
        await bind(tx, page.connection, "page", page.target, incident_id=page.its_incident)


async def bind(
    tx: AsyncConnection,
    connection: str,
    kind: str,
    external_id: str,
    *,
    incident_id: int,
    url: str | None = None,
) -> None:
    """Remember that an object elsewhere belongs to this incident."""
    statement = insert(bindings).values(
        connection=connection, kind=kind, external_id=external_id, incident_id=incident_id, url=url
    )
    await tx.execute(
        statement.on_conflict_do_update(
            index_elements=["connection", "kind", "external_id"],
            set_={"incident_id": incident_id, "url": func.coalesce(statement.excluded.url, bindings.c.url)},
        )
    )


async def bound(tx: AsyncConnection, incident_id: int, kind: str) -> Sequence[tuple[str, str]]:
    """(connection, external id) of this incident's objects of a kind."""
    rows = await tx.execute(
        select(bindings.c.connection, bindings.c.external_id).where(
            bindings.c.incident_id == incident_id, bindings.c.kind == kind
        )
    )
    return [(row.connection, row.external_id) for row in rows]


_LEASE = text(
    f"""
    with due as (
        select e.id from effects e
        where {IS_DUE}
          and (cast(:incident_id as bigint) is null or e.incident_id = :incident_id)
          and (cast(:ids as bigint[]) is null or e.id = any(:ids))
        order by e.id
        limit :limit
        for update skip locked
    )
    update effects e set state = 'sending', fence = e.fence + 1, attempts = e.attempts + 1,
        lease_until = {CLOCK} + cast(:lease as interval)
    from due where e.id = due.id
    returning e.id, e.key, e.once, e.kind, e.incident_id, e.connection, e.target, e.fence, e.attempts,
        e.sent_at, e.result, cast(e.payload as text) as payload, e.trace,
        e.planned_at < {CLOCK} - cast(:old as interval) or {WAS_RESTORED_LATELY} as is_old
    """  # noqa: S608  # fragments of our own
).bindparams(bindparam("ids", type_=ARRAY(BigInteger)), bindparam("incident_id", type_=BigInteger))


async def lease_effects(
    tx: AsyncConnection,
    *,
    now: datetime,
    incident_id: int | None = None,
    ids: Sequence[int] | None = None,
    limit: int = 500,
    lease: timedelta = LEASE,
    clock: datetime | None = None,
) -> Sequence[Leased]:
    """Take effects that are due, at most one a lane, oldest first.

    `now` is the process's time, which effects are due by; leases go by PostgreSQL's, or by `clock` in tests: two
    workers whose clocks differ must not both think that they hold one.
    """
    rows = await tx.execute(
        _LEASE,
        {
            "now": now,
            "incident_id": incident_id,
            "ids": None if ids is None else list(ids),
            "limit": limit,
            "lease": lease,
            "clock": clock,
            "old": OLD,
        },
    )
    return sorted((_leased(row) for row in rows), key=lambda item: item.id)


_MARK_SENT = text(
    f"""
    update effects e set sent_at = {CLOCK},
        lease_until = greatest(e.lease_until, {CLOCK} + cast(:lease as interval))
    from unnest(cast(:ids as bigint[]), cast(:fences as bigint[])) as mine(id, fence)
    where e.id = mine.id and e.fence = mine.fence and e.state = 'sending'
    returning e.id
    """  # noqa: S608  # fragments of our own
).bindparams(bindparam("ids", type_=ARRAY(BigInteger)), bindparam("fences", type_=ARRAY(BigInteger)))


async def mark_sent(
    tx: AsyncConnection, leased: Sequence[Leased], *, clock: datetime | None = None
) -> Sequence[Leased]:
    """Record, just before the call goes out, that it does; returns those whose fence still holds.

    The lease begins anew, so that nobody looks the call up while it is under way.
    """
    rows = await tx.execute(
        _MARK_SENT,
        {
            "clock": clock,
            "lease": LEASE,
            "ids": [item.id for item in leased],
            "fences": [item.fence for item in leased],
        },
    )
    held = {row.id for row in rows}
    return [item for item in leased if item.id in held]


_KEEP = text(
    f"""
    update effects e set lease_until = greatest(e.lease_until, {CLOCK} + cast(:lease as interval))
    from unnest(cast(:ids as bigint[]), cast(:fences as bigint[])) as mine(id, fence)
    where e.id = mine.id and e.fence = mine.fence and e.state = 'sending'
    """  # noqa: S608  # fragments of our own
).bindparams(bindparam("ids", type_=ARRAY(BigInteger)), bindparam("fences", type_=ARRAY(BigInteger)))


async def keep_effects(
    tx: AsyncConnection, leased: Sequence[Leased], *, clock: datetime | None = None
) -> None:
    """A sign of life of whoever is sending them: another lease for those whose fence still holds."""
    await tx.execute(
        _KEEP,
        {
            "clock": clock,
            "lease": LEASE,
            "ids": [item.id for item in leased],
            "fences": [item.fence for item in leased],
        },
    )


_SETTLE = text(
    """
    update effects e set state = mine.state, detail = mine.detail, lease_until = null,
        result = coalesce(mine.result, e.result),
        not_before = coalesce(mine.not_before, e.not_before),
        sent_at = case when mine.state <> 'pending' then e.sent_at end,
        settled_at = case when mine.state not in ('pending', 'unknown') then cast(:now as timestamptz) end
    from unnest(cast(:ids as bigint[]), cast(:fences as bigint[]), cast(:states as text[]),
                cast(:details as text[]), cast(:results as text[]), cast(:again as timestamptz[]))
         as mine(id, fence, state, detail, result, not_before)
    where e.id = mine.id and e.fence = mine.fence and e.state = 'sending'
    """
).bindparams(
    bindparam("ids", type_=ARRAY(BigInteger)),
    bindparam("fences", type_=ARRAY(BigInteger)),
    bindparam("states", type_=ARRAY(StorableText)),
    bindparam("details", type_=ARRAY(StorableText)),
    bindparam("results", type_=ARRAY(StorableText)),
    bindparam("again", type_=ARRAY(DateTime(timezone=True))),
)


async def settle_effects(tx: AsyncConnection, outcomes: Sequence[Settled], *, now: datetime) -> int:
    """Write how attempts ended; returns how many fences still held (the others' word no longer counts)."""
    if not outcomes:
        return 0
    result = await tx.execute(
        _SETTLE,
        {
            "now": now,
            "ids": [outcome.id for outcome in outcomes],
            "fences": [outcome.fence for outcome in outcomes],
            "states": [outcome.state.value for outcome in outcomes],
            "details": [outcome.detail[:500] for outcome in outcomes],
            "results": [outcome.result for outcome in outcomes],
            "again": [None if outcome.again_in is None else now + outcome.again_in for outcome in outcomes],
        },
    )
    return result.rowcount


async def changed_by_us(tx: AsyncConnection, changed: Mapping[TicketRef, datetime]) -> set[TicketRef]:
    """Those of the tickets, with the times of their last changes, whose last change was an effect of ours."""
    if not changed:
        return set()
    rows = await tx.execute(
        select(
            effects.c.connection,
            effects.c.target,
            func.max(effects.c.sent_at),
            func.max(effects.c.settled_at),
        )
        .where(
            effects.c.about_ticket,
            effects.c.state == EffectState.DONE.value,
            effects.c.sent_at.is_not(None),
            effects.c.lane.in_([f"{ref.connection}:{ref.id}" for ref in changed]),
        )
        .group_by(effects.c.connection, effects.c.target)
    )
    return {
        ref
        for connection, target, sent_at, settled_at in rows
        if sent_at - _HELPDESKS_SECOND
        <= changed[ref := TicketRef(connection=connection, id=target)]
        <= settled_at + _HELPDESKS_SECOND
    }


async def last_told(tx: AsyncConnection, keys: Sequence[tuple[str, str]]) -> dict[tuple[str, str], datetime]:
    """(connection, ticket) to when its customer last had a message of ours."""
    if not keys:
        return {}
    rows = await tx.execute(
        select(effects.c.connection, effects.c.target, func.max(effects.c.sent_at))
        .where(
            effects.c.kind == EffectKind.CUSTOMER_MESSAGE.value,
            effects.c.state == EffectState.DONE.value,
            effects.c.sent_at.is_not(None),
            effects.c.lane.in_([f"{connection}:{ticket}" for connection, ticket in keys]),
        )
        .group_by(effects.c.connection, effects.c.target)
    )
    return {(row[0], row[1]): row[2] for row in rows}


async def result_of(tx: AsyncConnection, key: str) -> str:
    """What a done effect left for later ones, such as an id; "" for one that is not done, or never was."""
    done = (effects.c.key == key) & (effects.c.state == EffectState.DONE.value)
    found: str | None = (await tx.execute(select(effects.c.result).where(done))).scalar_one_or_none()
    return found or ""


async def result_of_opening(tx: AsyncConnection, effect_id: int) -> str:
    """What the effect that this one's payload names as its `opening` left; "" for one that is not done. Read anew, as a
    merge gives an opening another key."""
    opening = effects.alias("opening")
    is_opening = (opening.c.key == effects.c.payload["opening"].astext) & (
        opening.c.state == EffectState.DONE.value
    )
    query = select(opening.c.result).where(effects.c.id == effect_id, is_opening)
    return (await tx.execute(query)).scalar_one_or_none() or ""


async def count_effects(tx: AsyncConnection) -> LedgerCounts:
    """How many are in which state; counts every effect there is, so it is for people."""
    rows = await tx.execute(select(effects.c.state, func.count()).group_by(effects.c.state))
    counts = {EffectState(state): count for state, count in rows}
    return LedgerCounts(
        open=sum(count for state, count in counts.items() if state.is_open),
        done=counts.get(EffectState.DONE, 0),
        held=counts.get(EffectState.HELD, 0),
        dead=counts.get(EffectState.DEAD, 0),
    )


def _values(effect: Effect) -> dict[str, object]:
    return {
        "key": effect.key,
        "once": effect.once,
        "kind": effect.kind.value,
        "incident_id": effect.incident_id,
        "connection": effect.connection,
        "target": effect.target,
        "lane": effect.lane,
        "about_ticket": effect.is_about_a_ticket,
        "payload": payload_to_json(effect),
        "trace": current_trace(),
    }


def _leased(row: Row[tuple[object, ...]]) -> Leased:
    kind = EffectKind(row.kind)
    return Leased(
        id=row.id,
        effect=Effect(
            key=row.key,
            once=row.once,
            kind=kind,
            incident_id=row.incident_id,
            connection=row.connection,
            target=row.target,
            payload=payload_from_json(kind, row.payload),
        ),
        fence=row.fence,
        attempts=row.attempts,
        must_look_up=row.sent_at is not None,
        result=row.result,
        is_old=row.is_old,
        trace=row.trace,
    )
