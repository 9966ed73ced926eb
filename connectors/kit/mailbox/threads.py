"""Threads for calls that block: our own, lest a mail server that does not answer take those of everybody else."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache, partial
from typing import ParamSpec, TypeVar

_Arguments = ParamSpec("_Arguments")
_Answer = TypeVar("_Answer")
MOST_THREADS = 32


@lru_cache(maxsize=1)
def _threads() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(max_workers=MOST_THREADS, thread_name_prefix="mail")


async def in_thread(
    function: Callable[_Arguments, _Answer], *arguments: _Arguments.args, **keywords: _Arguments.kwargs
) -> _Answer:
    """Call it in a thread. If the caller is cancelled, the call goes on until its own time-out or end."""
    loop = asyncio.get_running_loop()
    return await loop.run_in_executor(_threads(), partial(function, *arguments, **keywords))
