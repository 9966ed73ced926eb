"""`sync.ticket_status: newer`: another status is set between the decision to solve a ticket and the call."""

from __future__ import annotations

from datetime import timedelta

import pytest

from connectors.kit.fakes.faults import FaultKind
from deployments.commands.show import held_effects
from flows.recover import recover
from incidents.effects import EffectKind, EffectState
from tests.stories.installation import Installation

NEWER = {"sync": {"ticket_status": "newer"}}


@pytest.mark.parametrize("status", ["pending", None])
async def test_a_rule_that_answers_the_last_message_is_written_over(
    liaison: Installation, status: str | None
):
    """A trigger of the account has each ticket wait for its customer once an agent, or Liaison, has answered."""
    liaison.write_policy(NEWER)
    liaison.world.zendesk.api.desk.status_after_reply = status
    tickets = await liaison.acknowledged(3)
    await liaison.resolved()
    assert [liaison.world.zendesk.tickets[one].status for one in tickets] == ["solved"] * 3
    assert {line.detail for line in await liaison.ledger(EffectKind.TICKET_STATUS)} == {""}


async def test_an_agents_status_stands_and_nobody_need_see_to_it(liaison: Installation):
    """The customer is told all the same; the story has a line, and nothing waits for a person."""
    liaison.write_policy(NEWER)
    kept, solved = await liaison.acknowledged(2)
    desk = liaison.world.zendesk
    desk.faults.arm(FaultKind.RATE_LIMIT, where="show_many", seconds=60)
    await liaison.resolved()
    desk.agent_reply(kept, "Sam", "We wait for the card company.", submit_as="hold")
    await liaison.let_pass(timedelta(minutes=2))
    await recover()
    assert [desk.tickets[one].status for one in (kept, solved)] == ["hold", "solved"]
    assert all("is fixed" in liaison.replies(one)[-1] for one in (kept, solved))
    lines = {line.target: line for line in await liaison.ledger(EffectKind.TICKET_STATUS)}
    assert {line.state for line in lines.values()} == {EffectState.DONE}
    assert "the newer stands" in lines[str(kept)].detail
    assert await held_effects(liaison.database) == []
    story = [entry.text for entry in await liaison.timeline()]
    assert any(f"ticket_status {kept} not set: somebody has set another status" in text for text in story)
    assert "Tickets settled at zendesk/demo: 1" in story
