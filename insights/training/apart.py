"""A process pool of one, for work of minutes.

In a thread it would share the interpreter with the worker's loop, which has pages to send and leases to renew, and
what it took of memory would stay taken. A process has its own, and gives everything back at its end.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from functools import partial
from multiprocessing import get_context
from typing import ParamSpec, TypeVar

from incidents.errors import LiaisonError

Arguments = ParamSpec("Arguments")
Result = TypeVar("Result")


class Lost(LiaisonError):
    """The process ended before its work did, mostly because the machine had no memory left."""


async def apart(
    work: Callable[Arguments, Result], *args: Arguments.args, **kwargs: Arguments.kwargs
) -> Result:
    """`work`'s result. It is a module's function; what goes in and comes out, exceptions too, can be pickled.

    Raises what it raises, and `Lost`. Whoever is cancelled meanwhile takes the process along.
    """
    # Started anew and not forked: a fork of a process with threads may wait for locks that nobody holds.
    pool = ProcessPoolExecutor(max_workers=1, mp_context=get_context("spawn"))
    try:
        return await asyncio.get_running_loop().run_in_executor(pool, partial(work, *args, **kwargs))
    except BrokenProcessPool as error:
        raise Lost(
            f"the process that was to {work.__name__} ended before it was done; if it happens again, give the machine "
            "more memory or shorten insights.history"
        ) from error
    except asyncio.CancelledError:
        for process in list((pool._processes or {}).values()):  # noqa: SLF001 - there is no public way before 3.14
            process.kill()
        raise
    finally:
        pool.shutdown(wait=False, cancel_futures=True)
