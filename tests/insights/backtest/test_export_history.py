"""Exports as helpdesks write them, and as they should not be: understood, or told with line and cure."""

from __future__ import annotations

import csv
import gzip
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from insights.backtest.export_history import read_export
from insights.backtest.failure import BacktestError
from insights.text import LOOKED_AT

NOW = datetime(2026, 6, 1, tzinfo=UTC)
HEAD = "id,created,subject,group\n"
FRESHDESK = (
    "Ticket ID,Subject,Status,Priority,Source,Type,Agent,Group,Created time,Due by Time,Resolved time,"
    "Closed time,Last update time,Resolution status,First response status,Tags,Product,Full name"
)
INTERCOM = (
    "Conversation ID,Conversation started at,Conversation last closed at,Title,Team currently assigned,Channel,"
    "User ID,SLA status"
)
HUBSPOT = (
    "Ticket ID,Create date,Ticket name,Ticket description,Pipeline,Ticket status,Ticket owner,Priority,Source,"
    "Category,Close date,Assigned Teams,Time to close SLA due date,Time to close SLA ticket status,"
    "Associated Contact IDs"
)
JSM = (
    "Issue key,Created,Summary,Custom field (Request Type),Issue Type,Reporter,Resolved,"
    "Custom field (Time to resolution),Custom field (Time to first response),Assignee"
)
ZAMMAD = (
    "#,Created at,Title,State,Priority,Group,Owner,Customer,Organization,Create Channel,Closed at,"
    "Close Escalation at,Tags"
)
GOOD = "".join(f"{number},2026-03-{number:02}T10:00:00Z,Broken,Web\n" for number in range(1, 29))


def read(folder: Path, content: str | bytes, *said: str, **terms: str):
    file = folder / "export.csv"
    file.write_bytes(content if isinstance(content, bytes) else content.encode())
    return read_export(file, said, now=NOW, **terms)


@pytest.mark.parametrize(
    ("headings", "time", "fields"),
    [
        (
            "Id,Created at,Subject,Group,Ticket type,Requester,Solved at,Due date,Product [list]",
            "2026-03-01 10:00:00",
            {"ticket", "created_at", "subject", "group", "category", "customer", "resolved_at", "product"},
        ),
        (
            "number,opened_at,short_description,assignment_group,category,caller_id,resolved_at,made_sla",
            "2026-03-01 10:00:00",
            {"ticket", "created_at", "subject", "group", "category", "customer", "resolved_at", "kept"},
        ),
        (
            "Issue key,Created,Summary,Component/s,Issue Type,Reporter,Resolved,Outward issue link (Duplicate)",
            "01/Mar/26 10:00 AM",
            {"ticket", "created_at", "subject", "service", "category", "customer", "resolved_at", "duplicate_of"},
        ),
        (
            FRESHDESK,
            "2026-03-01 10:00:00",
            {
                "ticket", "created_at", "subject", "channel", "category", "group", "due_at", "resolved_at", "breached",
                "product", "customer",
            },
        ),
        (
            INTERCOM,
            "2026-03-01 10:00:00",
            {"ticket", "created_at", "resolved_at", "subject", "group", "channel", "customer", "breached"},
        ),
        (
            HUBSPOT,
            "2026-03-01 10:00",
            {
                "ticket", "created_at", "subject", "body", "channel", "category", "resolved_at", "group", "due_at",
                "breached", "customer",
            },
        ),
        (
            JSM,
            "01/Mar/26 10:00 AM",
            {"ticket", "created_at", "subject", "category", "customer", "resolved_at", "breached"},
        ),
        (
            ZAMMAD,
            "2026-03-01 10:00:00",
            {"ticket", "created_at", "subject", "group", "customer", "channel", "resolved_at", "due_at"},
        ),
    ],
    ids=[
        "Zendesk", "ServiceNow", "Jira", "Freshdesk", "Intercom", "HubSpot", "Jira Service Management", "Zammad",
    ],
)  # fmt: skip
def test_columns_are_found_by_the_names_that_helpdesks_give_them(tmp_path, headings, time, fields):
    at = next(
        number
        for number, name in enumerate(headings.lower().replace("_", " ").split(","))
        if name
        in ("created at", "opened at", "created", "created time", "create date", "conversation started at")
    )
    cells = ["1" if number == 0 else "text" for number, _ in enumerate(headings.split(","))]
    cells[at] = time
    history = read(tmp_path, f"{headings}\n{','.join(cells)}\n")
    assert set(history.frame.columns) == fields
    assert history.frame["created_at"][0] == datetime(2026, 3, 1, 10, tzinfo=UTC)


@pytest.mark.parametrize(
    "content",
    [
        (HEAD + GOOD).encode("utf-8-sig"),
        gzip.compress((HEAD + GOOD).encode()),
        (HEAD + GOOD).replace(",", ";").encode(),
        (HEAD + GOOD).replace(",", "\t").encode(),
        (HEAD + GOOD).replace("\n", "\r\n").encode(),
    ],
    ids=["byte order mark", "gzip", "semicolons", "tabs", "Windows"],
)
def test_a_file_is_taken_as_it_is(tmp_path, content):
    history = read(tmp_path, content)
    assert len(history.frame) == 28
    assert history.frame["group"].unique().tolist() == ["Web"]


@pytest.mark.parametrize(
    ("said", "is_broken"),
    [
        ("SLA Violated", True), ("Within SLA", False), ("yes", True), ("0", False), ("missed", True), ("hit", False),
        ("SLA Completed Late", True), ("SLA completed on time", False), ("-12:30", True), ("3:05", False),
        ("OVERDUE", True), ("within_sla", False), ("", None),
    ],
)  # fmt: skip
def test_a_promise_is_broken_or_kept_in_the_helpdesks_words(tmp_path, said, is_broken):
    history = read(tmp_path, f"id,created,resolution status\n1,2026-03-01T10:00:00Z,{said}\n")
    assert history.frame["breached"].tolist() == [is_broken]
    assert not [note for note in history.notes if "not understood" in note]


def test_words_that_say_neither_are_listed(tmp_path):
    """The first few by name, with the line; the rest counted."""
    rows = "".join(f"{number},2026-03-01T10:00:00Z,word {number}\n" for number in range(1, 8))
    history = read(tmp_path, f"id,created,made_sla\n{rows}8,2026-03-01T10:00:00Z,SLA Violated\n")
    assert history.frame["kept"].tolist() == [None] * 7 + [False]
    notes = [note for note in history.notes if "cells not understood" in note]
    assert notes[0] == (
        "1 cells not understood: made_sla says 'word 1', which is neither yes nor no (the first in line 2)."
    )
    assert notes[-1].startswith("2 cells not understood: made_sla says other words")


def test_columns_that_mean_nothing_to_us_are_listed(tmp_path):
    history = read(tmp_path, "id,created,Squad,mood,\n1,2026-03-01T10:00:00Z,a,b,\n")
    assert "Columns not read: Squad, mood (--map FIELD=COLUMN says what one is)." in history.notes
    assert not [note for note in read(tmp_path, HEAD + GOOD).notes if "not read" in note]


@pytest.mark.parametrize(
    ("content", "team"),
    [
        ("sep=;\r\nid;created;team\r\n1;2026-03-01T10:00:00Z;a,b\r\n", "a,b"),
        ('"sep=|"\nid|created|team\n1|2026-03-01T10:00:00Z|a;b\n', "a;b"),
        ('\ufeffSEP=,\nid,created,team\n1,2026-03-01T10:00:00Z,"a,b"\n', "a,b"),
        ('"id, of the ticket, as it is, for us";created;team\n1;2026-03-01T10:00:00Z;x\n', "x"),
        ('id;created;team;"what, said ""a, b"", and, more"\n1;2026-03-01T10:00:00Z;x;y\n', "x"),
        ('id;created;team;"a heading,\nof, two lines"\n1;2026-03-01T10:00:00Z;x;y\n', "x"),
    ],
)
def test_what_parts_the_columns(tmp_path, content, team):
    """Excel's first line says so; else what stands between the names, not within them."""
    assert read(tmp_path, content).frame["group"].tolist() == [team]


def test_lines_are_counted_with_excels_own_first_one(tmp_path):
    text = f"sep=,\n{HEAD}{GOOD}29,yesterday,Broken,Web\n"
    assert any("(the first in line 31)" in note for note in read(tmp_path, text).notes)


def test_columns_can_be_named(tmp_path):
    """One of another name, one that is found but is not meant, and one that is a field of the form."""
    text = "id,created,team,wanted,plan\n1,2026-03-01T10:00:00Z,A,B,C\n"
    history = read(tmp_path, text, "group=wanted", "tier=")
    assert history.frame["group"].tolist() == ["B"]
    assert "tier" not in history.frame
    with_field = read_export(tmp_path / "export.csv", (), now=NOW, more=["plan"])
    assert with_field.more == ("field plan",)
    assert with_field.frame["field plan"].tolist() == ["C"]


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ("group=Team", "has no column 'Team'; it has id, created, subject, group"),
        ("grup=group", "did you mean 'group'?"),
        ("group", "write FIELD=COLUMN"),
    ],
)
def test_a_mapping_that_is_wrong(tmp_path, said, told):
    with pytest.raises(BacktestError) as failure:
        read(tmp_path, HEAD + GOOD, said)
    assert told in str(failure.value)


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("", "is empty; its first line must have the columns' names"),
        ("id,subject\n1,a\n", "Say which it is: --map created_at=COLUMN"),
        (HEAD + '1,2026-03-01,"open', "is no CSV file"),
        ((HEAD + GOOD).encode("utf-16"), "is no UTF-8 text; export it as UTF-8"),
        (gzip.compress((HEAD + GOOD).encode())[:-30], "is damaged or cut short"),
        (HEAD + "1,03/04/2026,Broken,Web\n", "created is no time that can be read (the first in line 2)"),
        (HEAD + "1,,Broken,Web\n", "created is empty (the first in line 2)"),
        (HEAD + "1,2026-03-01\n", "not as many cells as the first line has (4) (the first in line 2)"),
    ],
)
def test_a_file_that_cannot_be_used_says_why(tmp_path, content, told):
    with pytest.raises(BacktestError) as failure:
        read(tmp_path, content)
    assert told in str(failure.value)
    assert str(tmp_path / "export.csv") in str(failure.value)


def test_a_file_that_is_not_there(tmp_path):
    with pytest.raises(BacktestError, match="there is no file"):
        read_export(tmp_path / "none.csv", (), now=NOW)
    with pytest.raises(BacktestError, match="cannot be read"):
        read_export(tmp_path, (), now=NOW)


def test_a_few_bad_lines_are_left_out_and_told(tmp_path):
    history = read(tmp_path, HEAD + GOOD + "29,yesterday,Broken,Web\n30,2026-03-30T10:00:00Z\n")
    assert len(history.frame) == 28
    assert "1 rows left out: created is no time that can be read (the first in line 30)." in history.notes
    assert any(
        "not as many cells as the first line has (4) (the first in line 31)" in one for one in history.notes
    )


def test_times_to_come_are_left_out(tmp_path):
    """One ticket of 2099 must not move the quarter that is replayed; what is due may well be still to come."""
    rows = (GOOD + "29,2099-01-01T10:00:00Z,Broken,Web\n").replace("\n", ",2099-01-01,2099-01-01\n")
    history = read(tmp_path, HEAD.replace("\n", ",solved at,due at\n") + rows)
    assert len(history.frame) == 28
    assert "1 rows left out: created is still to come (the first in line 30)." in history.notes
    assert "29 times left out: solved at is still to come (the first in line 2)." in history.notes
    assert history.frame["resolved_at"].isna().all()
    assert history.frame["due_at"].notna().all()


def test_a_ticket_that_is_there_twice_counts_once(tmp_path):
    history = read(tmp_path, HEAD + GOOD + GOOD)
    assert len(history.frame) == 28
    assert "28 rows left out whose ticket was there before." in history.notes


def test_times_of_another_kind_can_be_described(tmp_path):
    history = read(tmp_path, HEAD + "1,03/04/2026,Broken,Web\n", time_format="%d/%m/%Y")
    assert history.frame["created_at"][0] == datetime(2026, 4, 3, tzinfo=UTC)


def test_a_text_of_a_megabyte_is_read_in_part(tmp_path):
    """And the limit for cells that other code in this process has is left as it was."""
    before = csv.field_size_limit()
    history = read(tmp_path, HEAD + GOOD + f'29,2026-03-29T10:00:00Z,"{"x, " * 350_000}",Web\n')
    assert len(history.frame["subject"].iloc[-1]) <= LOOKED_AT
    assert csv.field_size_limit() == before


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(content=st.binary(max_size=300) | st.text(max_size=300).map(lambda text: (HEAD + text).encode()))
def test_any_bytes_are_a_history_or_a_clear_error(tmp_path, content):
    try:
        history = read(tmp_path, content)
    except BacktestError as error:
        assert str(tmp_path / "export.csv") in str(error)  # noqa: PT017 - either way is right
    else:
        assert history.frame["created_at"].notna().all()
