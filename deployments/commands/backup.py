"""`liaison backup` and `liaison restore`: both databases and the operator's key in one file."""

from __future__ import annotations

import asyncio
import json
import os
import tarfile
import tempfile
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

from deployments.commands import settings
from deployments.machine import dumps
from deployments.machine.databases import OUR_DATABASE, PREFECTS_DATABASE
from deployments.machine.embedded_database import EmbeddedDatabase
from deployments.machine.home import POSTGRES_FOLDER, liaison_home, make_private
from deployments.machine.process_table import ProcessTable, living
from deployments.machine.whereabouts import SUPERVISOR
from incidents.errors import LiaisonError
from incidents.store.database import Database
from incidents.store.migrate import migrate
from incidents.store.restored import mark_restored

ABOUT, KEY, OURS, PREFECTS = "about.json", "key", "liaison.dump", "prefect.dump"
FORMAT = 1


class CannotBackUp(LiaisonError):
    """The file cannot be made."""


class CannotRestore(LiaisonError):
    """There is something in the way, or the file is no backup of ours. The message has the cure."""


@dataclass(frozen=True, kw_only=True)
class BackupContents:
    """What is in a backup. `has_prefect`: whether Prefect's database is in it, or is somebody else's to back up."""

    taken_at: str
    has_prefect: bool
    format: int = FORMAT


def back_up(home: Path | None, file: Path) -> BackupContents:
    """Write a backup while everything runs. Raises `CannotBackUp`, `NotRunning`, `DatabaseError`.

    Prefect's database comes first: what ours knows of Prefect's runs is then never less than what theirs has. The
    file holds the key that opens every secret in it, and is readable by its owner only.
    """
    url = settings.database_url(home)
    prefects = _embedded(home).url(PREFECTS_DATABASE) if _has_prefects(home) else None
    contents = BackupContents(taken_at=datetime.now(UTC).isoformat(), has_prefect=prefects is not None)
    try:
        descriptor = os.open(file, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
    except OSError as error:
        raise CannotBackUp(
            f"{file} cannot be made ({error.strerror}): name a file that is not there yet"
        ) from error
    try:
        with tempfile.TemporaryDirectory() as folder, os.fdopen(descriptor, "wb") as handle:
            scratch = Path(folder)
            if prefects is not None:
                dumps.dump(prefects, scratch / PREFECTS)
            dumps.dump(url, scratch / OURS)
            (scratch / KEY).write_text(settings.operator_key(liaison_home(home)))
            (scratch / ABOUT).write_text(json.dumps(asdict(contents)))
            with tarfile.open(fileobj=handle, mode="w") as archive:
                for part in sorted(scratch.iterdir()):
                    archive.add(part, arcname=part.name)
    except BaseException:
        file.unlink(missing_ok=True)
        raise
    return contents


async def restore(home: Path | None, file: Path) -> BackupContents:
    """Make a data folder from a backup, on an embedded PostgreSQL; `liaison up` then starts it.

    Raises `CannotRestore` when the folder has a store already, or Liaison runs on it.
    """
    where = liaison_home(home)
    _refuse_what_is_there(where)
    with tempfile.TemporaryDirectory() as folder:
        scratch = Path(folder)
        contents = await asyncio.to_thread(_unpack, file, scratch)
        make_private(where)
        server = _embedded(home)
        await asyncio.to_thread(server.start)
        try:
            await _load(server, OUR_DATABASE, scratch / OURS)
            if contents.has_prefect:
                await _load(server, PREFECTS_DATABASE, scratch / PREFECTS)
            await make_restored(server.url(OUR_DATABASE))
        finally:
            await asyncio.to_thread(server.stop)
        _write_key(where, (scratch / KEY).read_text())
    return contents


async def make_restored(url: str) -> None:
    """Bring a loaded store to today's schema, and let it know what it is."""
    database = Database(url)
    try:
        await migrate(database)
        async with database.transaction() as tx:
            await mark_restored(tx)
    finally:
        await database.aclose()


async def _load(server: EmbeddedDatabase, name: str, file: Path) -> None:
    await asyncio.to_thread(server.ensure_database, name)
    await asyncio.to_thread(dumps.load, server.url(name), file)


def _embedded(home: Path | None) -> EmbeddedDatabase:
    return EmbeddedDatabase(liaison_home(home) / POSTGRES_FOLDER)


def _has_prefects(home: Path | None) -> bool:
    """Whether Prefect's database is on the embedded server of this folder, and not where somebody else backs it up."""
    if not (liaison_home(home) / POSTGRES_FOLDER).exists():
        return False
    server = _embedded(home)
    return server.pid is not None and PREFECTS_DATABASE in server.databases()


def _refuse_what_is_there(where: Path) -> None:
    for row in ProcessTable(where / "processes.json").read():
        if row.name == SUPERVISOR and living(row) is not None:
            raise CannotRestore(f"Liaison is running on {where} (process {row.pid}): stop it first")
    for taken in (where / POSTGRES_FOLDER, where / "key"):
        if taken.exists():
            raise CannotRestore(
                f"{taken} is there already, and is not overwritten: move it away, or restore into another folder "
                "with --home"
            )


def _unpack(file: Path, folder: Path) -> BackupContents:
    try:
        with tarfile.open(file) as archive:
            for name in (ABOUT, KEY, OURS, PREFECTS):
                # By name and not by path: nothing in the file says where it is written to.
                part = archive.extractfile(name) if name in archive.getnames() else None
                if part is not None:
                    (folder / name).write_bytes(part.read())
        contents = BackupContents(**json.loads((folder / ABOUT).read_text()))
    except (tarfile.TarError, OSError, ValueError, TypeError) as error:
        raise CannotRestore(f"{file} is no backup of `liaison backup` ({type(error).__name__})") from error
    if contents.format != FORMAT:
        raise CannotRestore(f"{file} has the format {contents.format}, and this Liaison reads {FORMAT}")
    return contents


def _write_key(where: Path, key: str) -> None:
    descriptor = os.open(where / "key", os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
    with os.fdopen(descriptor, "w") as handle:
        handle.write(key)
