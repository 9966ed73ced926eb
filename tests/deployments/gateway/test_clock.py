"""When our own clock is wrong, nothing genuine is refused for it for long."""

from __future__ import annotations

from datetime import timedelta

import pytest

from deployments.gateway.clock_check import ENOUGH, WINDOW
from tests.deployments.gateway.conftest import Clock, Sender, Store
from tests.deployments.gateway.vendors import HTTP, NOW, SLACK

WRONG = timedelta(minutes=10)


async def _send(sender: Sender, number: int, **how: object) -> int:
    return (await sender.send(HTTP, id=f"msg_{number}", **how)).status_code


async def test_a_clock_that_went_wrong(
    sender: Sender, clock: Clock, store: Store, caplog: pytest.LogCaptureFixture
):
    """After a few refusals everything of that source fails on time: the sender is asked to come again, the
    operator is told, and what comes again is stored once the clock is right."""
    for number in range(WINDOW):
        assert await _send(sender, number) == 200
    clock.now += WRONG
    statuses = [await _send(sender, 100 + number) for number in range(WINDOW)]
    assert statuses == [401] * (WINDOW // 2) + [503] * (WINDOW - WINDOW // 2)
    assert "check this machine's clock" in caplog.text
    clock.now = NOW
    assert await _send(sender, 100) == 200
    assert len(await store.deliveries()) == WINDOW + 1


async def test_a_clock_that_is_wrong_from_the_start(sender: Sender, clock: Clock):
    """Nothing was ever in time: three refusals are enough to doubt ourselves."""
    clock.now -= WRONG
    assert [await _send(sender, number) for number in range(6)] == [401] * (ENOUGH - 1) + [503] * 3


async def test_503_says_when_to_come_again(sender: Sender, clock: Clock):
    """Some senders wait for what Retry-After says."""
    clock.now += WRONG
    answers = [await sender.send(HTTP, id=f"msg_{number}") for number in range(ENOUGH)]
    assert answers[-1].status_code == 503
    assert int(answers[-1].headers["Retry-After"]) > 0


async def test_strangers_do_not_sway_it(sender: Sender, clock: Clock):
    """Forgeries say nothing of our clock: neither do they hide that it is wrong, nor can they feign it."""
    clock.now += WRONG
    for number in range(ENOUGH):
        assert await _send(sender, number, secret="a-secret-that-is-not-configured") == 401
    statuses = []
    for number in range(ENOUGH):
        statuses.append(await _send(sender, 100 + number))
        await _send(sender, number, secret="a-secret-that-is-not-configured")
    assert statuses == [401] * (ENOUGH - 1) + [503]


async def test_one_source_s_lateness_is_not_another_s(sender: Sender, clock: Clock):
    """A vendor may have a wrong clock too."""
    for number in range(ENOUGH + 1):
        await _send(sender, number, at=NOW - WRONG)
    assert (await sender.send(SLACK, at=NOW - WRONG)).status_code == 401
    assert (await sender.send(SLACK)).status_code == 200


async def test_replays_among_genuine_ones(sender: Sender):
    """Most are in time, so the clock is right and the late ones are replays."""
    for number in range(WINDOW):
        assert await _send(sender, number) == 200
        assert await _send(sender, number, at=NOW - WRONG) == 401
