"""`liaison import` at the command line: YAML to standard output, the report to standard error, no file overwritten."""

from __future__ import annotations

from pathlib import Path

from typer.testing import CliRunner

from deployments.cli.app import app
from incidents.errors import Refused
from incidents.policy.file import parse_policy
from tests.deployments.imports.exports import saved
from tests.deployments.imports.opsgenie.account import account


def test_the_file_and_the_report(tmp_path: Path):
    """The policy alone goes where it can be piped from."""
    export = saved(tmp_path / "export", account())
    result = CliRunner().invoke(app, ["import", "opsgenie", str(export), "--helpdesk", "zendesk/support"])
    assert result.exit_code == 0
    assert parse_policy(result.stdout).helpdesks == ["zendesk/support"]
    assert "left out" in result.stderr
    assert "Read it before you use what was made." in result.stderr


def test_nothing_is_overwritten(tmp_path: Path):
    """Neither a file that is there, nor half of one after a bad export."""
    export = saved(tmp_path / "export", account())
    there, new = tmp_path / "there.yaml", tmp_path / "new.yaml"
    there.write_text("mine")
    result = CliRunner().invoke(app, ["import", "opsgenie", str(export), "--out", str(there)])
    assert isinstance(result.exception, Refused)
    assert there.read_text() == "mine"
    saved(export, {"teams.json": "{"})
    result = CliRunner().invoke(app, ["import", "opsgenie", str(export), "--out", str(new)])
    assert isinstance(result.exception, Refused)
    assert not new.exists()


def test_names_that_are_no_connections(tmp_path: Path):
    """They are told as the policy's loader tells them, and nothing is written."""
    export = saved(tmp_path / "export", account())
    result = CliRunner().invoke(app, ["import", "opsgenie", str(export), "--pager", "Roster"])
    assert isinstance(result.exception, Refused)
    assert "'Roster' is not a connection" in str(result.exception)
