"""Replies by mail: in the customer's thread, once, and so that no machine answers them."""

from __future__ import annotations

import asyncio
from email import message_from_bytes
from email.policy import default

import pytest

from connectors.kit.fakes.faults import FaultKind
from connectors.mail import Mail
from connectors.mail.fake.app import ADDRESS
from incidents.errors import NotAllowed, Unknown, Unreachable
from incidents.models import ChangeOutcome, PublicText, TicketChange, TicketStatus
from incidents.store.database import Database
from incidents.store.desk.desk import StoredDesk
from tests.connectors.mail.world import NAME, FakeServer, MailWorld, a_mail, mail_settings
from tests.contracts.helpdesk import NOTE, ONCE, REPLY
from tests.deployments.gateway.conftest import until

EMAIL = "ada@customer.example"


@pytest.fixture
def ticket(world: MailWorld) -> str:
    return world.create_ticket("Cannot pay", "Cards are refused", name="Ada", email=EMAIL)


async def test_a_reply_is_in_the_thread(helpdesk: Mail, world: MailWorld, ticket: str) -> None:
    """By what mail programs thread by, and by a subject that survives where that is lost."""
    await helpdesk.update([ticket], REPLY, once=ONCE)
    await helpdesk.update([ticket], REPLY, once="second")
    first, second = (message_from_bytes(mail, policy=default) for mail in world.mails_about(ticket))
    assert first["In-Reply-To"] == "<first-1@customer.example>"
    assert second["References"] == f"<first-1@customer.example> {first['Message-ID']}"
    assert second["In-Reply-To"] == first["Message-ID"] != second["Message-ID"]
    assert str(first["Subject"]).startswith("Re: Cannot pay [#1-")
    assert (first["From"], first["To"]) == (f"Acme Support <{ADDRESS}>", f"Ada <{EMAIL}>")


async def test_no_machine_shall_answer(helpdesk: Mail, world: MailWorld, ticket: str) -> None:
    await helpdesk.update([ticket], REPLY, once=ONCE)
    mail = message_from_bytes(world.mails_about(ticket)[0], policy=default)
    assert mail["Auto-Submitted"] == "auto-replied"
    assert mail["X-Auto-Response-Suppress"] == "All"
    assert mail["Precedence"] == "auto_reply"


async def test_the_same_key_sends_one_mail(helpdesk: Mail, world: MailWorld, ticket: str) -> None:
    for _ in range(2):
        (outcome,) = await helpdesk.update([ticket], REPLY, once=ONCE)
        assert outcome.outcome is ChangeOutcome.DONE
        await helpdesk.update([ticket], NOTE, once="note")
    assert world.public_replies(ticket) == [REPLY.public_reply]
    assert world.private_notes(ticket) == [NOTE.private_note]


async def test_stopped_while_a_reply_is_under_way(helpdesk: Mail, world: MailWorld, ticket: str) -> None:
    """The customer may have it: it is looked up, and not sent again. What was not begun goes out."""
    other = world.create_ticket("Nor can I", "Cards are refused", name="Bob", email="bob@customer.example")
    world.faults.arm(FaultKind.DELAY, where="smtp/data", seconds=5)
    sending = asyncio.create_task(helpdesk.update([ticket, other], REPLY, once=ONCE))

    async def has_left() -> bool:
        return bool(world.mails_about(ticket))

    await until(has_left)
    sending.cancel()
    with pytest.raises(asyncio.CancelledError):
        await sending
    world.hear()
    assert await helpdesk.was_done(ticket, ONCE)
    assert not await helpdesk.was_done(other, ONCE)
    outcomes = await helpdesk.update([ticket, other], REPLY, once=ONCE)
    assert {one.outcome for one in outcomes} == {ChangeOutcome.DONE}
    assert [len(world.mails_about(one)) for one in (ticket, other)] == [1, 1]


async def test_a_lost_answer_is_never_sent_twice(helpdesk: Mail, world: MailWorld, ticket: str) -> None:
    """The copy in the mailbox proves it, also to who calls again without asking."""
    change = TicketChange(public_reply=PublicText("Fixed."), status=TicketStatus.SOLVED)
    world.faults.arm(FaultKind.DROP_REPLY, where="smtp/data")
    with pytest.raises(Unknown):
        await helpdesk.update([ticket], change, once=ONCE)
    (found,) = await helpdesk.read([ticket])
    assert found.status is TicketStatus.NEW
    (outcome,) = await helpdesk.update([ticket], change, once=ONCE)
    assert outcome.outcome is ChangeOutcome.DONE
    assert world.public_replies(ticket) == ["Fixed."]
    (found,) = await helpdesk.read([ticket])
    assert found.status is TicketStatus.SOLVED


async def test_the_listener_proves_it_too(helpdesk: Mail, world: MailWorld, ticket: str) -> None:
    """Our own copy comes in: no news, no ticket, and what was open is settled."""
    world.faults.arm(FaultKind.DROP_REPLY, where="smtp/data")
    with pytest.raises(Unknown):
        await helpdesk.update([ticket], REPLY, once=ONCE)
    assert world.hear() == []
    world.faults.arm(FaultKind.OUTAGE, where="imap", times=None)
    assert await helpdesk.was_done(ticket, ONCE)


async def test_without_copies_nobody_can_say(world: MailWorld, database: Database, ticket: str) -> None:
    """Then what may have been sent stays unknown: it is a person's to decide."""
    desk = StoredDesk(database, NAME)
    mail = Mail(NAME, mail_settings(world.where, copy_to_mailbox=False), desk=desk, clock=world.clock)
    world.faults.arm(FaultKind.DROP_REPLY, where="smtp/data")
    for _ in range(2):
        with pytest.raises(Unknown):
            await mail.update([ticket], REPLY, once=ONCE)
    assert not await mail.was_done(ticket, ONCE)
    assert world.public_replies(ticket) == [REPLY.public_reply]
    await mail.aclose()


async def test_after_an_outage_it_goes_out(helpdesk: Mail, world: MailWorld, ticket: str) -> None:
    world.faults.arm(FaultKind.OUTAGE, where="smtp")
    with pytest.raises(Exception, match="421"):
        await helpdesk.update([ticket], REPLY, once=ONCE)
    await helpdesk.update([ticket], REPLY, once=ONCE)
    assert world.public_replies(ticket) == [REPLY.public_reply]


async def test_a_refused_recipient_is_one_tickets_matter(world: MailWorld, helpdesk: Mail) -> None:
    assert isinstance(world.server, FakeServer)
    ids = [world.create_ticket("x", "y", name=f"C{n}", email=f"c{n}@customer.example") for n in range(3)]
    world.server.fake.mailbox.unknown_recipients.add("c1@customer.example")
    outcomes = await helpdesk.update(ids, REPLY, once=ONCE)
    done = ChangeOutcome.DONE
    assert [one.outcome for one in outcomes] == [done, ChangeOutcome.REFUSED, done]
    assert not await helpdesk.was_done(ids[1], ONCE)


async def test_a_stop_on_the_way_leaves_the_others_for_later(world: MailWorld, helpdesk: Mail) -> None:
    """Who was told is done; the server that says "later" is not asked for each of the others."""
    ids = [world.create_ticket("x", "y", name=f"C{n}", email=f"c{n}@customer.example") for n in range(3)]
    await helpdesk.update(ids[:1], REPLY, once=ONCE)
    world.faults.arm(FaultKind.RATE_LIMIT, where="smtp/mail", times=1)
    outcomes = await helpdesk.update(ids, REPLY, once=ONCE)
    done, later = ChangeOutcome.DONE, ChangeOutcome.LATER
    assert [one.outcome for one in outcomes] == [done, later, later]
    await helpdesk.update(ids, REPLY, once=ONCE)
    assert [world.public_replies(ticket) for ticket in ids] == [[REPLY.public_reply]] * 3


async def test_a_customer_without_an_address(world: MailWorld, helpdesk: Mail) -> None:
    """There is nobody to write to, which the ticket says; a note can still be left."""
    world.put(a_mail("Help").replace(b'From: "Ada Lovelace" <ada@customer.example>\r\n', b""))
    (found,) = await helpdesk.read(["1"])
    assert not found.is_reachable
    (outcome,) = await helpdesk.update(["1"], REPLY, once=ONCE)
    assert outcome.outcome is ChangeOutcome.REFUSED
    (outcome,) = await helpdesk.update(["1"], NOTE, once=ONCE)
    assert outcome.outcome is ChangeOutcome.DONE


async def test_plus_addressing(world: MailWorld, database: Database, ticket: str) -> None:
    """The answer's address alone finds the ticket, and so does a bounce's."""
    desk = StoredDesk(database, NAME)
    mail = Mail(NAME, mail_settings(world.where, plus_addressing=True), desk=desk, clock=world.clock)
    await mail.update([ticket], REPLY, once=ONCE)
    await mail.aclose()
    sent = message_from_bytes(world.mails_about(ticket)[0], policy=default)
    address = sent["Reply-To"].addresses[0].addr_spec
    assert address.startswith("support+1-")
    world.put(a_mail("Still broken", email=EMAIL, to=address, subject="Something else"))
    said = (await mail.comments((await mail.read([ticket]))[0], world.now()))[-1]
    assert said.text == "Still broken"


async def test_subject_and_name_cannot_make_headers(world: MailWorld, helpdesk: Mail) -> None:
    """What a customer wrote stays within its own header."""
    raw = a_mail("Help").replace(
        b"Subject: Cannot pay", b"Subject: =?utf-8?q?Pay=0D=0ABcc:_eve@evil.example?="
    )
    ticket = world.put(raw) and "1"
    await helpdesk.update([ticket], REPLY, once=ONCE)
    assert isinstance(world.server, FakeServer)
    (sent,) = world.server.fake.mailbox.outbox
    assert message_from_bytes(sent.data, policy=default)["Bcc"] is None


async def test_wrong_password(world: MailWorld, database: Database, ticket: str) -> None:
    """Said for each server, with what to do; never with the password."""
    desk = StoredDesk(database, NAME)
    mail = Mail(NAME, mail_settings(world.where, password="another-one"), desk=desk)
    with pytest.raises(NotAllowed, match="app password") as caught:
        await mail.check()
    assert "another-one" not in str(caught.value)
    with pytest.raises(NotAllowed, match="user and password"):
        await mail.update([ticket], REPLY, once=ONCE)
    with pytest.raises(NotAllowed):
        await anext(mail.listen(None))  # type: ignore[call-overload]
    await mail.aclose()


async def test_check_says_what_is_there(world: MailWorld, helpdesk: Mail, ticket: str) -> None:
    assert await helpdesk.check() == (
        f"{ADDRESS} at 127.0.0.1: 1 mails in 'INBOX', sent mail in 'Sent'; tells of new mail at once (IDLE);"
        f" sends as {ADDRESS} by 127.0.0.1; 1 tickets (1 unsettled), 0 mails set aside"
    )


async def test_a_folder_that_is_not_there(world: MailWorld, database: Database) -> None:
    mail = Mail(NAME, mail_settings(world.where, folder="Support"), desk=StoredDesk(database, NAME))
    with pytest.raises(Exception, match="no folder 'Support'; there is: INBOX, Drafts, Sent"):
        await mail.check()
    await mail.aclose()


async def test_nobody_is_there(database: Database) -> None:
    mail = Mail(NAME, mail_settings({"imap_port": 1, "smtp_port": 1}), desk=StoredDesk(database, NAME))
    with pytest.raises(Unreachable, match=r"127\.0\.0\.1:1 cannot be reached"):
        await mail.check()
    await mail.aclose()
