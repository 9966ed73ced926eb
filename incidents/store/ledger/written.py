"""What effects wrote elsewhere: by connection, object and field, so that their echoes are known.

A row is made just before the call goes out, since an echo may be quicker than the call's own answer, and completed when
its end is known. An effect that surely did nothing is not told of; one that may have is.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from sqlalchemy import Row, bindparam, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.types import BigInteger

from incidents.effects import EffectState, Written, WrittenField, written_by
from incidents.store.ledger.effects import Leased, Settled
from incidents.store.storable import StorableText

_TEXTS, _NUMBERS = ARRAY(StorableText), ARRAY(BigInteger)
# Of a write that was found done without being sent now, as by another installation before us, nobody knows when.
_KEEP = text(
    """
    insert into written (effect_id, connection, object, field, hash, actor, version, at)
    select e.id, e.connection, e.target, mine.field, mine.hash, mine.actor, mine.version,
        coalesce(e.sent_at, e.planned_at)
    from unnest(cast(:ids as bigint[]), cast(:fences as bigint[]), cast(:fields as text[]), cast(:hashes as text[]),
                cast(:actors as text[]), cast(:versions as bigint[]))
         as mine(id, fence, field, hash, actor, version)
    join effects e on e.id = mine.id and e.fence = mine.fence and e.state = :state
    on conflict (effect_id) do update set at = excluded.at,
        actor = case when excluded.actor = '' then written.actor else excluded.actor end,
        version = coalesce(excluded.version, written.version)
    """
).bindparams(
    bindparam("ids", type_=_NUMBERS),
    bindparam("fences", type_=_NUMBERS),
    bindparam("fields", type_=_TEXTS),
    bindparam("hashes", type_=_TEXTS),
    bindparam("actors", type_=_TEXTS),
    bindparam("versions", type_=_NUMBERS),
    bindparam("state", type_=StorableText),
)


async def record_departures(tx: AsyncConnection, leased: Sequence[Leased], *, actor: str) -> None:
    """These go out now, and may come back as echoes from this moment on. `actor` is who we are there."""
    await _keep(tx, [(item, None) for item in leased], actor=actor, state=EffectState.SENDING)


async def record_done(tx: AsyncConnection, leased: Sequence[Leased], settled: Sequence[Settled]) -> None:
    """Those that are done, with the version that the vendor gave them; the others stay as they are. What was overtaken
    wrote nothing, so that no word of a person's is taken for its echo."""
    by_id = {item.id: item for item in leased}
    done = [
        (by_id[one.id], one.version)
        for one in settled
        if one.state is EffectState.DONE and not one.is_overtaken
    ]
    await _keep(tx, done, actor="", state=EffectState.DONE)


async def _keep(
    tx: AsyncConnection, items: Sequence[tuple[Leased, int | None]], *, actor: str, state: EffectState
) -> None:
    rows = [
        (item, *kept, version) for item, version in items if (kept := written_by(item.effect)) is not None
    ]
    if not rows:
        return
    await tx.execute(
        _KEEP,
        {
            "ids": [item.id for item, *_ in rows],
            "fences": [item.fence for item, *_ in rows],
            "fields": [field.value for _, field, _, _ in rows],
            "hashes": [digest for _, _, digest, _ in rows],
            "actors": [actor for _ in rows],
            "versions": [version for *_, version in rows],
            "state": state.value,
        },
    )


_MAY_BE_DONE = ", ".join(
    f"'{state.value}'"
    for state in (EffectState.SENDING, EffectState.UNKNOWN, EffectState.DONE, EffectState.HELD)
)
_WRITTEN_ON = text(
    f"""
    select w.*, case when e.state = 'done' then greatest(e.settled_at, w.at) end as until,
        e.state = 'sending' as is_sending
    from unnest(cast(:connections as text[]), cast(:objects as text[])) as asked(connection, object)
    join written w on w.connection = asked.connection and w.object = asked.object and w.field = any(:fields)
    join effects e on e.id = w.effect_id and e.state in ({_MAY_BE_DONE})
    order by w.at, w.effect_id
    """  # noqa: S608  # our own words
).bindparams(
    bindparam("connections", type_=_TEXTS),
    bindparam("objects", type_=_TEXTS),
    bindparam("fields", type_=_TEXTS),
)


async def written_on(
    tx: AsyncConnection, objects: Collection[tuple[str, str]], *fields: WrittenField
) -> Mapping[tuple[str, str], Sequence[Written]]:
    """(connection, object) to what we wrote into these fields of it, the oldest first; those without are left out.

    What is on its way, and what may have been done, is among it.
    """
    if not objects:
        return {}
    asked = sorted(set(objects))
    rows = await tx.execute(
        _WRITTEN_ON,
        {
            "connections": [connection for connection, _ in asked],
            "objects": [name for _, name in asked],
            "fields": [field.value for field in fields],
        },
    )
    found: dict[tuple[str, str], list[Written]] = {}
    for row in rows:
        found.setdefault((row.connection, row.object), []).append(_written(row))
    return found


def _written(row: Row[tuple[object, ...]]) -> Written:
    return Written(
        connection=row.connection,
        object=row.object,
        field=WrittenField(row.field),
        hash=row.hash,
        at=row.at,
        until=row.until,
        is_sending=row.is_sending,
        actor=row.actor,
        version=row.version,
    )
