"""Fixtures for the kit's tests."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import stamina


@pytest.fixture(autouse=True)
def no_waits() -> Iterator[None]:
    """Retries happen, up to five attempts, without their waits."""
    with stamina.set_testing(True, attempts=5, cap=True):
        yield
