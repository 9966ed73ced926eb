"""Keeping a lease for as long as its holder works.

So leases are short, and what a killed worker held is free for the next one within seconds, however long the
work itself takes.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import timedelta

from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection

from incidents.errors import StoreFault
from tasks import resources

logger = logging.getLogger("liaison.leases")


@asynccontextmanager
async def kept(
    renew: Callable[[AsyncConnection], Awaitable[object]], *, lease: timedelta
) -> AsyncIterator[None]:
    """Renew three times a lease until the end of the block.

    A lease that is lost all the same shows when its holder commits: there the fence decides.
    """
    beat = asyncio.create_task(_beat(renew, lease / 3))
    try:
        yield
    finally:
        beat.cancel()
        await asyncio.gather(beat, return_exceptions=True)


async def _beat(renew: Callable[[AsyncConnection], Awaitable[object]], pause: timedelta) -> None:
    while True:
        await asyncio.sleep(pause.total_seconds())
        try:
            async with resources.database().transaction() as tx:
                await renew(tx)
        except (StoreFault, SQLAlchemyError) as error:
            logger.warning("a lease could not be renewed: %s", type(error).__name__)
