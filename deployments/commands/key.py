"""`liaison key rotate`: from an old key to a new one while everything runs, and on any number of machines."""

from __future__ import annotations

import os
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from cryptography.fernet import Fernet

from deployments.commands import settings
from incidents.errors import LiaisonError
from incidents.links.signed import NEXT, keys_in
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


class RotationStep(StrEnum):
    """In this order, and everything is started anew after each."""

    ADD = "add"
    """A new key that only reads: whoever has not heard of it yet is still understood by all, and understands all."""
    USE = "use"
    """The new key writes and signs; the old one reads."""
    FORGET = "forget"
    """Only the newest is left."""


class NotNow(LiaisonError):
    """Another step of the rotation comes first."""


async def rotate(home: Path, step: RotationStep) -> Rotated:
    """One step from an old key to a new one.

    What is stored is written anew under the newest key before the others are dropped, and not earlier: processes that
    were not started since then have only the old one. Raises `NotNow`, `LiaisonError` where there is no key, and
    `WrongKey`.
    """
    had = settings.shared_key(home)
    keys = _after(step, had)
    file = None if os.environ.get("LIAISON_KEY") else home / FILE
    count = await _write_anew(home, had) if step is RotationStep.FORGET else 0
    if file is not None:
        _write(file, keys)
    return Rotated(keys=keys, file=file, connections=count)


def _after(step: RotationStep, had: str) -> str:
    first, *others = keys_in(had)
    waits = NEXT in had
    if step is RotationStep.ADD:
        if waits:
            raise NotNow(
                "a new key waits already: when gateway, listener and worker were started with it, `liaison key rotate"
                " --use-new`"
            )
        return ",".join((first, *others, f"{NEXT}{Fernet.generate_key().decode()}"))
    if step is RotationStep.USE:
        if not waits:
            raise NotNow("no new key waits: `liaison key rotate` adds one")
        return ",".join((others[-1], first, *others[:-1]))
    if waits:
        raise NotNow("the new key is not in use yet: `liaison key rotate --use-new` comes first")
    return first


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
