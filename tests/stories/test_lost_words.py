"""What people wrote is passed on once, also where its webhook was lost and we wrote after them."""

from __future__ import annotations

from flows.reconcile import reconcile
from incidents.effects import EffectState
from tests.stories.installation import Installation

NOTE, WORDS = "Connection pool exhausted.", "They lose 900 euros an hour."


async def lost(_url: str, _headers: dict[str, str], _body: bytes) -> int:
    """Taken, and never seen again."""
    return 200


async def test_words_whose_webhooks_were_lost_are_found_and_told_once(liaison: Installation):
    """A note on the page, and one on a ticket on which Liaison wrote afterwards: the next look finds both, the ones
    after it tell nothing twice."""
    world = liaison.world
    (ticket,) = await liaison.acknowledged()
    await reconcile()
    address, world.pagerduty.subscription.url = world.pagerduty.subscription.url, None
    world.pagerduty.add_note(liaison.page.id, "Jane Doe", NOTE)
    world.pagerduty.subscription.url = address
    heard, world.zendesk.webhooks.deliver = world.zendesk.webhooks.deliver, lost
    world.zendesk.agent_note(ticket, "Ada Agent", WORDS)
    await world.zendesk.drain_webhooks()
    world.zendesk.webhooks.deliver = heard
    world.pagerduty.add_note(liaison.page.id, "Jane Doe", "Restarted it.")
    await liaison.sync()
    assert "Restarted it." in liaison.notes(ticket)
    assert WORDS not in liaison.page_notes()

    await reconcile()
    planned = len(await liaison.ledger())
    for _ in range(2):
        await liaison.intake()
        await liaison.sync()
        await reconcile()
    assert len(await liaison.ledger()) == planned
    assert {line.state for line in await liaison.ledger()} == {EffectState.DONE}
    assert liaison.page_notes().count(WORDS) == 1
    for said in (NOTE, "Restarted it."):
        assert liaison.notes(ticket).count(said) == 1
    for said in (NOTE, WORDS, "Restarted it."):
        assert liaison.room().count(said) == 1
        assert sum(said in entry.text for entry in await liaison.timeline()) == 1
