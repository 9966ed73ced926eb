"""Alembic's way in: it is handed an open connection and never reads a configuration file."""

from __future__ import annotations

from alembic import context

from incidents.store.schema import metadata

context.configure(connection=context.config.attributes["connection"], target_metadata=metadata)
with context.begin_transaction():
    context.run_migrations()
