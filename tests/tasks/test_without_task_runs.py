"""Tasks of a crowd: done in the run that calls them, tried again by the same rule, and told in its log."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterator

import pytest
from prefect.settings import PREFECT_API_URL, PREFECT_SERVER_ALLOW_EPHEMERAL_MODE, temporary_settings

from incidents.errors import Refused, Unreachable
from tasks.parameters import unsearched
from tasks.retries import OUTSIDE_CALL
from tasks.runs import task, without_task_runs
from tasks.waits import no_waits
from tasks.without_prefect import is_without_prefect


@pytest.fixture(autouse=True)
def nobody_to_ask() -> Iterator[None]:
    """A task that made a run would fail here."""
    nobody = {PREFECT_API_URL: "http://127.0.0.1:9/api", PREFECT_SERVER_ALLOW_EPHEMERAL_MODE: False}
    with temporary_settings(nobody), no_waits(), without_task_runs():
        yield


async def test_it_is_done_and_told(caplog: pytest.LogCaptureFixture):
    """By the name that its run would have; Prefect itself is not away."""
    caplog.set_level(logging.INFO)
    failures = iter([Unreachable("away")])

    @task(name="probe", task_run_name="probe {service}", **OUTSIDE_CALL)
    async def probe(service: str, words: list[str]) -> int:
        for failure in failures:
            raise failure
        return len(words)

    async def deep() -> int:
        return await probe("checkout", words=unsearched(["a", "b"]))

    assert await asyncio.gather(deep()) == [2]
    assert [line.split(":")[0] for line in caplog.messages] == ["probe checkout"]
    assert not is_without_prefect()


async def test_a_failure_is_told_and_raised(caplog: pytest.LogCaptureFixture):
    """Without a customer's words: by its kind."""

    @task(name="send", **OUTSIDE_CALL)
    async def send() -> None:
        raise Refused("what somebody wrote")

    with pytest.raises(Refused):
        await send()
    assert caplog.messages == ["send: Refused"]
