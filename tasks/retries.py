"""When a task is tried again, said once for all tasks."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, ParamSpec, TypedDict, TypeVar

import stamina
from prefect.cache_policies import NO_CACHE, CachePolicy
from prefect.client.schemas.objects import State, TaskRun
from prefect.tasks import Task

from incidents.errors import Busy, StoreFault, StoreUnsure, Unreachable
from tasks.waits import RetryDelays

Arguments = ParamSpec("Arguments")
Found = TypeVar("Found")

# A PostgreSQL that was killed is back within seconds.
_STORE_DELAYS = RetryDelays([0.2, 1.0, 2.0, 4.0])


class Postponed(Exception):
    """Some effects of a batch could not be sent now; the ledger knows which and when to try again."""


async def may_pass(task: Task[Any, Any], run: TaskRun, state: State[Any]) -> bool:
    """Whether trying again is safe and can help: the other side, or our store, was busy or away, and surely did
    nothing. Everything else wants a person, or a run that begins anew: `Stale` fails again under the same fence, and
    after a `StoreUnsure` the same decision could be taken twice."""
    del task, run
    return await _failed_with(state, Busy, Unreachable, Postponed)


async def may_pass_or_be_done(task: Task[Any, Any], run: TaskRun, state: State[Any]) -> bool:
    """As `may_pass`, of a task that finds its own work done if a lost commit was written after all."""
    del task, run
    return await _failed_with(state, Busy, Unreachable, Postponed, StoreUnsure)


async def _failed_with(state: State[Any], *kinds: type[Exception]) -> bool:
    try:
        await state.aresult()
    except kinds:
        return True
    except BaseException:  # noqa: BLE001 - any other failure of the task, whatever it was, is not passing
        return False
    return False


def read_again(read: Callable[Arguments, Awaitable[Found]]) -> Callable[Arguments, Awaitable[Found]]:
    """A function that only reads the store, read again for some ten seconds while the store is away.

    For what is no task of its own: a run for each look would make thousands a day.
    """
    again = stamina.retry(on=StoreFault, attempts=8, timeout=20.0, wait_initial=0.1, wait_max=2.0)
    wrapped: Callable[Arguments, Awaitable[Found]] = again(read)
    return wrapped


class _Options(TypedDict):
    retries: int
    retry_delay_seconds: list[float]
    retry_jitter_factor: float
    retry_condition_fn: Any
    cache_policy: CachePolicy


# No caching: a read must be fresh and a write must happen.
OUTSIDE_CALL = _Options(
    retries=3,
    retry_delay_seconds=RetryDelays([1.0, 4.0, 10.0]),
    retry_jitter_factor=0.3,
    retry_condition_fn=may_pass,
    cache_policy=NO_CACHE,
)
STORE_CALL = _Options(
    retries=len(_STORE_DELAYS),
    retry_delay_seconds=_STORE_DELAYS,
    retry_jitter_factor=0.3,
    retry_condition_fn=may_pass,
    cache_policy=NO_CACHE,
)
# For what may be done twice: reads, and writes that find their own mark.
REPEATABLE_STORE_CALL = _Options(
    retries=len(_STORE_DELAYS),
    retry_delay_seconds=_STORE_DELAYS,
    retry_jitter_factor=0.3,
    retry_condition_fn=may_pass_or_be_done,
    cache_policy=NO_CACHE,
)
