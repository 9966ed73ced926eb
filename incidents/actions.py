"""What became of a remedy that was started: the words of `ActionRunner`."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

NOT_STARTED = "not_started"
"""The ledger's result of an action that something stood in the way of: nobody asked its runner for it."""
DRY_RUN = "dry_run"
"""The same for one that the policy lets go only so far."""


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


@dataclass(frozen=True, kw_only=True, slots=True)
class Pause:
    """Nothing is started until somebody ends it: who said so, since when, and why if they say so."""

    since: datetime
    by: str
    why: str = ""
