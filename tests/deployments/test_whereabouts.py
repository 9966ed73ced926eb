"""Where an installation is reached: found by whoever comes later, on whatever ports it had to take."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from deployments.commands.settings import OWN_GATEWAY, gateway_url
from deployments.machine.prefect_login import OWN_SERVER, use_prefect_server
from deployments.machine.process_table import ProcessRow, ProcessTable
from deployments.machine.stack import StackOptions
from deployments.machine.whereabouts import (
    FILE,
    SUPERVISOR,
    Whereabouts,
    forget_whereabouts,
    note_whereabouts,
    whereabouts,
)
from incidents.errors import LiaisonError

HERE = Whereabouts(
    prefect_api_url="http://127.0.0.1:4299/api",
    gateway_url="http://127.0.0.1:8499",
    policy="/srv/liaison.yaml",
)


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """Something runs on it: this very process."""
    ProcessTable(tmp_path / "processes.json").add(ProcessRow.of(SUPERVISOR, os.getpid()))
    note_whereabouts(tmp_path, HERE)
    return tmp_path


def reached(home: Path) -> str:
    environ: dict[str, str] = {}
    use_prefect_server(home, environ)
    return environ["PREFECT_API_URL"]


def test_the_commands_find_it(home: Path):
    assert whereabouts(home) == HERE
    assert reached(home) == HERE.prefect_api_url
    assert gateway_url(home) == HERE.gateway_url
    assert gateway_url(home, "http://127.0.0.1:1/") == "http://127.0.0.1:1"


def test_what_a_killed_one_left_is_not_believed(home: Path):
    ProcessTable(home / "processes.json").remove(SUPERVISOR)
    assert whereabouts(home) is None
    assert (reached(home), gateway_url(home)) == (OWN_SERVER, OWN_GATEWAY)


@pytest.mark.parametrize("text", ["", "[1]", '{"gateway_url": "x"}'])
def test_another_versions_file_is_passed_over(home: Path, text: str):
    (home / FILE).write_text(text)
    assert whereabouts(home) is None


def test_nothing_is_left_behind(home: Path):
    forget_whereabouts(home)
    assert whereabouts(home) is None


def test_ports_are_chosen_by_the_environment(tmp_path: Path):
    environ = {"LIAISON_PREFECT_PORT": "4300"}
    options = StackOptions.from_environment(environ, policy=tmp_path / "p.yaml", say=print)
    assert (options.api_port, options.gateway_port) == (4300, 8400)


@pytest.mark.parametrize("port", ["http", "0", "70000", "-1"])
def test_what_is_no_port_is_told(tmp_path: Path, port: str):
    with pytest.raises(LiaisonError, match=r"LIAISON_GATEWAY_PORT is .*write a number such as 8400"):
        StackOptions.from_environment({"LIAISON_GATEWAY_PORT": port}, policy=tmp_path / "p.yaml", say=print)
