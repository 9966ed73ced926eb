"""`kill -9` of the postmaster while webhooks come in: taken again within ten seconds, and none acknowledged is lost."""

from __future__ import annotations

import os
import signal
import time
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest
from sqlalchemy import text

from bench.sandbox import TookTooLong, until
from deployments.commands.settings import EXAMPLE_POLICY, operator_key
from deployments.machine.processes import free_port
from deployments.machine.stack import Stack, StackOptions
from incidents.store.connections import Mirror
from incidents.store.database import Database
from incidents.store.migrate import migrate
from tests.deployments.conftest import short_folder
from tests.deployments.gateway.vendors import HTTP, SETTINGS

__all__ = ["short_folder"]

pytestmark = pytest.mark.real

SERVED_WITHIN = 10.0


class Senders:
    """They send webhook after webhook, and count what was acknowledged."""

    def __init__(self, http: httpx.AsyncClient) -> None:
        self._http = http
        self.acknowledged = 0

    async def is_taken(self) -> bool:
        headers = HTTP.sign(HTTP.event, at=datetime.now(UTC), id=f"msg_{time.monotonic_ns()}")
        try:
            answer = await self._http.post(HTTP.path, content=HTTP.event, headers=headers)
        except httpx.TransportError:
            return False
        self.acknowledged += answer.status_code == 200
        return answer.status_code == 200


async def test_webhooks_are_taken_again_within_ten_seconds_of_a_killed_postmaster(short_folder: Path):
    """Five times over. The control is one more kill without the keeper: then nobody is served, so it is the keeper who
    makes the figure."""
    key = operator_key(short_folder)
    options = StackOptions(
        home=short_folder,
        policy=EXAMPLE_POLICY,
        say=print,
        gateway_port=free_port(0),
        api_port=free_port(0),
        extra_env={"LIAISON_KEY": key},
    )
    async with Stack(options) as stack:
        await stack.start_database()
        store = Database(stack.database_url)
        await migrate(store)
        async with store.transaction() as tx:
            await Mirror(key).save(tx, {HTTP.connection: SETTINGS[HTTP.connection]}, now=datetime.now(UTC))
        await stack.start_gateway()
        async with httpx.AsyncClient(base_url=stack.gateway_url, trust_env=False, timeout=30) as http:
            senders = Senders(http)
            await until("the first webhook is taken", senders.is_taken, 60)
            for number in range(1, 6):
                began = _kill_postmaster(stack)
                # An old session may still take one: that counts for the sender, and not for the figure.
                await until("it is started again", lambda n=number: _has_restarted(stack, n), 60)
                await until("webhooks are taken again", senders.is_taken, 60)
                assert time.monotonic() - began < SERVED_WITHIN
            assert stack.processes["gateway"].restarted == 0, "it reconnected by itself"

            assert stack.database is not None
            assert stack.database._keeper is not None
            stack.database._keeper.cancel()
            _kill_postmaster(stack)
            await until("the last session has gone", lambda: _is_refused(senders), 60)
            with pytest.raises(TookTooLong):
                await until("webhooks are taken again", senders.is_taken, SERVED_WITHIN)
            await stack.database.start()
            await until("webhooks are taken again", senders.is_taken, 60)
        await store.aclose()
        store = Database(stack.database_url)
        async with store.transaction() as tx:
            stored = (await tx.execute(text("select count(*) from deliveries"))).scalar_one()
        await store.aclose()
    assert stored >= senders.acknowledged >= 7


async def _is_refused(senders: Senders) -> bool:
    return not await senders.is_taken()


async def _has_restarted(stack: Stack, times: int) -> bool:
    assert stack.database is not None
    return stack.database.restarted >= times


def _kill_postmaster(stack: Stack) -> float:
    assert stack.database is not None
    pid = stack.database.server.pid
    assert pid is not None
    os.kill(pid, signal.SIGKILL)
    return time.monotonic()
