"""A history as `bench.sync` plays them, with the real things: fakes of Zendesk, PagerDuty and Slack on the wire, the
gateway, the store and the flows. What people do is told late, twice, in any order or never, and is passed on once."""

from __future__ import annotations

import random
from collections.abc import Awaitable, Callable, Sequence

import pytest

from connectors.pagerduty.fake.subscription import FakeSubscription
from connectors.zendesk.fake.webhooks import Outbox
from flows.reconcile import reconcile
from incidents.effects import EffectState
from incidents.models import IncidentState
from tests.stories.installation import Installation

ROOM = "inc-1-checkout"
EDITS = 14
LOSS = 0.3


class Lossy:
    """The network: of what it takes, some arrives."""

    def __init__(self, desk: Outbox, pages: FakeSubscription, chance: random.Random) -> None:
        self._deliver, self._address = desk.deliver, pages.url
        self._pages, self._chance = pages, chance
        self.lost = 0
        desk.deliver = self
        desk.duplicate_rate, desk.shuffle = 0.5, True
        pages.duplicates = pages.shuffles = True

    async def __call__(self, url: str, headers: dict[str, str], body: bytes) -> int:
        if self._chance.random() < LOSS:
            self.lost += 1
            return 200
        return await self._deliver(url, headers, body)

    def on_page(self, act: Callable[[], object]) -> None:
        """Something on the page, whose webhook may be lost."""
        is_lost = self._chance.random() < LOSS
        self.lost += is_lost
        self._pages.url = None if is_lost else self._address
        act()
        self._pages.url = self._address


class People:
    """Who edits what, at random; `said` is what they wrote, and where."""

    def __init__(self, liaison: Installation, tickets: Sequence[int], chance: random.Random) -> None:
        self._liaison, self._tickets, self._chance = liaison, tickets, chance
        world = liaison.world
        self.network = Lossy(world.zendesk.webhooks, world.pagerduty.subscription, chance)
        self.page = liaison.page.id
        self.said: dict[str, str] = {}

    async def edit(self, number: int) -> None:
        """One of them does one thing."""
        world, words = self._liaison.world, f"Finding number {number}."
        where = self._chance.choice(("ticket", "page", "room", "handed back", "taken"))
        if where == "ticket":
            world.zendesk.agent_note(self._chance.choice(self._tickets), "Ada Agent", words)
        elif where == "page":
            self.network.on_page(lambda: world.pagerduty.add_note(self.page, "Jane Doe", words))
        elif where == "room":
            await world.slack.slash(f"note INC-1 {words}", channel=world.slack.channel(ROOM).id)
        elif where == "taken":
            who = self._chance.choice(("Jane Doe", "Omar Haddad"))
            self.network.on_page(lambda: world.pagerduty.acknowledge(self.page, who))
        else:
            self.network.on_page(lambda: world.pagerduty.unacknowledge(self.page))
        if where in ("ticket", "page", "room"):
            self.said[words] = where

    async def told(self) -> dict[str, dict[str, int]]:
        """How often each of their words stands where it was not written."""
        liaison = self._liaison
        story = "\n".join(entry.text for entry in await liaison.timeline())
        places = {
            "story": ("", story),
            "page": ("page", liaison.page_notes()),
            "room": ("room", liaison.room()),
        }
        places |= {f"#{ticket}": ("ticket", liaison.notes(ticket)) for ticket in self._tickets}
        return {
            words: {place: text.count(words) for place, (kind, text) in places.items() if kind != where}
            for words, where in self.said.items()
        }


@pytest.mark.parametrize("seed", [1])
async def test_random_edits_in_three_tools_are_told_once_each(liaison: Installation, seed: int):
    """Each word stands once in the story and in each of the other tools; then nothing more is written."""
    chance = random.Random(seed)
    tickets = await liaison.acknowledged(2)
    await reconcile()
    people = People(liaison, tickets, chance)
    steps: list[Callable[[], Awaitable[object]]] = [liaison.intake, liaison.sync, reconcile]
    for number in range(EDITS):
        await people.edit(number)
        if chance.random() < 0.6:
            await chance.choice(steps)()
    for _ in range(3):
        for step in steps:
            await step()

    planned = len(await liaison.ledger())
    for step in steps:
        await step()
    assert len(await liaison.ledger()) == planned, "nobody edits, and nothing is written"
    assert {line.state for line in await liaison.ledger()} == {EffectState.DONE}
    assert people.network.lost, "else this shows little"
    assert len(people.said) > EDITS / 3
    for words, counts in (await people.told()).items():
        assert set(counts.values()) == {1}, (words, counts)
    is_taken = liaison.page.status == "acknowledged"
    state = IncidentState.ACKNOWLEDGED if is_taken else IncidentState.ESCALATED
    assert (await liaison.incident()).state is state
