"""Erasing a person from the desks of our own: there we are the helpdesk, and nobody else has what stands on it."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Text, cast, delete, func, select, tuple_, update
from sqlalchemy.ext.asyncio import AsyncConnection

from incidents.store.desk.rows import MessageKind
from incidents.store.erasure.erase import Erased
from incidents.store.erasure.person import KnownCustomer
from incidents.store.schema.tables import desk_messages, desk_tickets

_NOBODY = {"author_name": "", "author_email": "", "text": ""}


async def desk_words(tx: AsyncConnection, person: KnownCustomer) -> Sequence[str]:
    """What they wrote to desks of our own: others may have quoted it."""
    rows = await tx.execute(
        select(desk_messages.c.text).where(
            func.lower(desk_messages.c.author_email).in_(sorted(person.addresses)), desk_messages.c.text != ""
        )
    )
    return list(rows.scalars())


async def erase_desk(tx: AsyncConnection, person: KnownCustomer) -> Sequence[Erased]:
    """Their tickets and every word on them, and what they wrote elsewhere. That their mail was seen stays known, by its
    digest, so that reading the mailbox again brings nothing back."""
    keys = [(ref.connection, ref.id) for ref in person.tickets]
    emptied = await tx.execute(
        update(desk_tickets)
        .where(tuple_(desk_tickets.c.connection, cast(desk_tickets.c.number, Text)).in_(keys))
        .values(
            subject="",
            body="",
            requester_name="",
            requester_email="",
            requester_language="",
            is_reachable=False,
            tags=[],
            deleted_at=func.coalesce(desk_tickets.c.deleted_at, func.now()),
            updated_at=func.now(),
            version=desk_tickets.c.version + 1,
        )
    )
    said = await tx.execute(
        update(desk_messages)
        .where(
            tuple_(desk_messages.c.connection, cast(desk_messages.c.number, Text)).in_(keys)
            | func.lower(desk_messages.c.author_email).in_(sorted(person.addresses))
        )
        .values(**_NOBODY)
    )
    told = await tx.execute(
        delete(desk_messages).where(
            desk_messages.c.kind == MessageKind.MAIL,
            func.lower(desk_messages.c.author_name).in_(
                [f"liaison to {address}" for address in sorted(person.addresses)]
            ),
        )
    )
    return [
        Erased(what="tickets that we keep ourselves", where=desk_tickets.name, count=emptied.rowcount),
        Erased(
            what="messages on them and elsewhere",
            where=desk_messages.name,
            count=said.rowcount + told.rowcount,
        ),
    ]
