"""The incident log: a gzip CSV file with one row for each update of each ticket, read for a window of time.

A ticket's rows are numbered 1, 2, 3, ... in `event_no`, and that is their order. The other two columns that
look like an order are none: `sys_mod_count` of some first rows is that of the ticket's end, and for one ticket
in 18,698 `sys_updated_at` goes backwards.
"""

from __future__ import annotations

import csv
import gzip
import json
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from deployments.replay import columns
from deployments.replay.failure import ReplayError

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
    for line, row in _rows(path):
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


def _rows(path: Path) -> Iterator[tuple[int, Mapping[str, str]]]:
    """Each row and the number of its (last) line."""
    try:
        with gzip.open(path, "rt", encoding="utf-8", newline="") as file:
            reader = csv.DictReader(file, strict=True)
            _check_columns(path, reader.fieldnames or ())
            for row in reader:
                yield reader.line_num, row
    except FileNotFoundError as error:
        raise ReplayError(f"there is no file {path}") from error
    except gzip.BadGzipFile as error:
        raise ReplayError(f"{path} is not a gzip file; give the log as it was published, gzip CSV") from error
    except (EOFError, zlib.error) as error:
        raise ReplayError(f"{path} is damaged or cut short; copy it again") from error
    except UnicodeDecodeError as error:
        raise ReplayError(f"{path} is not UTF-8 text") from error
    except csv.Error as error:
        raise ReplayError(f"{path} is no CSV file: {error}") from error
    except OSError as error:
        raise ReplayError(f"{path} cannot be read: {error.strerror}") from error


def _check_columns(path: Path, found: Sequence[str]) -> None:
    missing = [name for name in columns.REQUIRED if name not in found]
    if missing:
        raise ReplayError(f"{path} lacks the columns {', '.join(missing)}")


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
