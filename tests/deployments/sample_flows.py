"""Small flows for the worker's tests. They run inside the worker, here or in a process of its own."""

from __future__ import annotations

import asyncio

from prefect import flow, task


@flow(name="sample_greet")
async def greet(name: str = "world") -> str:
    return f"hello {name}"


@flow(name="sample_break", log_prints=False)
async def break_down() -> None:
    raise ValueError("the sample flow breaks on purpose")


meeting = asyncio.Barrier(3)


@flow(name="sample_meet")
async def meet() -> None:
    """Ends when three of its runs are here at once."""
    await meeting.wait()


@task
async def wait_in_task() -> None:
    await asyncio.Event().wait()


@flow(name="sample_child")
async def wait_in_child() -> None:
    await wait_in_task()


@flow(name="sample_wait")
async def wait_for_ever() -> None:
    """Ends only by cancellation or with its process; so do its child run and the child's task."""
    await wait_in_child()


@flow(name="sample_sync")
def hold_up() -> None:
    """Sync, which the warm worker refuses."""
