"""A connection's recent tickets: the right ones, and nothing of what customers wrote."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pandas as pd

from incidents.store.database import Database
from incidents.store.schema.tables import tickets
from insights.store.feed_history import COLUMNS, feed_history

NOW = datetime(2026, 11, 2, 12, 0, tzinfo=UTC)
DAY = timedelta(days=1)
FEED = "zendesk/support"


def row(
    number: int, *, age: timedelta, seen: timedelta | None = None, **changes: object
) -> dict[str, object]:
    """A ticket that was written `age` ago and came to us `seen` ago, at once if that is not said."""
    at = NOW - age
    values: dict[str, object] = {
        "connection": FEED, "id": str(number), "version": 1, "subject": "My card 4111", "body": "was taken",
        "status": "open", "source_status": "open", "requester_id": "7", "requester_name": "Ada",
        "requester_email": "ada@example.com", "created_at": at, "updated_at": at, "group": "Tier 1",
        "priority": "high", "product": "Shop", "channel": "mail", "tier": "gold", "tags": [], "reassignments": 0,
        "reopens": 0, "first_seen_at": at if seen is None else NOW - seen,
    }  # fmt: skip
    return values | changes


async def read(database: Database, *rows: dict[str, object], span: timedelta = 35 * DAY) -> pd.DataFrame:
    async with database.transaction() as tx:
        for one in rows:
            await tx.execute(tickets.insert().values(one))
        return await feed_history(tx, FEED, span=span, now=NOW)


async def test_a_feed_has_its_fields_and_no_words(database: Database):
    frame = await read(database, row(1, age=DAY), row(2, age=2 * DAY, body=" ", product="", tier=None))
    assert tuple(frame.columns) == COLUMNS
    assert frame["created_at"].tolist() == [NOW - 2 * DAY, NOW - DAY], "oldest first"
    older, newer = (dict(one) for _, one in frame.drop(columns="created_at").iterrows())
    given = dict.fromkeys(("subject", "body", "requester"), "given")
    assert newer == given | {
        "product": "Shop",
        "channel": "mail",
        "tier": "gold",
        "group": "Tier 1",
        "priority": "high",
    }
    assert {name for name, value in older.items() if pd.isna(value)} == {"body", "product", "tier"}


async def test_other_feeds_and_older_tickets_are_left_out(database: Database):
    """The span is counted back from the newest ticket, so that a feed that died has a history too."""
    frame = await read(
        database,
        row(1, age=40 * DAY),
        row(2, age=44 * DAY),
        row(3, age=46 * DAY),
        row(4, age=DAY, connection="zendesk/other"),
        span=5 * DAY,
    )
    assert frame["created_at"].tolist() == [NOW - 44 * DAY, NOW - 40 * DAY]


async def test_what_was_written_before_the_connection_is_left_out(database: Database):
    """An old ticket that is touched again comes in late: how many there are of these says nothing of the feed."""
    old = row(1, age=20 * DAY, seen=9 * DAY)
    frame = await read(database, row(2, age=10 * DAY, seen=10 * DAY), old, row(3, age=DAY))
    assert frame["created_at"].tolist() == [NOW - 10 * DAY, NOW - DAY]


async def test_a_time_to_come_is_kept(database: Database):
    """It is a finding, and must not move the span either; not even a year that pandas has no number for."""
    far = datetime(9999, 12, 31, tzinfo=UTC)
    frame = await read(
        database,
        row(1, age=DAY),
        row(2, age=-400 * DAY, seen=timedelta(0)),
        row(3, age=DAY, seen=timedelta(0), created_at=far),
    )
    assert frame["created_at"].tolist() == [NOW - DAY, NOW + 400 * DAY, datetime(2200, 1, 1, tzinfo=UTC)]


async def test_a_feed_that_never_sent_anything(database: Database):
    frame = await read(database)
    assert frame.empty
    assert str(frame["created_at"].dtype).startswith("datetime64")
