"""A look that is under way before its run is taken once, while it is fresh, and only so many are."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from datetime import UTC, datetime
from typing import Any

from incidents.models import ProbeResult
from tasks import resources
from tasks.early_looks import AT_ONCE, FRESH, EarlyLooks

SEEN = [
    ProbeResult(
        probe="http/small", is_healthy=False, summary="HTTP 503", at=datetime(2026, 11, 30, tzinfo=UTC)
    )
]


class _Clock(EarlyLooks):
    """By a clock that the test moves."""

    def __init__(self) -> None:
        super().__init__()
        self.seconds = 0.0

    def _now(self) -> float:
        return self.seconds


def counted(began: list[str], name: str) -> Callable[[], Coroutine[Any, Any, Sequence[ProbeResult]]]:
    async def look() -> Sequence[ProbeResult]:
        began.append(name)
        return SEEN

    return look


class _Hanging:
    """A look without an end of its own."""

    def __init__(self) -> None:
        self.is_ended = asyncio.Event()

    async def look(self) -> Sequence[ProbeResult]:
        try:
            await asyncio.Event().wait()
        finally:
            self.is_ended.set()
        return SEEN


async def test_one_look_is_taken_by_one():
    early, began = _Clock(), list[str]()
    early.begin("checkout", counted(began, "first"))
    early.begin("checkout", counted(began, "second"))
    early.seconds = FRESH - 0.1
    found = early.take("checkout")
    assert found is not None
    assert await found == SEEN
    assert began == ["first"]
    assert early.take("checkout") is None


async def test_what_was_not_begun_is_not_there():
    assert _Clock().take("checkout") is None


async def test_an_old_look_says_nothing_any_more():
    """It is ended, if it hangs, and makes room for the next one."""
    early = _Clock()
    hangs = _Hanging()
    early.begin("checkout", hangs.look)
    await asyncio.wait_for(asyncio.sleep(0), 1)
    early.seconds = FRESH
    assert early.take("checkout") is None
    await asyncio.wait_for(hangs.is_ended.wait(), 1)
    began: list[str] = []
    early.begin("checkout", counted(began, "anew"))
    found = early.take("checkout")
    assert found is not None
    assert await found == SEEN


async def test_in_a_storm_only_some_begin():
    early, began = _Clock(), list[str]()
    for number in range(AT_ONCE + 5):
        early.begin(f"service-{number}", counted(began, f"service-{number}"))
    assert early.take(f"service-{AT_ONCE}") is None
    found = early.take("service-0")
    assert found is not None
    assert await found == SEEN
    assert len(began) == AT_ONCE


async def test_what_nobody_took_ends_with_the_process():
    """It would look through connections that are closed."""
    hangs = _Hanging()
    resources.kept(EarlyLooks).begin("checkout", hangs.look)
    await asyncio.wait_for(asyncio.sleep(0), 1)
    await resources.close()
    assert hangs.is_ended.is_set()
