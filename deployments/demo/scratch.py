"""A scratch installation for a demo: made, told of, and gone afterwards, unless something went wrong."""

from __future__ import annotations

import asyncio
import shutil
import signal
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from prefect.settings import temporary_settings
from rich.console import Console
from rich.table import Table

from deployments.commands.settings import operator_key
from deployments.commands.up import running
from deployments.demo.policies import write_with_links
from deployments.machine.home import discard_home
from deployments.machine.prefect_server import HOST
from deployments.machine.processes import free_port
from deployments.machine.stack import Stack, StackOptions
from incidents.links.board_links import board_link
from incidents.links.story_links import NOW, PATH, STORY

GATEWAY_PORT = 8400
READER = "demo"
"""Whom the demo's link to the board is for."""
Connect = Callable[[str], Awaitable[None]]
"""Saves the connections; it is given where the gateway will be reached."""


@dataclass(frozen=True, kw_only=True)
class DemoOptions:
    """`keep` leaves the installation running at the end; `is_quick` lets the customers come thirty times as fast;
    `is_quiet` leaves standard output to the result. `api_port` is the Prefect server's.
    """

    keep: bool = False
    api_port: int = 4200
    is_quick: bool = False
    is_quiet: bool = False


@dataclass(kw_only=True)
class Scratch:
    """One that runs. `is_well`: the story ended as told, so that nothing of it need be kept."""

    console: Console
    stack: Stack
    is_well: bool = False

    def show(self, result: dict[str, Any]) -> None:
        """What came of it, as a table."""
        table = Table(title="What came of it", show_header=False, box=None)
        for name, value in result.items():
            table.add_row(name.replace("_", " "), str(value))
        self.console.print(table)


@asynccontextmanager
async def scratch_installation(
    options: DemoOptions, policy: Path, connect: Connect, say: Callable[[str], None], console: Console
) -> AsyncIterator[Scratch]:
    """An installation with this policy, whose connections `connect` saves before its gateway starts.

    With `keep` it stays up until Ctrl-C once the block is through.
    """
    _stop_cleanly_on_sigterm()
    # Short, because a unix socket's path may not be long.
    home = Path(tempfile.mkdtemp(prefix="liaison-demo-"))
    played = home / "liaison.yaml"
    scratch: Scratch | None = None

    async def with_access(stack: Stack) -> None:
        gateway = f"http://{HOST}:{port}"
        write_with_links(policy, played, prefect_ui=stack.ui_url, gateway=gateway, reader=READER)
        with temporary_settings(stack.prefect_access):
            await connect(gateway)

    try:
        # Chosen now, as links to the gateway stand in a connection that is saved before it starts.
        port = free_port(GATEWAY_PORT)
        # Read again once it has links: where the Prefect UI will be is known when its server has started.
        shutil.copyfile(policy, played)
        stack_options = StackOptions(
            home=home, policy=played, say=say, api_port=options.api_port, gateway_port=port
        )
        async with running(stack_options, before_gateway=with_access) as stack:
            say(f"watch it in the Prefect UI: {stack.ui_url}, login {stack.prefect_login}")
            key = operator_key(stack.home)
            board = board_link(stack.gateway_url, key, READER, now=datetime.now(UTC))
            say(f"or on the board, by this link: {board}")
            scratch = Scratch(console=console, stack=stack)
            yield scratch
            if options.keep:
                await _stay(stack, board, say)
    finally:
        if scratch is not None and scratch.is_well:
            discard_home(home)
        else:
            say(f"what the processes said is in {home / 'logs'}")


def sayer(console: Console) -> Callable[[str], None]:
    """Prints a line with the seconds since now before it."""
    began = time.monotonic()

    def say(text: str) -> None:
        console.print(f"[dim]{time.monotonic() - began:6.1f} s[/dim]  ", end="")
        console.print(text, markup=False, highlight=False)

    return say


def _stop_cleanly_on_sigterm() -> None:
    """Ctrl-C cancels this task already; being told by a supervisor shall clean up just the same."""
    task = asyncio.current_task()
    if task is not None:
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)


async def _stay(stack: Stack, board: str, say: Callable[[str], None]) -> None:
    say("still running; open")
    say(f"  {board} (the board)")
    say(f"  {stack.gateway_url}{PATH}INC-1/{STORY} (a story in the Prefect UI, login {stack.prefect_login})")
    say(f"  {stack.gateway_url}{PATH}{NOW} (how it stands, there too)")
    say(f"  {stack.ui_url}/runs (every step)")
    say("Ctrl-C ends it")
    try:
        await asyncio.Event().wait()
    except asyncio.CancelledError:
        say("stopping")
