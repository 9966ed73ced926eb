"""The incident log: which rows are in a window, which of them is a ticket's last, and what is no log."""

from __future__ import annotations

import csv
import gzip
import json
from collections import defaultdict
from pathlib import Path

import pytest

from deployments.replay.columns import REQUIRED
from deployments.replay.failure import ReplayError
from deployments.replay.log import Standing, read_window, standings
from tests.deployments.replay.rows import BEGIN, END, events, row, text_of, write_log
from tests.shared_folder import shared_path

LOG = "data/uci_incidents/events.csv.gz"


def test_a_window_has_its_first_moment_and_not_its_last(tmp_path: Path) -> None:
    found = events(
        tmp_path,
        row("A", 1, "2016-04-10T23:59"),
        row("A", 2, "2016-04-11T00:00"),
        row("A", 3, "2016-04-17T23:59"),
        row("A", 4, "2016-04-18T00:00"),
    )
    assert [event.after.version for event in found] == [2, 3]


def test_events_come_in_the_order_of_time_and_not_of_the_file(tmp_path: Path) -> None:
    """The published file has all rows of one ticket together; a helpdesk sends them as they happen."""
    found = events(
        tmp_path,
        row("A", 1, "2016-04-11T08:00"),
        row("A", 2, "2016-04-11T09:00"),
        row("A", 3, "2016-04-11T09:00"),
        row("B", 1, "2016-04-11T08:30"),
    )
    assert [(event.ticket, event.after.version) for event in found] == [
        ("A", 1),
        ("B", 1),
        ("A", 2),
        ("A", 3),
    ]


def test_the_body_is_the_row(tmp_path: Path) -> None:
    (event,) = events(tmp_path, row("A", 1, "2016-04-11T08:00", category="55"))
    assert json.loads(event.body) == row("A", 1, "2016-04-11T08:00", category="55")


def test_a_ticket_stands_where_its_last_event_left_it(tmp_path: Path) -> None:
    """The last one by number, although the clock went back between the two."""
    found = events(
        tmp_path,
        row("A", 1, "2016-04-11T10:00", "New"),
        row("A", 2, "2016-04-11T09:00", "Resolved", reassignment_count="2", reopen_count="1"),
    )
    assert standings(found) == {"A": Standing(version=2, status="Resolved", reassignments=2, reopens=1)}


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (text_of([row("A", 1, "2016-04-11T08:00")]).encode(), "is not a gzip file"),
        (gzip.compress(text_of([row("A", 1, "2016-04-11T08:00")]).encode())[:-12], "damaged or cut short"),
        (gzip.compress(b"\xff\xfe"), "is not UTF-8"),
        (gzip.compress(b""), "lacks the columns number, incident_state,"),
        (gzip.compress(text_of([], columns=set(REQUIRED) - {"event_no", "reopen_count"}).encode()),
         "lacks the columns event_no, reopen_count"),
        (gzip.compress(text_of([]).encode()), "column names and nothing else"),
        (gzip.compress(text_of([row("A", 1, "2016-05-01T08:00"), row("A", 2, "2016-05-02T09:00")]).encode()),
         "its events reach from 2016-05-01 08:00 to 2016-05-02 09:00"),
        (gzip.compress(text_of([row("A", 1, "2016-04-11T08:00"), row("A", 2, "yesterday")]).encode()),
         "line 3: sys_updated_at is not an ISO 8601 time"),
        (gzip.compress((",".join(REQUIRED) + "\nA,New\n").encode()), "line 2: sys_updated_at is not"),
        (gzip.compress(text_of([row("A", 1, "2016-04-11T08:00", event_no="one")]).encode()),
         "line 2: event_no, reassignment_count or reopen_count is not a whole number"),
        (gzip.compress(text_of([row("", 1, "2016-04-11T08:00")]).encode()), "line 2: number or incident_state"),
    ],
    ids=["not-gzip", "cut", "not-utf-8", "empty", "columns", "no-rows", "window", "time", "short", "number", "id"],
)  # fmt: skip
def test_what_is_no_log_is_told_in_one_sentence(tmp_path: Path, content: bytes, said: str) -> None:
    path = tmp_path / "log.csv.gz"
    path.write_bytes(content)
    with pytest.raises(ReplayError, match=said) as raised:
        read_window(path, BEGIN, END)
    assert str(path) in str(raised.value)


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(ReplayError, match=r"there is no file .*nowhere\.csv\.gz"):
        read_window(tmp_path / "nowhere.csv.gz", BEGIN, END)


def test_a_folder_is_no_file(tmp_path: Path) -> None:
    with pytest.raises(ReplayError, match="cannot be read"):
        read_window(tmp_path, BEGIN, END)


def test_quoted_line_breaks_stay_in_their_cell(tmp_path: Path) -> None:
    path = write_log(tmp_path, text_of([row("A", 1, "2016-04-11T08:00", category="one\r\ntwo")]))
    (event,) = read_window(path, BEGIN, END)
    assert json.loads(event.body)["category"] == "one\r\ntwo"


@pytest.mark.shared
def test_the_week_of_the_real_log() -> None:
    found = read_window(shared_path(LOG), BEGIN, END)
    assert len(found) == 10_921
    assert len(standings(found)) == 3_976
    assert len({event.body for event in found}) == 10_921, "events are told apart by their bytes"


@pytest.mark.shared
def test_why_the_event_number_is_the_order_and_nothing_else() -> None:
    """It counts 1, 2, 3, ... for each ticket; the update counter and the clock go backwards for some."""
    rows: dict[str, list[dict[str, str]]] = defaultdict(list)
    with gzip.open(shared_path(LOG), "rt", encoding="utf-8", newline="") as file:
        for line in csv.DictReader(file):
            rows[line["number"]].append(line)
    numbers = [[int(line["event_no"]) for line in ticket] for ticket in rows.values()]
    counters = [[int(line["sys_mod_count"]) for line in ticket] for ticket in rows.values()]
    times = [[line["sys_updated_at"] for line in ticket] for ticket in rows.values()]
    assert all(ticket == list(range(1, len(ticket) + 1)) for ticket in numbers)
    assert sum(ticket != sorted(ticket) for ticket in counters) == 4
    assert sum(ticket != sorted(ticket) for ticket in times) == 1
