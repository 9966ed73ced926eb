"""A gateway on a database of its own, its connections known from the mirror while Prefect is away."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import httpx
import pytest
from cryptography.fernet import Fernet
from sqlalchemy import Row, text

from deployments.gateway.app import Gateway
from deployments.gateway.doorbell import RingPacing
from deployments.gateway.serve import open_gateway
from incidents.policy.policy import Policy
from incidents.store.connections import Mirror
from incidents.store.database import Database
from tests.deployments.gateway.prefect_api import PrefectApi
from tests.deployments.gateway.vendors import NOW, SETTINGS, Headers, Vendor

PACE = RingPacing(debounce=0.0, retry=0.01, longest_retry=0.02)
PATIENCE = 10.0


class Clock:
    """Stands still until it is set."""

    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> datetime:
        return self.now


class Rules:
    """The policy in force, to be exchanged in the middle of a test."""

    def __init__(self, policy: Policy) -> None:
        self.policy = policy

    def __call__(self) -> Policy:
        return self.policy


class Store:
    """What the gateway has written."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def deliveries(self) -> Sequence[Row[Any]]:
        return await self._rows("select * from deliveries order by id")

    async def rejections(self) -> Sequence[Row[Any]]:
        return await self._rows("select * from rejections order by id")

    async def _rows(self, statement: str) -> Sequence[Row[Any]]:
        async with self._database.transaction() as tx:
            return (await tx.execute(text(statement))).all()


@dataclass(frozen=True)
class Sender:
    """Posts webhooks to the gateway in process."""

    http: httpx.AsyncClient

    async def send(
        self, vendor: Vendor, body: bytes | None = None, *, headers: Headers | None = None, **how: Any
    ) -> httpx.Response:
        """A genuine webhook of the vendor, unless told how to sign it otherwise."""
        content = vendor.event if body is None else body
        signed = vendor.sign(content, **how) if headers is None else headers
        return await self.http.post(vendor.path, content=content, headers=signed)


@pytest.fixture
def key() -> str:
    return Fernet.generate_key().decode()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def prefect() -> PrefectApi:
    """A Prefect that is away; its blocks are what the mirror has."""
    api = PrefectApi(SETTINGS)
    api.is_away = True
    return api


@pytest.fixture
async def gateway(database: Database, key: str, clock: Clock, prefect: PrefectApi) -> AsyncIterator[Gateway]:
    async with database.transaction() as tx:
        await Mirror(key).save(tx, SETTINGS, now=NOW)
    async with open_gateway(database, key, connect=prefect.connect, clock=clock, pace=PACE) as gateway:
        yield gateway


@pytest.fixture
async def sender(gateway: Gateway) -> AsyncIterator[Sender]:
    # Without raising: what escaped the gateway must be seen as the 500 that it would be on the wire.
    transport = httpx.ASGITransport(gateway, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://gateway.test") as http:
        yield Sender(http)


@pytest.fixture
def store(database: Database) -> Store:
    return Store(database)


async def until(condition: Any) -> None:
    """Return when `condition()` holds, or its awaitable does; give up loudly."""
    async with asyncio.timeout(PATIENCE):
        while True:
            held = condition()
            if await held if asyncio.iscoroutine(held) else held:
                return
            await asyncio.sleep(0.01)
