"""Compose file and systemd units, as far as their own programs judge them without a daemon."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from configparser import RawConfigParser
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.docs.documents import PROJECT
from tests.docs.test_documents import parsed
from tests.real.programs import debian_program

pytestmark = pytest.mark.real

FOLDER = PROJECT / "deployments"
COMPOSE = FOLDER / "compose.yaml"
ENVIRON = {"LIAISON_KEY": "key", "POSTGRES_PASSWORD": "secret", "PREFECT_LOGIN": "user:password"}
ROLES = ("liaison-server", "liaison-worker@1", "liaison-gateway", "liaison-listener", "liaison-migrate")
PROGRAM = "/opt/liaison/bin/liaison"
MOST_EXPOSED = 2.0
"""Of 10, as systemd counts; without the drop-in it is 9.6."""


def told(*command: str | Path, **environ: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(  # noqa: S603 - our own
        [str(word) for word in command],
        env={"PATH": os.environ["PATH"], **environ},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def test_compose_takes_the_file(tmp_path: Path) -> None:
    """By its schema; each role's command is a verb; the init file and the Dockerfile are where it says."""
    program = debian_program("docker-compose")
    done = told(program, "-f", COMPOSE, "config", **ENVIRON)
    assert done.returncode == 0, done.stderr
    services: dict[str, Any] = yaml.safe_load(done.stdout)["services"]
    roles = {name: one for name, one in services.items() if name != "postgres"}
    assert set(roles) == {"migrate", "server", "register", "worker", "gateway"}
    for one in roles.values():
        parsed(" ".join(one["command"]), tmp_path)
        assert one["read_only"] is True
        assert one["environment"]["LIAISON_KEY"] == "key"
    assert (FOLDER / "compose-databases.sql").read_text() == "create database prefect;\n"
    assert (PROJECT / roles["worker"]["build"]["dockerfile"]).exists()
    asked = services["postgres"]["healthcheck"]["test"]
    assert asked[asked.index("-h") + 1] == "127.0.0.1", "on its socket the image's init answers, too"
    published = [str(port) for one in services.values() for port in one.get("ports", ())]
    assert published
    assert all(port.startswith("127.0.0.1:") for port in published), "a proxy is to be before them"


@pytest.mark.parametrize("missing", ENVIRON)
def test_what_is_not_set_is_named(missing: str) -> None:
    rest = {name: value for name, value in ENVIRON.items() if name != missing}
    done = told(debian_program("docker-compose"), "-f", COMPOSE, "config", "-q", **rest)
    assert done.returncode != 0
    assert missing in done.stderr


def test_the_image_is_made_of_what_is_there() -> None:
    """No daemon is here to build it."""
    text = (FOLDER / "Dockerfile").read_text()
    named = re.findall(r"^COPY (?!--from)(\S+) ", text, re.MULTILINE) + re.findall(r" -r (\S+)", text)
    assert set(named) == {".", "requirements", "requirements/runtime.txt", "requirements/redis.txt"}
    assert all((PROJECT / name).exists() for name in named)
    assert text.index("USER liaison") < text.index("ENTRYPOINT"), "not as root"


@pytest.mark.parametrize("own", ["deployments/liaison.yaml", "deployments/.env", "liaison.yaml", ".env"])
def test_what_the_operator_puts_beside_it_stays_there(own: str) -> None:
    """Neither committed, nor sent to Docker."""
    assert told(debian_program("git"), "-C", PROJECT, "check-ignore", own).stdout.strip() == own
    patterns = (PROJECT / ".dockerignore").read_text().split()
    assert own in patterns or f"**/{Path(own).name}" in patterns


def test_the_operators_policy_is_in_no_package(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(PROJECT)
    # It has no types.
    distribution: Any = import_module("setuptools").Distribution()
    configured = import_module("setuptools.config.pyprojecttoml").apply_configuration(
        distribution, "pyproject.toml"
    )
    build = configured.get_command_obj("build_py")
    build.ensure_finalized()
    found = ["deployments/liaison.yaml", "deployments/compose.yaml", "deployments/demo/policy.yaml"]
    assert build.exclude_data_files("deployments", "deployments", found) == found[1:]


def units(folder: Path, program: str) -> Path:
    """With a program that is there, as systemd looks for it."""
    shutil.copytree(FOLDER / "systemd", folder)
    for unit in folder.glob("*.service"):
        unit.write_text(unit.read_text().replace(PROGRAM, program))
    return folder


def test_systemd_takes_the_units(tmp_path: Path) -> None:
    folder = units(tmp_path / "units", str(debian_program("true")))
    for role in ROLES:
        done = told(
            debian_program("systemd-analyze"), "verify", f"{role}.service", SYSTEMD_UNIT_PATH=f"{folder}:"
        )
        assert done.returncode == 0, done.stderr
        assert "liaison" not in done.stderr, done.stderr


def settings(unit: Path) -> dict[str, str]:
    parsed = RawConfigParser(strict=False)
    parsed.optionxform = str  # type: ignore[assignment,method-assign]
    parsed.read(unit)
    return {name: value for section in parsed.sections() for name, value in parsed.items(section)}


def test_a_postgresql_that_is_late_is_waited_for() -> None:
    """With Requires=, one failure at boot keeps every role down for good."""
    migrate = settings(FOLDER / "systemd/liaison-migrate.service")
    assert migrate["Restart"] == "on-failure"
    assert "postgresql.service" in migrate["After"].split()
    assert settings(FOLDER / "systemd/liaison-.service.d/hardening.conf")["StartLimitIntervalSec"] == "0"


def test_whoever_starts_a_role_migrates_before() -> None:
    """As after an upgrade: a oneshot that remains active would not run again."""
    assert "RemainAfterExit" not in settings(FOLDER / "systemd/liaison-migrate.service")
    roles = [unit for unit in (FOLDER / "systemd").glob("*.service") if "migrate" not in unit.name]
    assert len(roles) == len(ROLES) - 1
    for role in map(settings, roles):
        assert "Requires" not in role
        assert "liaison-migrate.service" in role["Wants"].split()
        assert "liaison-migrate.service" in role["After"].split()
        assert role["Restart"] == "always"


def test_a_key_that_systemd_does_not_know_is_found_out(tmp_path: Path) -> None:
    """The control."""
    folder = units(tmp_path / "units", str(debian_program("true")))
    unit = folder / "liaison-gateway.service"
    unit.write_text(unit.read_text().replace("RestartSec", "RestartSecs"))
    done = told(debian_program("systemd-analyze"), "verify", unit.name, SYSTEMD_UNIT_PATH=f"{folder}:")
    assert "RestartSecs" in done.stderr


@pytest.mark.parametrize("role", ROLES)
def test_the_units_are_closed(role: str, tmp_path: Path) -> None:
    units(tmp_path / "etc/systemd/system", PROGRAM)
    done = told(
        *(debian_program("systemd-analyze"), "--offline=true", f"--root={tmp_path}"),
        *("security", "--no-pager", f"{role}.service"),
    )
    found = re.search(r"Overall exposure level for \S+: ([0-9.]+)", done.stdout)
    assert found is not None, done.stdout + done.stderr
    assert float(found[1]) <= MOST_EXPOSED
