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

PIPX = "1.18.4"


def documented(block: int) -> list[str]:
    """The commands of that block of the section, but the demo, which has tests of its own."""
    page = (PROJECT / "docs" / "running.md").read_text("utf-8")
    found = re.search(r"\n## From a wheel\n(.*?)\n## ", page, re.DOTALL)
    assert found is not None
    shown = re.findall(r"```\n(.*?)```", found[1], re.DOTALL)
    lines = [line.partition("   #")[0].strip() for line in shown[block].splitlines()]
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
    commands = documented(0)
    assert len(commands) == 4
    for command in commands:
        done = run(command.replace("/opt/liaison", shlex.quote(str(home))), cwd=checkout)
        assert done.returncode == 0, f"{command}\n{done.stdout[-2000:]}{done.stderr[-2000:]}"
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    judge(home / "bin" / "liaison", elsewhere)
    assert run(f"{home}/bin/pip check", cwd=elsewhere).returncode == 0


def test_so_do_those_for_pipx(tmp_path: Path) -> None:
    checkout, elsewhere, tool = tmp_path / "checkout", tmp_path / "elsewhere", tmp_path / "pipx"
    shutil.copytree(PROJECT, checkout, ignore=LEFT_OUT)
    elsewhere.mkdir()
    made = run(f"python3 -m venv {tool} && {tool}/bin/pip install --quiet pipx=={PIPX}", cwd=tmp_path)
    assert made.returncode == 0, made.stderr[-2000:]
    given = {f"PIPX_{what}": str(tmp_path / what) for what in ("HOME", "BIN_DIR", "MAN_DIR")}
    given["PATH"] = f"{tool}/bin:{os.environ['PATH']}"
    commands = documented(1)
    assert len(commands) == 3
    for command in commands:
        done = run(command, cwd=checkout, **given)
        assert done.returncode == 0, f"{command}\n{done.stdout[-2000:]}{done.stderr[-2000:]}"
    judge(tmp_path / "BIN_DIR" / "liaison", elsewhere)
    assert run("pipx runpip liaison check", cwd=elsewhere, **given).returncode == 0


def judge(liaison: Path, elsewhere: Path) -> None:
    told = run(f"{liaison} --help", cwd=elsewhere)
    assert "From the first customer's report" in told.stdout, told.stderr
    looked = run(f"{liaison} check", cwd=elsewhere, LIAISON_HOME=str(elsewhere / "home"))
    assert looked.returncode == 1, looked.stderr
    assert "✔ policy: " in looked.stdout
    assert "✘ store: Liaison is not running" in looked.stdout
    assert not looked.stderr
