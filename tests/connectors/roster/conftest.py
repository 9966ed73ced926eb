"""People with phones, and the connector that wakes them."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from connectors.roster import RosterPager
from connectors.roster.fake.app import FakePhones
from incidents.store.database import Database
from tests.connectors.roster.world import RosterWorld


@pytest.fixture
async def phones() -> AsyncIterator[FakePhones]:
    async with FakePhones().serve() as phones:
        yield phones


@pytest.fixture
def world(database: Database, phones: FakePhones) -> RosterWorld:
    return RosterWorld(database, phones)


@pytest.fixture
def pager(world: RosterWorld) -> RosterPager:
    return world.pager()
