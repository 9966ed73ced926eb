"""Worker and gateway look for garbage among what came after their start."""

from __future__ import annotations

import gc
from collections.abc import Iterator

import pytest

from deployments.machine.garbage import keep_what_is_loaded


@pytest.fixture(autouse=True)
def as_before() -> Iterator[None]:
    before, threshold = gc.get_freeze_count(), gc.get_threshold()
    yield
    gc.set_threshold(*threshold)
    gc.unfreeze()
    if before:  # the session's own, set aside by tests/conftest.py
        gc.freeze()


def test_what_is_loaded_is_looked_through_no_more():
    loaded = [[number] for number in range(1000)]
    keep_what_is_loaded()
    later = [[number] for number in range(1000)]
    looked_through = {id(one) for one in gc.get_objects()}
    assert not {id(one) for one in loaded} & looked_through
    assert {id(one) for one in later} <= looked_through
