"""The mirror of the connections' settings: read back under its key, and under no other."""

from __future__ import annotations

import pytest
from cryptography.fernet import Fernet
from sqlalchemy import select

from incidents.store.connections import Mirror, WrongKey
from incidents.store.database import Database
from incidents.store.schema.tables import connections
from tests.incidents.store.examples import MINUTE, NOW

SETTINGS = {"zendesk/support": '{"signing_secrets": ["hush-hush"]}', "slack/ops": '{"name": "Zoë"}'}


@pytest.fixture
def mirror() -> Mirror:
    return Mirror(Fernet.generate_key().decode())


async def test_settings_are_read_back(database: Database, mirror: Mirror):
    async with database.transaction() as tx:
        await mirror.save(tx, SETTINGS, now=NOW)
        assert await mirror.load(tx) == SETTINGS


async def test_a_connection_saved_again_replaces_the_former(database: Database, mirror: Mirror):
    """And the others stay as they were last read."""
    async with database.transaction() as tx:
        await mirror.save(tx, SETTINGS, now=NOW)
        await mirror.save(tx, {"slack/ops": "{}"}, now=NOW + MINUTE)
        assert await mirror.load(tx) == SETTINGS | {"slack/ops": "{}"}
        rows = await tx.execute(select(connections.c.name, connections.c.read_at))
        assert {row.name: row.read_at for row in rows} == {
            "zendesk/support": NOW,
            "slack/ops": NOW + MINUTE,
        }


async def test_the_database_alone_gives_nothing_away(database: Database, mirror: Mirror):
    async with database.transaction() as tx:
        await mirror.save(tx, SETTINGS, now=NOW)
        kept = (await tx.execute(select(connections.c.settings))).scalars().all()
    assert not any(b"hush" in bytes(each) for each in kept)


async def test_another_key_is_refused_with_the_cure(database: Database, mirror: Mirror):
    """The operator changed LIAISON_KEY."""
    async with database.transaction() as tx:
        await mirror.save(tx, SETTINGS, now=NOW)
        with pytest.raises(WrongKey, match="another LIAISON_KEY: set that one again"):
            await Mirror(Fernet.generate_key().decode()).load(tx)


@pytest.mark.parametrize("key", ["", "short", "x" * 44, "ü" * 44])
def test_what_is_no_key_is_refused_with_the_cure(key: str):
    with pytest.raises(WrongKey, match="liaison key"):
        Mirror(key)
