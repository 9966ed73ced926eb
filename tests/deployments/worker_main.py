"""A worker in a process of its own, for the tests that kill it: `python -m tests.deployments.worker_main POOL`."""

from __future__ import annotations

import asyncio
import sys

from deployments.worker.worker_process import run_beside_signals, run_worker


async def main(stop: asyncio.Event) -> None:
    await run_worker(pool=sys.argv[1], stop=stop, grace=0)


if __name__ == "__main__":
    run_beside_signals(main)
