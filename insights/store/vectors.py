"""Sentence embeddings of tickets, kept so that each text is encoded once: the newest vector of each ticket."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from incidents.store.schema.tables import insight_vectors

_AT_ONCE = 2000
_INSERT = insert(insight_vectors)
_KEEP = _INSERT.on_conflict_do_update(
    index_elements=["ref"],
    set_={name: _INSERT.excluded[name] for name in ("encoder", "digest", "vector", "written_at")},
)


@dataclass(frozen=True, kw_only=True, slots=True)
class TextVector:
    """`ref` is the ticket's, `digest` names the text that was read, `vector` has half-precision numbers."""

    ref: str
    digest: str
    vector: bytes
    written_at: datetime


async def known_vectors(tx: AsyncConnection, digests: Mapping[str, str], *, encoder: str) -> dict[str, bytes]:
    """By ticket, those of this encoder whose text is still the same. `digests` has each ticket's text."""
    columns, refs = insight_vectors.c, sorted(digests)
    found: dict[str, bytes] = {}
    for start in range(0, len(refs), _AT_ONCE):
        rows = await tx.execute(
            select(columns.ref, columns.digest, columns.vector).where(
                columns.ref.in_(refs[start : start + _AT_ONCE]), columns.encoder == encoder
            )
        )
        found |= {row.ref: row.vector for row in rows if digests[row.ref] == row.digest}
    return found


async def keep_vectors(tx: AsyncConnection, vectors: Sequence[TextVector], *, encoder: str) -> None:
    """Each in its ticket's place; the one before is replaced."""
    rows = [
        {
            "ref": one.ref,
            "encoder": encoder,
            "digest": one.digest,
            "vector": one.vector,
            "written_at": one.written_at,
        }
        # Always in one order: two transactions with the same tickets take turns.
        for one in sorted(vectors, key=lambda one: one.ref)
    ]
    for start in range(0, len(rows), _AT_ONCE):
        await tx.execute(_KEEP, rows[start : start + _AT_ONCE])


async def forget_vectors(tx: AsyncConnection, *, before: datetime) -> int:
    """Those of tickets written before then, which nothing is learnt from any more; returns how many."""
    return int(
        (await tx.execute(delete(insight_vectors).where(insight_vectors.c.written_at < before))).rowcount
    )
