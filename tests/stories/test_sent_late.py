"""A worker that slept, a person who says "again", a store from a backup: nothing is sent that may have been sent."""

from __future__ import annotations

from contextlib import AbstractContextManager
from datetime import timedelta
from itertools import count

import pytest
from sqlalchemy import text

from deployments.commands.show import settle_held
from flows.recover import recover
from incidents.effects import EffectKind, EffectState
from tasks import resources
from tasks.deliver.deliver import send
from tests.stories.installation import Installation
from tests.stories.test_crashes import (
    PAST_EVERY_LEASE,
    leased,
    planned,
    send_as_the_dead_worker_did,
)

MESSAGE = EffectKind.CUSTOMER_MESSAGE
BLINK, NAP = 1.0, 60.0


def sleeping(seconds: float) -> AbstractContextManager[None]:
    """Between any two looks at the clock the worker sleeps so long."""
    looks = count()
    return resources.simulated_uptime(lambda: next(looks) * seconds)


async def _ready_to_be_told(liaison: Installation) -> list[int]:
    """Two tickets whose customers have a message coming, and nothing before it in their lanes."""
    tickets = await planned(liaison)
    notes = await liaison.ledger(EffectKind.TICKET_NOTE, states=[EffectState.PENDING])
    await send("zendesk/demo", EffectKind.TICKET_NOTE.value, [line.id for line in notes])
    return tickets


@pytest.mark.parametrize("seconds", [BLINK, NAP])
async def test_a_worker_that_slept_before_its_call_does_not_send_after_its_time(
    liaison: Installation, seconds: float
):
    """Its message goes back in line: it was surely not sent, and whoever has it by now decides."""
    tickets = await _ready_to_be_told(liaison)
    with sleeping(seconds):
        await recover()
    has_slept = seconds == NAP
    assert [len(liaison.replies(ticket)) for ticket in tickets] == [int(not has_slept)] * 2
    for line in await liaison.ledger(MESSAGE):
        assert line.state is (EffectState.PENDING if has_slept else EffectState.DONE)
        assert not has_slept or "s passed before it could be sent" in line.detail
    await liaison.let_pass(PAST_EVERY_LEASE)
    await recover()
    assert [len(liaison.replies(ticket)) for ticket in tickets] == [1, 1]


@pytest.mark.parametrize("seconds", [NAP, 0.0], ids=["slept", "control: does not know"])
async def test_what_a_successor_sent_meanwhile_is_not_sent_again(liaison: Installation, seconds: float):
    """Between the commit and the call the worker slept, and its successor told both customers.

    The control is a worker that does not know that it slept: it tells them again.
    """
    tickets = await _ready_to_be_told(liaison)
    looks = count()

    def wake() -> float:
        look = next(looks)
        if look == 1:
            for ticket in tickets:
                liaison.world.zendesk.agent_reply(ticket, "Its successor", "Our engineers are on it.")
        return look * seconds

    messages = [line.id for line in await liaison.ledger(MESSAGE, states=[EffectState.PENDING])]
    with resources.simulated_uptime(wake):
        await send("zendesk/demo", MESSAGE.value, messages)
    told = 1 if seconds else 2
    assert [len(liaison.replies(ticket)) for ticket in tickets] == [told, told]


@pytest.mark.parametrize("seconds", [BLINK, NAP])
async def test_a_worker_that_slept_rings_no_telephone(liaison: Installation, seconds: float):
    with sleeping(seconds):
        await liaison.escalated()
    assert len(liaison.world.pagerduty.pages) == int(seconds == BLINK)


@pytest.mark.parametrize("had_gone_out", [True, False])
async def test_what_a_person_wants_sent_again_is_looked_up_first(liaison: Installation, had_gone_out: bool):
    """The message shows up on the ticket after it was held: `--again` must not tell the customer twice. One that is
    still not there is sent, as the person wants."""
    tickets = await _ready_to_be_told(liaison)
    messages = await leased(liaison, MESSAGE)
    await liaison.let_pass(PAST_EVERY_LEASE)
    await recover()
    assert {line.state for line in await liaison.ledger(MESSAGE)} == {EffectState.HELD}
    if had_gone_out:
        await send_as_the_dead_worker_did(messages)
    for line in await liaison.ledger(MESSAGE):
        await settle_held(liaison.database, line.key, is_done=False)
    await recover()
    assert {line.state for line in await liaison.ledger(MESSAGE)} == {EffectState.DONE}
    assert [len(liaison.replies(ticket)) for ticket in tickets] == [1, 1]


async def _forget_what_was_sent(liaison: Installation, *kinds: EffectKind) -> None:
    """The store as it was before these were sent: a backup of a moment earlier, restored."""
    async with liaison.database.transaction() as tx:
        await tx.execute(
            text(
                "update effects set state = 'pending', fence = 0, attempts = 0, sent_at = null, settled_at = null,"
                " lease_until = null, result = '', detail = '' where kind = any(:kinds)"
            ),
            {"kinds": [kind.value for kind in kinds]},
        )


async def test_a_restored_backup_tells_no_customer_and_rings_no_telephone_twice(liaison: Installation):
    """What was sent after the backup is planned and unsent in it: planned long ago, it is looked up first."""
    tickets = await _ready_to_be_told(liaison)
    await recover()
    assert [len(liaison.replies(ticket)) for ticket in tickets] == [1, 1]
    await _forget_what_was_sent(liaison, MESSAGE, EffectKind.PAGE)
    await liaison.let_pass(timedelta(minutes=6))
    await recover()
    assert [len(liaison.replies(ticket)) for ticket in tickets] == [1, 1]
    assert len(liaison.world.pagerduty.pages) == 1
    for line in await liaison.ledger(MESSAGE, EffectKind.PAGE):
        assert line.state is EffectState.DONE


async def test_what_was_planned_long_ago_and_never_sent_is_sent(liaison: Installation):
    """The vendor was away for ten minutes: that must not leave customers waiting for a person."""
    tickets = await _ready_to_be_told(liaison)
    await liaison.let_pass(timedelta(minutes=10))
    await recover()
    assert [len(liaison.replies(ticket)) for ticket in tickets] == [1, 1]
