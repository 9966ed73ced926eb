"""The connection an effect goes through."""

from __future__ import annotations

from typing import TypeVar

from incidents.errors import NotAllowed, Refused
from incidents.store.ledger.effects import Leased
from tasks import resources

C = TypeVar("C")


async def connection_of(item: Leased, capability: type[C]) -> C:
    """Raises `NotAllowed` where the connection is not saved or cannot do this, so that the effect waits for the
    operator who will mend it; a refusal by the vendor would be the effect's end."""
    try:
        return await resources.connect(item.effect.connection, capability)
    except Refused as error:
        raise NotAllowed(str(error)) from error
