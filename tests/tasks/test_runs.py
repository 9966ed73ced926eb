"""A task without Prefect: the same function, tried again by the same rule; nothing is asked of a server."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterator

import pytest
from prefect import flow
from prefect.settings import PREFECT_API_URL, PREFECT_SERVER_ALLOW_EPHEMERAL_MODE, temporary_settings
from prefect.tasks import Task

import tasks
from incidents.errors import Busy, Refused, Unreachable
from tasks.parameters import unsearched
from tasks.retries import OUTSIDE_CALL
from tasks.runs import ResilientTask, perform, task
from tasks.waits import no_waits
from tasks.without_prefect import current_emergency, is_without_prefect, without_prefect


@pytest.fixture(autouse=True)
def away() -> Iterator[None]:
    nobody = {PREFECT_API_URL: "http://127.0.0.1:9/api", PREFECT_SERVER_ALLOW_EPHEMERAL_MODE: False}
    with temporary_settings(nobody), no_waits(), without_prefect("emergency-7"):
        yield


@pytest.mark.parametrize(
    ("failures", "tried", "ends_with"),
    [
        ([], 1, None),
        ([Busy("soon", retry_after=1)], 2, None),
        ([Unreachable("away")] * 3, 4, None),
        ([Unreachable("away")] * 4, 4, Unreachable),
        ([Refused("no")], 1, Refused),
        ([ValueError("a defect")], 1, ValueError),
    ],
    ids=["well", "busy once", "away thrice", "away for good", "refused", "a defect"],
)
async def test_what_fails_is_tried_again_as_a_run_would_be(
    failures: list[Exception], tried: int, ends_with: type[Exception] | None
):
    outcomes, calls = iter(failures), 0

    @task(name="call", **OUTSIDE_CALL)
    async def call(word: str) -> str:
        nonlocal calls
        calls += 1
        for failure in outcomes:
            raise failure
        return word

    if ends_with is None:
        assert await call("done") == "done"
    else:
        with pytest.raises(ends_with):
            await call("done")
    assert calls == tried


async def test_a_flow_is_performed_by_its_function_and_its_tasks_get_plain_values():
    """What Prefect is told not to search arrives as what it is."""

    @task(name="count")
    async def count(words: list[str]) -> int:
        return len(words)

    @flow(name="story")
    async def story(name: str) -> str:
        return f"{name}: {await count(unsearched(['a', 'b']))} in {current_emergency()}"

    assert await perform(story, "INC-1") == "INC-1: 2 in emergency-7"
    assert is_without_prefect()


def test_every_task_is_one_that_is_done_without_prefect_too():
    """One of Prefect's own would ask for a server that does not answer, in the middle of an emergency."""
    modules = [
        importlib.import_module(found.name) for found in pkgutil.walk_packages(tasks.__path__, "tasks.")
    ]
    found = {
        f"{module.__name__}.{name}": value
        for module in modules
        for name, value in vars(module).items()
        if isinstance(value, Task)
    }
    assert len(found) > 20
    assert [name for name, value in found.items() if not isinstance(value, ResilientTask)] == []
