"""Mail against its fake: all of its contracts."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from datetime import timedelta
from email import message_from_bytes
from email.policy import default
from itertools import count

import pytest
from pydantic import SecretStr
from sqlalchemy import delete

from connectors.kit.fakes.certificates import LoopbackCertificate
from connectors.kit.fakes.faults import FaultKind, Faults
from connectors.kit.pacing import MARGIN
from connectors.mail import Mail
from connectors.mail.fake.app import FakeMailServer
from connectors.mail.outgoing.compose import mail_id
from incidents.errors import Busy, Unknown, Unreachable
from incidents.models import Contact, PublicText
from incidents.store.database import Database
from incidents.store.desk.desk import StoredDesk
from incidents.store.schema.tables import desk_messages
from tests.connectors.mail.world import (
    NAME,
    START,
    MailWorld,
    a_mail,
    mail_settings,
    subject_of,
    text_of,
)
from tests.contracts.budgeted import BudgetedContract
from tests.contracts.helpdesk import HelpdeskContract, send_reply
from tests.contracts.listener import ListeningSourceContract
from tests.contracts.lost_answers import TicketStatesContract
from tests.contracts.mailbox import JANE, MailboxContract


class TestMailSetsStates(TicketStatesContract):
    """All of the contract."""


class TestMailIsAHelpdesk(HelpdeskContract, BudgetedContract):
    """All of the contract. Tickets and notes are kept by us: only a reply needs the servers."""

    asks_vendor = frozenset({send_reply})
    unanswered_write = (Unknown, Unreachable, Busy)


class WorldsPost:
    """What people got, as the world's server knows it."""

    mail_path = reply_path = MailWorld.update_path

    def __init__(self, world: MailWorld) -> None:
        self._world = world
        self.faults: Faults = world.faults

    def got(self, address: str) -> Sequence[tuple[str, str]]:
        return [(subject_of(mail), text_of(mail)) for mail in self._world.mails_to(address)]

    def conversations(self, address: str) -> int:
        mails = [message_from_bytes(data, policy=default) for data in self._world.mails_to(address)]
        ids = {str(mail["Message-ID"]) for mail in mails}
        return sum(str(mail["In-Reply-To"]) not in ids for mail in mails)


class TestMailIsAMailbox(MailboxContract):
    """All of the contract."""

    @pytest.fixture
    def mailbox(self, helpdesk: Mail) -> Mail:
        return helpdesk

    @pytest.fixture
    def post(self, world: MailWorld) -> WorldsPost:
        return WorldsPost(world)


async def test_a_key_of_two_people(helpdesk: Mail, world: MailWorld):
    """A mail each: the Message-ID is made of the address, too."""
    joe = Contact(id="joe", email="joe@acme.example")
    for who in (JANE, joe, joe):
        await helpdesk.send(who, PublicText("x"), PublicText("y"), once="1")
    assert (len(world.mails_to(JANE.email)), len(world.mails_to(joe.email))) == (1, 1)


async def test_a_mail_counts_as_under_way_no_longer_than_it_is(database: Database):
    """Its turn comes in a minute: said so at once, and then it surely was not sent."""
    server = FakeMailServer()
    async with server.serving() as ports:
        where = {"imap_port": ports.imap, "smtp_port": ports.smtp}
        desk = StoredDesk(database, NAME)
        slow = Mail(NAME, mail_settings(where, mails_per_minute=1, copy_to_mailbox=False), desk=desk)
        await slow.send(JANE, "x", "y", once="1")
        with pytest.raises(Busy) as told:
            await slow.send(JANE, "x", "y", once="2")
        assert 30 < told.value.retry_after <= 60 * MARGIN
        await slow.aclose()
        anew = Mail(NAME, mail_settings(where, copy_to_mailbox=False), desk=desk)
        await anew.send(JANE, "x", "y", once="2")
        await anew.aclose()
    assert len(server.mailbox.sent_to(JANE.email)) == 2


@pytest.mark.parametrize("restored", [False, True])
async def test_a_new_password_makes_no_second_mail_of_one_in_doubt(database: Database, restored: bool):
    """The answer was lost, and then the mailbox' password was changed; also where the store is an older backup."""
    server = FakeMailServer()
    async with server.serving() as ports:
        where = {"imap_port": ports.imap, "smtp_port": ports.smtp}
        desk = StoredDesk(database, NAME)
        before = Mail(NAME, mail_settings(where), desk=desk)
        server.faults.arm(FaultKind.DROP_REPLY, where=MailWorld.update_path)
        with pytest.raises(Unknown):
            await before.send(JANE, "x", "y", once="1")
        await before.aclose()
        server.password = "another-password"
        if restored:
            async with database.transaction() as tx:
                await tx.execute(delete(desk_messages))
        after = Mail(NAME, mail_settings(where, password=SecretStr("another-password")), desk=desk)
        assert await after.mail_was_sent(JANE, "1")
        if not restored:
            await after.send(JANE, "x", "y", once="1")
        await after.aclose()
    assert len(server.mailbox.sent_to(JANE.email)) == 1


async def test_a_mail_that_an_older_version_left_in_doubt_is_found(database: Database):
    """Its message id was made of the password; the desk kept it, and the current password makes it again."""
    server = FakeMailServer()
    async with server.serving() as ports:
        where = {"imap_port": ports.imap, "smtp_port": ports.smtp}
        settings, desk = mail_settings(where), StoredDesk(database, NAME)
        older = mail_id(settings, settings.former_secret, JANE, "1")
        server.mailbox.deliver(a_mail("x", message_id=older), at=START)
        mail = Mail(NAME, settings, desk=desk)
        assert await mail.mail_was_sent(JANE, "1"), "the store is a backup from before"
        await desk.begin_mail(JANE, "y", once="1", message_id=older, now=START)
        changed = Mail(NAME, mail_settings(where, address="help@acme.example"), desk=desk)
        await changed.send(JANE, "x", "y", once="1")
        await mail.aclose()
        await changed.aclose()
    assert server.mailbox.sent_to(JANE.email) == []


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


@pytest.fixture
def authority(certificate: LoopbackCertificate) -> str:
    """The certificate signs itself."""
    return certificate.certificate.read_text()


class TestMailListensByTls(TestMailListens):
    """TLS keeps bytes back that no socket shows; and only the authority that the settings name is trusted."""

    @pytest.fixture
    async def listener(
        self, speaker: Writer, database: Database, certificate: LoopbackCertificate, authority: str
    ) -> AsyncIterator[Mail]:
        async with speaker.server.serving(certificate) as ports:
            tls = {"imap_security": "tls", "smtp_security": "tls", "imap_host": "localhost"}
            where = {"imap_port": ports.imap, "smtp_port": ports.smtp, "smtp_host": "localhost"}
            mail = Mail(
                NAME, mail_settings(where | tls, authority_pem=authority), desk=StoredDesk(database, NAME)
            )
            yield mail
            await mail.aclose()

    async def test_we_may_send(self, listener: Mail) -> None:
        assert "sends as" in await listener.check()


async def test_a_stranger_is_not_trusted(database: Database, certificate: LoopbackCertificate) -> None:
    """No password goes to a server whose certificate nobody vouches for."""
    server = FakeMailServer()
    async with server.serving(certificate) as ports:
        where = {"imap_port": ports.imap, "smtp_port": ports.smtp}
        tls = {"imap_security": "tls", "smtp_security": "tls"}
        mail = Mail(NAME, mail_settings(where | tls), desk=StoredDesk(database, NAME))
        with pytest.raises(
            Unreachable, match="certificate is not signed by an authority that this machine trusts"
        ):
            await mail.check()
        with pytest.raises(Unreachable):
            await mail.send(JANE, "x", "y", once="1")
        await mail.aclose()
    assert server.commands == []
