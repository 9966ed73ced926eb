"""What run book and troubleshooting tell people to type is run, on a store in which nothing has happened yet."""

from __future__ import annotations

import shlex
from pathlib import Path

import pytest
from typer.testing import CliRunner

from deployments.cli.app import app
from incidents.errors import LiaisonError
from tests.docs.documents import Shown, lines_of_commands

PAGES = ("docs/runbooks.md", "docs/troubleshooting.md")
# They serve until they are stopped; each has tests of its own.
SERVE = ("worker",)
# Of an incident or an effect that is not there: said in words that name it.
NOT_THERE = {"INC-7": "there is no INC-7", "KEY": "no held or dead effect has the key 'KEY'"}


def _looks() -> list[Shown]:
    found = {
        one.text: one
        for one in lines_of_commands("liaison")
        if one.place.startswith(PAGES) and one.text.split()[0] not in SERVE and "--help" not in one.text
    }
    return [one for text, one in sorted(found.items()) if len(text.split()) > 1 or text in BARE]


BARE = {"check", "held", "incidents", "parked"}


def test_the_pages_have_commands():
    assert {one.text for one in _looks()} >= {"check", "held", "parked", "show INC-7", "held --done KEY"}


@pytest.mark.parametrize("shown", _looks(), ids=lambda shown: shown.text)
def test_a_command_of_the_run_book_says_something_of_use(shown: Shown, migrated_url: str, tmp_path: Path):
    words = [word.replace("/tmp", str(tmp_path)) for word in shlex.split(shown.text)]  # noqa: S108
    environ = {
        "LIAISON_DATABASE_URL": migrated_url,
        "LIAISON_HOME": str(tmp_path),
        # Nobody is there, which is when people look.
        "PREFECT_API_URL": "http://127.0.0.1:9/api",
    }
    done = CliRunner().invoke(app, words, env=environ)
    # Which `main` says in a line of its own.
    is_told = isinstance(done.exception, LiaisonError)
    assert is_told or done.exception is None or isinstance(done.exception, SystemExit), done.exc_info
    said = str(done.exception) if is_told else done.output.strip()
    assert said
    assert "Traceback" not in said
    named = next((words for name, words in NOT_THERE.items() if name in shown.text), None)
    assert named is None or named in " ".join(said.split()), said
