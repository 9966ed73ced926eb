"""Stories do not wait: what Prefect tries again is tried again at once."""

from __future__ import annotations

import asyncio

from prefect import flow, task
from prefect.context import SettingsContext

from incidents.errors import Unreachable
from tasks.retries import may_pass
from tasks.waits import RetryDelays

HOUR = 3600.0
tries: list[int] = []


@task(retries=2, retry_delay_seconds=RetryDelays([HOUR, 2 * HOUR]), retry_condition_fn=may_pass)
async def reach() -> str:
    tries.append(len(tries))
    if len(tries) < 3:
        raise Unreachable("away")
    return "there"


@flow
async def reaching() -> str:
    return await reach()


async def test_a_retry_due_in_an_hour_comes_at_once(prefect_settings: SettingsContext):
    """Through Prefect itself, which asks for the delay when the run has failed."""
    tries.clear()
    with prefect_settings:
        async with asyncio.timeout(60):
            assert await reaching() == "there"
    assert tries == [0, 1, 2]
