"""Log lines that a flood of webhooks cannot multiply, and that quote nobody.

Anybody can send us requests, so a line about one is written at most once a minute for each subject. An error
is told by its type and place: its own words may hold a header, a body or a secret.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Hashable
from pathlib import Path
from traceback import extract_tb

EVERY_SECONDS = 60.0

logger = logging.getLogger("liaison.gateway")


class Notices:
    """Subjects must be few: connections' names and fixed words, never a stranger's text."""

    def __init__(self, *, every: float = EVERY_SECONDS, clock: Callable[[], float] = time.monotonic) -> None:
        self._every = every
        self._clock = clock
        self._said_at: dict[Hashable, float] = {}

    def warn(self, message: str, *arguments: object, subject: Hashable = None) -> None:
        """What operators may want to know. `message` and `arguments` are as for `logging`; once a time for each
        subject.
        """
        self._say(logging.WARNING, message, arguments, subject)

    def error(self, message: str, *arguments: object, subject: Hashable = None) -> None:
        """What operators must see to: a defect of ours. As `warn`."""
        self._say(logging.ERROR, message, arguments, subject)

    def _say(self, level: int, message: str, arguments: tuple[object, ...], subject: Hashable) -> None:
        now = self._clock()
        said_at = self._said_at.get((message, subject))
        if said_at is None or now - said_at >= self._every:
            self._said_at[message, subject] = now
            logger.log(level, message, *arguments)


def error_words(error: BaseException) -> str:
    """`ValueError at webhook.py:42`."""
    frames = extract_tb(error.__traceback__)
    place = f" at {Path(frames[-1].filename).name}:{frames[-1].lineno}" if frames else ""
    return type(error).__name__ + place
