"""Harmless tests through connections, on the fakes: seen at the other side, and undone.

`tests/stories/test_try.py` has the whole way, with the gateway and what Liaison makes of it.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import UTC, datetime

import pytest

from blocks.connect import open_connector
from connectors.kit.fakes.loopback import serving
from connectors.roster.fake.app import FakePhones
from deployments.commands.first_hour.trials import people
from deployments.commands.first_hour.trials.seen import Trial, TrialWishes, TriedConnection
from deployments.demo.policies import POLICY
from deployments.demo.world import World, connections
from incidents.errors import NotFound, Refused
from incidents.models import PageStatus
from incidents.policy.file import load_policy
from incidents.store.database import Database
from tests.connectors.roster.world import RosterWorld
from tests.stories.installation import quiet_world

Test = Callable[[TriedConnection], Awaitable[Trial]]


@dataclass
class Stage:
    """The demo's vendors, and a hand to try them with."""

    world: World
    database: Database

    async def run(self, test: Test, name: str, **wishes: str) -> Trial:
        block = connections(self.world)[name]
        connector = open_connector(name, block, lambda: self.database)
        try:
            return await test(
                TriedConnection(
                    name=name,
                    connector=connector,
                    database=self.database,
                    policy=load_policy(POLICY),
                    wishes=TrialWishes(**wishes),
                    gateway_url="http://127.0.0.1:1",
                    clock=lambda: datetime.now(UTC),
                )
            )
        finally:
            await connector.aclose()


@pytest.fixture
async def stage(database: Database) -> AsyncIterator[Stage]:
    world = quiet_world()
    async with AsyncExitStack() as stack:
        for name, app in world.apps.items():
            world.addresses[name] = await stack.enter_async_context(serving(app))
        yield Stage(world, database)
        await world.zendesk.aclose()


def a_ticket(stage: Stage) -> str:
    return str(stage.world.zendesk.create_ticket("Ada", "ada@mail.example", "Checkout fails", "Help"))


async def test_a_note_on_the_ticket_that_was_named(stage: Stage):
    ticket = a_ticket(stage)
    tried = await stage.run(people.note_on_ticket, "zendesk/demo", ticket=ticket)
    assert (tried.is_well, "read back there" in tried.seen) == (True, True)
    assert stage.world.zendesk.public_replies(int(ticket)) == []


async def test_no_note_where_none_was_named(stage: Stage):
    tried = await stage.run(people.note_on_ticket, "zendesk/demo")
    assert tried.is_well is None
    assert "--ticket" in tried.seen
    with pytest.raises(NotFound, match="no ticket '999999'"):
        await stage.run(people.note_on_ticket, "zendesk/demo", ticket="999999")


async def test_a_page_is_over_at_once(stage: Stage):
    tried = await stage.run(people.page_and_resolve, "pagerduty/demo")
    assert tried.is_well, tried.seen
    (page,) = stage.world.pagerduty.incidents
    assert page.title.startswith("TEST, nothing is wrong")
    assert page.status == "resolved"


async def test_a_message_in_the_room_for_tests(stage: Stage):
    """The second test finds the room of the first."""
    first = await stage.run(people.say_in_room, "slack/demo")
    second = await stage.run(people.say_in_room, "slack/demo")
    assert first.is_well
    assert second.is_well
    assert len(stage.world.slack.messages("liaison-test")) == 2


async def test_a_probe_says_what_it_sees(stage: Stage):
    assert "checkout: healthy" in (await stage.run(people.probe, "http/checkout")).seen
    stage.world.break_checkout()
    assert "checkout: failing" in (await stage.run(people.probe, "http/checkout")).seen
    with pytest.raises(NotFound, match="no service 'basket'"):
        await stage.run(people.probe, "http/checkout", service="basket")


# The roster


@pytest.fixture
async def phones() -> AsyncIterator[FakePhones]:
    async with FakePhones().serve() as phones:
        yield phones


def roster_trial(database: Database, world: RosterWorld, **changes: object) -> TriedConnection:
    pager = world.pager(**changes)
    return TriedConnection(
        name=pager.name,
        connector=pager,
        database=database,
        policy=load_policy(POLICY),
        wishes=TrialWishes(target="payments"),
        gateway_url="",
        clock=world.clock,
    )


async def test_who_was_woken_is_named(database: Database, phones: FakePhones):
    world = RosterWorld(database, phones)
    tried = roster_trial(database, world)
    seen = await people.page_and_resolve(tried)
    assert seen.is_well, seen.seen
    assert "woken as a test: Ana Silva by ana-" in seen.seen
    state = await tried.connector.read(tried.once)  # type: ignore[attr-defined]
    assert state.status is PageStatus.RESOLVED


async def test_a_way_that_fails_is_told(database: Database, phones: FakePhones):
    """Nobody is left to wake, and the page does not stay open."""
    world = RosterWorld(database, phones)
    nobody = "ntfy://127.0.0.1:1/nobody"
    tried = roster_trial(database, world, ways={"ana-phone": nobody, "ana-mail": nobody, "bo-phone": nobody})
    seen = await people.page_and_resolve(tried)
    assert seen.is_well is False
    assert "Ana Silva by ana-phone FAILED" in seen.seen


async def test_a_target_that_is_none(database: Database, phones: FakePhones):
    tried = roster_trial(database, RosterWorld(database, phones))
    wrong = TriedConnection(**{**vars(tried), "wishes": TrialWishes(target="nobody")})
    with pytest.raises(Refused, match="nobody was woken"):
        await people.page_and_resolve(wrong)
