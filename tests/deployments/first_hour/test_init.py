"""`liaison init` when something is amiss: nothing half done is left, and nobody reads a traceback.

What it does when all is well is in tests/real/test_first_hour.py, on real mail servers.
"""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from deployments.commands.first_hour.answers import SetupAnswers
from deployments.commands.first_hour.init import InitOptions, init
from deployments.machine.process_table import ProcessRow, ProcessTable
from deployments.machine.stack import StackOptions
from deployments.machine.whereabouts import SUPERVISOR, Whereabouts, note_whereabouts
from incidents.errors import LiaisonError
from incidents.policy.file import PolicyFileError
from incidents.store.database import Database
from tests.deployments.first_hour.test_interview import MAILBOX, NOW, all_is_well
from tests.incidents.builders import POLICY

NOBODY = "http://127.0.0.1:1/api"


def options(
    folder: Path,
    database: Database,
    said: list[str],
    *replaced: str,
    given: Mapping[str, str] = MAILBOX,
) -> InitOptions:
    """On a machine whose Prefect server does not answer."""
    stack = StackOptions(
        home=folder / "home",
        policy=folder / "liaison.yaml",
        say=said.append,
        database_url=database.url,
        prefect_api_url=NOBODY,
    )
    return InitOptions(
        stack=stack, answers=SetupAnswers(given), now=NOW, replaced=frozenset(replaced), look=all_is_well
    )


def policies(folder: Path) -> list[str]:
    return [file.read_text() for file in folder.glob("liaison.yaml*")]


async def test_a_policy_without_its_connections_is_taken_back(tmp_path: Path, database: Database):
    """Else the next try would keep it, and nobody would ask for the passwords again."""
    said: list[str] = []
    with pytest.raises(LiaisonError, match="no Prefect server answers"):
        await init(options(tmp_path, database, said))
    assert [line for line in said if line.startswith("written")]
    assert said[-1].startswith("Nothing was set up")
    assert policies(tmp_path) == []


async def test_a_policy_that_was_to_be_replaced_is_there_again(tmp_path: Path, database: Database):
    said: list[str] = []
    (tmp_path / "liaison.yaml").write_text("# mine\n")
    with pytest.raises(LiaisonError, match="no Prefect server answers"):
        await init(options(tmp_path, database, said, "policy"))
    assert policies(tmp_path) == ["# mine\n"]


async def test_a_policy_that_is_kept_and_wrong_is_told_with_its_line(tmp_path: Path, database: Database):
    said: list[str] = []
    (tmp_path / "liaison.yaml").write_text("services: [\n")
    with pytest.raises(PolicyFileError, match=r"liaison.yaml:\d"):
        await init(options(tmp_path, database, said))
    assert said[0].startswith("kept: ")


@pytest.mark.parametrize(
    ("given", "cure"),
    [
        (MAILBOX | {"helpdesk": "mailbox", "chat": "none"}, "no Prefect server answers"),
        (MAILBOX | {"mail.adress": "x"}, "nothing asks for 'mail.adress' .* did you mean 'mail.address'"),
    ],
)
async def test_answers_to_what_is_kept(tmp_path: Path, database: Database, given: dict[str, str], cure: str):
    """The same answers may be given again: only what nobody would ever ask is told, before anything is started."""
    said: list[str] = []
    (tmp_path / "liaison.yaml").write_text(POLICY)
    with pytest.raises(LiaisonError, match=cure):
        await init(options(tmp_path, database, said, given=given))
    assert ("starting" in "".join(said)) is ("Prefect" in cure)
    assert policies(tmp_path) == [POLICY]


@pytest.mark.parametrize("is_known_where", [True, False])
async def test_what_runs_keeps_its_policy_until_the_connections_are_saved(
    tmp_path: Path, database: Database, is_known_where: bool
):
    """It goes by the file that is there."""
    said: list[str] = []
    (tmp_path / "liaison.yaml").write_text("# mine\n")
    home = tmp_path / "home"
    home.mkdir()
    ProcessTable(home / "processes.json").add(ProcessRow.of(SUPERVISOR, os.getpid()))
    if is_known_where:
        policy = str(tmp_path / "liaison.yaml")
        note_whereabouts(
            home, Whereabouts(prefect_api_url=NOBODY, gateway_url="http://127.0.0.1:1", policy=policy)
        )
    with pytest.raises(
        LiaisonError, match="Prefect" if is_known_where else "up, then say .* Nothing was written"
    ):
        await init(options(tmp_path, database, said, "policy"))
    assert policies(tmp_path) == ["# mine\n"]
    assert not [line for line in said if line.startswith("written")]


@pytest.mark.parametrize(
    ("words", "typed", "cure"),
    [
        (
            ["--no-input"],
            "",
            "mail.address has no answer (The address that customers write to): say --answer",
        ),
        (["--no-input", "-a", "helpdesk=fax"], "", "helpdesk (--answer): write one of mailbox, zendesk"),
        (["--answers", "answers.yaml"], "", "answers.yaml cannot be read"),
        ([], "\n", "the input ended before the questions did: give --answers FILE and say --no-input"),
    ],
)
async def test_what_is_amiss_is_told_in_a_line(tmp_path: Path, words: list[str], typed: str, cure: str):
    program = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "deployments.cli", "init", "--home", str(tmp_path / "home"), *words),
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(Path(__file__).parents[3])},
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    out, _ = await program.communicate(typed.encode())
    assert program.returncode == 1, out.decode()
    assert cure in out.decode()
    assert "Traceback" not in out.decode()
    assert not (tmp_path / "liaison.yaml").exists()
