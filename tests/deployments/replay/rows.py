"""Rows of an incident log, made up, and files of them."""

from __future__ import annotations

import csv
import gzip
import io
from collections.abc import Iterable, Mapping
from datetime import datetime
from pathlib import Path

from deployments.replay.columns import REQUIRED
from deployments.replay.log import LogEvent, read_window

BEGIN, END = datetime.fromisoformat("2016-04-11"), datetime.fromisoformat("2016-04-18")

Row = Mapping[str, str]


def row(ticket: str, number: int, at: str, status: str = "Active", **changes: str) -> Row:
    usual = dict.fromkeys(REQUIRED, "") | {
        "number": ticket,
        "event_no": str(number),
        "sys_updated_at": at,
        "opened_at": "2016-04-11T08:00",
        "incident_state": status,
        "reassignment_count": "0",
        "reopen_count": "0",
    }
    return usual | changes


def text_of(rows: Iterable[Row], *, columns: Iterable[str] = REQUIRED) -> str:
    file = io.StringIO()
    writer = csv.DictWriter(file, fieldnames=list(columns), extrasaction="ignore")
    writer.writeheader()
    writer.writerows(rows)
    return file.getvalue()


def write_log(folder: Path, text: str) -> Path:
    path = folder / "log.csv.gz"
    path.write_bytes(gzip.compress(text.encode()))
    return path


def events(folder: Path, *rows: Row) -> list[LogEvent]:
    return read_window(write_log(folder, text_of(rows)), BEGIN, END)
