"""The incident log: a gzip CSV file with one row for each update of each ticket, read for a window of time.

A ticket's rows are numbered 1, 2, 3, ... in `event_no`, and that is their order. The other two columns that
look like an order are none: `sys_mod_count` of some first rows is that of the ticket's end, and for one ticket
in 18,698 `sys_updated_at` goes backwards.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from deployments.replay import columns
from deployments.replay.failure import ReplayError
from deployments.replay.gzip_csv import read_rows

TICKET, NUMBER, AT = "number", "event_no", "sys_updated_at"
STATUS, REASSIGNMENTS, REOPENS = "incident_state", "reassignment_count", "reopen_count"


@dataclass(frozen=True, kw_only=True, slots=True)
class Standing:
    """Where a ticket stands. `version` is the number of the event that brought it there."""

    version: int
    status: str
    reassignments: int
    reopens: int


@dataclass(frozen=True, kw_only=True, slots=True)
class LogEvent:
    """One row: ticket, where it stood afterwards, and the row as the webhook's body."""

    ticket: str
    at: datetime
    after: Standing
    body: bytes


def read_window(path: Path, begin: datetime, end: datetime) -> list[LogEvent]:
    """The rows updated in [begin, end), in the order they were made. Times are the log's own, without a zone.

    Raises `ReplayError` when the file is no such log, or has nothing in the window.
    """
    found: list[LogEvent] = []
    first = last = None
    for line, row in read_rows(path, columns.REQUIRED):
        at = _time(path, line, row)
        first, last = min(first or at, at), max(last or at, at)
        if begin <= at < end:
            found.append(_event(path, line, row, at))
    if first is None or last is None:
        raise ReplayError(f"{path} has column names and nothing else")
    if not found:
        raise ReplayError(
            f"{path} has no event from {begin:%Y-%m-%d %H:%M} to before {end:%Y-%m-%d %H:%M}; its events reach from"
            f" {first:%Y-%m-%d %H:%M} to {last:%Y-%m-%d %H:%M}"
        )
    return sorted(found, key=lambda event: (event.at, event.ticket, event.after.version))


def standings(events: Iterable[LogEvent]) -> dict[str, Standing]:
    """Where each ticket stands after its last event."""
    last: dict[str, Standing] = {}
    for event in events:
        before = last.get(event.ticket)
        if before is None or event.after.version > before.version:
            last[event.ticket] = event.after
    return last


def _time(path: Path, line: int, row: Mapping[str, str]) -> datetime:
    try:
        return datetime.fromisoformat(row[AT]).replace(tzinfo=None)
    except (TypeError, ValueError) as error:  # TypeError: the row is shorter than the heading
        raise ReplayError(f"{path}, line {line}: {AT} is not an ISO 8601 time") from error


def _event(path: Path, line: int, row: Mapping[str, str], at: datetime) -> LogEvent:
    if not row[TICKET] or not row[STATUS]:
        raise ReplayError(f"{path}, line {line}: {TICKET} or {STATUS} is empty")
    try:
        after = Standing(
            version=int(row[NUMBER]),
            status=row[STATUS],
            reassignments=int(row[REASSIGNMENTS]),
            reopens=int(row[REOPENS]),
        )
    except (TypeError, ValueError) as error:
        raise ReplayError(
            f"{path}, line {line}: {NUMBER}, {REASSIGNMENTS} or {REOPENS} is not a whole number"
        ) from error
    return LogEvent(ticket=row[TICKET], at=at, after=after, body=json.dumps(row).encode())
