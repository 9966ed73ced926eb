"""The on-call tool fails while an outage is being paged: one page, late if need be, and nothing else hindered."""

from __future__ import annotations

from datetime import timedelta

import pytest
from prefect import flow

from connectors.kit.fakes.faults import FaultKind
from flows.recover import recover
from incidents.effects import ActionCall, EffectKind, EffectState
from incidents.models import IncidentState
from incidents.store.ledger.effects import plan_effects
from tasks import resources
from tasks.deliver.late_pages import send_late_pages
from tests.incidents.store.examples import effect
from tests.stories.installation import Installation, Line

EVENTS = "/v2/enqueue"
# Until what was paged would surely show, and until revoked credentials are tried again.
LATER, MUCH_LATER = timedelta(seconds=20), timedelta(minutes=6)


async def page(liaison: Installation) -> Line:
    (line,) = await liaison.ledger(EffectKind.PAGE)
    return line


def assert_others_were_told(liaison: Installation, ticket: int) -> None:
    assert "confirmed: customers are hit" in liaison.notes(ticket)
    assert "Who is hit: 1 ticket from 1 customer" in liaison.room()


@pytest.mark.parametrize("fault", [FaultKind.DROP_REPLY, FaultKind.ERROR_AFTER_WORK])
async def test_paged_and_not_told_so(liaison: Installation, fault: FaultKind):
    """PagerDuty woke somebody and we did not hear it: it is looked up, even if all is over there by then.

    Sent again after the engineer resolved it, the same key would wake her a second time.
    """
    liaison.world.pagerduty.faults.arm(fault, where=EVENTS)
    (ticket,) = await liaison.escalated()
    assert (await page(liaison)).state is EffectState.UNKNOWN
    assert_others_were_told(liaison, ticket)
    liaison.world.pagerduty.resolve(liaison.page.id, "Jane Doe")

    await recover()
    assert (await page(liaison)).state is EffectState.UNKNOWN, "too early: it might not show yet"
    await liaison.let_pass(LATER)
    await recover()

    assert (await page(liaison)).state is EffectState.DONE
    assert (await page(liaison)).detail == "already resolved"
    assert len(liaison.world.pagerduty.pages) == 1


@pytest.mark.parametrize(
    ("fault", "state", "says", "after"),
    [
        (FaultKind.CRASH, EffectState.UNKNOWN, "HTTP 500", LATER),
        (FaultKind.HTML, EffectState.UNKNOWN, "HTTP 200 but not JSON (text/html)", LATER),
        (FaultKind.UNAUTHORIZED, EffectState.PENDING, "check the connection's credentials", MUCH_LATER),
        (FaultKind.MISSING, EffectState.PENDING, "check the pager's address", MUCH_LATER),
    ],
)
async def test_not_paged_yet(
    liaison: Installation, fault: FaultKind, state: EffectState, says: str, after: timedelta
):
    """Whatever PagerDuty says instead of "yes", the page stays on the ledger with the reason (and the cure where
    an operator must act), and goes out once it can.

    The flow goes on: agents and the room know meanwhile that customers are hit.
    """
    faults = liaison.world.pagerduty.faults
    faults.arm(fault, where=EVENTS, times=None)
    (ticket,) = await liaison.escalated()
    assert_others_were_told(liaison, ticket)
    assert liaison.world.pagerduty.pages == []
    assert (await liaison.incident()).state is IncidentState.ESCALATED
    line = await page(liaison)
    assert line.state is state
    assert line.detail.startswith("pagerduty POST /v2/enqueue: HTTP ")
    assert says in line.detail

    await liaison.let_pass(after)
    await recover()
    assert (await page(liaison)).state is state, "still the same trouble"
    faults.clear()
    await liaison.let_pass(after)
    await recover()

    assert (await page(liaison)).state is EffectState.DONE
    assert len(liaison.world.pagerduty.pages) == 1


async def test_a_busy_pager_is_asked_again_when_it_said(liaison: Installation):
    """429 with Retry-After: not before that, and once after it."""
    liaison.world.pagerduty.faults.arm(FaultKind.RATE_LIMIT, where=EVENTS, seconds=30)
    (ticket,) = await liaison.escalated()
    assert_others_were_told(liaison, ticket)

    await liaison.let_pass(timedelta(seconds=20))
    await recover()
    assert liaison.world.pagerduty.pages == []
    await liaison.let_pass(timedelta(seconds=11))
    await recover()
    assert len(liaison.world.pagerduty.pages) == 1
    assert (await page(liaison)).attempts == 2


@pytest.mark.parametrize(("longest", "pages"), [(timedelta(seconds=40), 1), (timedelta(seconds=20), 0)])
async def test_a_page_that_a_busy_pager_puts_off_leaves_at_its_time(
    liaison: Installation, longest: timedelta, pages: int
):
    """Nobody has to find it overdue first; one that is put off for longer is left to whoever does."""
    liaison.world.pagerduty.faults.arm(FaultKind.RATE_LIMIT, where=EVENTS, seconds=30)
    await liaison.escalated()
    waited: list[float] = []

    async def pass_time(seconds: float) -> None:
        waited.append(seconds)
        await liaison.let_pass(timedelta(seconds=seconds))

    @flow
    async def following() -> bool:
        return await send_late_pages(1, longest=longest, sleep=pass_time)

    assert await following() is bool(pages)
    assert len(liaison.world.pagerduty.pages) == pages
    assert [25 < seconds <= 30 for seconds in waited] == [True] * pages
    assert await following() is False, "there is nothing left, or it is due later"


async def test_an_action_that_is_due_keeps_no_late_page_from_its_time(liaison: Installation):
    """It is in somebody else's hands, and the engineers' page is not."""
    liaison.world.pagerduty.faults.arm(FaultKind.RATE_LIMIT, where=EVENTS, seconds=30)
    await liaison.escalated()
    call = ActionCall(action="restart", arguments=(), timeout=1.0)
    due = effect("action:1", incident_id=1, kind=EffectKind.ACTION, connection="prefect/gone", payload=call)
    async with resources.transaction() as step:
        await plan_effects(step.connection, [due])

    async def pass_time(seconds: float) -> None:
        await liaison.let_pass(timedelta(seconds=seconds))

    @flow
    async def following() -> bool:
        return await send_late_pages(1, longest=timedelta(seconds=40), sleep=pass_time)

    assert await following()
    assert len(liaison.world.pagerduty.pages) == 1


async def test_a_page_that_cannot_be_read_back_holds_up_only_its_lane(liaison: Installation):
    """The pager's API is away when it tells of an acknowledgement: heard later, and tickets go on meanwhile."""
    (ticket,) = await liaison.escalated()
    liaison.world.pagerduty.faults.arm(FaultKind.UNAUTHORIZED, where="/incidents", times=None)
    liaison.world.pagerduty.acknowledge(liaison.page.id, "Jane Doe")
    with pytest.raises(Exception, match="HTTP 401"):
        await liaison.sync()
    more = liaison.customers_write()
    await liaison.intake()
    assert "This ticket belongs to INC-1" in liaison.notes(more[0])

    liaison.world.pagerduty.faults.clear()
    await liaison.sync()
    assert "Jane Doe is on it" in liaison.notes(ticket)
