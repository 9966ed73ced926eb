"""Liaison beside the story's servers: the whole stack as `liaison up` runs it, and its command line."""

from __future__ import annotations

import asyncio
import json
import os
import sys
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from prefect.settings import temporary_settings

from deployments.commands.up import running
from deployments.machine.home import discard_home
from deployments.machine.prefect_server import HOST
from deployments.machine.processes import free_port
from deployments.machine.stack import Stack, StackOptions
from incidents.store.database import Database
from tests.real.story.connections import save_connections
from tests.real.story.world import Servers, open_servers

POLICY = Path(__file__).with_name("policy.yaml")


@dataclass(frozen=True, kw_only=True)
class Installed:
    """One that runs, and all around it."""

    servers: Servers
    stack: Stack
    database: Database

    async def check(self) -> list[dict[str, Any]]:
        """`liaison check`, as an operator runs it: `what`, `is_well` and `text` of each."""
        access = {setting.name: value for setting, value in self.stack.prefect_access.items()}
        program = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "deployments.cli", "check", "--json"),
            *("--home", self.stack.home, "--policy", POLICY, "--gateway", self.stack.gateway_url),
            env={**os.environ, **access},
            stdout=asyncio.subprocess.PIPE,
        )
        out, _ = await program.communicate()
        found: list[dict[str, Any]] = json.loads(out)
        return found


@asynccontextmanager
async def installed(folder: Path) -> AsyncIterator[Installed]:
    """Until the end of the block. `folder` is for what the servers keep."""
    # Chosen now, as RT and Alertmanager are told before it starts.
    port = free_port(0)
    async with open_servers(folder, f"http://{HOST}:{port}") as servers:
        # Short, because a unix socket's path may not be long.
        home = Path(tempfile.mkdtemp(prefix="liaison-real-"))

        async def with_access(stack: Stack) -> None:
            with temporary_settings(stack.prefect_access):
                await save_connections(servers, f"http://{HOST}:{port}")

        options = StackOptions(home=home, policy=POLICY, say=_say, api_port=free_port(0), gateway_port=port)
        async with running(options, before_gateway=with_access) as stack:
            database = Database(stack.database_url)
            try:
                yield Installed(servers=servers, stack=stack, database=database)
            finally:
                await database.aclose()
        # Kept where something went wrong: the logs are in it.
        discard_home(home)


def _say(line: str) -> None:
    print(line, file=sys.stderr)
