"""Tickets as we know them: the newest version of each, and the incident it belongs to."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Row, any_, bindparam, case, func, literal, select, text, tuple_, update
from sqlalchemy.dialects.postgresql import ARRAY, insert
from sqlalchemy.ext.asyncio import AsyncConnection

from incidents.case import LinkedTicket
from incidents.egress.bounds import TicketSecrets
from incidents.models import (
    Contact,
    Departure,
    JoinOrigin,
    Ticket,
    TicketRef,
    TicketStatus,
)
from incidents.store.schema.tables import incidents, tickets
from incidents.store.storable import StorableText
from incidents.ticket_words import Kinship, TextsGone

# One parameter, however many they are: the statement is prepared once.
_NUMBERS = bindparam("numbers", type_=ARRAY(BigInteger))
_KEPT = ("connection", "id", "ref", "incident_id", "link_origin", "link_reason", "linked_at", "first_seen_at")
_REPLACED = [column.name for column in tickets.columns if column.name not in _KEPT]
# Of a ticket whose customer was forgotten the helpdesk may go on telling; what was erased does not come back.
_FORGETTABLE = (
    "subject", "body", "requester_id", "requester_name", "requester_email", "requester_language", "requester_time_zone",
    "gone", "texts_gone",
)  # fmt: skip

_LINK = text(
    """
    update tickets set incident_id = named.incident_id, link_origin = named.origin, link_reason = named.reason,
        linked_at = :now
    from unnest(cast(:connections as text[]), cast(:ids as text[]), cast(:incidents as bigint[]),
                cast(:origins as text[]), cast(:reasons as text[]))
         as named(connection, id, incident_id, origin, reason)
    where tickets.connection = named.connection and tickets.id = named.id
    """
).bindparams(
    bindparam("connections", type_=ARRAY(StorableText)),
    bindparam("ids", type_=ARRAY(StorableText)),
    bindparam("incidents", type_=ARRAY(BigInteger)),
    bindparam("origins", type_=ARRAY(StorableText)),
    bindparam("reasons", type_=ARRAY(StorableText)),
)

# One row to a statement, executed many times: a statement of many rows is compiled anew for each chunk, which
# took longer than everything else that is done with a chunk of 200.
_INSERT = insert(tickets)
_SAVE = _INSERT.on_conflict_do_update(
    index_elements=["connection", "id"],
    set_={
        name: case((tickets.c.texts_gone == TextsGone.FORGOTTEN.value, tickets.c[name]), else_=value)
        if name in _FORGETTABLE
        else value
        for name, value in ((name, _INSERT.excluded[name]) for name in _REPLACED)
    },
    where=tickets.c.version <= _INSERT.excluded.version,
)


@dataclass(frozen=True, kw_only=True, slots=True)
class KnownTicket:
    """A ticket with the incident it was joined to, if any. `is_forgotten`: its customer was, and nothing is done about
    it any more."""

    ticket: Ticket
    incident_id: int | None
    is_forgotten: bool = False


async def known_tickets(tx: AsyncConnection, refs: Sequence[TicketRef]) -> Mapping[TicketRef, KnownTicket]:
    """Those of them that we have seen, with the incident each belongs to."""
    if not refs:
        return {}
    keys = [(ref.connection, ref.id) for ref in refs]
    rows = await tx.execute(select(tickets).where(tuple_(tickets.c.connection, tickets.c.id).in_(keys)))
    known = [
        KnownTicket(
            ticket=ticket_of(row),
            incident_id=row.incident_id,
            is_forgotten=row.texts_gone == TextsGone.FORGOTTEN.value,
        )
        for row in rows
    ]
    return {item.ticket.ref: item for item in known}


async def tickets_called(tx: AsyncConnection, connections: Sequence[str], name: str) -> Sequence[KnownTicket]:
    """Those that people may mean: by whole name (`zendesk/support#4711`), or by number at one of these helpdesks."""
    connection, _, number = name.rpartition("#")
    refs = [TicketRef(connection=connection, id=number)] if connection else []
    refs += [TicketRef(connection=one, id=name) for one in connections]
    known = await known_tickets(tx, refs)
    return [known[ref] for ref in refs if ref in known]


async def save_tickets(tx: AsyncConnection, newest: Sequence[Ticket], *, sla_fit: str = "") -> None:
    """Insert or replace; an older version than the stored one changes nothing.

    `sla_fit` is the fingerprint of the SLA policy that the tickets' clocks are fitted to.
    """
    if not newest:
        return
    # Always in one order: two transactions with the same tickets take turns, instead of each other's locks.
    in_order = sorted(newest, key=lambda ticket: (ticket.ref.connection, ticket.ref.id))
    await tx.execute(_SAVE, [_values(ticket) | {"sla_fit": sla_fit} for ticket in in_order])


@dataclass(frozen=True, kw_only=True, slots=True)
class TicketLink:
    """Which incident a ticket belongs to from now on, who says so, and why."""

    ref: TicketRef
    incident_id: int
    origin: JoinOrigin
    reason: str


async def link_tickets(
    tx: AsyncConnection,
    incident_id: int,
    refs: Sequence[TicketRef],
    *,
    origin: JoinOrigin,
    reason: str,
    now: datetime,
) -> None:
    """Join tickets to an incident, and remember when and why."""
    links = [TicketLink(ref=ref, incident_id=incident_id, origin=origin, reason=reason) for ref in refs]
    await write_links(tx, links, now=now)


async def write_links(tx: AsyncConnection, links: Sequence[TicketLink], *, now: datetime) -> None:
    """Tickets of many incidents at once."""
    if not links:
        return
    await tx.execute(
        _LINK,
        {
            "connections": [link.ref.connection for link in links],
            "ids": [link.ref.id for link in links],
            "incidents": [link.incident_id for link in links],
            "origins": [link.origin.value for link in links],
            "reasons": [link.reason for link in links],
            "now": now,
        },
    )


async def unlink_tickets(tx: AsyncConnection, refs: Sequence[TicketRef]) -> None:
    """They belong to no incident any more: another ticket stands for them."""
    if refs:
        keys = [(ref.connection, ref.id) for ref in refs]
        await tx.execute(
            update(tickets)
            .where(tuple_(tickets.c.connection, tickets.c.id).in_(keys))
            .values(incident_id=None, link_reason="", link_origin=None, linked_at=None)
        )


async def note_status(tx: AsyncConnection, refs: Sequence[TicketRef], status: TicketStatus) -> None:
    """Remember a status we have just set ourselves, so that its echo is no news."""
    if not refs:
        return
    await tx.execute(
        update(tickets)
        .where(tuple_(tickets.c.connection, tickets.c.id).in_([(ref.connection, ref.id) for ref in refs]))
        .values(status=status.value)
    )


_ALL_BUT_THEIR_BODY = [*(column for column in tickets.c if column.name != "body"), literal("").label("body")]


async def linked_tickets(
    tx: AsyncConnection, incident_ids: Sequence[int]
) -> Mapping[int, Sequence[LinkedTicket]]:
    """The tickets of each incident, oldest first, without their bodies: no decision about an incident reads them,
    and a storm has thousands."""
    rows = await tx.execute(
        select(*_ALL_BUT_THEIR_BODY)
        .where(tickets.c.incident_id == any_(_NUMBERS))
        .order_by(tickets.c.created_at, tickets.c.connection, tickets.c.id),
        {"numbers": list(incident_ids)},
    )
    return _by_incident(rows)


async def ticket_secrets(
    tx: AsyncConnection, incident_ids: Sequence[int]
) -> tuple[Sequence[TicketSecrets], frozenset[str]]:
    """What the incidents' tickets hold that may not leave by every way, and who is accountable for the incidents."""
    rows = await tx.execute(
        select(
            tickets.c.id,
            tickets.c.subject,
            tickets.c.requester_name,
            tickets.c.requester_email,
            tickets.c.assignee,
            tickets.c.tier,
            tickets.c.url,
        ).where(tickets.c.incident_id == any_(_NUMBERS)),
        {"numbers": list(incident_ids)},
    )
    held = [
        TicketSecrets(
            number=row.id,
            subject=row.subject or "",
            customer=row.requester_name or "",
            email=row.requester_email or "",
            agent=row.assignee or "",
            tier=row.tier or "",
            url=row.url or "",
        )
        for row in rows
    ]
    owners = await tx.execute(
        select(incidents.c.owner).where(incidents.c.id == any_(_NUMBERS), incidents.c.owner.is_not(None)),
        {"numbers": list(incident_ids)},
    )
    return held, frozenset(row.owner for row in owners)


async def linked_kinds(
    tx: AsyncConnection, incident_ids: Sequence[int]
) -> Mapping[int, Sequence[LinkedTicket]]:
    """Of each incident one ticket of every tier, product and channel it has: what its promises go by, and as much
    to read for a thousand tickets as for ten."""
    kind = (tickets.c.incident_id, tickets.c.tier, tickets.c.product, tickets.c.channel)
    rows = await tx.execute(
        select(*_ALL_BUT_THEIR_BODY)
        .distinct(*kind)
        .where(tickets.c.incident_id == any_(_NUMBERS))
        .order_by(*kind),
        {"numbers": list(incident_ids)},
    )
    return _by_incident(rows)


def _by_incident(rows: Iterable[Row[Any]]) -> Mapping[int, Sequence[LinkedTicket]]:
    found: dict[int, list[LinkedTicket]] = {}
    for row in rows:
        linked = LinkedTicket(ticket=ticket_of(row), linked_at=row.linked_at, reason=row.link_reason)
        found.setdefault(row.incident_id, []).append(linked)
    return found


async def linked_connections(tx: AsyncConnection, incident_ids: Sequence[int]) -> Sequence[str]:
    """The helpdesks these incidents' tickets live in."""
    rows = await tx.execute(
        select(tickets.c.connection).distinct().where(tickets.c.incident_id.in_(incident_ids))
    )
    return [row.connection for row in rows]


async def last_linked_at(tx: AsyncConnection, incident_ids: Sequence[int]) -> Mapping[int, datetime]:
    """When each incident last got a ticket; those without any are left out."""
    rows = await tx.execute(
        select(tickets.c.incident_id, func.max(tickets.c.linked_at))
        .where(tickets.c.incident_id.in_(incident_ids))
        .group_by(tickets.c.incident_id)
    )
    return {row[0]: row[1] for row in rows}


async def open_tickets(
    tx: AsyncConnection, connection: str, *, part: int, parts: int, at_most: int
) -> Sequence[TicketRef]:
    """Tickets that nobody has settled, of a connection: one of so many parts of them, always the same ones."""
    settled = [status.value for status in TicketStatus if status.is_settled]
    rows = await tx.execute(
        select(tickets.c.id)
        .where(
            tickets.c.connection == connection,
            tickets.c.status.not_in(settled),
            tickets.c.gone.is_(None),
            tickets.c.texts_gone.is_(None),
            func.abs(func.hashtext(tickets.c.id)) % parts == part,
        )
        .order_by(tickets.c.updated_at)
        .limit(at_most)
    )
    return [TicketRef(connection=connection, id=found) for found in rows.scalars()]


async def count_tickets(tx: AsyncConnection) -> int:
    """How many tickets we know; counts them all, so it is for people."""
    count: int = (await tx.execute(text("select count(*) from tickets"))).scalar_one()
    return count


def ticket_of(row: Row[tuple[object, ...]]) -> Ticket:
    """The ticket in a row of `tickets`."""
    return Ticket(
        ref=TicketRef(connection=row.connection, id=row.id),
        subject=row.subject,
        body=row.body,
        status=TicketStatus(row.status),
        source_status=row.source_status,
        requester=Contact(
            id=row.requester_id,
            name=row.requester_name,
            email=row.requester_email,
            language=row.requester_language,
            time_zone=row.requester_time_zone,
        ),
        version=row.version,
        created_at=row.created_at,
        updated_at=row.updated_at,
        assignee=row.assignee,
        group=row.group,
        priority=row.priority,
        product=row.product,
        channel=row.channel,
        tier=row.tier,
        tags=tuple(row.tags),
        url=row.url,
        reassignments=row.reassignments,
        reopens=row.reopens,
        due_at=row.due_at,
        gone=Departure(row.gone) if row.gone else None,
        merged_into=row.merged_into,
        parent=row.parent,
        kinship=Kinship(row.kinship) if row.kinship else None,
        is_reachable=row.is_reachable,
    )


def _values(ticket: Ticket) -> dict[str, object]:
    return {
        "connection": ticket.ref.connection,
        "id": ticket.ref.id,
        "version": ticket.version,
        "subject": ticket.subject,
        "body": ticket.body,
        "status": ticket.status.value,
        "source_status": ticket.source_status,
        "requester_id": ticket.requester.id,
        "requester_name": ticket.requester.name,
        "requester_email": ticket.requester.email,
        "requester_language": ticket.requester.language,
        "requester_time_zone": ticket.requester.time_zone,
        "created_at": ticket.created_at,
        "updated_at": ticket.updated_at,
        "assignee": ticket.assignee,
        "group": ticket.group,
        "priority": ticket.priority,
        "product": ticket.product,
        "channel": ticket.channel,
        "tier": ticket.tier,
        "tags": list(ticket.tags),
        "url": ticket.url,
        "reassignments": ticket.reassignments,
        "reopens": ticket.reopens,
        "due_at": ticket.due_at,
        "gone": ticket.gone.value if ticket.gone is not None else None,
        "merged_into": ticket.merged_into,
        "parent": ticket.parent,
        "kinship": ticket.kinship.value if ticket.kinship is not None else None,
        "is_reachable": ticket.is_reachable,
    }
