"""A way back that would lose what people wrote is refused: the version before has no place for it."""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op


def refuse_to_lose(revision: str, tables: Sequence[str]) -> None:
    """Raise `RuntimeError` if any of the tables, which the schema before `revision` does not have, has rows."""
    connection = op.get_bind()
    filled = [
        table
        for table in tables
        if connection.execute(sa.text(f"select exists (select 1 from {table})")).scalar_one()  # noqa: S608
    ]
    if filled:
        raise RuntimeError(
            f"the schema before {revision} has no place for what is in {', '.join(filled)}: stay at {revision}, or "
            "restore a backup of before the upgrade (`liaison restore`)"
        )
