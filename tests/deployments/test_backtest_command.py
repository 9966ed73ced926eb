"""The verb as it is typed: an export or the store in, a folder and a short text out."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pandas as pd
import pytest
import typer
from typer.testing import CliRunner, Result

from deployments.cli.backtest import backtest
from deployments.commands.backtest import read_store, replay_export, replay_store
from incidents.policy.insights import Insights
from incidents.store.database import Database
from incidents.store.schema.tables import tickets
from insights.backtest.export_history import read_export
from insights.backtest.failure import BacktestError
from tests.insights.backtest import exports
from tests.shared_folder import shared_path

NOW = datetime(2026, 9, 1, tzinfo=UTC)
YEAR = timedelta(days=365)


def run(*words: object) -> Result:
    app = typer.Typer()
    app.command()(backtest)
    return CliRunner().invoke(app, [str(word) for word in words])


def test_an_export_is_replayed(tmp_path):
    """Without a word but the file: the page, pictures and tables are there, and the terminal has the figures."""
    file = exports.write(tmp_path / "export.csv", exports.rows(days=120))
    result = run(file, "--out", tmp_path / "out", "--field", "Channel")
    assert result.exit_code == 0, result.output
    assert "Replayed 320 tickets" in result.output
    assert "Right among these answers: " in result.output
    assert f"The whole report with plots: {tmp_path / 'out' / 'backtest.html'}" in result.output
    made = {path.suffix for path in (tmp_path / "out").iterdir()}
    assert made == {".html", ".png", ".csv"}


def test_nothing_is_made_of_a_file_that_is_not_there(tmp_path):
    result = run(tmp_path / "none.csv", "--out", tmp_path / "out")
    assert isinstance(result.exception, BacktestError)
    assert "there is no file" in str(result.exception)
    assert not list((tmp_path / "out").iterdir())


async def test_the_store_is_replayed(database: Database):
    """Tickets that were taken in, with their groups; promises nobody made are told to be missing."""
    rows = [_stored(row) for row in exports.rows(days=120)]
    async with database.transaction() as tx:
        await tx.execute(tickets.insert(), rows)
    stored = await read_store(database, history=YEAR, now=NOW)
    replayed = replay_store(stored, {}, start=None, end=None, now=NOW, insights=Insights())
    found = {section.name: section for section in replayed.sections}
    assert found["routing-group"].missing == ""
    assert found["surge"].missing == ""
    assert "0 settled cases" in found["breach"].missing


async def test_an_empty_store(database: Database):
    stored = await read_store(database, history=YEAR, now=NOW)
    with pytest.raises(BacktestError, match="this installation's store has no tickets to replay"):
        replay_store(stored, {}, start=None, end=None, now=NOW, insights=Insights())


@pytest.mark.shared
def test_a_company_s_incidents(tmp_path):
    """Every second incident of a real ServiceNow log, as one would export them: first event and outcome."""
    folder = shared_path("data/uci_incidents")
    file = _incidents(folder, tmp_path / "incidents.csv")
    history = read_export(file, (), now=NOW, more=["subcategory", "location"])
    replayed = replay_export(history, start=datetime(2016, 4, 15, tzinfo=UTC), end=None, insights=Insights())
    found = {section.name: section for section in replayed.sections}
    assert [found[name].missing for name in ("routing-group", "surge", "breach")] == ["", "", ""]
    right = {figure.words: float(figure.value.rstrip("%")) for figure in found["routing-group"].figures}
    assert right["Right if it had to answer always"] > right["Right with always the commonest group"] + 5
    assert 0.6 < float(found["breach"].figures[0].value) < 0.9
    assert "without subject or body" in found["duplicates"].missing


def _incidents(folder: Path, file: Path) -> Path:
    events = pd.read_csv(folder / "events.csv.gz", dtype=str)
    first = events.sort_values(["number", "event_no"], key=_by_number).drop_duplicates("number")[::2]
    outcomes = pd.read_csv(folder / "outcomes.csv.gz", dtype=str)[
        ["number", "closed_at", "final_group", "sla_breached"]
    ]
    first.drop(columns=["assignment_group", "reassignment_count"]).merge(outcomes, on="number").to_csv(
        file, index=False
    )
    return file


def _by_number(column: pd.Series) -> pd.Series:
    return column.astype(int) if column.name == "event_no" else column


def _stored(row: Mapping[str, str]) -> dict[str, object]:
    at, solved = (datetime.fromisoformat(row[name]) for name in ("Created at", "Solved at"))
    return {
        "connection": "zendesk/support", "id": row["Ticket ID"], "version": 1, "subject": row["Subject"],
        "body": row["Description"], "status": "closed", "source_status": "closed", "requester_id": row["Requester"],
        "requester_name": "Ada", "requester_email": "ada@example.com", "created_at": at, "updated_at": solved,
        "group": row["Group"], "product": row["Product"], "channel": "mail", "tags": [], "reassignments": 0,
        "reopens": 0,
    }  # fmt: skip
