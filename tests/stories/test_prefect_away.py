"""Prefect is away and people are paged; when it is back it is told, and nothing is done twice."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import timedelta

import pytest
from prefect.artifacts import Artifact
from prefect.settings import PREFECT_API_URL, temporary_settings

from bench.sandbox import until
from deployments.worker.emergency import EmergencyPacing, EmergencyWorker
from deployments.worker.prefect_watch import PrefectWatch
from flows.closure import closure
from flows.escalation import escalation
from flows.intake import intake
from flows.recover import recover
from flows.sla_sweep import sla_sweep
from flows.status_sync import status_sync
from flows.validation import validation
from incidents.effects import EffectKind
from incidents.models import IncidentState
from tasks.runs import perform
from tasks.without_prefect import without_prefect
from tests.stories.installation import Installation

NOBODY = "http://127.0.0.1:9/api"
QUICK = EmergencyPacing(
    look=0.05, drain=0.05, recover=0.2, sweep=0.2, reconcile=3600, failed=0.2, stuck=5, finish=10
)
TARGETS = {"sla": {"targets": {1: {"response": "1h", "resolution": "10h"}}, "warn_at": 0.75}}
PATIENCE = 60.0


@asynccontextmanager
async def prefect_away() -> AsyncIterator[None]:
    """Nobody listens where Prefect was, and of two workers one goes on, until the end of the block."""
    now = 0.0

    async def ask() -> None: ...

    async def when_back() -> None: ...

    watch = PrefectWatch(ask, clock=lambda: now)
    stop = asyncio.Event()
    with temporary_settings({PREFECT_API_URL: NOBODY}):
        workers = [
            EmergencyWorker(watch, holder=f"here, process {number}", when_back=when_back, pacing=QUICK)
            for number in (1, 2)
        ]
        watch.take_note(False, asked_at=0)
        now = 60.0
        watch.take_note(False, asked_at=now)
        working = [asyncio.create_task(worker.run(stop)) for worker in workers]
        try:
            yield
        finally:
            stop.set()
            await asyncio.gather(*working)


async def holds(what: str, look: Callable[[], bool]) -> None:
    async def looked() -> bool:
        return look()

    await until(what, looked, PATIENCE)


async def page(key: str) -> str:
    artifact = await Artifact.aget(key)
    assert artifact is not None
    return str(artifact.data)


async def test_an_outage_from_the_first_ticket_to_the_last_answer(liaison: Installation):
    """Paged, taken on, customers told, fixed, all without Prefect; then runs close it, Prefect is told of the rest, and
    nothing is done again."""
    pages = liaison.world.pagerduty.pages
    async with prefect_away():
        liaison.world.break_checkout()
        tickets = liaison.customers_write(3)
        await liaison.hear()
        await holds("somebody is paged", lambda: len(pages) == 1)
        liaison.world.pagerduty.acknowledge(liaison.page.id, "Jane Doe")
        await liaison.hear()
        await holds("customers are told", lambda: all(len(liaison.replies(one)) == 1 for one in tickets))
        liaison.world.mend_checkout()
        liaison.world.pagerduty.resolve(liaison.page.id, "Jane Doe")
        await liaison.hear()
        await holds("they hear of the end", lambda: all(len(liaison.replies(one)) == 2 for one in tickets))
    told = {entry.run_id for entry in await liaison.timeline()}
    assert told == {"emergency-1"}, "one of the two workers did all of it"

    await liaison.let_pass(timedelta(minutes=2))
    await intake()
    await status_sync()
    await recover()
    await recover()
    assert (await liaison.incident()).state is IncidentState.CLOSED
    report = await page("emergency")
    assert "worker here, process" in report
    assert "Paged by pagerduty/demo" in report
    assert "(without Prefect)" in await page("inc-1")
    assert len(pages) == 1
    assert [len(liaison.replies(one)) for one in tickets] == [2, 2, 2]


async def test_a_promise_that_is_broken_meanwhile(liaison: Installation):
    """The next level is paged."""
    liaison.write_policy(TARGETS)
    pages = liaison.world.pagerduty.pages
    await liaison.escalated()
    async with prefect_away():
        await liaison.let_pass(timedelta(hours=1.1))
        await holds("the next level is paged", lambda: len(pages) > 1)
    await sla_sweep()
    assert [one.target for one in pages] == ["payments", "payments-lead"]


async def test_without_the_emergencys_worker_nobody_is_paged(liaison: Installation):
    """The control: what the stories above see is its work. A run cannot even begin."""
    liaison.world.break_checkout()
    liaison.customers_write(1)
    await liaison.hear()
    with (
        temporary_settings({PREFECT_API_URL: NOBODY}),
        pytest.raises(RuntimeError, match="Failed to reach API"),
    ):
        await intake()
    assert liaison.world.pagerduty.pages == []


async def test_both_at_once_do_nothing_twice(liaison: Installation):
    """Runs of Prefect's and the emergency's worker at the same moment, as when it comes back or only one worker has
    lost it."""
    liaison.world.break_checkout()
    tickets = liaison.customers_write(3)
    await liaison.hear()

    async def here() -> None:
        with without_prefect("emergency-9"):
            await asyncio.gather(*(perform(flow) for flow in (intake, recover, sla_sweep, status_sync)))

    for _ in range(3):
        await asyncio.gather(intake(), here(), recover(), here(), sla_sweep())
    liaison.world.pagerduty.acknowledge(liaison.page.id, "Jane Doe")
    await liaison.hear()
    for _ in range(3):
        await asyncio.gather(status_sync(), here(), recover(), here())

    assert len(liaison.world.pagerduty.pages) == 1
    assert len(liaison.world.checkout.runs) == 1, "the action was tried once"
    for ticket in tickets:
        assert liaison.notes(ticket).count("has been paged") == 1
        assert liaison.notes(ticket).count("Jane Doe is on it") == 1
        assert len(liaison.replies(ticket)) == 1


async def test_runs_that_hung_at_prefect_come_too_late(liaison: Installation):
    """What they wanted was done without them: they change nothing and tell nobody."""
    async with prefect_away():
        liaison.world.break_checkout()
        (ticket,) = liaison.customers_write(1)
        await liaison.hear()
        await holds("somebody is paged", lambda: len(liaison.world.pagerduty.pages) == 1)
        liaison.world.pagerduty.acknowledge(liaison.page.id, "Jane Doe")
        await liaison.hear()
        await holds("the customer is told", lambda: len(liaison.replies(ticket)) == 1)
    before = (await liaison.incident()).state, len(await liaison.ledger(EffectKind.CUSTOMER_MESSAGE))
    for late in (validation, escalation, closure):
        await late("INC-1")
    assert before == (
        (await liaison.incident()).state,
        len(await liaison.ledger(EffectKind.CUSTOMER_MESSAGE)),
    )
    assert len(liaison.world.pagerduty.pages) == 1
    assert len(liaison.replies(ticket)) == 1
