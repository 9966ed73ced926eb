"""A role's log as lines of JSON: each has its incident and its run, and no secret."""

from __future__ import annotations

import json
import logging
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from prefect import flow
from pydantic import BaseModel, SecretStr

from deployments.telemetry.log_lines import (
    FORMAT,
    ROLE,
    JsonLines,
    LineHandler,
    NoSuchFormat,
    log_settings,
)
from incidents.telemetry.confided import confide
from incidents.telemetry.subject import about
from tests.docs.documents import PROJECT
from tests.servers import PrefectServer

CANARY = "canary-of-a-log-7731"


class Account(BaseModel):
    """Such as a connection's settings."""

    token: SecretStr
    url: str = f"https://user:{CANARY}-url@desk.example"


def record(message: str, *arguments: object, **extra: object) -> logging.LogRecord:
    made = logging.LogRecord("liaison.test", logging.WARNING, "f.py", 1, message, arguments, None)
    made.__dict__.update(extra)
    return made


def line(made: logging.LogRecord) -> dict[str, str]:
    said = JsonLines().format(made)
    assert "\n" not in said
    return json.loads(said)


def test_a_line_says_when_what_and_of_which_incident_and_run():
    with about("INC-42"):
        told = line(record("it is %s", "late", flow_run_id="run-1", flow_run_name="escalation INC-42"))
    assert told["time"].endswith("+00:00")
    assert told | {"time": ""} == {
        "time": "",
        "level": "warning",
        "logger": "liaison.test",
        "message": "it is late",
        "incident": "INC-42",
        "run": "run-1",
        "run_name": "escalation INC-42",
    }
    assert "incident" not in line(record("nobody's"))


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("LIAISON_DATABASE_URL", f"postgresql://liaison:{CANARY}-db@db.example/liaison")
    monkeypatch.setenv("PREFECT_API_AUTH_STRING", f"liaison:{CANARY}-login")
    monkeypatch.setenv("LIAISON_KEY", f"{CANARY}-key")
    return


@pytest.mark.usefixtures("environment")
@pytest.mark.parametrize("name", ["db", "login", "key", "token", "url"])
def test_no_secret_of_ours_is_in_a_line(name: str):
    confide(Account(token=SecretStr(f"{CANARY}-token")))
    secret = f"{CANARY}-{name}"
    try:
        raise ValueError(f"the vendor said {secret}")
    except ValueError:
        raised = record("failed with %s, at https://x.example/?k=%s", secret, secret, exc_info=sys.exc_info())
        raised.__dict__.update(flow_run_name=f"approve {secret}", task_run_name=f"send {secret}")
    said = JsonLines().format(raised)
    assert CANARY not in said
    assert "ValueError" in json.loads(said)["error"]


def test_what_stands_behind_a_secrets_name_is_no_part_of_a_line():
    assert "s3cr3t-xyz" not in JsonLines().format(record("sent with Authorization: Bearer s3cr3t-xyz"))


def test_what_cannot_be_written_is_told_all_the_same():
    odd = line(record("%s", "\ud800 and \x00"))
    assert odd["level"] == "warning"


@pytest.mark.parametrize("environ", [{}, {FORMAT: "text"}, {FORMAT: "TEXT "}])
def test_a_log_is_as_prefect_has_it_unless_asked(environ: dict[str, str]):
    assert log_settings("worker", environ) == {}


def test_what_the_operator_has_set_stays():
    own = {"PREFECT_LOGGING_HANDLERS_CONSOLE_FORMATTER": "standard"}
    assert own.keys().isdisjoint(log_settings("worker", {FORMAT: "json", **own}))


def test_another_word_is_refused():
    with pytest.raises(NoSuchFormat, match="may be text or json"):
        log_settings("worker", {FORMAT: "xml"})


async def test_a_line_of_any_logger_in_a_run_has_the_run(prefect_server: PrefectServer, tmp_path: Path):
    """Ours are no loggers of Prefect's."""
    lines: list[str] = []

    @flow(name="sample_telling")
    async def telling() -> None:
        lines.append(JsonLines().format(record("in a run")))

    await telling()
    told = json.loads(lines[0])
    assert (told["message"], bool(told["run"]), bool(told["run_name"])) == ("in a run", True, True)


PROGRAM = f"""
import os
from deployments.telemetry.log_lines import log_settings
os.environ.update(log_settings("gateway", os.environ))
import logging
import prefect.main
from prefect.logging import get_logger
logging.getLogger("liaison.gateway").warning("what is taken waits, %s", "{CANARY}-login")
logging.getLogger("uvicorn.error").error("[red]no markup[/red]")
get_logger("workers").error("of Prefect's")
"""


@pytest.mark.usefixtures("environment")
def test_every_line_of_a_process_is_one(tmp_path: Path):
    """Set up as roles do it, by the variables that Prefect reads when it is imported."""
    environ = os.environ | {FORMAT: "json", "PREFECT_HOME": str(tmp_path)}
    done = subprocess.run(  # noqa: S603 - our own words
        [sys.executable, "-c", PROGRAM], cwd=PROJECT, env=environ, capture_output=True, text=True, check=True
    )
    told = [json.loads(one) for one in done.stderr.splitlines()]
    assert {(one["role"], one["logger"]) for one in told} == {
        ("gateway", "liaison.gateway"),
        ("gateway", "uvicorn.error"),
        ("gateway", "prefect.workers"),
    }
    assert [one["message"] for one in told if one["logger"] == "uvicorn.error"] == ["[red]no markup[/red]"]
    assert CANARY not in done.stderr


def test_the_handler_takes_what_prefect_gives_its_own():
    assert LineHandler(stream=sys.stderr, styles={"log.web_url": "blue"}).stream is sys.stderr
    assert ROLE == "LIAISON_ROLE"
