"""The command line answers at once, whatever its verbs bring along."""

from __future__ import annotations

import subprocess
import sys


def test_help_does_not_wait_for_prefect() -> None:
    """Importing it takes seconds; a verb that needs it imports it itself."""
    asked = "import sys, deployments.cli.app; print([name for name in ('prefect', 'pandas') if name in sys.modules])"
    answer = subprocess.run([sys.executable, "-c", asked], capture_output=True, text=True, check=True)  # noqa: S603
    assert answer.stdout.strip() == "[]"
