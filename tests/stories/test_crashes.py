"""A crash between any two beats loses nothing and does nothing twice: the next run takes it up.

The crashed run is played with the tasks it would have called; then it is left lying, and time passes.
"""

from __future__ import annotations

from datetime import timedelta

import pytest

from connectors.kit.fakes.faults import FaultKind
from flows.intake import intake
from flows.recover import recover
from flows.status_sync import status_sync
from incidents.effects import EffectKind, EffectState
from incidents.errors import Stale
from incidents.events import (
    Lane,
    PageEvent,
    TicketEvent,
)
from incidents.models import (
    IncidentState,
    Page,
    Ticket,
)
from incidents.ports import Helpdesk, Pager
from incidents.store.ledger.effects import (
    Leased,
    lease_effects,
    mark_sent,
)
from tasks import resources
from tasks.deliver import tickets as ticket_sending
from tasks.deliver.deliver import send
from tasks.stages.commit import commit_escalation, commit_validation
from tasks.stages.commit_intake import commit_intake
from tasks.stages.commit_sync import commit_sync
from tasks.stages.drain import (
    Chunk,
    read_chunk,
    take_lane,
)
from tasks.stages.gather import (
    newest_tickets,
    probe,
    read_pages,
)
from tasks.stages.replies import NO_REPLIES
from tests.stories.installation import Installation

PAST_EVERY_LEASE = timedelta(minutes=40)


async def gathered(lane: Lane) -> tuple[int, Chunk]:
    """What a drain has in its hands before it commits."""
    fence = await take_lane(lane)
    assert fence is not None
    return fence, await read_chunk(lane, fence)


async def tickets_of(chunk: Chunk) -> list[Ticket]:
    return await newest_tickets([event for event in chunk.events if isinstance(event, TicketEvent)])


async def test_after_reading_and_before_the_commit(liaison: Installation):
    """The chunk is leased to a dead drain: the next one waits for its lease to end, then handles all of it."""
    liaison.world.break_checkout()
    liaison.customers_write(3)
    await liaison.hear()
    await gathered(Lane.INTAKE)

    assert await intake() == "another intake is at work"
    await liaison.let_pass(PAST_EVERY_LEASE)
    assert (await intake()).startswith("3 tickets, 1 incidents opened")
    assert len(liaison.world.pagerduty.pages) == 1


@pytest.mark.parametrize("last", ["intake", "validation", "escalation"])
async def test_after_a_commit_and_before_what_follows(liaison: Installation, last: str):
    """Whatever was committed last, `recover` goes on from there to one page and every note, once."""
    liaison.world.break_checkout()
    tickets = liaison.customers_write(3)
    await liaison.hear()
    fence, chunk = await gathered(Lane.INTAKE)
    handled = await commit_intake(fence, chunk, await tickets_of(chunk), NO_REPLIES)
    (incident,) = handled.incidents
    if last != "intake":
        await commit_validation(incident, list(await probe("checkout")), [])
    if last == "escalation":
        await commit_escalation(incident, [])

    await liaison.let_pass(PAST_EVERY_LEASE)
    assert (await intake()).startswith("0 tickets")
    await recover()
    await recover()

    assert (await liaison.incident()).state is IncidentState.ESCALATED
    assert len(liaison.world.pagerduty.pages) == 1
    assert len(liaison.world.checkout.runs) == 1, "the action was tried once"
    for ticket in tickets:
        assert liaison.notes(ticket).count("has been paged") == 1
        assert liaison.notes(ticket).count("confirmed: customers are hit") == 1


async def planned(liaison: Installation, tickets: int = 2) -> list[int]:
    """Jane has the page and everything to be told is committed; then the worker died."""
    written = await liaison.escalated(tickets)
    liaison.world.pagerduty.acknowledge(liaison.page.id, "Jane Doe")
    await liaison.hear()
    fence, chunk = await gathered(Lane.STATUS_SYNC)
    events = [event for event in chunk.events if isinstance(event, PageEvent)]
    await commit_sync(fence, chunk, await read_pages(events), [])
    return written


async def leased(liaison: Installation, kind: EffectKind) -> list[Leased]:
    """Effects of a kind, leased and marked as sent by a worker that then died."""
    ids = [line.id for line in await liaison.ledger(kind, states=[EffectState.PENDING])]
    assert ids
    async with liaison.database.transaction() as tx:
        taken = await lease_effects(tx, now=resources.utc_now(), ids=ids)
        assert len(taken) == len(ids)
        return list(await mark_sent(tx, taken))


async def test_after_the_commit_of_an_acknowledgement(liaison: Installation):
    """Everybody is told by the next run, once."""
    tickets = await planned(liaison)
    await liaison.let_pass(PAST_EVERY_LEASE)
    await status_sync()
    await recover()
    for ticket in tickets:
        assert liaison.notes(ticket).count("Jane Doe is on it") == 1
        assert len(liaison.replies(ticket)) == 1
    assert liaison.room().count("Jane Doe is on it") == 1


@pytest.mark.parametrize("had_gone_out", [True, False])
async def test_while_agents_were_being_told(liaison: Installation, had_gone_out: bool):
    """A note is looked up: one that is there is not written again, one that is not is."""
    tickets = await planned(liaison)
    notes = await leased(liaison, EffectKind.TICKET_NOTE)
    if had_gone_out:
        await send_as_the_dead_worker_did(notes)
    await liaison.let_pass(PAST_EVERY_LEASE)
    await recover()
    assert [liaison.notes(ticket).count("Jane Doe is on it") for ticket in tickets] == [1, 1]


@pytest.mark.parametrize("had_gone_out", [True, False])
async def test_while_customers_were_being_told(liaison: Installation, had_gone_out: bool):
    """A message that is on the ticket is done; one that is not waits for a person. Never twice."""
    tickets = await planned(liaison)
    notes = await liaison.ledger(EffectKind.TICKET_NOTE, states=[EffectState.PENDING])
    await send("zendesk/demo", EffectKind.TICKET_NOTE.value, [line.id for line in notes])
    messages = await leased(liaison, EffectKind.CUSTOMER_MESSAGE)
    if had_gone_out:
        await send_as_the_dead_worker_did(messages)
    await liaison.let_pass(PAST_EVERY_LEASE)
    await recover()
    await recover()

    expected = EffectState.DONE if had_gone_out else EffectState.HELD
    assert {line.state for line in await liaison.ledger(EffectKind.CUSTOMER_MESSAGE)} == {expected}
    assert [len(liaison.replies(ticket)) for ticket in tickets] == [int(had_gone_out)] * 2


@pytest.mark.parametrize("had_gone_out", [True, False])
async def test_while_paging(liaison: Installation, had_gone_out: bool):
    """The worker died with the page in its hands: PagerDuty is asked, then it is paged, or it was."""
    liaison.world.pagerduty.faults.arm(FaultKind.RATE_LIMIT, where="/v2/enqueue", seconds=60)
    await liaison.escalated()
    await liaison.let_pass(timedelta(minutes=2))
    (page,) = await leased(liaison, EffectKind.PAGE)
    if had_gone_out:
        pager = await resources.connect(page.effect.connection, Pager)
        assert isinstance(page.effect.payload, Page)
        await pager.page(page.effect.payload, once=page.effect.target)
    await liaison.let_pass(PAST_EVERY_LEASE)
    await recover()

    assert len(liaison.world.pagerduty.pages) == 1
    (line,) = await liaison.ledger(EffectKind.PAGE)
    assert line.state is EffectState.DONE
    assert line.detail == ("already triggered" if had_gone_out else "")


async def test_a_drain_that_was_paused_past_its_lease(liaison: Installation):
    """Another drain has handled everything meanwhile: the sleeper's commit is refused and writes nothing."""
    liaison.world.break_checkout()
    liaison.customers_write(3)
    await liaison.hear()
    fence, chunk = await gathered(Lane.INTAKE)
    read = await tickets_of(chunk)
    await liaison.let_pass(PAST_EVERY_LEASE)
    assert (await intake()).startswith("3 tickets, 1 incidents opened")
    before = len(await liaison.timeline()), len(await liaison.ledger())

    with pytest.raises(Stale, match="another one has taken over"):
        await commit_intake(fence, chunk, read, NO_REPLIES)

    assert (len(await liaison.timeline()), len(await liaison.ledger())) == before
    assert len(await liaison.incidents()) == 1
    assert len(liaison.world.pagerduty.pages) == 1


async def send_as_the_dead_worker_did(items: list[Leased]) -> None:
    """The call to the helpdesk, and nothing after it."""
    first = items[0]
    helpdesk = await resources.connect(first.effect.connection, Helpdesk)
    change = ticket_sending.ticket_change(first.effect)
    await helpdesk.update([item.effect.target for item in items], change, once=first.effect.once)
