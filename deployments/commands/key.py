"""`liaison key rotate`: a new key that writes, while the old one still reads what it wrote."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from cryptography.fernet import Fernet

from deployments.commands import settings
from incidents.links.signed import keys_in
from incidents.store.connections import Mirror
from incidents.store.database import Database

FILE = "key"


@dataclass(frozen=True, kw_only=True)
class Rotated:
    """`keys` is what `LIAISON_KEY` is to be. `file`: where it was written, None where the environment has it.
    `connections`: how many were encrypted anew."""

    keys: str
    file: Path | None
    connections: int


async def rotate(home: Path, *, forgets: bool) -> Rotated:
    """Put a new key before the old ones; or, when it `forgets`, drop all but the newest.

    What is stored is written anew under the newest key before the others are dropped, and not earlier: processes that
    were not started since then have only the old one. Raises `LiaisonError` where there is no key, and `WrongKey`.
    """
    had = settings.shared_key(home)
    keys = keys_in(had)[0] if forgets else ",".join((Fernet.generate_key().decode(), *keys_in(had)))
    file = None if os.environ.get("LIAISON_KEY") else home / FILE
    count = await _write_anew(home, had) if forgets else 0
    if file is not None:
        _write(file, keys)
    return Rotated(keys=keys, file=file, connections=count)


async def _write_anew(home: Path, keys: str) -> int:
    database = Database(settings.database_url(home))
    try:
        async with database.transaction() as tx:
            return await Mirror(keys).rotate(tx)
    finally:
        await database.aclose()


def _write(file: Path, keys: str) -> None:
    """All or nothing: a key that is lost is everything that it encrypted."""
    new = file.with_suffix(".new")
    descriptor = os.open(new, os.O_CREAT | os.O_TRUNC | os.O_WRONLY, 0o600)
    with os.fdopen(descriptor, "w") as handle:
        handle.write(keys)
        handle.flush()
        os.fsync(handle.fileno())
    new.replace(file)
