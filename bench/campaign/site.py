"""A store and one webhook server, without Prefect and a worker: what the gateway's drills kill and fill."""

from __future__ import annotations

import asyncio
import os
import secrets
import shutil
import signal
import tempfile
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from cryptography.fernet import Fernet
from pydantic import SecretStr
from sqlalchemy import text

from bench.result import progress
from bench.sandbox import until
from blocks.connect import settings_json
from blocks.http import HttpBlock
from connectors.http.fields import TicketFields
from connectors.http.settings import WebhookMapping
from deployments.machine.embedded_database import EmbeddedDatabase
from deployments.machine.kept_database import KeeperPacing, KeptDatabase
from deployments.machine.postgres_programs import SYSTEM_FOLDER, discard_data
from deployments.machine.process_table import ProcessTable
from deployments.machine.processes import PYTHON, Child, Program, free_port
from incidents.store.connections import Mirror
from incidents.store.database import Database
from incidents.store.migrate import migrate

CONNECTION = "http/bench"
PATH = f"/hooks/{CONNECTION}"
HOST = "127.0.0.1"
START_SECONDS = 90.0
GATEWAY = ("-m", "deployments.cli", "gateway")
"""The real one; nobody listens on port 1, so that it serves on what the mirror has."""
STORES_LATER = ("-m", "bench.campaign.stores_later")
"""The control: the same inbox, but answered before it is on disk."""
FIRST_COME = ("-m", "bench.campaign.first_come")
"""The control of the slow clients."""
_NO_PREFECT = "http://127.0.0.1:1/api"


@dataclass(frozen=True, kw_only=True)
class Site:
    """`server` takes webhooks at `url` into the store."""

    database: KeptDatabase
    store_url: str
    server: Child
    port: int
    secret: bytes

    @property
    def url(self) -> str:
        return f"http://{HOST}:{self.port}{PATH}"

    async def kill(self) -> None:
        """`kill -9` of the server; return when the next one listens."""
        before = self.server.restarted
        os.kill(self.server.pid, signal.SIGKILL)

        async def is_back() -> bool:
            return self.server.restarted > before and await self._listens()

        await until("the server is started again", is_back, START_SECONDS)

    async def until_listening(self) -> None:
        await until("the server listens", self._listens, START_SECONDS)

    async def stored(self) -> Sequence[str]:
        """The ids of all deliveries in the store, as often as they are there."""
        # The postmaster may have been killed: old connections are of no use.
        database = Database(self.store_url)
        try:
            async with database.transaction() as tx:
                rows = await tx.execute(
                    text("select convert_from(body, 'UTF8')::json ->> 'id' from deliveries")
                )
                return list(rows.scalars())
        finally:
            await database.aclose()

    async def _listens(self) -> bool:
        try:
            _, writer = await asyncio.open_connection(HOST, self.port)
        except OSError:
            return False
        writer.close()
        return True


@asynccontextmanager
async def open_site(
    command: Sequence[str] = GATEWAY, *, pace: KeeperPacing | None = None, disk: Path | None = None
) -> AsyncIterator[Site]:
    """Everything of it is gone at the end of the block. `disk`: where the store's data lies."""
    # Short, because a unix socket's path may not be long.
    home = Path(tempfile.mkdtemp(prefix="lb", dir=disk))
    table = ProcessTable(home / "processes.json")
    server = EmbeddedDatabase(home / "data", system_folder=SYSTEM_FOLDER if disk is None else disk)
    database = KeptDatabase(server=server, table=table, say=progress, pace=pace or KeeperPacing())
    key, secret, port = Fernet.generate_key().decode(), secrets.token_urlsafe(24), free_port(0)
    async with AsyncExitStack() as stack:
        stack.callback(shutil.rmtree, home, ignore_errors=True)
        stack.callback(discard_data, home / "data")
        await database.start()
        stack.push_async_callback(database.stop)
        await asyncio.to_thread(server.ensure_database, "bench")
        await _prepare(server.url("bench"), key, secret)
        program = Program(
            name="server",
            command=(PYTHON, *command),
            env={
                **os.environ,
                "PREFECT_API_URL": _NO_PREFECT,
                "PREFECT_HOME": str(home / "prefect"),
                "PREFECT_LOGGING_LEVEL": "ERROR",
                "LIAISON_HOME": str(home),
                "LIAISON_DATABASE_URL": server.url("bench"),
                "LIAISON_KEY": key,
                "LIAISON_GATEWAY_HOST": HOST,
                "LIAISON_GATEWAY_PORT": str(port),
            },
            log=home / "logs" / "server.log",
            # A drill kills it as often as it can: no longer and longer pauses.
            pause=0.0,
        )
        # What is wrong with it is in its log; that it died is what the drill is about.
        child = Child(program=program, table=table, say=lambda _line: None)
        await child.start()
        stack.push_async_callback(child.stop)
        site = Site(
            database=database,
            store_url=server.url("bench"),
            server=child,
            port=port,
            secret=secret.encode(),
        )
        await site.until_listening()
        yield site


async def _prepare(url: str, key: str, secret: str) -> None:
    """A migrated store, and in its mirror the one connection."""
    webhook = WebhookMapping(
        signing_secrets=[SecretStr(secret)],
        ticket=TicketFields(id="id", status="status", subject="subject", body="body"),
    )
    database = Database(url)
    await migrate(database)
    async with database.transaction() as tx:
        settings = {CONNECTION: settings_json(HttpBlock(webhook=webhook))}
        await Mirror(key).save(tx, settings, now=datetime.now(UTC))
    await database.aclose()
