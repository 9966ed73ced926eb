"""What a process keeps open for its tasks: the store, the policy, the connections.

Each is opened at first use, per event loop, from `LIAISON_DATABASE_URL` and `LIAISON_POLICY`; nothing is
opened on import. The policy file is read again when it changes; a broken new version is reported and the last
good one stays in force.
"""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Protocol, TypeVar, runtime_checkable
from weakref import WeakKeyDictionary

from prefect.blocks.core import Block
from prefect.runtime import flow_run
from pydantic import ValidationError
from sqlalchemy import text

from blocks.connect import Connections, block_from_json
from incidents.basis import Basis
from incidents.errors import LiaisonError, NotAllowed, PolicyError
from incidents.policy.file import load_policy
from incidents.policy.policy import Policy
from incidents.rotas.rota import Roster
from incidents.step import Step
from incidents.store.connections import Mirror
from incidents.store.database import Database
from incidents.store.instance import instance_id
from incidents.texts.team import team_reads
from tasks.without_prefect import current_emergency, is_without_prefect

_UNNOTICED = timedelta(seconds=0.5)

# Linux's monotonic clock stands still while the machine is suspended.
_BOOTTIME = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)

Capability = TypeVar("Capability")
Kept = TypeVar("Kept")


class NotConfigured(LiaisonError):
    """A setting this process cannot work without is missing; the message names it and how to set it."""


async def _mirrored(name: str) -> Block | None:
    key = os.environ.get("LIAISON_KEY")
    if not key:
        return None
    async with database().transaction() as tx:
        settings = (await Mirror(key).load(tx)).get(name)
    if settings is None:
        return None
    try:
        return block_from_json(name, settings)
    except ValidationError as error:
        raise NotAllowed(f"the settings of connection {name} are not valid: edit its block") from error


def _roster() -> Roster:
    return policy().roster()


@runtime_checkable
class _Closable(Protocol):
    """What is kept, and has something under way that ends with us."""

    async def aclose(self) -> None: ...


@dataclass(slots=True)
class _Resources:
    database: Database | None = None
    policy: Policy | None = None
    policy_stamp: tuple[str, int] = ("", 0)
    connections: Connections = field(default_factory=lambda: Connections(database, _mirrored, roster=_roster))
    clock: Callable[[], datetime] | None = None
    behind: timedelta = timedelta(0)
    uptime: Callable[[], float] | None = None
    kept: dict[type, object] = field(default_factory=dict)
    instance: str | None = None


_by_loop: WeakKeyDictionary[asyncio.AbstractEventLoop, _Resources] = WeakKeyDictionary()


def _here() -> _Resources:
    return _by_loop.setdefault(asyncio.get_running_loop(), _Resources())


def _setting(name: str, cure: str) -> str:
    value = os.environ.get(name)
    if not value:
        raise NotConfigured(f"{name} is not set: {cure}")
    return value


def database() -> Database:
    """The store of this process. Raises `NotConfigured`."""
    here = _here()
    if here.database is None:
        cure = (
            "`liaison up` sets it; for another PostgreSQL give a URL like postgresql+asyncpg://host/liaison"
        )
        here.database = Database(_setting("LIAISON_DATABASE_URL", cure))
    return here.database


def policy() -> Policy:
    """The policy in force. Raises `PolicyError` if there never was a good one."""
    here = _here()
    path = Path(_setting("LIAISON_POLICY", "give the path of your liaison.yaml"))
    try:
        stamp = (str(path), path.stat().st_mtime_ns)
    except OSError:
        stamp = (str(path), 0)
    if here.policy is None or stamp != here.policy_stamp:
        try:
            here.policy = load_policy(path)
        except PolicyError:
            # `liaison check` and the health page say so; work in hand must not stop for a typing error.
            if here.policy is None:
                raise
        here.policy_stamp = stamp
    return here.policy


def kept(kind: type[Kept]) -> Kept:
    """This process's one object of a kind, made at first use: what is costly to make, and can be made anew."""
    here = _here()
    if kind not in here.kept:
        here.kept[kind] = kind()
    found = here.kept[kind]
    assert isinstance(found, kind)  # noqa: S101 - we have just put it there
    return found


def basis() -> Basis:
    """What is in force now: a task that needs more than one transaction asks once, and hands it to each of them."""
    return Basis(policy(), utc_now())


@asynccontextmanager
async def transaction(on: Basis | None = None) -> AsyncIterator[Step]:
    """A transaction by what is in force at its beginning, unless `on` says by what: a task makes it, and hands it on.

    It commits at the end of the block and rolls back on any error.
    """
    given, instance = on if on is not None else basis(), await _instance()
    # What is worded in the step goes by its policy.
    async with database().transaction() as connection:
        with team_reads(given.policy.language.team):
            yield Step(connection=connection, basis=given, instance=instance, run_id=run_id())


async def _instance() -> str:
    here = _here()
    if here.instance is None:
        # In a transaction of its own: where it is made, it must stay, whatever becomes of the step.
        async with database().transaction() as connection:
            here.instance = await instance_id(connection)
    return here.instance


async def installation() -> str:
    """The id of this store: what is named by incidents' numbers is told apart by it from other installations'."""
    return await _instance()


async def connect(name: str, capability: type[Capability]) -> Capability:
    """The named connection as a capability; errors as in `blocks.connect`."""
    return await _here().connections.connect(name, capability, prefect_is_away=is_without_prefect())


async def close() -> None:
    """Close what this event loop's tasks have open: at a process's end, and between tests."""
    here = _by_loop.pop(asyncio.get_running_loop(), None)
    if here is not None:
        for one in here.kept.values():
            if isinstance(one, _Closable):
                await one.aclose()
        if here.database is not None:
            await here.database.aclose()
        await here.connections.aclose()


def utc_now() -> datetime:
    """The one clock of flows and tasks; decisions are given it as `now`. It is PostgreSQL's as far as
    `follow_store_clock` was asked to find that out."""
    return _own_clock() + _here().behind


def _own_clock() -> datetime:
    clock = _here().clock
    return clock() if clock is not None else datetime.now(UTC)


async def follow_store_clock() -> timedelta:
    """Go by PostgreSQL's clock from now on, and return by how much ours is behind it.

    What is planned becomes due by its clock, and all workers share it: one whose own clock is a minute behind would
    send each page a minute late. A difference too small to be told from the way there and back is none.
    """
    async with database().transaction() as tx:
        before, asked = _own_clock(), uptime()
        theirs: datetime = (await tx.execute(text("select clock_timestamp()"))).scalar_one()
        took = timedelta(seconds=uptime() - asked)
    behind = theirs - (before + took / 2)
    here = _here()
    here.behind = behind if abs(behind) > took + _UNNOTICED else timedelta(0)
    return here.behind


def uptime() -> float:
    """Seconds that only go forward, and go on while the machine is suspended where the system can count that."""
    clock = _here().uptime
    return clock() if clock is not None else time.clock_gettime(_BOOTTIME)


@contextmanager
def simulated_uptime(clock: Callable[[], float]) -> Iterator[None]:
    """Let this event loop's tasks measure spans by another clock: drills of workers that sleep."""
    here = _here()
    before, here.uptime = here.uptime, clock
    try:
        yield
    finally:
        here.uptime = before


@contextmanager
def simulated_time(clock: Callable[[], datetime]) -> Iterator[None]:
    """Let flows and tasks of this event loop go by another clock: replays of what happened once, and drills.

    PostgreSQL's own clock, which leases go by, stays as it is.
    """
    here = _here()
    before, here.clock = here.clock, clock
    try:
        yield
    finally:
        here.clock = before


def run_id() -> str | None:
    """The Prefect flow run we are in, or the emergency, for the timeline."""
    identifier: str | None = current_emergency() or flow_run.id
    return identifier
