"""The mail connector's contracts on a real Dovecot, with an SMTP server before it, and what Dovecot does of its own."""

from __future__ import annotations

import asyncio
import imaplib
from collections.abc import AsyncIterator, Iterator
from datetime import timedelta
from itertools import count

import pytest

from connectors.mail import Mail
from connectors.mail.fake.app import ADDRESS, PASSWORD
from incidents.errors import Busy, NotAllowed, Unknown, Unreachable
from incidents.models import Author, TicketStatus
from incidents.store.database import Database
from incidents.store.desk.desk import StoredDesk
from tests.connectors.mail.test_connector import WorldsPost
from tests.connectors.mail.world import NAME, START, MailWorld, a_mail, mail_settings
from tests.contracts.helpdesk import ONCE, REPLY, HelpdeskContract, send_reply
from tests.contracts.listener import ListeningSourceContract
from tests.contracts.mailbox import MailboxContract
from tests.real.mail_servers import Dovecot, DovecotServer, dovecot
from tests.real.running import HOST

pytestmark = [
    pytest.mark.real,
    # It is on loopback.
    pytest.mark.filterwarnings("ignore:Requiring AUTH while not requiring TLS:UserWarning"),
]


@pytest.fixture(scope="module")
async def running_dovecot() -> AsyncIterator[Dovecot]:
    async with dovecot() as server:
        yield server


@pytest.fixture
def world(database: Database, running_dovecot: Dovecot) -> Iterator[MailWorld]:
    world = MailWorld(database.url, DovecotServer(running_dovecot))
    yield world
    world.close()


@pytest.fixture
async def helpdesk(world: MailWorld, database: Database) -> AsyncIterator[Mail]:
    mail = Mail(NAME, mail_settings(world.where), desk=StoredDesk(database, NAME), clock=world.clock)
    yield mail
    await mail.aclose()


class TestMailOnDovecotIsAHelpdesk(HelpdeskContract):
    """All of the contract."""

    asks_vendor = frozenset({send_reply})
    unanswered_write = (Unknown, Unreachable, Busy)


class TestMailOnDovecotIsAMailbox(MailboxContract):
    """All of the contract."""

    @pytest.fixture
    def mailbox(self, helpdesk: Mail) -> Mail:
        return helpdesk

    @pytest.fixture
    def post(self, world: MailWorld) -> WorldsPost:
        return WorldsPost(world)


class DovecotWriter:
    """A customer who writes, and an operator who throws everybody out."""

    def __init__(self, world: MailWorld, server: Dovecot) -> None:
        self._world = world
        self._server = server
        self._numbers = count(1)

    async def say(self, text: str) -> None:
        number = next(self._numbers)
        data = a_mail(text, message_id=f"{number}@customer.example")
        await asyncio.to_thread(self._world.arrive, data)

    async def hang_up(self) -> None:
        """Every process that serves IMAP ends, as when Dovecot is started again."""
        command = ("pkill", "-TERM", "-P", str(self._server.pid), "-x", "imap")
        process = await asyncio.create_subprocess_exec(*command)
        await process.wait()


class TestMailOnDovecotListens(ListeningSourceContract):
    """All of the contract."""

    @pytest.fixture
    def speaker(self, world: MailWorld, running_dovecot: Dovecot) -> DovecotWriter:
        return DovecotWriter(world, running_dovecot)

    @pytest.fixture
    def listener(self, speaker: DovecotWriter, helpdesk: Mail) -> Mail:
        return helpdesk


async def test_check(helpdesk: Mail) -> None:
    """The sent folder is found by its mark, and IDLE is known."""
    assert await helpdesk.check() == (
        f"{ADDRESS} at 127.0.0.1: 0 mails in 'INBOX', sent mail in 'Sent'; tells of new mail at once (IDLE);"
        f" sends as {ADDRESS} by 127.0.0.1; 0 tickets (0 unsettled), 0 mails set aside"
    )


async def test_wrong_password(world: MailWorld, database: Database) -> None:
    mail = Mail(NAME, mail_settings(world.where, password="wrong"), desk=StoredDesk(database, NAME))
    with pytest.raises(NotAllowed, match="app password"):
        await mail.check()
    await mail.aclose()


async def test_a_conversation(helpdesk: Mail, world: MailWorld) -> None:
    """A customer's own mail program answers into the thread of our reply, and the ticket is open again."""
    ticket = world.create_ticket("Cannot pay", "Cards are refused", name="Ada", email="ada@customer.example")
    await helpdesk.update([ticket], REPLY, once=ONCE)
    (reply,) = world.mails_about(ticket)
    message_id = next(
        line.split(": ")[1] for line in reply.decode().splitlines() if line.startswith("Message-ID")
    )
    assert world.hear() == []
    world.put(a_mail("Still broken", subject="another subject", In_Reply_To=message_id))
    (found,) = await helpdesk.read([ticket])
    said = await helpdesk.comments(found, START - timedelta(days=1))
    assert [(one.author, one.text) for one in said] == [
        (Author.LIAISON, REPLY.public_reply),
        (Author.CUSTOMER, "Still broken"),
    ]
    assert found.status is TicketStatus.NEW


async def test_nothing_is_marked_read(helpdesk: Mail, world: MailWorld) -> None:
    world.put(a_mail("Help"))
    with imaplib.IMAP4(HOST, world.where["imap_port"]) as imap:
        imap.login(ADDRESS, PASSWORD)
        imap.select("INBOX", readonly=True)
        assert imap.search(None, "UNSEEN")[1] == [b"1"]


async def test_a_folder_made_anew(helpdesk: Mail, world: MailWorld, running_dovecot: Dovecot) -> None:
    """Dovecot's own files are lost: new UIDVALIDITY, other UIDs. Nothing is doubled, what came meanwhile is heard."""
    world.create_ticket("Cannot pay", "Cards are refused", name="Ada", email="ada@customer.example")
    world.arrive(a_mail("And me", email="bob@customer.example", message_id="bob@customer.example"))
    for file in (running_dovecot.home / "mail" / ADDRESS / "Maildir").glob("dovecot*"):
        file.unlink()
    (heard,) = world.hear()[-1:]
    assert heard.identity
    assert [one.requester.email for one in await helpdesk.read(["1", "2", "3"])] == [
        "ada@customer.example",
        "bob@customer.example",
    ]


async def test_a_mail_of_forty_megabytes(helpdesk: Mail, world: MailWorld) -> None:
    line = b"QUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFB\r\n"
    head = b"From: ada@customer.example\r\nSubject: Logs\r\n\r\nSee the log\r\n"
    world.put(head + line * (40 * 1_048_576 // len(line)))
    (found,) = await helpdesk.read(["1"])
    assert "(This mail has 40.0 MB, of which the first 1.0 MB were read." in found.body
