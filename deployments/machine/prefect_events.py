"""Prefect's events quote pages: each new version of an artifact is told with all its data, and no API deletes an event.

Seen in Prefect 3.8.8 (`prefect/server/models/artifacts.py`, `events/schemas/lifecycle.py`). Where Prefect's database is
ours, such events are kept for an hour, and deleted at once where somebody is to be forgotten.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from datetime import timedelta

from sqlalchemy import bindparam, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool
from sqlalchemy.types import Text

QUOTES = tuple(f"prefect.artifact-collection.{what}" for what in ("created", "updated", "deleted"))
KEPT = timedelta(hours=1)
SETTLE_SECONDS = 8.0
"""The server writes events in batches, some seconds after they happened."""
_LOOK_EVERY = 1.0

_OF_KEYS = "event = any(:kinds) and payload ->> 'key' = any(:keys)"
_RESOURCES = text(
    f"delete from event_resources where event_id in (select id from events where {_OF_KEYS})"  # noqa: S608  # our own
).bindparams(bindparam("kinds", type_=ARRAY(Text)), bindparam("keys", type_=ARRAY(Text)))
_EVENTS = text(f"delete from events where {_OF_KEYS}").bindparams(  # noqa: S608  # our own
    bindparam("kinds", type_=ARRAY(Text)), bindparam("keys", type_=ARRAY(Text))
)


def retention_of_quotes() -> str:
    """The server's setting that lets such events go earlier than others, as JSON, in seconds."""
    return json.dumps({kind: KEPT.total_seconds() for kind in QUOTES})


async def erase_quotes(url: str, keys: Sequence[str], *, settle: float = SETTLE_SECONDS) -> int:
    """Delete the events that quote these pages from Prefect's database; returns how many there were.

    Returns when none has come for `settle` seconds.
    """
    engine = create_async_engine(url, poolclass=NullPool)
    given = {"kinds": list(QUOTES), "keys": list(keys)}
    count, quiet = 0, 0.0
    try:
        while True:
            async with engine.begin() as connection:
                await connection.execute(_RESOURCES, given)
                found = (await connection.execute(_EVENTS, given)).rowcount
            count, quiet = count + found, 0.0 if found else quiet + _LOOK_EVERY
            if quiet > settle or not keys:
                return count
            await asyncio.sleep(_LOOK_EVERY)
    finally:
        await engine.dispose()
