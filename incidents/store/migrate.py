"""Bringing the store to today's schema; safe to run from many processes at once."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, text

from incidents.store.database import Database
from incidents.store.instance import instance_id

# Any number will do, as long as nobody else locks it.
_MIGRATION_LOCK = 0x11A150


def alembic_config(connection: Connection) -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).with_name("migrations")))
    config.attributes["connection"] = connection
    return config


async def migrate(database: Database) -> None:
    """Upgrade to the newest schema. Others who try meanwhile wait, and then find it done.

    The installation's id is made here too: whoever made it later would hold up the others until he commits.
    """
    async with database.transaction() as tx:
        await tx.execute(text("select pg_advisory_xact_lock(:lock)"), {"lock": _MIGRATION_LOCK})
        await tx.run_sync(lambda connection: command.upgrade(alembic_config(connection), "head"))
        await instance_id(tx)
