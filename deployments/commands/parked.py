"""`liaison parked`: webhooks that were stored and not understood, and what a person does about them."""

from __future__ import annotations

from collections.abc import Sequence

from incidents.errors import Refused
from incidents.store.database import Database
from incidents.store.inbox import parked as inbox
from incidents.store.inbox.parked import AsideKind, ParkedDelivery, WhichParked

MOST = 500


async def parked_deliveries(
    database: Database, which: WhichParked | None = None, *, limit: int = MOST
) -> Sequence[ParkedDelivery]:
    """The newest first."""
    async with database.transaction() as tx:
        return await inbox.parked_deliveries(tx, which or WhichParked(), limit=limit)


async def kinds(database: Database) -> Sequence[AsideKind]:
    """How many of which kind, what is parked first."""
    async with database.transaction() as tx:
        return await inbox.aside_kinds(tx)


async def read_again(database: Database, which: WhichParked | None = None) -> int:
    """Put them back in line; the next drain (within a minute) reads them. Returns how many."""
    async with database.transaction() as tx:
        return await inbox.unpark(tx, which)


async def discard(database: Database, which: WhichParked) -> int:
    """Done with: they are kept and read no more. Returns how many. Raises `Refused` for all at once."""
    if which.is_all:
        raise Refused("say which: liaison parked --discard with --id, --connection or --reason")
    async with database.transaction() as tx:
        return await inbox.discard(tx, which)
