"""The command line: what it refuses before anything is started."""

from __future__ import annotations

from pathlib import Path

import typer
from typer.testing import CliRunner, Result

from deployments.cli.rehearsals.replay import uci
from deployments.replay.failure import ReplayError
from tests.deployments.replay.rows import row, text_of, write_log


def run(*arguments: str) -> Result:
    app = typer.Typer()
    app.command()(uci)
    return CliRunner().invoke(app, arguments)


def test_a_window_that_ends_before_it_begins(tmp_path: Path) -> None:
    path = write_log(tmp_path, text_of([row("A", 1, "2016-04-11T08:00")]))
    result = run(str(path), "--from", "2016-04-18", "--to", "2016-04-11")
    assert result.exit_code == 1
    assert isinstance(result.exception, ReplayError)
    assert "--from must be before --to" in str(result.exception)


def test_a_window_without_events(tmp_path: Path) -> None:
    path = write_log(tmp_path, text_of([row("A", 1, "2016-04-11T08:00")]))
    result = run(str(path), "--from", "2016-04-11T08:01", "--to", "2016-04-12")
    assert result.exit_code == 1
    assert "from 2016-04-11 08:00 to 2016-04-11 08:00" in str(result.exception)


def test_a_share_is_at_most_everything() -> None:
    result = run("log.csv.gz", "--from", "2016-04-11", "--to", "2016-04-12", "--duplicate", "1.5")
    assert result.exit_code == 2
    assert "--duplicate" in result.output
