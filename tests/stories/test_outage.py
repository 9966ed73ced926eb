"""The main story: one outage, from the first customer's report to the last customer's answer."""

from __future__ import annotations

from incidents.models import IncidentState
from tests.stories.installation import Installation


async def test_first(liaison: Installation):
    """One."""
    tickets = await liaison.escalated(3)
    assert len(liaison.world.pagerduty.pages) == 1
    print(await liaison.incident())
    for line in await liaison.ledger(): print(line)
    print(liaison.notes(tickets[0])); print(liaison.room())
    assert (await liaison.incident()).state is IncidentState.ESCALATED
async def test_second(liaison: Installation):
    """One."""
    tickets = await liaison.acknowledged(3)
    await liaison.resolved()
    print(await liaison.incident())
    for e in await liaison.timeline(): print(e)
    assert 0
