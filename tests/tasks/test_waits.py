"""The switch that lets nothing wait; `tests/stories/test_waits.py` shows it through Prefect."""

from __future__ import annotations

from datetime import timedelta

import pytest
import stamina

from tasks.retries import OUTSIDE_CALL, REPEATABLE_STORE_CALL, STORE_CALL
from tasks.waits import RetryDelays, no_waits, patience

SOON = timedelta(seconds=4)
OPTIONS = [OUTSIDE_CALL, STORE_CALL, REPEATABLE_STORE_CALL]


def test_the_usual_waits_are_back_after_the_block():
    """Also after a block within a block, and one that fails."""
    delays = RetryDelays([1.0, 4.0])
    usual = ([1.0, 4.0], SOON)
    assert ([delays[0], delays[1]], patience(SOON)) == usual
    with no_waits():
        with no_waits():
            assert ([delays[0], delays[1]], patience(SOON)) == ([0.0, 0.0], timedelta(0))
        assert ([delays[0], delays[1]], patience(SOON)) == ([0.0, 0.0], timedelta(0))
    with pytest.raises(RuntimeError), no_waits():
        raise RuntimeError("a defect")
    assert ([delays[0], delays[1]], patience(SOON)) == usual


@pytest.mark.parametrize("options", OPTIONS)
def test_every_kind_of_task_is_switched(options):
    """As often tried as ever, each time at once."""
    delays = options["retry_delay_seconds"]
    assert len(delays) == options["retries"]
    assert all(delays[number] > 0 for number in range(len(delays)))
    with no_waits():
        assert [delays[number] for number in range(len(delays))] == [0.0] * options["retries"]


async def test_vendors_calls_are_tried_again_without_waiting():
    """Only so many times."""
    tries: list[int] = []

    @stamina.retry(on=OSError, attempts=10, wait_initial=3600.0, wait_max=3600.0)
    async def call() -> None:
        tries.append(1)
        raise OSError("away")

    with no_waits(attempts=2), pytest.raises(OSError, match="away"):
        await call()
    assert len(tries) == 2
