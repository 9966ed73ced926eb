"""The mirror of the connections' settings: what the gateway can start from while Prefect is away.

Settings hold signing secrets, so they are encrypted with the operator's key (Fernet: AES-128-CBC with
HMAC-SHA256); the database alone gives nothing away.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from sqlalchemy import delete, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from incidents.errors import LiaisonError
from incidents.links.signed import keys_in
from incidents.store.schema.tables import connections


class WrongKey(LiaisonError):
    """The mirror was written with another key."""


class Mirror:
    """Writes settings under the newest key, and reads them under any that `key` holds (`keys_in`)."""

    def __init__(self, key: str) -> None:
        try:
            self._fernet = MultiFernet([Fernet(one) for one in keys_in(key)])
        except ValueError as error:
            raise WrongKey("LIAISON_KEY is no key: make one with `liaison key`") from error

    async def save(self, tx: AsyncConnection, settings: Mapping[str, str], *, now: datetime) -> None:
        """Replace what is known of these connections; `settings` is their JSON by name."""
        for name, plain in settings.items():
            row = insert(connections).values(
                name=name, settings=self._fernet.encrypt(plain.encode()), read_at=now
            )
            await tx.execute(
                row.on_conflict_do_update(
                    index_elements=["name"],
                    set_={"settings": row.excluded.settings, "read_at": row.excluded.read_at},
                )
            )

    async def forget(self, tx: AsyncConnection, *, all_but: Collection[str]) -> None:
        """Drop what was deleted, lest a revoked secret come back to life with the next start."""
        await tx.execute(delete(connections).where(connections.c.name.not_in(all_but)))

    async def rotate(self, tx: AsyncConnection) -> int:
        """Write everything anew under the newest key; how many there are. Raises `WrongKey`."""
        rows = (await tx.execute(select(connections.c.name, connections.c.settings).with_for_update())).all()
        for row in rows:
            try:
                anew = self._fernet.rotate(row.settings)
            except InvalidToken as error:
                raise _wrong_key() from error
            await tx.execute(update(connections).where(connections.c.name == row.name).values(settings=anew))
        return len(rows)

    async def load(self, tx: AsyncConnection) -> Mapping[str, str]:
        """All settings as last saved. Raises `WrongKey` with the cure."""
        rows = await tx.execute(select(connections.c.name, connections.c.settings))
        try:
            return {row.name: self._fernet.decrypt(row.settings).decode() for row in rows}
        except InvalidToken as error:
            raise _wrong_key() from error


def _wrong_key() -> WrongKey:
    return WrongKey(
        "the mirrored settings were encrypted with another LIAISON_KEY: set that one again, or delete"
        " the rows of table 'connections'; they are read from Prefect anew"
    )
