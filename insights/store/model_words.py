"""Which models hold a word that only one customer wrote: what they learnt of all is nobody's, such a word is."""

from __future__ import annotations

import json
from collections.abc import Sequence

from sqlalchemy import bindparam, delete, select, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.asyncio import AsyncConnection

from incidents.store.schema.tables import insight_models
from incidents.store.storable import StorableText
from insights.text import plain, stems, terms, words

_AT_ONCE = 2000
_SHORTEST = 5
"""Letters; what is shorter is in the bytes of any model by chance."""
_OTHERS = text(
    "select subject, body from tickets where not (ref = any(:refs)) and (subject <> '' or body <> '')"
).bindparams(bindparam("refs", type_=ARRAY(StorableText)))


async def own_words(tx: AsyncConnection, refs: Sequence[str], texts: Sequence[str]) -> frozenset[str]:
    """The words of these texts, in each form that a model learns, that no other ticket has. Reads every ticket once."""
    own = {word for one in texts for word in _forms(one) if len(word) >= _SHORTEST}
    async with tx.stream(_OTHERS, {"refs": list(refs)}) as found:
        async for part in found.partitions(_AT_ONCE):
            for row in part:
                if not own:
                    return frozenset()
                own -= _forms(row.subject)
                own -= _forms(row.body)
    return frozenset(own)


async def models_with(tx: AsyncConnection, own: frozenset[str]) -> Sequence[int]:
    """The models, of any state, whose bytes or card have one of these words."""
    columns = insight_models.c
    found = []
    for number in (await tx.execute(select(columns.id).order_by(columns.id))).scalars().all():
        row = (await tx.execute(select(columns.content, columns.card).where(columns.id == number))).one()
        if _has_one(row.content, json.dumps(row.card, ensure_ascii=False), own):
            found.append(number)
    return found


async def delete_models(tx: AsyncConnection, numbers: Sequence[int]) -> None:
    """A champion among them predicts no more: the policy's rules decide until `train` has learnt anew."""
    await tx.execute(delete(insight_models).where(insight_models.c.id.in_(numbers)))


def _has_one(content: bytes, card: str, own: frozenset[str]) -> bool:
    # A pickle has texts as UTF-8, NumPy's arrays of texts as four bytes a letter.
    return any(
        word in card or word.encode() in content or word.encode("utf-32-le") in content for word in own
    )


def _forms(written: str) -> set[str]:
    seen = plain(written)
    return {*words(seen), *stems(seen), *terms(seen)}
