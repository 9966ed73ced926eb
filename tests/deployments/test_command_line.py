"""What each process imports: the command line answers at once, and what learns is loaded where learning runs."""

from __future__ import annotations

import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest

LEARNING = frozenset({"great_expectations", "lightgbm", "matplotlib", "pandas", "scipy", "sklearn"})
SLOW = frozenset(
    {"cryptography", "holidays", "httpx", "jinja2", "numpy", "prefect", "pydantic", "sqlalchemy"}
)
AT_A_TERMINAL = (
    "import contextlib, os, sys; sys.argv = ['liaison', '--help']\n"
    "from deployments.cli.app import main\n"
    "with contextlib.suppress(SystemExit): main()\n"
    "import prefect; print(os.environ['DO_NOT_TRACK'])"
)
NOTICE = "collects anonymous usage data"
STAGES = ("intake", "validation", "escalation", "status_sync", "closure")
SURGES = frozenset({"scipy"})
"""What counts tickets for a surge is part of each intake; it needs no more than the distributions."""


@pytest.mark.parametrize(
    ("process", "modules", "never"),
    [
        ("liaison --help", ["deployments.cli.app"], LEARNING | SLOW),
        ("the gateway", ["deployments.gateway.serve", "deployments.gateway.app"], LEARNING),
        ("the worker before its first run", ["deployments.worker.worker"], LEARNING),
        ("the stages", [f"flows.{stage}" for stage in STAGES], LEARNING - SURGES),
        ("the schedules of every minute", ["flows.sla_sweep", "flows.recover"], LEARNING - SURGES),
    ],
)
def test_a_process_waits_for_nothing_that_it_does_not_need(
    process: str, modules: list[str], never: frozenset[str]
) -> None:
    """A verb, or an insight, that needs it imports it itself."""
    asked = f"import sys, {', '.join(modules)}; print(*sys.modules)"
    answer = subprocess.run([sys.executable, "-c", asked], capture_output=True, text=True, check=True)  # noqa: S603
    assert never.isdisjoint(answer.stdout.split()), process


@pytest.mark.parametrize(("given", "kept"), [({}, "1"), ({"DO_NOT_TRACK": "yes"}, "yes")])
def test_prefect_tells_its_makers_nothing(tmp_path: Path, given: dict[str, str], kept: str) -> None:
    """At a terminal its first import would print a notice, and send word of itself."""
    environment = {
        name: value for name, value in os.environ.items() if name not in ("DO_NOT_TRACK", "CI")
    } | {"PREFECT_HOME": str(tmp_path), **given}
    ours, theirs = pty.openpty()
    program = subprocess.Popen(  # noqa: S603
        [sys.executable, "-c", AT_A_TERMINAL], stdin=theirs, stdout=theirs, stderr=theirs, env=environment
    )
    os.close(theirs)
    said = b""
    try:
        while chunk := os.read(ours, 65_536):
            said += chunk
    except OSError:  # how Linux says that nobody writes there any more
        pass
    finally:
        os.close(ours)
    assert program.wait(60) == 0, said.decode()
    assert said.decode().split()[-1] == kept
    assert NOTICE not in said.decode()
