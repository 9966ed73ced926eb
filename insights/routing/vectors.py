"""Tickets with the sentence embeddings of their texts, as the column `vector`: from the store, or encoded now."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence

import pandas as pd

from incidents.store.database import Database
from insights.embeddings import digest
from insights.routing.features import texts_of
from insights.routing.history import VECTOR
from insights.routing.ticket_frame import TEXT, TIME
from insights.store.vectors import TextVector, keep_vectors, known_vectors

Encode = Callable[[Sequence[str]], Awaitable[list[bytes]]]
"""`insights.embeddings.encoded`, wherever it runs: in a thread for a few texts, in a process of its own for many."""


async def with_vectors(
    database: Database, tickets: pd.DataFrame, encode: Encode, *, encoder: str, most: int
) -> pd.DataFrame:
    """The tickets with the column `vector` (bytes, empty where there is none); new vectors are kept in the store.

    At most so many are encoded, those of the last rows; the others have none until the next time. Raises what `encode`
    raises.
    """
    texts = dict(zip(tickets["ticket"], texts_of(tickets, TEXT), strict=True))
    digests = {ref: digest(text) for ref, text in texts.items()}
    async with database.transaction() as tx:
        known = await known_vectors(tx, digests, encoder=encoder)
    missing = [ref for ref in texts if ref not in known]
    missing = missing[max(0, len(missing) - most) :]
    if missing:
        made = await encode([texts[ref] for ref in missing])
        known |= dict(zip(missing, made, strict=True))
        written = dict(zip(tickets["ticket"], tickets[TIME], strict=True))
        new = [
            TextVector(ref=ref, digest=digests[ref], vector=known[ref], written_at=written[ref])
            for ref in missing
        ]
        async with database.transaction() as tx:
            await keep_vectors(tx, new, encoder=encoder)
    return tickets.assign(**{VECTOR: [known.get(ref, b"") for ref in tickets["ticket"]]})
