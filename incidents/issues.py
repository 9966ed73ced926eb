"""The words of `IssueTracker`: the lasting fix of a fault, as engineers keep it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class Issue:
    """An issue as its tracker has it now.

    `key` is the tracker's; it differs from the one asked for where an issue was moved or merged. `status` is its
    own word for how it stands, `is_closed` whether by that word nothing is left to be done.
    """

    key: str
    title: str
    status: str
    is_closed: bool
    updated_at: datetime
    url: str | None = None
