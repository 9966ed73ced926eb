"""How long flows and tasks wait before they try or look again; and one switch that makes them not wait at all.

The switch is for tests and drills of this product and of installations' own flows, as `stamina.set_testing` is for
stamina: what is tried again is tried again as often, only at once.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import stamina

_skipped = False


@contextmanager
def no_waits(*, attempts: int = 3) -> Iterator[None]:
    """Until the end of the block nothing in this process waits: retries of tasks come at once, calls of vendors are
    tried at most `attempts` times, and what is due soon is left to the next run instead of being waited for."""
    global _skipped  # noqa: PLW0603 - of the process, like stamina's: tasks run in any loop and thread
    before, _skipped = _skipped, True
    try:
        with stamina.set_testing(True, attempts=attempts, cap=True):
            yield
    finally:
        _skipped = before


def patience(usual: timedelta) -> timedelta:
    """How long something is waited for that is due soon: the usual time, or none while there are no waits."""
    return timedelta(0) if _skipped else usual


class RetryDelays(list[float]):
    """Seconds before each retry of a task, the last ones for all further retries; none while there are no waits.

    A list, because Prefect 3 takes only a list of its own kind, and asks it for each delay when a run has failed
    (`BaseTaskRunEngine.handle_retry`).
    """

    def __init__(self, seconds: Iterable[float]) -> None:
        super().__init__(seconds)

    def __getitem__(self, index: Any) -> Any:
        """The delay before the retry of that number, counted from 0."""
        return 0.0 if _skipped else super().__getitem__(index)
