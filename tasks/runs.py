"""Tasks and flows as runs of Prefect; and the same functions without runs, while Prefect is away or all too busy.

Both are Prefect's own: `@task` makes a `prefect.Task`, flows are made by `prefect.flow`. Only the moment of the call
differs: inside `tasks.without_prefect.without_prefect` the function itself is called, and tried again by the same rule.
So it is for tasks inside `without_task_runs`, whose flow goes on as a run of Prefect's and has a line for each in its
log: when a whole city writes, a run for every probe and every call would cost several times what these do.
"""

from __future__ import annotations

import asyncio
import inspect
import time
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, Generic, ParamSpec, TypedDict, TypeVar, Unpack, cast

from prefect import Flow
from prefect.cache_policies import CachePolicy
from prefect.client.schemas.objects import TaskRun
from prefect.states import Failed
from prefect.tasks import Task
from prefect.utilities.annotations import quote
from prefect.utilities.math import clamped_poisson_interval

from tasks.without_prefect import is_without_prefect, run_logger

Parameters = ParamSpec("Parameters")
Result = TypeVar("Result")

_is_spared: ContextVar[bool] = ContextVar("is spared", default=False)


class TaskSettings(TypedDict, total=False):
    """Those of Prefect's that we use, and that mean the same without it; `cache_policy` means nothing then."""

    name: str
    task_run_name: str | Callable[[], str]
    retries: int
    retry_delay_seconds: list[float]
    retry_jitter_factor: float
    retry_condition_fn: Any
    cache_policy: CachePolicy


class ResilientTask(Task[Parameters, Coroutine[Any, Any, Result]], Generic[Parameters, Result]):
    """A task of Prefect's that is also done while Prefect is away."""

    # Prefect's own has overloads for futures and states, which we never ask for.
    def __call__(  # type: ignore[override]
        self, *args: Parameters.args, **kwargs: Parameters.kwargs
    ) -> Coroutine[Any, Any, Result]:
        """The result, as a run of Prefect's or, while it is away or spared, without one."""
        if is_without_prefect():
            return self._done_here(*args, **kwargs)
        if _is_spared.get():
            return self._done_in_this_run(*args, **kwargs)
        return super().__call__(*args, **kwargs)

    async def _done_in_this_run(self, *args: Any, **kwargs: Any) -> Result:
        began = time.monotonic()
        try:
            result = await self._done_here(*args, **kwargs)
        except Exception as error:  # only to have it in the log, where else the task's run would be red
            run_logger().error("%s: %s", self._shown(args, kwargs), type(error).__name__)
            raise
        run_logger().info("%s: %.2f s", self._shown(args, kwargs), time.monotonic() - began)
        return result

    def _shown(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> str:
        """The name that its run would have."""
        if not isinstance(self.task_run_name, str):
            return self.name
        return self.task_run_name.format(**inspect.signature(self.fn).bind(*args, **kwargs).arguments)

    async def _done_here(self, *args: Any, **kwargs: Any) -> Result:
        given = [_plain(value) for value in args]
        named = {name: _plain(value) for name, value in kwargs.items()}
        tried = 0
        while True:
            try:
                return await self.fn(*given, **named)
            except Exception as error:  # as Prefect would: the task's own rule says whether it may pass
                if tried >= self.retries or not await self._may_try_again(error):
                    raise
                await asyncio.sleep(self._pause(tried))
                tried += 1

    async def _may_try_again(self, error: Exception) -> bool:
        if self.retry_condition_fn is None:
            return True
        run = TaskRun(task_key=self.task_key, dynamic_key="without Prefect")
        found = self.retry_condition_fn(self, run, Failed(data=error))
        return bool(await found if inspect.isawaitable(found) else found)

    def _pause(self, tried: int) -> float:
        delays = self.retry_delay_seconds
        if isinstance(delays, list):
            seconds = delays[min(tried, len(delays) - 1)] if delays else 0.0
        else:
            seconds = float(cast("float | None", delays) or 0.0)
        jitter = self.retry_jitter_factor
        return clamped_poisson_interval(seconds, jitter) if jitter and seconds else seconds


def task(
    **settings: Unpack[TaskSettings],
) -> Callable[[Callable[Parameters, Coroutine[Any, Any, Result]]], ResilientTask[Parameters, Result]]:
    """As `prefect.task`, for async functions."""

    def made(fn: Callable[Parameters, Coroutine[Any, Any, Result]]) -> ResilientTask[Parameters, Result]:
        return ResilientTask(fn, **settings)

    return made


@contextmanager
def without_task_runs() -> Iterator[None]:
    """Tasks called inside, and in all that is started there, are done in the run that calls them, without their own."""
    token = _is_spared.set(True)
    try:
        yield
    finally:
        _is_spared.reset(token)


async def perform(
    flow: Flow[Parameters, Coroutine[Any, Any, Result]], *args: Parameters.args, **kwargs: Parameters.kwargs
) -> Result:
    """A flow's result: as a run of Prefect's, or by its function alone while Prefect is away."""
    if is_without_prefect():
        return await flow.fn(*args, **kwargs)
    return await flow(*args, **kwargs)


def _plain(value: Any) -> Any:
    return value.unwrap() if isinstance(value, quote) else value
