"""Whether flows and tasks run without Prefect now: in an emergency, when it does not answer.

They are the same functions with the same retries then; there are only no runs, and what is made for Prefect's UI alone
is left out. See `tasks.runs` for how, and `deployments.worker.emergency` for who says so.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from prefect import get_run_logger
from prefect.exceptions import MissingContextError
from prefect.logging.loggers import LoggingAdapter

_emergency: ContextVar[str | None] = ContextVar("emergency", default=None)

_logger = logging.getLogger("liaison.emergency")


@contextmanager
def without_prefect(emergency: str) -> Iterator[None]:
    """Flows and tasks called inside, and all that they start, run without Prefect.

    `emergency` stands in the timeline where else the id of the run does.
    """
    token = _emergency.set(emergency)
    try:
        yield
    finally:
        _emergency.reset(token)


def current_emergency() -> str | None:
    """What was given to `without_prefect`; None in ordinary runs."""
    return _emergency.get()


def is_without_prefect() -> bool:
    """Whether nothing may be asked of Prefect here, as it does not answer."""
    return _emergency.get() is not None


def run_logger() -> logging.Logger | LoggingAdapter:
    """The log of the run we are in; without one, the process's."""
    if is_without_prefect():
        return _logger
    try:
        return get_run_logger()
    except MissingContextError:
        return _logger
