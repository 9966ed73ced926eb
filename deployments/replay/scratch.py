"""An installation for one replay: everything `liaison up` starts, in a temporary folder, gone at the end."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

from deployments.commands.up import running
from deployments.processes import free_port
from deployments.stack import Stack, StackOptions

POLICY = Path(__file__).with_name("policy.yaml")
ANY_PORT = 0


@asynccontextmanager
async def scratch_installation(say: Callable[[str], None]) -> AsyncIterator[Stack]:
    """It has its own PostgreSQL and Prefect server, whatever others this machine knows of."""
    home = Path(tempfile.mkdtemp(prefix="liaison-replay-"))
    options = StackOptions(
        home=home, policy=POLICY, say=say, api_port=free_port(ANY_PORT), gateway_port=free_port(ANY_PORT)
    )
    try:
        async with running(options) as stack:
            yield stack
    finally:
        shutil.rmtree(home, ignore_errors=True)
