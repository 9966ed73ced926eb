"""What customers were told and promised, as rows: read with their incident's case, written with its plan."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from pydantic import TypeAdapter
from sqlalchemy import BigInteger, Row, any_, bindparam, select, text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.ext.asyncio import AsyncConnection

from incidents.lifecycle import IncidentProgress
from incidents.models import TicketRef
from incidents.promises.updates import CustomerUpdate, KeptBy, PromiseCounts, PromiseState, UpdateKind
from incidents.store.schema.newer import known_word
from incidents.store.schema.tables import customer_updates

_COLUMNS = [column.name for column in customer_updates.columns]
# A kind stays as it was written: a newer version's is read as another one here.
_KEPT = ("incident", "number", "kind")
_REPLACED = ", ".join(f"{name} = excluded.{name}" for name in _COLUMNS if name not in _KEPT)
_ANSWERED = TypeAdapter(tuple[TicketRef, ...])
_NUMBERS = bindparam("numbers", type_=ARRAY(BigInteger))
_READ = (
    select(customer_updates)
    .where(customer_updates.c.incident == any_(_NUMBERS))
    .order_by(customer_updates.c.incident, customer_updates.c.number)
)
# All rows in one parameter, as with clocks.
_SAVE = text(
    f"""
    insert into customer_updates ({", ".join(_COLUMNS)})
    select {", ".join(_COLUMNS)} from jsonb_populate_recordset(null::customer_updates, :rows)
    on conflict (incident, number) do update set {_REPLACED}
    """  # noqa: S608  # our own column names
).bindparams(bindparam("rows", type_=JSONB))
_COUNT = text(
    """
    select count(*) filter (where state is not null and state <> 'withdrawn') as made,
        count(*) filter (where state = 'kept' and kept_by <> 'safe_text') as by_person,
        count(*) filter (where state = 'kept' and kept_by = 'safe_text') as by_safe_text,
        count(*) filter (where state = 'broken') as broken
    from customer_updates
    """
)


async def read_updates(
    tx: AsyncConnection, incident_ids: Sequence[int]
) -> Mapping[int, tuple[CustomerUpdate, ...]]:
    """Of each incident, the oldest first; those without any are left out."""
    found: dict[int, list[CustomerUpdate]] = {}
    for row in await tx.execute(_READ, {"numbers": list(incident_ids)}):
        found.setdefault(row.incident, []).append(_update(row))
    return {incident: tuple(updates) for incident, updates in found.items()}


async def save_updates(tx: AsyncConnection, updates: Iterable[CustomerUpdate]) -> None:
    """Write these as they are now. The rows of their incidents must be locked."""
    rows = [_values(update) for update in updates]
    if rows:
        await tx.execute(_SAVE, {"rows": rows})


async def count_all_promises(tx: AsyncConnection) -> PromiseCounts:
    """Of all incidents that the store still knows; counts every row there is, so it is for people and Prometheus."""
    row = (await tx.execute(_COUNT)).one()
    return PromiseCounts(
        made=row.made, by_person=row.by_person, by_safe_text=row.by_safe_text, broken=row.broken
    )


def _values(update: CustomerUpdate) -> dict[str, Any]:
    values = {name: getattr(update, name) for name in _COLUMNS}
    values |= {"answered": _ANSWERED.dump_python(update.answered, mode="json")}
    return {
        name: value.isoformat() if isinstance(value, datetime) else value for name, value in values.items()
    }


def _update(row: Row[Any]) -> CustomerUpdate:
    return CustomerUpdate(
        incident=row.incident,
        number=row.number,
        generation=row.generation,
        kind=known_word(UpdateKind, row.kind, otherwise=UpdateKind.UPDATE),
        standing=IncidentProgress(row.standing),
        once=row.once,
        said_at=row.said_at,
        owner=row.owner,
        next_by=row.next_by,
        warn_at=row.warn_at,
        warned_at=row.warned_at,
        answered=_ANSWERED.validate_python(row.answered),
        state=PromiseState(row.state) if row.state else None,
        settled_at=row.settled_at,
        kept_by=known_word(KeptBy, row.kept_by, otherwise=KeptBy.SAFE_TEXT) if row.kept_by else None,
    )
