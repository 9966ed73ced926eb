"""Bringing the store to today's schema; safe to run from many processes at once."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from functools import cache
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, select, text

from incidents.errors import LiaisonError
from incidents.store.database import Database
from incidents.store.instance import instance_id
from incidents.store.schema.tables import meta

logger = logging.getLogger("liaison.store")

# Any number will do, as long as nobody else locks it.
_MIGRATIONS = str(Path(__file__).with_name("migrations"))
_MIGRATION_LOCK = 0x11A150


class WrongSchema(LiaisonError):
    """The store's schema is not the one this code was written for. The message has both and the cure."""


def alembic_config(connection: Connection) -> Config:
    """Alembic's settings for our migrations on this connection."""
    config = Config()
    config.set_main_option("script_location", _MIGRATIONS)
    config.attributes["connection"] = connection
    return config


READABLE_FROM = "readable_from"
"""Of its row in `meta`: the oldest schema whose code may work with this store, beside newer code or after it."""


async def migrate(database: Database) -> None:
    """Upgrade to the newest schema. Others who try meanwhile wait, and then find it done.

    The installation's id is made here too: whoever made it later would hold up the others until he commits. Raises
    `WrongSchema` for a store that a newer Liaison has migrated so that this one cannot work with it. What a newer one
    has migrated is left as it is.
    """
    async with database.transaction() as tx:
        await tx.execute(text("select pg_advisory_xact_lock(:lock)"), {"lock": _MIGRATION_LOCK})
        if not await tx.run_sync(_is_newer):
            await tx.run_sync(lambda connection: command.upgrade(alembic_config(connection), "head"))
        await instance_id(tx)


async def check_schema(database: Database) -> None:
    """Raise `WrongSchema` unless the store has today's schema, or a newer one that lets this version go on: for those
    who use it and leave migrating to others."""
    async with database.transaction() as tx:
        is_newer = await tx.run_sync(_is_newer)
        found, known = await tx.run_sync(_found), known_schemas()
    if is_newer:
        logger.warning(
            "the store has the schema %s of a newer version, and this one knows none after %s: it goes on, and leaves"
            " to the newer one what it does not know. Bring all roles to one version",
            found,
            known[0],
        )
    elif found != known[0]:
        raise WrongSchema(
            f"the store has the schema {found or 'of an empty database'}, and this Liaison needs {known[0]}: bring it "
            "there with `liaison migrate`; `liaison up` does it by itself"
        )


async def schema_versions(database: Database) -> tuple[str | None, str]:
    """The store's schema, and the one that this code wants."""
    async with database.transaction() as tx:
        return await tx.run_sync(_found), known_schemas()[0]


def _is_newer(connection: Connection) -> bool:
    """Whether a newer version has migrated the store and lets this one go on with it. Raises `WrongSchema` if it has,
    and does not."""
    found, known = _found(connection), known_schemas()
    if found is None or found in known:
        return False
    readable_from = connection.execute(select(meta.c.value).where(meta.c.key == READABLE_FROM)).scalar()
    if readable_from not in known:
        raise WrongSchema(
            f"the store has the schema {found}, and this Liaison knows none after {known[0]}: a newer version has "
            "migrated it. Install that version again, or restore a backup of before the upgrade (`liaison restore`)"
        )
    return True


def _found(connection: Connection) -> str | None:
    return MigrationContext.configure(connection).get_current_revision()


@cache
def known_schemas() -> Sequence[str]:
    """Every schema of the store that this version knows, the newest first."""
    config = Config()
    config.set_main_option("script_location", _MIGRATIONS)
    return tuple(revision.revision for revision in ScriptDirectory.from_config(config).walk_revisions())
