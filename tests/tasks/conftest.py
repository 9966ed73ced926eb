"""Fixtures of several tests of tasks."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tasks.waits import no_waits
from tasks.without_prefect import without_prefect


@pytest.fixture
def alone() -> Iterator[None]:
    """Nothing waits, and nothing asks Prefect."""
    with no_waits(), without_prefect("a test"):
        yield
