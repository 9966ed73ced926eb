"""What was found of one connection's tickets, held against those before."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from insights.quality.report import Finding


@dataclass(frozen=True, kw_only=True, slots=True)
class CheckedFeed:
    """What was found of a connection. `too_little` says why it could not be compared with its past yet.

    `recent` tickets since `since` were held against `learnt_from` earlier ones, in `checked` expectations.
    """

    connection: str
    since: datetime | None = None
    recent: int = 0
    learnt_from: int = 0
    checked: int = 0
    findings: tuple[Finding, ...] = ()
    too_little: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Unchecked:
    """A connection whose check could not be made, and why."""

    connection: str
    why: str
