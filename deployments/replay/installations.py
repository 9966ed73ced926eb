"""Where a replay is played: on an installation that runs, or on one of its own."""

from __future__ import annotations

import tempfile
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

from prefect.settings import temporary_settings

from deployments.commands.up import running
from deployments.machine.home import discard_home
from deployments.machine.processes import free_port
from deployments.machine.stack import Stack, StackOptions
from deployments.replay.connection import CONNECTION, signing_secret
from deployments.replay.play import Target
from incidents.store.database import Database

POLICY = Path(__file__).with_name("policy.yaml")


@asynccontextmanager
async def running_installation(gateway_url: str, database_url: str) -> AsyncIterator[Target]:
    """One that runs; its Prefect server is that of `PREFECT_API_URL`. Raises as `signing_secret` does."""
    secret = await signing_secret()
    database = Database(database_url)
    try:
        yield Target(gateway_url=gateway_url, connection=CONNECTION, secret=secret, database=database)
    finally:
        await database.aclose()


@asynccontextmanager
async def scratch_installation(say: Callable[[str], None]) -> AsyncIterator[Target]:
    """All that `liaison up` starts, in a temporary folder, stopped and deleted at the end.

    It has its own PostgreSQL and Prefect server, whatever others this machine knows of.
    """
    home = Path(tempfile.mkdtemp(prefix="liaison-replay-"))
    options = StackOptions(
        home=home, policy=POLICY, say=say, api_port=free_port(0), gateway_port=free_port(0)
    )
    try:
        async with running(options, before_gateway=_save_connection) as stack:
            with temporary_settings(stack.prefect_access):
                async with running_installation(stack.gateway_url, stack.database_url) as target:
                    yield target
    finally:
        discard_home(home)


async def _save_connection(stack: Stack) -> None:
    with temporary_settings(stack.prefect_access):
        await signing_secret()
