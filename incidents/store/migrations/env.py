"""Alembic's way in: it is handed an open connection and never reads a configuration file."""

from __future__ import annotations

from typing import Any, Literal

from alembic import context

from incidents.store.schema.tables import metadata
from incidents.store.storable import StorableText


def _render(kind: str, item: Any, autogenerate_context: object) -> str | Literal[False]:
    """A migration names PostgreSQL's types, not ours, so that it stays true when ours change."""
    del autogenerate_context
    return "sa.Text()" if kind == "type" and isinstance(item, StorableText) else False


context.configure(
    connection=context.config.attributes["connection"], target_metadata=metadata, render_item=_render
)
with context.begin_transaction():
    context.run_migrations()
