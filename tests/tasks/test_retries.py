"""What is tried again: only what surely was not done, or what finds its own work."""

from __future__ import annotations

import pytest
import stamina
from prefect import task
from prefect.states import Failed

from incidents.errors import (
    Busy,
    NotAllowed,
    Refused,
    Stale,
    StoreAway,
    StoreBusy,
    StoreUnsure,
    Unknown,
    Unreachable,
)
from tasks.retries import Postponed, may_pass, may_pass_or_be_done, read_again


@task
async def some_task() -> None: ...


@pytest.mark.parametrize(
    ("error", "again", "again_if_repeatable"),
    [
        (StoreAway("gone"), True, True),
        (StoreBusy("a deadlock"), True, True),
        (StoreUnsure("lost in its commit"), False, True),
        (Stale("another drain has taken over"), False, False),
        (Unreachable("a vendor"), True, True),
        (Busy("a vendor", retry_after=1), True, True),
        (Unknown("a vendor's write"), False, False),
        (Postponed("some"), True, True),
        (Refused("no"), False, False),
        (NotAllowed("no"), False, False),
        (ValueError("a defect"), False, False),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else None,
)
async def test_which_failures_are_tried_again(error: Exception, again: bool, again_if_repeatable: bool):
    failed = Failed(data=error)
    assert await may_pass(some_task, None, failed) is again  # type: ignore[arg-type]
    assert await may_pass_or_be_done(some_task, None, failed) is again_if_repeatable  # type: ignore[arg-type]


async def test_a_read_goes_on_when_the_store_is_back():
    outcomes = iter([StoreAway("gone"), StoreUnsure("gone"), "found"])

    @read_again
    async def look() -> str:
        outcome = next(outcomes)
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    with stamina.set_testing(True, attempts=3, cap=True):
        assert await look() == "found"


async def test_a_read_of_what_is_not_there_is_not_repeated():
    looks: list[int] = []

    @read_again
    async def look() -> None:
        looks.append(1)
        raise Refused("no such incident")

    with stamina.set_testing(True, attempts=3, cap=True), pytest.raises(Refused):
        await look()
    assert len(looks) == 1
