"""`liaison server`: one Prefect server by its environment alone, or a part of one of several.

    all        everything in one process, as `liaison up` has it; of these there may be one
    api        API and UI; any number, behind a load balancer
    services   what goes on behind them (scheduler, events, records of task runs); one

More than one need Redis, by which they tell each other what happens, and `prefect-redis` (requirements/redis.txt).
Their database is made ready beforehand by `liaison migrate`: two that do it at once, each as it starts, fail.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from importlib.util import find_spec
from urllib.parse import urlsplit

import asyncpg

from deployments.machine.databases import with_asyncpg
from deployments.machine.prefect_server import server_settings
from deployments.machine.processes import CODE, PREFECT, PYTHON, StackError
from incidents.policy.file import load_policy

DATABASE = "PREFECT_SERVER_DATABASE_CONNECTION_URL"
LOGIN = "PREFECT_SERVER_API_AUTH_STRING"
REDIS = "LIAISON_REDIS_URL"
LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})
_MIGRATION_LOCK = 0x11A151


class ServerPart(StrEnum):
    """What of a Prefect server a process is."""

    ALL = "all"
    API = "api"
    SERVICES = "services"


@dataclass(frozen=True, kw_only=True)
class ServerRole:
    """A process of Prefect's. `settings` are what it is started with beside, and under, the operator's own."""

    command: tuple[str, ...]
    settings: Mapping[str, str]


def server_role(
    part: ServerPart, *, host: str, port: int, environ: Mapping[str, str], public_url: str | None = None
) -> ServerRole:
    """`public_url` is where browsers reach it. Raises `StackError` naming the variable that is missing, and why it must
    not be."""
    redis = environ.get(REDIS)
    if part is not ServerPart.ALL and not redis:
        raise StackError(
            f"{REDIS} is not set: servers in parts tell each other by Redis what happens; give its address, such as "
            "redis://host:6379/0, or start one server with --part all"
        )
    if redis and find_spec("prefect_redis") is None:
        raise StackError(
            f"{REDIS} is set and prefect-redis is not installed: pip install --no-deps --require-hashes -r "
            "requirements/redis.txt"
        )
    login = environ.get(LOGIN)
    if not login and part is not ServerPart.SERVICES and host not in LOOPBACK:
        raise StackError(
            f"{LOGIN} is not set: whoever reaches {host}:{port} would read every connection's secrets; set it to "
            "user:password here, and PREFECT_API_AUTH_STRING to the same for worker, gateway and listener"
        )
    policy = environ.get("LIAISON_POLICY")
    return ServerRole(
        command=_command(part, host=host, port=port),
        settings={
            **server_settings(
                login=login,
                port=port,
                public_url=_pages(public_url) if public_url else None,
                events_kept=load_policy(policy).retention.events if policy else None,
            ),
            **(_by_redis(redis) if redis else {}),
            **{name: value for name, value in environ.items() if name.startswith("PREFECT_")},
            DATABASE: prefects_address(environ),
        },
    )


def _pages(public_url: str) -> str:
    """Without a slash at the end, nor the API's path. Raises `StackError`."""
    url = public_url.strip().rstrip("/").removesuffix("/api")
    try:
        parts = urlsplit(url)
        is_usable = parts.scheme in {"http", "https"} and bool(parts.hostname) and not set("?#@ ,") & set(url)
    except ValueError:
        is_usable = False
    if not is_usable:
        raise StackError(
            f"LIAISON_SERVER_PUBLIC_URL: {public_url!r} is no address: write what the browser shows for Prefect's "
            "pages, such as https://prefect.example.com"
        )
    return url


def prefects_address(environ: Mapping[str, str]) -> str:
    """Prefect's database as its server wants it. Raises `StackError`."""
    address = environ.get(DATABASE)
    if not address:
        raise StackError(f"{DATABASE} is not set: give postgresql://user:password@host/prefect")
    return with_asyncpg(address, variable=DATABASE)


def become_server(role: ServerRole) -> None:
    """Be that process from now on, under the same id, so that whoever supervises us supervises it."""
    os.execve(role.command[0], role.command, {**os.environ, **role.settings})  # noqa: S606 - no shell is wanted


async def migrate_prefects(environ: Mapping[str, str]) -> None:
    """Make Prefect's database ready for the installed Prefect's servers; others who try meanwhile wait.

    Raises `StackError` with the end of what Prefect said.
    """
    address = prefects_address(environ)
    connection = await asyncpg.connect(address.replace("postgresql+asyncpg://", "postgresql://", 1))
    try:
        await connection.execute("select pg_advisory_lock($1)", _MIGRATION_LOCK)
        upgrade = await asyncio.create_subprocess_exec(
            *(PYTHON, "-m", "deployments.machine.prefect_schema"),
            cwd=CODE,
            env={**environ, DATABASE: address},
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        said = (await upgrade.communicate())[0].decode(errors="replace")
    finally:
        await connection.close()
    if upgrade.returncode:
        raise StackError(f"Prefect's database cannot be migrated:\n{said[-2000:]}")


def _command(part: ServerPart, *, host: str, port: int) -> tuple[str, ...]:
    if part is ServerPart.SERVICES:
        return (*PREFECT, "server", "services", "start")
    alone = () if part is ServerPart.ALL else ("--no-services",)
    return (*PREFECT, "server", "start", "--host", host, "--port", str(port), *alone)


def _by_redis(url: str) -> dict[str, str]:
    """https://docs.prefect.io/v3/advanced/self-hosted has all but the last five, which the settings' texts name."""
    return {
        "PREFECT_SERVER_EVENTS_MESSAGING_BROKER": "prefect_redis.messaging",
        "PREFECT_SERVER_EVENTS_MESSAGING_CACHE": "prefect_redis.messaging",
        "PREFECT_SERVER_EVENTS_CAUSAL_ORDERING": "prefect_redis.ordering",
        "PREFECT_SERVER_CONCURRENCY_LEASE_STORAGE": "prefect_redis.lease_storage",
        "PREFECT_SERVER_DOCKET_URL": url,
        "PREFECT_SERVER_WORKER_CHANNEL_CLEANUP_QUEUE_STORAGE": "prefect_redis.cleanup_queue",
        "PREFECT_REDIS_MESSAGING_URL": url,
        # Its own: without it, it looks on localhost, whatever the other one says.
        "PREFECT_REDIS_WORKER_CLEANUP_QUEUE_URL": url,
        # By `liaison migrate`, alone.
        "PREFECT_SERVER_DATABASE_MIGRATE_ON_START": "false",
        "PREFECT_API_BLOCKS_REGISTER_ON_START": "false",
    }
