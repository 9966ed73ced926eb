"""`liaison up` takes webhooks whatever ails the Prefect server and the worker."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from pathlib import Path

import httpx
from sqlalchemy import text

from bench.sandbox import until
from blocks.connect import settings_json
from deployments.commands.settings import EXAMPLE_POLICY, operator_key
from deployments.commands.up import Patience, up
from deployments.demo.policies import POLICY
from deployments.demo.world import connections, open_world
from deployments.machine.databases import OUR_DATABASE
from deployments.machine.embedded_database import EmbeddedDatabase
from deployments.machine.processes import free_port
from deployments.machine.stack import StackOptions
from incidents.store.connections import Mirror
from incidents.store.database import Database
from tests.deployments.gateway.vendors import HTTP, SETTINGS
from tests.deployments.modes import open_to_others

# Nobody listens there: the Prefect server ends as soon as it is started.
NO_DATABASE = "postgresql+asyncpg://nobody@127.0.0.1:1/none"


async def test_a_prefect_server_that_never_starts_keeps_nobody_from_being_paged(short_folder: Path):
    """The worker starts without it, and knows the connections from the gateway's mirror."""
    said: list[str] = []
    port, key = free_port(0), operator_key(short_folder)
    options = StackOptions(
        home=short_folder,
        policy=POLICY,
        say=said.append,
        gateway_port=port,
        api_port=free_port(0),
        extra_env={"PREFECT_SERVER_DATABASE_CONNECTION_URL": NO_DATABASE, "LIAISON_EMERGENCY_AFTER": "2"},
    )
    running = asyncio.create_task(up(options, patience=Patience(first=5, longest=5)))
    database = Database(EmbeddedDatabase(short_folder / "postgres").url(OUR_DATABASE))

    async def is_listening() -> bool:
        assert not running.done(), said
        return any(line.startswith("webhooks to") for line in said)

    async def is_paged() -> bool:
        assert not running.done(), said
        return len(world.pagerduty.pages) == 1

    async def is_told() -> bool:
        return all(len(world.zendesk.public_replies(ticket)) == 1 for ticket in tickets)

    async with open_world(duplicate_rate=0.0) as world:
        try:
            await until("the gateway listens", is_listening, 60)
            settings = {name: settings_json(block) for name, block in connections(world).items()}
            async with database.transaction() as tx:
                await Mirror(key).save(tx, settings, now=datetime.now(UTC))
            world.point_webhooks_at(f"http://127.0.0.1:{port}")
            # The gateway has still to read the mirror.
            world.zendesk.webhooks.attempts, world.zendesk.webhooks.retry_seconds = 200, 0.5
            world.break_checkout()
            tickets = [
                world.zendesk.create_ticket(
                    f"Customer {number}", f"{number}@mail.example", "Checkout fails", "Help"
                )
                for number in range(5)
            ]
            await until("somebody is paged", is_paged, 120)
            world.pagerduty.acknowledge(world.pagerduty.incidents[0].id, "Jane Doe")
            await until("customers are told", is_told, 120)
        finally:
            await database.aclose()
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)
    assert len(world.pagerduty.pages) == 1


async def test_a_prefect_server_that_cannot_start_keeps_no_webhook_from_being_taken(short_folder: Path):
    """It is tried again and again, and said; the delivery is on disk meanwhile."""
    said: list[str] = []
    port = free_port(0)
    options = StackOptions(
        home=short_folder,
        policy=EXAMPLE_POLICY,
        say=said.append,
        gateway_port=port,
        api_port=free_port(0),
        extra_env={"PREFECT_SERVER_DATABASE_CONNECTION_URL": NO_DATABASE},
    )
    running = asyncio.create_task(up(options, patience=Patience(first=0.1, longest=0.1)))
    database = Database(EmbeddedDatabase(short_folder / "postgres").url(OUR_DATABASE))

    async def is_listening() -> bool:
        assert not running.done(), said
        return any(line.startswith("webhooks to") for line in said)

    async def is_taken() -> bool:
        headers = HTTP.sign(HTTP.event, at=datetime.now(UTC))
        return (await http.post(HTTP.path, content=HTTP.event, headers=headers)).status_code == 200

    async def is_told() -> bool:
        return "Prefect does not answer" in (await http.get("/readyz")).text

    async def has_tried_twice() -> bool:
        return sum("webhooks are taken all the same" in line for line in said) > 1

    try:
        await until("the gateway listens", is_listening, 60)
        async with database.transaction() as tx:
            mirrored = {HTTP.connection: SETTINGS[HTTP.connection]}
            await Mirror(operator_key(short_folder)).save(tx, mirrored, now=datetime.now(UTC))
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", trust_env=False) as http:
            await until("a webhook is taken", is_taken, 30)
            await until("it is told that it waits", is_told, 30)
            await until("Prefect was tried twice", has_tried_twice, 240)
            assert await is_taken()
        async with database.transaction() as tx:
            assert (await tx.execute(text("select count(*) from deliveries"))).scalar_one() >= 1
        assert not running.done()
    finally:
        await database.aclose()
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
    assert any("the Prefect server ended" in line for line in said)
    assert open_to_others(short_folder) == []
