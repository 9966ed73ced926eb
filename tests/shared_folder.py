"""The folder ../shared beside the repository: vectors, specifications and real logs.

A user's clone lacks it, so what needs it is skipped there; in CI its absence is a failure, never a silence.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

SHARED = Path(__file__).parents[2] / "shared"


def shared_path(relative: str) -> Path:
    """The path of something in ../shared; skips the test, or fails it under CI=true, when it is not there.

    Call it inside a test or fixture, or at module level of a test file (then the whole file is skipped).
    """
    path = SHARED / relative
    if not path.exists():
        why = f"../shared/{relative} is not here"
        if os.environ.get("CI") == "true":
            pytest.fail(why, pytrace=False)
        pytest.skip(why, allow_module_level=True)
    return path
