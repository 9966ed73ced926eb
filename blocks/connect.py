"""A connection's name in, a capability out: `await connect("zendesk/support-eu", Helpdesk)`.

The name is the block's type and the name it was saved under. Clients are kept and reused within the process;
settings are read again after a minute. While Prefect is away what was read last serves on, and what this process never
read is taken from the gateway's mirror in the store.
"""

from __future__ import annotations

import asyncio
import os
import time
from collections import defaultdict
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import TypeGuard, TypeVar, cast

import httpx
from prefect.blocks.core import Block
from prefect.exceptions import PrefectException

from blocks.catalogue import BLOCKS, LEFT_OUT, ConnectorBlock, DeskBlock, PageDeskBlock, RecordBlock
from incidents.errors import NotAllowed, NotFound, Refused, Unreachable
from incidents.ports import Connector, ImpactProbe
from incidents.rotas.rota import Roster
from incidents.store.database import Database
from incidents.store.desk.desk import StoredDesk
from incidents.store.roster.desk import StoredPageDesk
from incidents.store.status_record import StoredStatusRecord
from incidents.telemetry.confided import confide

FRESH_FOR = 60.0
PATIENCE = 8.0
"""Seconds that Prefect may take to hand a block out. Its client alone would try for minutes, and pages wait for it."""
AGAIN_AFTER = 10.0
"""Seconds until it is asked again when it did not answer."""

Capability = TypeVar("Capability")


@dataclass(slots=True)
class _Open:
    connector: Connector
    settings: Mapping[str, object]
    read_at: float


async def _no_mirror(name: str) -> Block | None:
    return None


def no_roster() -> Roster:
    """For a process that has no policy and pages nobody of itself."""
    raise NotAllowed("who is on call stands in the policy, which is not known here")


class Connections:
    """The open connections of one event loop. `database` is the store, for what keeps its tickets or pages with us;
    `mirrored` finds what the store last knew of a connection, if anything; `roster` is who is on call by the policy."""

    def __init__(
        self,
        database: Callable[[], Database],
        mirrored: Callable[[str], Awaitable[Block | None]] = _no_mirror,
        *,
        patience: float = PATIENCE,
        roster: Callable[[], Roster] = no_roster,
    ) -> None:
        self._database = database
        self._roster = roster
        self._open: dict[str, _Open] = {}
        self._locks: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)
        self._mirrored = mirrored
        self._patience = patience

    async def connect(
        self, name: str, capability: type[Capability], *, prefect_is_away: bool = False
    ) -> Capability:
        """Raises `NotFound` if there is no such block, `Refused` if it cannot do what is asked of it, and
        `Unreachable` if Prefect is away and the connection was never read before.

        `prefect_is_away`: it is known, so Prefect is not asked.
        """
        connector = await self._connector(name, prefect_is_away)
        if not fulfils(connector, capability):
            raise Refused(
                f"{name} is no {capability.__name__}; it is a {type(connector).__name__} connection"
            )
        return connector

    async def aclose(self) -> None:
        """Close every client that is still in use."""
        for opened in self._open.values():
            await opened.connector.aclose()
        self._open.clear()

    async def _connector(self, name: str, prefect_is_away: bool) -> Connector:
        known = self._open.get(name)
        if known is not None and (prefect_is_away or _is_fresh(known)):
            return known.connector
        async with self._locks[name]:
            known = self._open.get(name)
            if known is not None and (prefect_is_away or _is_fresh(known)):
                return known.connector
            return await self._refresh(name, known, prefect_is_away)

    async def _refresh(self, name: str, known: _Open | None, prefect_is_away: bool) -> Connector:
        try:
            if prefect_is_away:
                raise Unreachable(f"Prefect is away, and connection {name} was never read from it")
            block = await _read_soon(name, self._patience)
        except Unreachable:
            if known is not None:
                known.read_at = time.monotonic() - FRESH_FOR + AGAIN_AFTER
                return known.connector
            mirrored = await self._mirrored(name)
            if mirrored is None:
                raise
            block = mirrored
        # Not as JSON: Prefect takes some 30 ms to write a block.
        settings = dict(block)
        if known is not None and known.settings == settings:
            known.read_at = time.monotonic()
            return known.connector
        connector = open_connector(name, block, self._database, self._roster)
        opened = _Open(connector, settings, time.monotonic())
        self._open[name] = opened
        # The old client is left to calls that still use it; its sockets go with the last of them.
        return opened.connector


def fulfils(connector: object, capability: type[Capability]) -> TypeGuard[Capability]:
    """Whether a connector can do this. By its methods alone each would be a probe, as each has a `check`: what that one
    is, its class line says.
    """
    says = capability is not ImpactProbe or ImpactProbe in type(connector).__mro__
    return says and isinstance(connector, capability)


def _is_fresh(opened: _Open) -> bool:
    return time.monotonic() - opened.read_at < FRESH_FOR


async def _read_soon(name: str, patience: float) -> Block:
    try:
        async with asyncio.timeout(patience):
            return await read_block(name)
    except TimeoutError as error:
        raise Unreachable(f"Prefect did not answer for the block of {name} within {patience:g} s") from error


async def read_block(name: str) -> Block:
    """The block a connection is kept in. Errors as for `connect`."""
    block_class, document = _split(name)
    try:
        return cast(Block, await block_class.aload(document))
    except ValueError as error:
        raise NotFound(
            f"there is no connection {name}: save a {block_class.get_block_type_slug()} block named"
            f" {document!r} in the Prefect UI (Blocks), or correct the name in the policy"
        ) from error
    except (httpx.HTTPError, PrefectException, RuntimeError) as error:
        raise Unreachable(
            f"Prefect did not answer for the block of {name}: {type(error).__name__}"
        ) from error


def open_connector(
    name: str,
    block: Block,
    database: Callable[[], Database],
    roster: Callable[[], Roster] = no_roster,
    *,
    key: str | None = None,
) -> Connector:
    """The connector that a saved block makes; nothing is sent yet, and store and policy are asked for only where they
    are needed. `key` is the installation's, `LIAISON_KEY` unless somebody says so.

    Raises `Refused` if the block is for something else.
    """
    confide(block)
    if isinstance(block, DeskBlock):
        return block.connector_at(name, StoredDesk(database(), name))
    if isinstance(block, RecordBlock):
        return block.connector_from(name, StoredStatusRecord(database(), name))
    if isinstance(block, PageDeskBlock):
        signs = os.environ.get("LIAISON_KEY", "") if key is None else key
        return block.connector_paging(name, StoredPageDesk(database(), name), roster, signs)
    if not isinstance(block, ConnectorBlock):
        raise Refused(f"{name}: a {type(block).__name__} makes no connector")
    return block.connector(name)


def settings_json(block: Block) -> str:
    """The settings with their secrets: what the mirror keeps (encrypted) and `block_from_json` reads."""
    return block.model_dump_json(context={"include_secrets": True})


def block_from_json(name: str, settings: str) -> Block:
    """A connection's settings out of what the gateway has mirrored. Raises `Refused` for a vendor nobody knows, and
    pydantic's `ValidationError`.
    """
    block_class, _ = _split(name)
    return block_class.model_validate_json(settings)


def _split(name: str) -> tuple[type[Block], str]:
    vendor, slash, document = name.partition("/")
    if vendor in LEFT_OUT:
        raise NotFound(f"there is no connection {name}: {LEFT_OUT[vendor]}")
    if not slash or vendor not in BLOCKS:
        known = ", ".join(BLOCKS)
        raise NotFound(f"{name!r} is no connection: write vendor/name, the vendor one of {known}")
    return BLOCKS[vendor], document
