"""A worker whose clock is a minute off PostgreSQL's: everything leaves at its moment, and once."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import pytest

from flows.recover import recover
from flows.sla_sweep import sla_sweep
from tasks import resources
from tests.stories.installation import Installation

MINUTE = timedelta(minutes=1)
TARGETS = {"sla": {"targets": {1: {"response": "1h", "resolution": "10h"}}, "warn_at": 0.75}}


@contextmanager
def skewed(by: timedelta) -> Iterator[None]:
    """This machine's clock, and so the worker's, is so far ahead."""
    with resources.simulated_time(lambda: datetime.now(UTC) + by):
        yield


@pytest.mark.parametrize("by", [-MINUTE, MINUTE], ids=["behind", "ahead"])
async def test_a_clock_that_is_a_minute_off_changes_nothing(liaison: Installation, by: timedelta):
    """Paged at once; a promise is broken at its moment, not a minute before or after; nothing twice."""
    liaison.write_policy(TARGETS)
    with skewed(by):
        assert abs(await resources.follow_store_clock() + by) < timedelta(seconds=10)
        (ticket,) = await liaison.escalated()
        assert len(liaison.world.pagerduty.pages) == 1

        await liaison.let_pass(timedelta(minutes=59, seconds=30))
        await sla_sweep()
        assert len(liaison.world.pagerduty.pages) == 1, "half a minute is left"
        await liaison.let_pass(timedelta(seconds=31))
        await sla_sweep()
        assert [page.target for page in liaison.world.pagerduty.pages] == ["payments", "payments-lead"]

        liaison.world.pagerduty.acknowledge(liaison.page.id, "Jane Doe")
        await liaison.sync()
        await recover()
        replies = liaison.replies(ticket)
        assert sum("There is a problem with Checkout" in reply for reply in replies) == 1
        assert len(set(replies)) == len(replies)
    assert len(liaison.world.pagerduty.pages) == 2


async def test_a_worker_that_goes_by_its_own_clock_pages_late(liaison: Installation):
    """The control: what is planned now is due in a minute by a clock that is a minute behind."""
    with skewed(-MINUTE):
        await liaison.escalated()
        await recover()
        assert liaison.world.pagerduty.pages == []


async def test_a_clock_that_is_right_is_gone_by(liaison: Installation):
    assert await resources.follow_store_clock() == timedelta(0)
