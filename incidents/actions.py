"""What became of a remedy that was started: the words of `ActionRunner`."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class ActionState(StrEnum):
    """How a run of an action stands."""

    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FAILED = "failed"


@dataclass(frozen=True, kw_only=True, slots=True)
class ActionRun:
    """A run of an action, by the id that `follow` takes."""

    id: str
    state: ActionState
    detail: str = ""
