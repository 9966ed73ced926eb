"""A city's log of requests: read as tickets that open and close, with what is wrong named by file and line."""

from __future__ import annotations

import gzip
from datetime import UTC, datetime
from pathlib import Path

import pytest
from typer.testing import CliRunner

from deployments.cli.app import app
from deployments.replay.failure import ReplayError
from deployments.replay.requests import read_changes
from deployments.replay.requests311 import render
from deployments.replay.simulation import Count, Simulated
from incidents.models import TicketStatus

HEADING = "case_enquiry_id,open_dt,target_dt,closed_dt,case_title,source"
OPENED, DUE, CLOSED = "2011-07-01 08:00:00", "2011-07-03 08:00:00", "2011-07-02 09:30:00"


def a_folder(folder: Path, requests: list[str], outcomes: list[str]) -> Path:
    for name, heading, rows in (
        ("requests", "case_enquiry_id,open_dt,target_dt,case_title,source", requests),
        ("outcomes", "case_enquiry_id,closed_dt", outcomes),
    ):
        with gzip.open(folder / f"{name}.csv.gz", "wt") as file:
            file.write("\n".join([heading, *rows]) + "\n")
    return folder


def test_openings_and_closings_in_their_order(tmp_path: Path):
    """One that never closes has no closing, one without a target no due time, and times are UTC."""
    folder = a_folder(
        tmp_path,
        [f"1,{OPENED},{DUE},Pothole,Self Service", "2,2011-07-01 10:00:00,,Light,"],
        [f"1,{CLOSED}", "2,"],
    )
    changes = read_changes(folder)
    assert [(change.ticket.ref.id, change.ticket.status) for change in changes] == [
        ("1", TicketStatus.OPEN),
        ("2", TicketStatus.OPEN),
        ("1", TicketStatus.CLOSED),
    ]
    assert changes[0].ticket.due_at == datetime(2011, 7, 3, 8, tzinfo=UTC)
    assert changes[1].ticket.due_at is None
    assert changes[2].at == datetime(2011, 7, 2, 9, 30, tzinfo=UTC)


def test_closed_before_it_was_opened_closes_when_it_opens(tmp_path: Path):
    folder = a_folder(tmp_path, [f"1,{CLOSED},,Pothole,"], [f"1,{OPENED}"])
    opened, closed = read_changes(folder)
    assert opened.at == closed.at
    assert (opened.ticket.status, closed.ticket.status) == (TicketStatus.OPEN, TicketStatus.CLOSED)


@pytest.mark.parametrize(
    ("requests", "outcomes", "words"),
    [
        ([], [], "requests.csv.gz has column names and nothing else"),
        ([f"1,,{DUE},Pothole,"], [], "requests.csv.gz, line 2: case_enquiry_id or open_dt is empty"),
        (["1,yesterday,,Pothole,"], [], "requests.csv.gz, line 2: open_dt is not an ISO 8601 time"),
        (
            [f"1,{OPENED},,Pothole,"],
            ["1,later"],
            "outcomes.csv.gz, line 2: closed_dt is not an ISO 8601 time",
        ),
    ],
)
def test_what_is_wrong_is_named(tmp_path: Path, requests: list[str], outcomes: list[str], words: str):
    with pytest.raises(ReplayError, match=words):
        read_changes(a_folder(tmp_path, requests, outcomes))


def test_a_folder_without_the_files(tmp_path: Path):
    with pytest.raises(ReplayError, match="there is no file"):
        read_changes(tmp_path)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--every", "often"], "--every: 'often' is not a duration"),
        (["--at", "2011-07-01"], "give a later --at"),
    ],
)
def test_options_that_make_no_sense_start_nothing(tmp_path: Path, options: list[str], words: str):
    """They are refused before any server is started."""
    folder = a_folder(tmp_path, [f"1,{OPENED},,Pothole,"], [])
    result = CliRunner().invoke(app, ["replay", "requests311", str(folder), *options])
    assert isinstance(result.exception, ReplayError)
    assert words in str(result.exception)


def test_the_table():
    count = Count(
        at=datetime(2011, 8, 1, tzinfo=UTC), received=9854, open=2942, breached=836, open_past_target=530
    )
    assert render(Simulated(counts=(count,), changes=75345, sweeps=123)).splitlines()[1] == (
        "2011-08-01       9,854   2,942              836                   530"
    )
