"""A mailbox of our own, with a clock that moves when told, and the connector upon it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

import pytest

from connectors.mail import Mail
from incidents.store.database import Database
from incidents.store.desk.desk import StoredDesk
from tests.connectors.mail.world import NAME, FakeServer, MailWorld, mail_settings


@pytest.fixture
def world(database: Database) -> Iterator[MailWorld]:
    world = MailWorld(database.url, FakeServer())
    yield world
    world.close()


@pytest.fixture
async def helpdesk(world: MailWorld, database: Database) -> AsyncIterator[Mail]:
    mail = Mail(NAME, mail_settings(world.where), desk=StoredDesk(database, NAME), clock=world.clock)
    yield mail
    await mail.aclose()
