"""Installed as docs/running.md says it: our wheel and the locked dependencies, in an environment with nothing else."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.deployments.test_wheel import LEFT_OUT
from tests.docs.documents import PROJECT

pytestmark = pytest.mark.real


def documented() -> list[str]:
    """The commands of the section, but the demo, which has tests of its own."""
    page = (PROJECT / "docs" / "running.md").read_text("utf-8")
    found = re.search(r"## From a wheel\n.*?```\n(.*?)```", page, re.DOTALL)
    assert found is not None
    lines = [line.partition("#")[0].strip() for line in found[1].splitlines()]
    return [line for line in lines if line and not line.endswith("demo")]


def run(command: str, *, cwd: Path, **environ: str) -> subprocess.CompletedProcess[str]:
    given = {
        name: value for name, value in os.environ.items() if not name.startswith(("PREFECT_", "LIAISON_"))
    }
    return subprocess.run(  # noqa: S603 - our own words
        ["/bin/sh", "-c", command],
        cwd=cwd,
        env={**given, **environ},
        capture_output=True,
        text=True,
        check=False,
        timeout=900,
    )


def test_the_documented_commands_make_a_liaison_that_runs(tmp_path: Path) -> None:
    checkout, home = tmp_path / "checkout", tmp_path / "opt"
    shutil.copytree(PROJECT, checkout, ignore=LEFT_OUT)
    commands = documented()
    assert len(commands) == 4
    for command in commands:
        done = run(command.replace("/opt/liaison", shlex.quote(str(home))), cwd=checkout)
        assert done.returncode == 0, f"{command}\n{done.stdout[-2000:]}{done.stderr[-2000:]}"
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    liaison = home / "bin" / "liaison"
    told = run(f"{liaison} --help", cwd=elsewhere)
    assert "From the first customer's report" in told.stdout, told.stderr
    looked = run(f"{liaison} check", cwd=elsewhere, LIAISON_HOME=str(elsewhere / "home"))
    assert looked.returncode == 1, looked.stderr
    assert "✔ policy: " in looked.stdout
    assert "✘ store: Liaison is not running" in looked.stdout
    assert not looked.stderr
    assert run(f"{home}/bin/pip check", cwd=elsewhere).returncode == 0
