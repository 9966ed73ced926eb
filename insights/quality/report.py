"""What a check of data says: which expectations failed, what was seen instead, and what to do."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Check(StrEnum):
    """What an expectation is about."""

    COLUMNS = "columns"
    ROWS = "rows"
    FRESHNESS = "freshness"
    COMPLETENESS = "completeness"
    RANGE = "range"
    VALUES = "values"
    UNIQUE = "unique"
    ORDER = "order"
    VOLUME = "volume"
    DRIFT = "drift"


@dataclass(frozen=True, kw_only=True, slots=True)
class Finding:
    """An expectation that failed. `words` says it for people, with the cure; `observed` is what was seen, short."""

    check: Check
    column: str
    words: str
    observed: str

    def __str__(self) -> str:
        return f"{self.words} ({self.observed})"


@dataclass(frozen=True, kw_only=True, slots=True)
class QualityReport:
    """`checked` expectations, those that failed, and if it was asked for the page of Data Docs."""

    checked: int
    findings: tuple[Finding, ...]
    html: str | None = None

    @property
    def passed(self) -> bool:
        """Whether every expectation held."""
        return not self.findings
