"""What a store must know that was restored from a backup: the world went on after it, and heard from us.

So for a month every page and every customer message is looked up at the vendor before it is sent, whether the backup
had it planned or it is decided anew; and nothing that was named after the backup is named again.
"""

from __future__ import annotations

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

# For each table whose rows people and vendors know by their number.
_SKIPPED_NUMBERS = 1000

_REMEMBER = text(
    "insert into meta (key, value) values ('restored_at', now()::text)"
    " on conflict (key) do update set value = excluded.value"
)
_SKIP_NUMBERS = text(
    "select setval(pg_get_serial_sequence('incidents', 'id'),"
    " (select coalesce(max(id), 0) from incidents) + :skipped)"
)
# Prefect's runs are keyed by the fence, and a server of its own still knows the keys of after the backup.
_SKIP_FENCES = text("update drains set fence = fence + :skipped, until = now() - interval '1 second'")

WAS_RESTORED_LATELY = """
    exists (select 1 from meta m where m.key = 'restored_at'
        and cast(m.value as timestamptz) > now() - interval '30 days')
"""
"""A condition in SQL."""


async def mark_restored(tx: AsyncConnection) -> None:
    """Say that this store is a backup of what once went on without it. Do it before anybody uses it."""
    await tx.execute(_REMEMBER)
    await tx.execute(_SKIP_NUMBERS, {"skipped": _SKIPPED_NUMBERS})
    await tx.execute(_SKIP_FENCES, {"skipped": _SKIPPED_NUMBERS})
