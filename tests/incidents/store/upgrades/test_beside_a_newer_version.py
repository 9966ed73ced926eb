"""Today's code on a store that a newer version has migrated, and into which it writes meanwhile.

Such a version is made here: a column and a table more, and words that nobody of today knows.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import text

from incidents.case import EntryKind, NewerWord
from incidents.effects import EffectKind
from incidents.models import IncidentRef
from incidents.store.board.reading import read_board
from incidents.store.board.story import stuck_effects
from incidents.store.cases import load_case
from incidents.store.database import Database
from incidents.store.ledger.due import due_effects, incidents_with_due_effects, next_due_at
from incidents.store.ledger.effects import lease_effects
from incidents.store.ledger.untold import untold_tickets
from incidents.store.migrate import WrongSchema, check_schema, migrate
from incidents.store.roster.desk import StoredPageDesk
from incidents.store.sla.breaches import breaches_of
from incidents.store.timeline import read_timeline
from tests.incidents.store.upgrades.old_stores import Rows, contents, fill, missing, write_rows

NOW = datetime(2100, 1, 1, tzinfo=UTC)
NEWER = (
    "alter table incidents add column mood text",
    "alter table effects add column channel text default 'any' not null",
    "create table moods (id bigint primary key)",
    "update alembic_version set version_num = '9999'",
)
LONG_AGO = "2000-01-01T00:00:00+00:00"
PLANNED = {
    "incident_id": 3,
    "about_ticket": False,
    "payload": {},
    "state": "pending",
    "detail": "",
    "not_before": LONG_AGO,
}
SERENADE = PLANNED | {"kind": "serenade", "connection": "choir/main"}
TUNE = PLANNED | {
    "kind": "ticket_tune",
    "connection": "zendesk/demo",
    "target": "learnt-1",
    "about_ticket": True,
}
WORDS: Rows = {
    "timeline": [
        {"id": 9000, "incident_id": 3, "at": LONG_AGO, "kind": "sang", "actor": "Jane", "text": "La la la"}
    ],
    "effects": [
        {"id": 9100, "key": "n1", "once": "n1", "target": "c", "lane": "choir/main:c"} | SERENADE,
        {"id": 9101, "key": "n2", "once": "n2", "target": "d", "lane": "choir/main:d"}
        | SERENADE
        | {"state": "held", "detail": "hoarse"},
        # Before a note of today's.
        {"id": 8999, "key": "n3", "once": "n3", "lane": "zendesk/demo:learnt-1"} | TUNE,
    ],
    "roster_notices": [
        {
            "id": 9,
            "page_id": 1,
            "position": 2,
            "kind": "hum",
            "person": "jane",
            "name": "Jane Doe",
            "way": "mailto:",
        }
        | {"wait_seconds": 0, "state": "waiting", "due_at": LONG_AGO}
    ],
    "sla_holders": [
        {"subject": "INC-1", "since": LONG_AGO, "holder": "Choir", "state": "singing", "holder_kind": "choir"}
    ],
}


@pytest.fixture
async def store(empty_database: Database) -> Database:
    """Migrated by today's version, filled, and then a newer version's."""
    await migrate(empty_database)
    await fill(empty_database)
    async with empty_database.transaction() as tx:
        for statement in NEWER:
            await tx.execute(text(statement))
        await write_rows(tx, WORDS)
    return empty_database


async def _raise_floor(store: Database, revision: str) -> None:
    async with store.transaction() as tx:
        await tx.execute(text("update meta set value = :to where key = 'readable_from'"), {"to": revision})


async def test_it_starts_and_changes_nothing(store: Database):
    """As a worker that is started again during an upgrade, or the version before after one that is taken back."""
    before = await contents(store)
    await check_schema(store)
    await migrate(store)
    assert missing(before, await contents(store)) == []


async def test_it_is_refused_where_the_newer_one_says_so(store: Database):
    await _raise_floor(store, "9999")
    for refused in (check_schema, migrate):
        with pytest.raises(WrongSchema, match=r"schema 9999.*newer version"):
            await refused(store)


async def test_what_it_does_not_know_is_shown(store: Database):
    async with store.transaction() as tx:
        case = await load_case(tx, 3)
        story = await read_timeline(tx, 3)
        stuck = await stuck_effects(tx, 3)
        await breaches_of(tx, IncidentRef(number=1))
        board = await read_board(tx, now=NOW)
    assert NewerWord("serenade") in [line.kind for line in case.ledger]
    assert (story[-1].kind, story[-1].text) == ("sang", "La la la")
    assert story[-1].kind not in set(EntryKind)
    assert ("serenade", "hoarse") in [(one.kind, one.why) for one in stuck]
    assert "INC-3" in {one.incident.name for one in board.incidents}


async def test_what_it_does_not_know_is_left_alone_and_kept(store: Database):
    """Neither sent nor given up; what is behind it in its lane keeps its place."""
    before = await contents(store)
    async with store.transaction() as tx:
        assert await due_effects(tx, 3, now=NOW) == []
        assert await next_due_at(tx, 3) is None
        assert 3 not in await incidents_with_due_effects(tx, now=NOW)
        untold = await untold_tickets(tx, 3, "zendesk/demo", weights={}, now=NOW)
        assert list(untold.kinds.values()) == [EffectKind.TICKET_NOTE]
        assert [one.is_next for one in untold.untold] == [False]
        assert await lease_effects(tx, now=NOW) == []
    leased = await StoredPageDesk(store, "roster/own").lease_due(now=NOW, lease=timedelta(minutes=1))
    assert [one.name for one in leased] == ["Joe Roe"]
    untouched = {table: rows for table, rows in before.items() if table != "roster_notices"}
    assert missing(untouched, await contents(store)) == []
