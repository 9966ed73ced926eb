"""Bringing the store to today's schema; safe to run from many processes at once."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text

from incidents.errors import LiaisonError
from incidents.store.database import Database
from incidents.store.instance import instance_id

# Any number will do, as long as nobody else locks it.
_MIGRATION_LOCK = 0x11A150


class WrongSchema(LiaisonError):
    """The store's schema is not the one this code was written for. The message has both and the cure."""


def alembic_config(connection: Connection) -> Config:
    """Alembic's settings for our migrations on this connection."""
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).with_name("migrations")))
    config.attributes["connection"] = connection
    return config


async def migrate(database: Database) -> None:
    """Upgrade to the newest schema. Others who try meanwhile wait, and then find it done.

    The installation's id is made here too: whoever made it later would hold up the others until he commits. Raises
    `WrongSchema` for a store that a newer Liaison has migrated: it is left as it is.
    """
    async with database.transaction() as tx:
        await tx.execute(text("select pg_advisory_xact_lock(:lock)"), {"lock": _MIGRATION_LOCK})
        await tx.run_sync(_refuse_newer)
        await tx.run_sync(lambda connection: command.upgrade(alembic_config(connection), "head"))
        await instance_id(tx)


async def check_schema(database: Database) -> None:
    """Raise `WrongSchema` unless the store has today's schema: for those who use it and leave migrating to others."""
    async with database.transaction() as tx:
        await tx.run_sync(_refuse_newer)
        found, known = await tx.run_sync(_found), await tx.run_sync(_known)
    if found != known[0]:
        raise WrongSchema(
            f"the store has the schema {found or 'of an empty database'}, and this Liaison needs {known[0]}: bring it "
            "there with `liaison migrate`; `liaison up` does it by itself"
        )


async def schema_versions(database: Database) -> tuple[str | None, str]:
    """The store's schema, and the one that this code wants."""
    async with database.transaction() as tx:
        return await tx.run_sync(_found), (await tx.run_sync(_known))[0]


def _refuse_newer(connection: Connection) -> None:
    found, known = _found(connection), _known(connection)
    if found is not None and found not in known:
        raise WrongSchema(
            f"the store has the schema {found}, and this Liaison knows none after {known[0]}: a newer version has "
            "migrated it. Install that version again, or restore a backup of before the upgrade (`liaison restore`)"
        )


def _found(connection: Connection) -> str | None:
    return MigrationContext.configure(connection).get_current_revision()


def _known(connection: Connection) -> list[str]:
    """Every revision that this code has, the newest first."""
    script = ScriptDirectory.from_config(alembic_config(connection))
    return [revision.revision for revision in script.walk_revisions()]
