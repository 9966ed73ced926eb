"""Whether Prefect is away, by what it answered when."""

from __future__ import annotations

import pytest

from deployments.worker.prefect_watch import PrefectWatch

Looks = list[tuple[float, bool]]


@pytest.mark.parametrize(
    ("looks", "is_away"),
    [
        ([], False),
        ([(0, True)], False),
        ([(0, False), (18, False)], False),
        ([(0, False), (20, False)], True),
        ([(0, True), (10, False), (25, False)], False),
        ([(0, True), (10, False), (30, False)], True),
        ([(0, False), (10, True), (12, False), (30, False)], False),
        ([(0, False), (20, False), (22, True)], True),
        ([(0, False), (20, False), (22, True), (26, True)], False),
        ([(0, False), (20, False), (22, True), (24, False), (28, True), (30, True)], True),
    ],
    ids=str,
)
async def test_it_is_away_after_twenty_seconds_and_back_after_four(looks: Looks, is_away: bool):
    clock = 0.0

    async def ask() -> None: ...

    watch = PrefectWatch(ask, clock=lambda: clock)
    for moment, answers in looks:
        clock = moment
        watch.take_note(answers, asked_at=moment)
    assert (watch.away.is_set(), watch.here.is_set()) == (is_away, not is_away)
