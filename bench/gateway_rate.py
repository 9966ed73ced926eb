"""How many webhooks a second the gateway takes (verified, on disk, answered), against servers that do less.

    python -m bench.gateway_rate

Against a bare echo route; a route that checks the signature and commits a row for each webhook; and, where Node.js
is, Node-RED, which answers and keeps nothing. The first three run on the same uvicorn settings. All are loaded in
alternating rounds over 32 connections by a generator in a process of its own. The rate hangs on the machine; the
ratios say what the gateway's own work costs. Prints a line of JSON each.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import os
import secrets
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

from cryptography.fernet import Fernet
from pydantic import SecretStr

from bench.node_red import VERSION, can_be_installed, node_red
from bench.result import Result, progress
from blocks.connect import settings_json
from blocks.http import HttpBlock
from connectors.http.fields import TicketFields
from connectors.http.settings import WebhookMapping
from deployments.machine.embedded_database import EmbeddedDatabase
from deployments.machine.postgres_programs import discard_data
from deployments.machine.processes import free_port
from incidents.store.connections import Mirror
from incidents.store.database import Database
from incidents.store.migrate import migrate

CONNECTION = "http/bench"
PATH = f"/hooks/{CONNECTION}"
CONCURRENCY = 32
START_SECONDS = 60.0
NODE_RED = "node_red"
AGAINST = {
    "echo": "bare Starlette echo route",
    "first_try": "a Starlette route that checks the signature and commits each webhook by itself",
    NODE_RED: f"Node-RED {VERSION}, which checks nothing and keeps nothing",
}
# Nobody listens on port 1: the gateway serves on what the mirror has.
NO_PREFECT = "http://127.0.0.1:1/api"


def main() -> None:
    parser = argparse.ArgumentParser(description="The gateway's accept rate.")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--requests", type=int, default=5000, help="in each round")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="pg") as folder:
        server = EmbeddedDatabase(Path(folder) / "data")
        server.start()
        try:
            server.ensure_database("bench")
            for result in measure(server.url("bench"), rounds=options.rounds, requests=options.requests):
                print(result, flush=True)
        finally:
            server.stop()
            discard_data(Path(folder) / "data")


def measure(database_url: str, *, rounds: int, requests: int) -> Sequence[Result]:
    """Medians of that many alternating rounds."""
    key, secret = Fernet.generate_key().decode(), secrets.token_urlsafe(24)
    asyncio.run(_prepare(database_url, key, secret))
    environ = {
        **os.environ,
        "PREFECT_API_URL": NO_PREFECT,
        "PREFECT_LOGGING_LEVEL": "ERROR",
        "BENCH_DATABASE_URL": database_url,
        "BENCH_KEY": key,
        "BENCH_SECRET": secret,
    }
    rates: dict[str, list[float]] = {"gateway": [], "echo": [], "first_try": []}
    with contextlib.ExitStack() as stack:
        ports = {what: stack.enter_context(_serving(what, environ)) for what in rates}
        if can_be_installed():
            rates[NODE_RED] = []
            ports[NODE_RED] = stack.enter_context(_serving_node_red())
        else:
            progress("no Node.js here, so nothing to compare with Node-RED")
        for port in ports.values():
            _load(port, environ, requests // 4)
        for number in range(rounds):
            for what, port in ports.items():
                rates[what].append(_load(port, environ, requests))
            words = ", ".join(f"{what} {of[-1]:.0f}" for what, of in rates.items())
            progress(f"round {number + 1}: {words} req/s")
    return [
        Result(
            name="gateway_accept_rate",
            value=round(statistics.median(rates["gateway"])),
            unit="req/s",
            ratio=round(
                statistics.median(
                    ours / theirs for ours, theirs in zip(rates["gateway"], rates[what], strict=True)
                ),
                3,
            ),
            against=AGAINST[what],
            n=rounds,
        )
        for what in rates
        if what in AGAINST
    ]


async def _prepare(database_url: str, key: str, secret: str) -> None:
    """A migrated store, and in its mirror the one connection."""
    webhook = WebhookMapping(
        signing_secrets=[SecretStr(secret)],
        ticket=TicketFields(id="id", status="status", subject="subject", body="body"),
    )
    database = Database(database_url)
    await migrate(database)
    async with database.transaction() as tx:
        settings = {CONNECTION: settings_json(HttpBlock(webhook=webhook))}
        await Mirror(key).save(tx, settings, now=datetime.now(UTC))
    await database.aclose()


@contextlib.contextmanager
def _serving_node_red() -> Iterator[int]:
    port = free_port(0)
    with (
        tempfile.TemporaryDirectory(prefix="node-red") as home,
        node_red(Path(home), PATH, port) as process,
    ):
        _until_listening(process, port)
        yield port


@contextlib.contextmanager
def _serving(what: str, environ: Mapping[str, str]) -> Iterator[int]:
    port = free_port(0)
    command = [sys.executable, "-m", "bench.gateway_servers", what, "--port", str(port), "--path", PATH]
    process = subprocess.Popen(command, env=environ)
    try:
        _until_listening(process, port)
        yield port
    finally:
        process.terminate()
        process.wait()


def _until_listening(process: subprocess.Popen[bytes], port: int) -> None:
    deadline = time.monotonic() + START_SECONDS
    while process.poll() is None and time.monotonic() < deadline:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
            return
        time.sleep(0.1)
    raise RuntimeError("a server of the bench did not start")


def _load(port: int, environ: Mapping[str, str], requests: int) -> float:
    command = [sys.executable, "-m", "bench.webhook_load", "--port", str(port), "--path", PATH]
    command += ["--requests", str(requests), "--concurrency", str(CONCURRENCY)]
    finished = subprocess.run(command, env=environ, check=True, stdout=subprocess.PIPE)
    return float(finished.stdout)


if __name__ == "__main__":
    main()
