"""When a task is tried again, said once for all tasks."""

from __future__ import annotations

from typing import Any, TypedDict

from prefect.cache_policies import NO_CACHE, CachePolicy
from prefect.client.schemas.objects import State, TaskRun
from prefect.tasks import Task

from incidents.errors import Busy, Stale, Unreachable


class Postponed(Exception):
    """Some effects of a batch could not be sent now; the ledger knows which and when to try again."""


async def may_pass(task: Task[Any, Any], run: TaskRun, state: State[Any]) -> bool:
    """Whether trying again can help: the other side was busy or away. Everything else wants a person."""
    del task, run
    try:
        await state.aresult()
    except (Busy, Unreachable, Stale, Postponed):
        return True
    except BaseException:  # noqa: BLE001 - any other failure of the task, whatever it was, is not passing
        return False
    return False


class _Options(TypedDict):
    retries: int
    retry_delay_seconds: list[float]
    retry_jitter_factor: float
    retry_condition_fn: Any
    cache_policy: CachePolicy


# No caching: a read must be fresh and a write must happen.
OUTSIDE_CALL = _Options(
    retries=3,
    retry_delay_seconds=[1.0, 4.0, 10.0],
    retry_jitter_factor=0.3,
    retry_condition_fn=may_pass,
    cache_policy=NO_CACHE,
)
STORE_CALL = _Options(
    retries=2,
    retry_delay_seconds=[0.2, 1.0],
    retry_jitter_factor=0.3,
    retry_condition_fn=may_pass,
    cache_policy=NO_CACHE,
)
