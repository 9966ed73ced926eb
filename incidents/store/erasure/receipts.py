"""Receipts of erasures: what was erased where. Whom they are about only somebody can tell who knows the person."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime

from sqlalchemy import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from incidents.store.erasure.erase import Erased
from incidents.store.schema.tables import erasures


@dataclass(frozen=True, kw_only=True, slots=True)
class ErasureReceipt:
    """`digest` is the SHA-256 of `salt` and what the person was named by, in small letters: whoever has that name can
    prove that the receipt is about it. Nothing else in it is anybody's."""

    at: datetime
    salt: str
    digest: str
    erased: tuple[Erased, ...]
    remarks: tuple[str, ...]


def new_receipt(
    named: str, erased: Sequence[Erased], remarks: Sequence[str], *, now: datetime
) -> ErasureReceipt:
    """With a salt of its own."""
    salt = secrets.token_hex(16)
    return ErasureReceipt(
        at=now, salt=salt, digest=digest_of(salt, named), erased=tuple(erased), remarks=tuple(remarks)
    )


def digest_of(salt: str, named: str) -> str:
    """What a receipt with this salt has for this person."""
    return hashlib.sha256(f"{salt}{named.strip().casefold()}".encode()).hexdigest()


async def keep_receipt(tx: AsyncConnection, receipt: ErasureReceipt) -> None:
    """For the day somebody asks."""
    await tx.execute(
        insert(erasures).values(
            at=receipt.at,
            salt=receipt.salt,
            digest=receipt.digest,
            receipt={"erased": [asdict(one) for one in receipt.erased], "remarks": list(receipt.remarks)},
        )
    )
