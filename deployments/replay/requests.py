"""A city's log of requests: when each was opened, when it should have been done, and when it was.

A folder with `requests.csv.gz` and `outcomes.csv.gz`, joined by `case_enquiry_id`. Its times have no zone and
are taken as UTC: only their differences matter.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from deployments.replay.failure import ReplayError
from deployments.replay.gzip_csv import read_rows
from incidents.models import Contact, Ticket, TicketRef, TicketStatus

CASE, OPENED, TARGET, CLOSED = "case_enquiry_id", "open_dt", "target_dt", "closed_dt"
_TITLE, _SOURCE = "case_title", "source"
CONNECTION = "http/requests311"


@dataclass(frozen=True, kw_only=True, slots=True)
class RequestChange:
    """A request as it was from this moment on: opened, or closed."""

    at: datetime
    ticket: Ticket


def read_changes(folder: Path) -> Sequence[RequestChange]:
    """Every opening and closing, in order. Raises `ReplayError` naming file and line."""
    closed = {
        row[CASE]: _time(folder / "outcomes.csv.gz", line, row, CLOSED)
        for line, row in read_rows(folder / "outcomes.csv.gz", (CASE, CLOSED))
    }
    changes: list[RequestChange] = []
    path = folder / "requests.csv.gz"
    for line, row in read_rows(path, (CASE, OPENED, TARGET, _TITLE, _SOURCE)):
        opened, due = _time(path, line, row, OPENED), _time(path, line, row, TARGET)
        if opened is None or not row[CASE]:
            raise ReplayError(f"{path}, line {line}: {CASE} or {OPENED} is empty")
        done = closed.get(row[CASE])
        changes.append(RequestChange(at=opened, ticket=_ticket(row, opened, due, None)))
        if done is not None:
            changes.append(RequestChange(at=max(done, opened), ticket=_ticket(row, opened, due, done)))
    if not changes:
        raise ReplayError(f"{path} has column names and nothing else")
    return sorted(changes, key=lambda change: (change.at, change.ticket.ref.id))


def _ticket(
    row: Mapping[str, str], opened: datetime, due: datetime | None, closed: datetime | None
) -> Ticket:
    return Ticket(
        ref=TicketRef(connection=CONNECTION, id=row[CASE]),
        subject=row[_TITLE],
        status=TicketStatus.OPEN if closed is None else TicketStatus.CLOSED,
        source_status="open" if closed is None else "closed",
        requester=Contact(id="city"),
        # An opening and a closing in one second are still two.
        version=2 if closed is not None else 1,
        created_at=opened,
        updated_at=opened if closed is None else max(closed, opened),
        channel=row[_SOURCE] or None,
        due_at=due,
    )


def _time(path: Path, line: int, row: Mapping[str, str], column: str) -> datetime | None:
    text = row[column]
    if not text:
        return None
    try:
        at = datetime.fromisoformat(text)
    except ValueError as error:
        raise ReplayError(f"{path}, line {line}: {column} is not an ISO 8601 time") from error
    return at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)
