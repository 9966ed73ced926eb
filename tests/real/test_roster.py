"""The roster's notices by real mail: Apprise logs in at an SMTP server, and Dovecot shows what its reader finds."""

from __future__ import annotations

import asyncio
import re
import smtplib
from collections.abc import AsyncIterator
from contextlib import aclosing, suppress
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from urllib.parse import quote

import pytest

from bench.sandbox import until
from connectors.mail.fake.app import ADDRESS, PASSWORD
from connectors.roster import RosterPager
from connectors.roster.fake.app import FakePhones
from incidents.models import PageStatus
from incidents.rotas.page_links import read_token
from incidents.store.database import Database
from incidents.store.roster.acts import take_page
from tests.connectors.mail.world import Clock as MailClock
from tests.connectors.roster.world import KEY, RosterWorld
from tests.contracts.pager import PAGE
from tests.real.mail_servers import DovecotServer, dovecot
from tests.real.running import HOST

pytestmark = [
    pytest.mark.real,
    # It is on loopback.
    pytest.mark.filterwarnings("ignore:Requiring AUTH while not requiring TLS:UserWarning"),
]
ANA = "ana@acme.example"


@pytest.fixture
async def mail_server() -> AsyncIterator[tuple[DovecotServer, int]]:
    async with dovecot() as running:
        server = DovecotServer(running)
        where = await server.start(MailClock())
        yield server, int(str(where["smtp_port"]))
        await server.stop()


@pytest.fixture
async def phones() -> AsyncIterator[FakePhones]:
    async with FakePhones().serve() as phones:
        yield phones


def pager_of(world: RosterWorld, port: int, password: str = PASSWORD, **changes: object) -> RosterPager:
    """Ana is reached by real mail first."""
    login = f"{quote(ADDRESS, safe='')}:{quote(password, safe='')}"
    real = f"mailto://{login}@{HOST}:{port}?smtp={HOST}&from={ADDRESS}&to={ANA}&mode=insecure"
    return world.pager(
        ways={"ana-phone": real, "ana-mail": real, "bo-phone": world.phones.ntfy("bo")}, **changes
    )


async def read(server: DovecotServer, address: str) -> list[EmailMessage]:
    return [message_from_bytes(data, policy=default) for data in await server.sent_to(address)]


async def test_from_a_mail_to_the_acknowledgement(
    database: Database, phones: FakePhones, mail_server: tuple[DovecotServer, int]
):
    """Ana's mail arrives with a link that is whole; the link is taken, and she reads by mail that it is over."""
    server, port = mail_server
    world = RosterWorld(database, phones)
    pager = pager_of(world, port)
    await pager.page(PAGE, once="p")
    (mail,) = await read(server, ANA)
    assert mail["Subject"] == "Checkout fails for 12 customers"
    part = mail.get_body(("plain", "html"))
    assert part is not None
    found = re.search(r"https://liaison\.acme\.example/pages/([0-9A-Za-z_.-]+)", str(part.get_content()))
    assert found is not None
    link = read_token(KEY, found[1])
    assert link is not None
    async with database.transaction() as tx:
        page = await take_page(tx, link.notice, now=world.clock())
    assert page is not None
    state = await pager.read("p")
    assert state is not None
    assert (state.status, state.responders) == (PageStatus.ACKNOWLEDGED, ("Ana Silva",))

    await pager.resolve("p", once="r")
    await pager.send_due()
    assert [str(one["Subject"]) for one in await read(server, ANA)] == [
        "Checkout fails for 12 customers",
        "Over: Checkout fails for 12 customers",
    ]
    assert phones.arrived == []


async def test_answered_by_mail(
    database: Database, phones: FakePhones, mail_server: tuple[DovecotServer, int]
):
    """Ana answers as her mail program would, through the real server, to the address with the plus; Dovecot tells of it
    at once, and she reads that she has it."""
    server, port = mail_server
    world = RosterWorld(database, phones)
    mailbox = {"address": ADDRESS, "user": ADDRESS, "password": PASSWORD, "plus_addressing": True}
    at = {"imap_host": HOST, "imap_port": server.dovecot.imap, "imap_security": "none"}
    pager = pager_of(world, port, replies=mailbox | at)
    assert "answers by mail" in await pager.check()
    listening = asyncio.create_task(_listen(pager))
    await pager.page(PAGE, once="p")

    async def is_woken() -> bool:
        # The listener may have taken the notice before the page did.
        return len(await read(server, ANA)) == 1

    await until("Ana is woken", is_woken, 20)
    (mail,) = await read(server, ANA)
    answer = EmailMessage()
    answer["From"], answer["To"], answer["Subject"] = ANA, mail["Reply-To"], f"Re: {mail['Subject']}"
    answer["In-Reply-To"], answer["References"] = (
        mail["Message-ID"],
        f"{mail['References']} {mail['Message-ID']}",
    )
    answer.set_content("Ack.\n\nOn Mon, 2 Nov 2026 12:00 Liaison wrote:\n> Checkout fails\n")
    await asyncio.to_thread(_hand_in, answer, port)

    async def is_told() -> bool:
        return len(await read(server, ANA)) == 2

    await until("Ana is told", is_told, 20)
    state = await pager.read("p")
    assert state is not None
    assert (state.status, state.responders) == (PageStatus.ACKNOWLEDGED, ("Ana Silva",))
    told = (await read(server, ANA))[-1]
    assert str(told["Subject"]) == "Re: Checkout fails for 12 customers"
    assert "You have it." in str(told.get_body(("plain",)))
    assert str(told["Auto-Submitted"]) == "auto-generated"
    assert phones.arrived == []
    listening.cancel()
    with suppress(asyncio.CancelledError):
        await listening


async def _listen(pager: RosterPager) -> None:
    async with aclosing(pager.listen(None)) as said:
        async for _ in said:
            pass


def _hand_in(mail: EmailMessage, port: int) -> None:
    with smtplib.SMTP(HOST, port) as smtp:
        smtp.login(ANA, PASSWORD)
        smtp.send_message(mail)


async def test_a_password_that_is_wrong(
    database: Database, phones: FakePhones, mail_server: tuple[DovecotServer, int]
):
    """The server refuses the login: Apprise says so by its answer alone, and Bo is woken at once."""
    server, port = mail_server
    world = RosterWorld(database, phones)
    pager = pager_of(world, port, "wrong")
    await pager.page(PAGE, once="p")
    assert await read(server, ANA) == []
    assert world.woken == ["bo"]
    said = await pager.check()
    assert "way 'ana-phone' failed lately: ana-phone did not take it" in said
    assert "wrong" not in said
