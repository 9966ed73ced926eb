"""What each process imports: the command line answers at once, and what learns is loaded where learning runs."""

from __future__ import annotations

import subprocess
import sys

import pytest

LEARNING = frozenset({"great_expectations", "lightgbm", "matplotlib", "pandas", "scipy", "sklearn"})
SLOW = frozenset(
    {"cryptography", "holidays", "httpx", "jinja2", "numpy", "prefect", "pydantic", "sqlalchemy"}
)
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
