"""Who somebody is in the store: the helpdesks' ids, names and addresses, and the tickets."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import bindparam, func, select, text, tuple_
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.asyncio import AsyncConnection

from incidents.errors import NotFound
from incidents.models import TicketRef
from incidents.redaction.traces import Traces
from incidents.store.schema.tables import affected_customers, tickets, timeline
from incidents.store.storable import StorableText

_AT_ONCE = 2000
_ROUNDS = 5


@dataclass(frozen=True, kw_only=True, slots=True)
class KnownCustomer:
    """A customer as all helpdesks together know them. `ids` are the helpdesks' own, each with its connection;
    `incidents` are those of their tickets."""

    ids: frozenset[tuple[str, str]]
    names: frozenset[str]
    addresses: frozenset[str]
    tickets: tuple[TicketRef, ...]
    incidents: tuple[int, ...]
    texts: tuple[str, ...]


async def find_person(tx: AsyncConnection, named: str) -> KnownCustomer:
    """By mail address, by a helpdesk's id (`zendesk/support:4711`), or by one of their tickets
    (`zendesk/support#4711`).

    One person may have several ids and addresses: each is followed from ticket to ticket. Raises `NotFound` for a
    name of none of these forms, and for one whom no ticket is of.
    """
    ids, addresses = await _start(tx, named.strip())
    rows: dict[TicketRef, object] = {}
    for _ in range(_ROUNDS):
        found = await tx.execute(
            select(tickets).where(
                tuple_(tickets.c.connection, tickets.c.requester_id).in_(sorted(ids))
                | func.lower(tickets.c.requester_email).in_(sorted(addresses))
            )
        )
        before = (len(ids), len(addresses))
        for row in found:
            rows[TicketRef(connection=row.connection, id=row.id)] = row
            if row.requester_id:
                ids.add((row.connection, row.requester_id))
            if row.requester_email:
                addresses.add(row.requester_email.lower())
        if before == (len(ids), len(addresses)):
            break
    listed = await tx.execute(
        select(affected_customers.c.incident_id, affected_customers.c.name).where(
            affected_customers.c.address.in_(sorted(addresses))
        )
    )
    lists = list(listed)
    if not rows and not lists:
        raise NotFound(f"no ticket of {named[:80]!r} is known here")
    known = list(rows.values())
    return KnownCustomer(
        ids=frozenset(ids),
        names=frozenset(
            [
                *(row.requester_name for row in known if row.requester_name),  # type: ignore[attr-defined]
                *(row.name for row in lists if row.name),
            ]
        ),
        addresses=frozenset(addresses),
        tickets=tuple(sorted(rows, key=str)),
        incidents=tuple(
            sorted(
                {
                    *(row.incident_id for row in known if row.incident_id is not None),  # type: ignore[attr-defined]
                    *(row.incident_id for row in lists),
                }
            )
        ),
        texts=tuple(words for row in known for words in (row.subject, row.body) if words),  # type: ignore[attr-defined]
    )


async def _start(tx: AsyncConnection, named: str) -> tuple[set[tuple[str, str]], set[str]]:
    connection, mark, key = _parted(named)
    if mark == ":":
        return {(connection, key)}, set()
    if mark == "#":
        row = (
            await tx.execute(
                select(tickets.c.requester_id, tickets.c.requester_email).where(
                    tickets.c.connection == connection, tickets.c.id == key
                )
            )
        ).one_or_none()
        if row is None or not (row.requester_id or row.requester_email):
            raise NotFound(f"there is no ticket {named[:80]!r} here, or its customer is forgotten already")
        return {(connection, row.requester_id)}, {row.requester_email.lower()} - {""}
    if "@" in named:
        return set(), {named.lower()}
    raise NotFound(
        f"{named[:80]!r} names nobody: give a mail address, a helpdesk's id such as zendesk/support:4711, or one of "
        "their tickets, such as zendesk/support#4711"
    )


def _parted(named: str) -> tuple[str, str, str]:
    for mark in ("#", ":"):
        connection, found, key = named.partition(mark)
        if found and "/" in connection and key:
            return connection, mark, key
    return "", "", ""


_OTHERS = text(
    "select subject, body from tickets where not (ref = any(:refs)) and (subject <> '' or body <> '')"
).bindparams(bindparam("refs", type_=ARRAY(StorableText)))


async def traces_of(tx: AsyncConnection, person: KnownCustomer, *, told: Sequence[str] = ()) -> Traces:
    """What tells of them: names and addresses; what they wrote (`told` in comments, too) and nobody else did.

    Reads every ticket's texts once.
    """
    said = select(timeline.c.text).where(
        timeline.c.incident_id.in_(person.incidents), timeline.c.actor == "customer"
    )
    ids = {ref.id for ref in person.tickets}
    quoted = [line for line in (await tx.execute(said)).scalars() if _names_one_of(line, ids)]
    traces = Traces.of(names=[*person.names, *person.addresses], texts=[*person.texts, *told, *quoted])
    async with tx.stream(_OTHERS, {"refs": [str(ref) for ref in person.tickets]}) as found:
        async for part in found.partitions(_AT_ONCE):
            for row in part:
                traces = traces.without(row.subject).without(row.body)
    return traces


def _names_one_of(line: str, ids: set[str]) -> bool:
    return any(f"#{number}" in line.replace(":", " ").split() or f"#{number} " in line for number in ids)
