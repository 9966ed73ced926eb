"""A test's ingredients, and what was seen."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime

from incidents.models import OUR_KEYS
from incidents.policy.policy import Policy
from incidents.ports import Connector
from incidents.store.database import Database

PATIENCE = 45.0
"""Seconds until what was sent must be seen at the other side."""
_LOOK_EVERY = 0.5


@dataclass(frozen=True, kw_only=True, slots=True)
class Trial:
    """One test. `is_well` is None where nothing was done, as nobody was named to do it to; `seen` says what to name."""

    what: str
    is_well: bool | None
    seen: str


@dataclass(frozen=True, kw_only=True, slots=True)
class TrialWishes:
    """Whom or what a person named: a ticket, an address, a target of pages, a service, the gateway's public address."""

    ticket: str = ""
    to: str = ""
    target: str = ""
    service: str = ""
    public_url: str = ""


@dataclass(frozen=True, kw_only=True)
class TriedConnection:
    """The connection that is tried. `once` is this trial's own idempotency key."""

    name: str
    connector: Connector
    database: Database
    policy: Policy
    wishes: TrialWishes
    gateway_url: str
    clock: Callable[[], datetime]
    once: str = field(default_factory=lambda: f"{OUR_KEYS}try:{secrets.token_hex(8)}")

    def uses(self) -> list[str]:
        """The policy's keys that name it."""
        return self.policy.connection_uses().get(self.name, [])


async def seen_within(holds: Callable[[], Awaitable[bool]], seconds: float = PATIENCE) -> bool:
    """Whether it is seen in time."""
    loop = asyncio.get_running_loop()
    until = loop.time() + seconds
    while not await holds():
        if loop.time() > until:
            return False
        await asyncio.sleep(_LOOK_EVERY)
    return True
