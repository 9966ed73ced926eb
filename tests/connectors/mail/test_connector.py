"""Mail against its fake: all of its contracts."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from datetime import timedelta
from itertools import count

import pytest

from connectors.kit.fakes.faults import Faults
from connectors.mail import Mail
from connectors.mail.fake.app import FakeMailServer
from incidents.errors import Busy, Unknown, Unreachable
from incidents.store.database import Database
from incidents.store.desk.desk import StoredDesk
from tests.connectors.mail.world import (
    NAME,
    START,
    MailWorld,
    a_mail,
    mail_settings,
    subject_of,
    text_of,
)
from tests.contracts.helpdesk import HelpdeskContract, send_reply
from tests.contracts.listener import ListeningSourceContract
from tests.contracts.mailbox import MailboxContract


class TestMailIsAHelpdesk(HelpdeskContract):
    """All of the contract. Tickets and notes are kept by us: only a reply needs the servers."""

    asks_vendor = frozenset({send_reply})
    unanswered_write = (Unknown, Unreachable, Busy)


class WorldsPost:
    """What people got, as the world's server knows it."""

    mail_path = MailWorld.update_path

    def __init__(self, world: MailWorld) -> None:
        self._world = world
        self.faults: Faults = world.faults

    def got(self, address: str) -> Sequence[tuple[str, str]]:
        return [(subject_of(mail), text_of(mail)) for mail in self._world.mails_to(address)]


class TestMailIsAMailbox(MailboxContract):
    """All of the contract."""

    @pytest.fixture
    def mailbox(self, helpdesk: Mail) -> Mail:
        return helpdesk

    @pytest.fixture
    def post(self, world: MailWorld) -> WorldsPost:
        return WorldsPost(world)


class Writer:
    """A customer who writes to the fake in this very loop."""

    def __init__(self, server: FakeMailServer) -> None:
        self.server = server
        self._numbers = count(1)

    async def say(self, text: str) -> None:
        number = next(self._numbers)
        at = START + timedelta(seconds=number)
        self.server.mailbox.deliver(a_mail(text, message_id=f"{number}@customer.example"), at=at)

    async def hang_up(self) -> None:
        self.server.hang_up()


class TestMailListens(ListeningSourceContract):
    """All of the contract."""

    @pytest.fixture
    def speaker(self) -> Writer:
        return Writer(FakeMailServer())

    @pytest.fixture
    async def listener(self, speaker: Writer, database: Database) -> AsyncIterator[Mail]:
        async with speaker.server.serving() as ports:
            settings = mail_settings({"imap_port": ports.imap, "smtp_port": ports.smtp})
            mail = Mail(NAME, settings, desk=StoredDesk(database, NAME))
            yield mail
            await mail.aclose()


class TestMailListensWithoutIdle(TestMailListens):
    """And where the server does not tell by itself."""

    @pytest.fixture
    async def listener(self, speaker: Writer, database: Database) -> AsyncIterator[Mail]:
        speaker.server.capabilities = ()
        async with speaker.server.serving() as ports:
            settings = mail_settings({"imap_port": ports.imap, "smtp_port": ports.smtp}, look_seconds=1)
            mail = Mail(NAME, settings, desk=StoredDesk(database, NAME))
            yield mail
            await mail.aclose()
