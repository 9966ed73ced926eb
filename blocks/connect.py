"""A connection's name in, a capability out: `await connect("zendesk/support-eu", Helpdesk)`.

The name is the block's type and the name it was saved under. Clients are kept and reused within the process;
settings are read again after a minute, and what was read last serves on while Prefect is away.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeVar, cast

import httpx
from prefect.blocks.core import Block
from prefect.exceptions import PrefectException

from blocks.catalogue import BLOCKS, ConnectorBlock
from incidents.errors import NotFound, Refused, Unreachable
from incidents.ports import Connector

FRESH_FOR = 60.0

Capability = TypeVar("Capability")


@dataclass(slots=True)
class _Open:
    connector: Connector
    settings: Mapping[str, object]
    read_at: float


class Connections:
    """The open connections of one event loop."""

    def __init__(self) -> None:
        self._open: dict[str, _Open] = {}
        self._lock = asyncio.Lock()

    async def connect(self, name: str, capability: type[Capability]) -> Capability:
        """Raises `NotFound` if there is no such block, `Refused` if it cannot do what is asked of it, and
        `Unreachable` if Prefect is away and the connection was never read before."""
        connector = await self._connector(name)
        if not isinstance(connector, capability):
            raise Refused(
                f"{name} is no {capability.__name__}; it is a {type(connector).__name__} connection"
            )
        return connector

    async def aclose(self) -> None:
        """Close every client that is still in use."""
        for opened in self._open.values():
            await opened.connector.aclose()
        self._open.clear()

    async def _connector(self, name: str) -> Connector:
        known = self._open.get(name)
        if known is not None and time.monotonic() - known.read_at < FRESH_FOR:
            return known.connector
        async with self._lock:
            known = self._open.get(name)
            if known is not None and time.monotonic() - known.read_at < FRESH_FOR:
                return known.connector
            return await self._refresh(name, known)

    async def _refresh(self, name: str, known: _Open | None) -> Connector:
        try:
            block = await read_block(name)
        except Unreachable:
            if known is None:
                raise
            return known.connector
        # Not as JSON: Prefect takes some 30 ms to write a block.
        settings = dict(block)
        if known is not None and known.settings == settings:
            known.read_at = time.monotonic()
            return known.connector
        opened = _Open(open_connector(name, block), settings, time.monotonic())
        self._open[name] = opened
        # The old client is left to calls that still use it; its sockets go with the last of them.
        return opened.connector


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


def open_connector(name: str, block: Block) -> Connector:
    """The connector that a saved block makes; nothing is sent yet. Raises `Refused` if the block is for something
    else.
    """
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
    if not slash or vendor not in BLOCKS:
        known = ", ".join(BLOCKS)
        raise NotFound(f"{name!r} is no connection: write vendor/name, the vendor one of {known}")
    return BLOCKS[vendor], document
