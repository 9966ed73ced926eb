"""A clock that goes as all do, and further when a test says so."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta


@dataclass
class PassingClock:
    """`passed` is what a test let go by, beside the time that goes by itself."""

    passed: timedelta = timedelta(0)

    def __call__(self) -> datetime:
        return datetime.now(UTC) + self.passed
