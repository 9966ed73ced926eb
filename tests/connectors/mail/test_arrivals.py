"""Mail that comes in: on its ticket, once, whoever and whatever made it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import timedelta

import pytest

from connectors.mail import Mail
from connectors.mail.fake.app import ADDRESS
from incidents.models import Author, Comment, Origin, Ticket, TicketChange, TicketStatus
from incidents.rotas.page_replies import reply_token
from incidents.store.database import Database
from incidents.store.desk.desk import StoredDesk
from incidents.ticket_words import Kinship
from tests.connectors.mail.world import (
    AGENT,
    NAME,
    FakeServer,
    MailWorld,
    a_mail,
    mail_settings,
    subject_of,
    ticket_of,
)
from tests.contracts.helpdesk import ONCE, REPLY

EMAIL = "ada@customer.example"


@pytest.fixture
def ticket(world: MailWorld) -> str:
    return world.create_ticket("Cannot pay", "Cards are refused", name="Ada", email=EMAIL)


async def read(helpdesk: Mail, ticket: str) -> Ticket:
    (found,) = await helpdesk.read([ticket])
    return found


async def said(helpdesk: Mail, ticket: str) -> list[Comment]:
    found = await read(helpdesk, ticket)
    return list(await helpdesk.comments(found, found.created_at - timedelta(days=1)))


async def count(world: MailWorld) -> tuple[int, int]:
    counts = world._run(world.desk.counts())
    return counts.tickets, counts.aside


def a_bounce(message_id: str, *, action: str = "failed", status: str = "5.1.1") -> bytes:
    return (
        "From: Mail Delivery System <MAILER-DAEMON@acme.example>\r\n"
        f"To: {ADDRESS}\r\nSubject: Undelivered Mail Returned to Sender\r\n"
        f"Message-ID: <bounce-{action}@acme.example>\r\nAuto-Submitted: auto-replied\r\n"
        'Content-Type: multipart/report; report-type=delivery-status;\r\n\tboundary="x"\r\n\r\n'
        "--x\r\nContent-Type: text/plain\r\n\r\nThis is the mail system.\r\n"
        "--x\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; mx.acme.example\r\n\r\n"
        f"Final-Recipient: rfc822; {EMAIL}\r\nAction: {action}\r\nStatus: {status}\r\n\r\n"
        "--x\r\nContent-Type: text/rfc822-headers\r\n\r\n"
        f"From: {ADDRESS}\r\nMessage-ID:\r\n {message_id}\r\n\r\n--x--\r\n"
    ).encode()


async def sent_id(world: MailWorld, helpdesk: Mail, ticket: str) -> str:
    await helpdesk.update([ticket], REPLY, once=ONCE)
    (mail,) = world.mails_about(ticket)
    return next(line for line in mail.decode().split("\r\n") if line.startswith("Message-ID")).split(": ")[1]


async def test_nothing_is_marked_read(helpdesk: Mail, world: MailWorld, ticket: str) -> None:
    """A colleague who looks into the mailbox sees what is new to him."""
    assert isinstance(world.server, FakeServer)
    (mail,) = world.server.fake.mailbox.folders["INBOX"].mails
    assert mail.flags == set()
    assert not any(command.startswith("SELECT") for command in world.server.fake.commands)


async def test_marked_read_when_told(world: MailWorld, database: Database, ticket: str) -> None:
    assert isinstance(world.server, FakeServer)
    desk = StoredDesk(database, NAME)
    mail = Mail(NAME, mail_settings(world.where, mark_read=True, first_days=1), desk=desk, clock=world.clock)
    assert [heard async for heard in mail.hear_once(None)]
    await mail.aclose()
    assert world.server.fake.mailbox.folders["INBOX"].mails[0].flags == {"\\Seen"}


async def test_old_mail_stays_old(database: Database) -> None:
    """Who connects a mailbox of ten years wants no ten years of tickets; who wants some days says so."""
    server = FakeServer()
    world = MailWorld(database.url, server)
    server.fake.mailbox.deliver(a_mail("long ago"), at=world.now() - timedelta(days=9))
    server.fake.mailbox.deliver(a_mail("yesterday"), at=world.now() - timedelta(days=1))
    for days, expected in ((0, 0), (3, 1), (30, 2)):
        settings = mail_settings(world.where, first_days=days)
        mail = Mail(NAME, settings, desk=StoredDesk(database, NAME), clock=world.clock)
        heard = [one async for part in mail.hear_once(None) for one in part.deliveries]
        await mail.aclose()
        assert len(heard) == expected
    world.close()


class ArrivesBefore(list[str]):
    """What was asked of the server; a mail arrives just before it obeys this command, once."""

    def __init__(self, command: str, arrive: Callable[[], object]) -> None:
        super().__init__()
        self._command: str | None = command
        self._arrive = arrive

    def append(self, command: str) -> None:
        super().append(command)
        if self._command is not None and command.startswith(self._command):
            self._command = None
            self._arrive()


@pytest.mark.parametrize("command", ["STATUS", "EXAMINE", "UID SEARCH", "IDLE"])
async def test_mail_that_arrives_just_before_the_wait(database: Database, command: str) -> None:
    """Between what was read and the wait for more there is no moment in which a mail is told by nobody."""
    server = FakeServer()
    world = MailWorld(database.url, server)
    settings = mail_settings(world.where, look_seconds=1500)
    mail = Mail(NAME, settings, desk=StoredDesk(database, NAME), clock=world.clock)
    listening = mail.listen(None)
    # The folders' places, before anything has arrived; from here on it begins to wait.
    while '"Sent"' not in (await anext(listening)).cursor:
        pass
    server.fake.commands = ArrivesBefore(command, lambda: server.fake.mailbox.deliver(a_mail("I cannot pay")))
    async with asyncio.timeout(20):
        heard = await anext(listening)
        while not heard.deliveries:
            heard = await anext(listening)
    assert len(heard.deliveries) == 1
    await listening.aclose()
    await mail.aclose()
    world.close()


async def test_a_second_hearing_says_the_same(world: MailWorld, helpdesk: Mail, ticket: str) -> None:
    """Killed between the desk and the inbox, the mail is heard again: the same ticket, the same delivery."""
    first = world.deliveries[-1]
    mail = Mail(NAME, mail_settings(world.where, first_days=1), desk=helpdesk._desk, clock=world.clock)
    again = [one async for part in mail.hear_once(None) for one in part.deliveries]
    assert again == [first]
    assert await count(world) == (1, 0)
    await mail.aclose()


async def test_a_mailbox_made_anew(helpdesk: Mail, world: MailWorld, ticket: str) -> None:
    """UIDVALIDITY changes, every UID is another one: nothing is doubled, and what came meanwhile is not lost."""
    assert isinstance(world.server, FakeServer)
    world.customer_reply(ticket, "Any news?")
    world.arrive(a_mail("I cannot pay either", email="bob@customer.example", message_id="bob@x"))
    inbox = world.server.fake.mailbox.folders["INBOX"]
    del inbox.mails[0]
    inbox.made_anew()
    world.hear()
    world.hear()
    assert await count(world) == (2, 0)
    assert [one.text for one in await said(helpdesk, ticket)] == ["Any news?"]


async def test_mail_without_a_message_id(helpdesk: Mail, world: MailWorld) -> None:
    (heard,) = world.put(a_mail("Help"))
    assert (await read(helpdesk, ticket_of(heard))).body == "Help"
    await helpdesk.update(["1"], REPLY, once=ONCE)
    (sent,) = world.mails_to(EMAIL)
    assert b"In-Reply-To" not in sent
    world.put(a_mail("Still broken", subject=subject_of(sent)))
    assert [one.text for one in await said(helpdesk, "1")][-1] == "Still broken"


async def test_the_same_message_id_twice(helpdesk: Mail, world: MailWorld) -> None:
    """A second copy of one mail is nothing new; another mail under the same id is."""
    one = a_mail("Help", message_id="same@customer.example")
    world.put(one)
    world.put(b"Received: by another way\r\n" + one)
    assert await count(world) == (1, 0)
    world.put(a_mail("Another matter", message_id="same@customer.example"))
    assert await count(world) == (2, 0)


async def test_mail_from_ourselves(helpdesk: Mail, world: MailWorld, ticket: str) -> None:
    """Our own copies are no tickets and no comments; somebody in our name without a ticket is set aside."""
    await helpdesk.update([ticket], REPLY, once=ONCE)
    assert world.hear() == []
    assert [one.author for one in await said(helpdesk, ticket)] == [Author.LIAISON]
    world.put(a_mail("Buy this", email=ADDRESS, name="Support"))
    assert await count(world) == (1, 1)


@pytest.mark.parametrize(
    ("headers", "origin"),
    [
        ({"Auto_Submitted": "auto-replied"}, Origin.AUTOMATIC),
        ({"Precedence": "auto_reply"}, Origin.AUTOMATIC),
        ({"List_Id": "<news.shop.example>"}, Origin.LIST),
        ({"X_Failed_Recipients": EMAIL}, Origin.BOUNCE),
    ],
)
async def test_what_machines_write(
    helpdesk: Mail, world: MailWorld, ticket: str, headers: dict[str, str], origin: Origin
) -> None:
    """It opens no ticket and reopens none, and on a ticket it is known as what it is."""
    await helpdesk.update([ticket], TicketChange(status=TicketStatus.SOLVED), once=ONCE)
    world.put(a_mail("I am away", **headers))
    assert await count(world) == (1, 1)
    world.put(a_mail("I am away", In_Reply_To="<first-1@customer.example>", **headers))
    assert [one.origin for one in await said(helpdesk, ticket)] == [origin]
    assert (await read(helpdesk, ticket)).status is TicketStatus.SOLVED


async def test_lists_are_customers_where_told(world: MailWorld, database: Database) -> None:
    settings = mail_settings(world.where, lists_are_customers=True, first_days=1)
    world.arrive(a_mail("Help", List_Id="<support.acme.example>"))
    mail = Mail(NAME, settings, desk=StoredDesk(database, NAME), clock=world.clock)
    assert [one async for part in mail.hear_once(None) for one in part.deliveries]
    await mail.aclose()


async def test_a_bounce(helpdesk: Mail, world: MailWorld, ticket: str) -> None:
    """It is put on the ticket of the mail that came back, and the customer counts as out of reach until he writes."""
    message_id = await sent_id(world, helpdesk, ticket)
    world.put(a_bounce(message_id, action="delayed", status="4.4.1"))
    assert (await read(helpdesk, ticket)).is_reachable
    world.put(a_bounce(message_id))
    assert not (await read(helpdesk, ticket)).is_reachable
    assert [one.origin for one in await said(helpdesk, ticket)][1:] == [Origin.BOUNCE] * 2
    world.customer_reply(ticket, "I am here again")
    assert (await read(helpdesk, ticket)).is_reachable


async def test_a_bounce_of_nothing_of_ours(helpdesk: Mail, world: MailWorld, ticket: str) -> None:
    """Anybody can write one; without our Message-ID it says nothing about anybody."""
    world.put(a_bounce("<guessed@acme.example>"))
    assert (await read(helpdesk, ticket)).is_reachable
    assert await count(world) == (1, 1)


async def test_two_machines_that_answer_each_other(helpdesk: Mail, world: MailWorld, ticket: str) -> None:
    """One that does not say what it is, is known by its speed; a person's mails before it stay a person's."""
    for number in range(15):
        world.let_time_pass(5)
        world.customer_reply(ticket, f"Your request was received ({number})")
    origins = [one.origin for one in await said(helpdesk, ticket)]
    assert origins == [Origin.PERSON] * 9 + [Origin.AUTOMATIC] * 6


async def test_answers_to_pages_are_the_rosters(helpdesk: Mail, world: MailWorld, ticket: str) -> None:
    """Where our own pager's answers arrive in the customers' mailbox, they are no tickets; whoever wrote to us as well
    is a customer all the same."""
    of_a_page = f"support+{reply_token('a key', 7)}@acme.example"
    assert world.put(a_mail("ack", email="ana@acme.example", to=of_a_page)) == []
    assert await count(world) == (1, 0)
    world.put(a_mail("It fails for me, too", email="bo@customer.example", to=f"{of_a_page}, {ADDRESS}"))
    assert await count(world) == (2, 0)


async def test_an_answer_after_the_end_follows(helpdesk: Mail, world: MailWorld, ticket: str) -> None:
    """A closed ticket stays closed; the answer opens another one that knows where it came from."""
    world.refuse_updates(ticket)
    world.customer_reply(ticket, "It is back")
    second = await read(helpdesk, "2")
    assert (second.parent, second.kinship, second.body) == (ticket, Kinship.FOLLOW_UP, "It is back")


async def test_a_guessed_token_finds_nothing(helpdesk: Mail, world: MailWorld, ticket: str) -> None:
    world.put(a_mail("Let me in", email="eve@evil.example", subject="Re: x [#1-aaaaaaaa]"))
    assert await said(helpdesk, ticket) == []
    assert (await read(helpdesk, "2")).requester.email == "eve@evil.example"


async def test_agents_in_the_open_and_among_themselves(helpdesk: Mail, world: MailWorld, ticket: str) -> None:
    thread = {"In_Reply_To": "<first-1@customer.example>"}
    world.put(a_mail("Look at this", email=AGENT, **thread))
    world.put(a_mail("We look at it", email=AGENT, to=f"{EMAIL}, {ADDRESS}", **thread))
    assert [(one.author, one.is_public) for one in await said(helpdesk, ticket)] == [
        (Author.AGENT, False),
        (Author.AGENT, True),
    ]
    assert (await read(helpdesk, ticket)).status is TicketStatus.OPEN


async def test_a_deleted_ticket_stays_deleted(helpdesk: Mail, world: MailWorld, ticket: str) -> None:
    """Its mail is still in the mailbox, and read again it opens nothing; the customer's next one does."""
    assert isinstance(world.server, FakeServer)
    world.remove_ticket(ticket)
    world.server.fake.mailbox.folders["INBOX"].made_anew()
    world.hear()
    assert await count(world) == (0, 0)
    world.customer_reply(ticket, "Hello?")
    assert await count(world) == (1, 0)


async def test_late_mail_is_not_missed(helpdesk: Mail, world: MailWorld, ticket: str) -> None:
    """Who asks what came since then is told of what came to us since then, however long it lay in the mailbox."""
    world.arrive(a_mail("Still broken", In_Reply_To="<first-1@customer.example>"))
    world.let_time_pass(7_200)
    since = world.now()
    world.hear()
    (late,) = await helpdesk.comments(await read(helpdesk, ticket), since)
    assert late.at == since - timedelta(seconds=7_200)


async def test_forty_megabytes(helpdesk: Mail, world: MailWorld) -> None:
    """What is read is bounded; the ticket says that there is more, and where."""
    assert isinstance(world.server, FakeServer)
    line = b"QUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFB\r\n"
    head = (
        b"From: ada@customer.example\r\nTo: support@acme.example\r\nSubject: Logs\r\n"
        b"Content-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\nContent-Type: text/plain\r\n\r\nSee the log\r\n"
        b"--x\r\nContent-Type: application/octet-stream\r\nContent-Transfer-Encoding: base64\r\n\r\n"
    )
    world.put(head + line * (40 * 1_048_576 // len(line)) + b"--x--\r\n")
    body = (await read(helpdesk, "1")).body
    assert body.startswith("See the log\n\n(This mail has 40.0 MB, of which the first 1.0 MB were read.")
    assert any("<0.1048576>" in command for command in world.server.fake.commands)
