"""The connection an effect goes through."""

from __future__ import annotations

from typing import TypeVar

from incidents.errors import NotAllowed, NotFound, Refused
from incidents.ports import Helpdesk
from incidents.store.ledger.effects import Leased
from tasks import resources

Capability = TypeVar("Capability")


async def connection_of(item: Leased, capability: type[Capability]) -> Capability:
    """Raises `NotAllowed` where the connection is not saved or cannot do this, so that the effect waits for the
    operator who will mend it; a refusal by the vendor would be the effect's end."""
    try:
        return await resources.connect(item.effect.connection, capability)
    except Refused as error:
        raise NotAllowed(str(error)) from error


async def helpdesk_of(item: Leased) -> Helpdesk:
    """Where the effect's ticket lives. Raises `NotAllowed` where the connection is not saved, as it may be again.

    A connection that only takes tickets in is `Refused`: it was so when the ticket came, and waiting changes
    nothing.
    """
    try:
        return await resources.connect(item.effect.connection, Helpdesk)
    except NotFound as error:
        raise NotAllowed(str(error)) from error
    except NotAllowed:
        raise
    except Refused as error:
        raise Refused(f"{item.effect.connection} only takes tickets in: see to it at the helpdesk") from error
