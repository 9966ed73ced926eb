"""When a connection was last heard, and last refused: all there is to know of a vendor that cannot be asked."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from incidents.store.schema.tables import deliveries, rejections


@dataclass(frozen=True, kw_only=True, slots=True)
class Hearing:
    """None where nothing is known, which is forgotten after the policy's `retention.deliveries`.

    `wrongly_signed_at` is when a delivery's signature was last proven wrong.
    """

    heard_at: datetime | None
    wrongly_signed_at: datetime | None

    @property
    def is_refused(self) -> bool:
        """Whether what came last was wrongly signed."""
        wrongly = self.wrongly_signed_at
        return wrongly is not None and (self.heard_at is None or self.heard_at < wrongly)


async def is_known(tx: AsyncConnection, connection: str, identity: str) -> bool:
    """Whether a delivery of this identity was kept, handled since or not."""
    named = deliveries.c.connection == connection, deliveries.c.identity == identity
    return await tx.scalar(select(deliveries.c.id).where(*named).limit(1)) is not None


async def last_heard(tx: AsyncConnection, connection: str) -> Hearing:
    """Looks at every delivery of the connection there is, so it is for people."""
    heard = select(func.max(deliveries.c.received_at)).where(deliveries.c.connection == connection)
    wrongly = select(func.max(rejections.c.at)).where(
        rejections.c.connection == connection, rejections.c.reason == "signature"
    )
    return Hearing(heard_at=await tx.scalar(heard), wrongly_signed_at=await tx.scalar(wrongly))
