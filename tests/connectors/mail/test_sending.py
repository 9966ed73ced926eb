"""What is said to an SMTP server, and the mail itself: the same on the wire whatever the server takes in a row."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from connectors.kit.mailbox.oauth import MailTokens
from connectors.mail.fake.app import ADDRESS, FakeMailServer
from connectors.mail.outgoing.compose import Outgoing, plain_mail
from connectors.mail.outgoing.smtp import SmtpSender
from incidents.errors import Busy, LiaisonError, NotAllowed, Refused, Unknown, Unreachable
from incidents.models import Contact, PublicText
from incidents.texts.plain_text import one_line, printable
from tests.connectors.mail.world import mail_settings

ADA = "ada@customer.example"
NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
MAIL = Outgoing(
    message_id="one@acme.example",
    sender=ADDRESS,
    recipient=ADA,
    data=b"Subject: Re\r\n\r\n.\r\n..two\r\nthe end\r\n",
)
COPY_FIRST = [b"250 ok", b"250 ok", b"250 ok", b"354 go"]


@asynccontextmanager
async def sender_to(port: int) -> AsyncIterator[SmtpSender]:
    sender = SmtpSender(mail_settings({"smtp_port": port}, timeout_seconds=5), MailTokens(None))
    yield sender
    await sender.aclose()


@pytest.mark.parametrize("extensions", [("PIPELINING", "8BITMIME"), ("8BITMIME",), ()])
class TestBothWays:
    """A server that takes commands in a row, and one that wants to be asked for each."""

    async def test_mails_arrive_whole(self, extensions: tuple[str, ...]) -> None:
        server = FakeMailServer()
        server.extensions = extensions
        async with server.serving() as ports, sender_to(ports.smtp) as sender:
            for _ in range(3):
                await sender.send(MAIL, copy_to=ADDRESS)
            await sender.check()
        assert server.mailbox.sent_to(ADA) == [MAIL.data] * 3
        assert len(server.mailbox.folders["INBOX"].mails) == 3

    async def test_a_refused_customer_gets_nobody_a_mail(self, extensions: tuple[str, ...]) -> None:
        """Also not the mailbox, whose copy the server would have taken: it would prove what never happened."""
        server = FakeMailServer()
        server.extensions = extensions
        server.mailbox.unknown_recipients.add(ADA)
        async with server.serving() as ports, sender_to(ports.smtp) as sender:
            with pytest.raises(Refused):
                await sender.send(MAIL, copy_to=ADDRESS)
            server.mailbox.unknown_recipients.clear()
            assert server.mailbox.folders["INBOX"].mails == []
            await sender.send(MAIL, copy_to=ADDRESS)
        assert len(server.mailbox.sent_to(ADA)) == 1
        assert len(server.mailbox.folders["INBOX"].mails) == 1

    async def test_a_refused_copy_is_left_out(self, extensions: tuple[str, ...]) -> None:
        server = FakeMailServer()
        server.extensions = extensions
        server.mailbox.unknown_recipients.add(ADDRESS)
        async with server.serving() as ports, sender_to(ports.smtp) as sender:
            await sender.send(MAIL, copy_to=ADDRESS)
        assert server.mailbox.sent_to(ADA) == [MAIL.data]


@asynccontextmanager
async def answering(answers: Sequence[bytes], *, ehlo: bytes) -> AsyncIterator[int]:
    """A server that lets everybody in and then gives these answers, whatever is asked; and then hangs up."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 hello\r\n")
        await reader.readline()
        writer.write(ehlo)
        await reader.readline()
        writer.write(b"235 in\r\n")
        for answer in answers:
            if not await reader.readline():
                break
            writer.write(answer + b"\r\n")
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        yield server.sockets[0].getsockname()[1]


@pytest.mark.parametrize(
    "ehlo", [b"250-x\r\n250 AUTH PLAIN\r\n", b"250-x\r\n250-PIPELINING\r\n250 AUTH PLAIN\r\n"]
)
@pytest.mark.parametrize(
    ("answers", "error"),
    [
        ([b"250 ok", b"421 closing"], Busy),
        ([b"550 not you"], NotAllowed),
        ([b"250 ok", b"550-no\r\n550 such user"], Refused),
        ([b"250 ok", b"250 ok", b"250 ok", b"554 no mail today"], Refused),
        ([b"250 ok", b"250 ok", b"250 ok", b"421 closing"], Busy),
        ([b"250 ok", b"250 ok", b"250 ok", b"250 what?"], Unreachable),
        ([b"<html>"], Unreachable),
        ([b"250-" + b"x" * 200_000], Unreachable),
        ([b"\r\n".join([b"250-x"] * 200)], Unreachable),
        ([], Unreachable),
        ([b"250 ok", b"250 ok", b"250 ok"], Unreachable),
        # From here on it has the mail.
        (COPY_FIRST, Unknown),
        ([*COPY_FIRST, b"421 closing"], Unknown),
        ([*COPY_FIRST, b"hm"], Unknown),
        ([*COPY_FIRST, b"452 full"], Busy),
        ([*COPY_FIRST, b"554 spam"], Refused),
    ],
)
async def test_how_far_it_came(ehlo: bytes, answers: Sequence[bytes], error: type[LiaisonError]) -> None:
    """Before the mail itself nothing was sent, whatever is answered; after it, only a clear no says so."""
    async with answering(answers, ehlo=ehlo) as port, sender_to(port) as sender:
        with pytest.raises(LiaisonError) as caught:
            await sender.send(MAIL, copy_to=ADDRESS)
        assert type(caught.value) is error


def by_the_library(name: str, subject: str, text: str) -> bytes:
    mail = EmailMessage(policy=SMTP)
    mail["From"] = Address("Acme Support", addr_spec=ADDRESS)
    mail["To"] = Address(one_line(name)[:100], addr_spec=ADA)
    mail["Subject"] = one_line(subject)
    mail["Date"] = "Sun, 01 Mar 2026 12:00:00 +0000"
    mail["X-Auto-Response-Suppress"] = "All"
    mail["Precedence"] = "auto_reply"
    mail["Message-ID"] = "<one@acme.example>"
    mail["In-Reply-To"] = mail["References"] = "<two@acme.example>"
    mail["Auto-Submitted"] = "auto-generated"
    mail.set_content(printable(text))
    return mail.as_bytes()


WORDS = st.text(max_size=120) | st.text("abc =?,;:\"()<>@.-_[]\\'", max_size=120)


@given(name=WORDS, subject=WORDS, text=st.text(max_size=200))
@example(name="Lovelace, Ada", subject="=?utf-8?q?a?= b", text=".\n")
@example(name='"', subject="a  b ", text="")
@example(name="Ada " * 30, subject="x" * 71, text="ä\r\nb\r")
def test_the_mail_is_what_the_library_writes(name: str, subject: str, text: str) -> None:
    """To the byte, for whatever a customer is called and writes."""
    mail = plain_mail(
        mail_settings({}),
        Contact(id="a", name=name, email=ADA),
        PublicText(subject),
        PublicText(text),
        message_id="one@acme.example",
        now=NOW,
        in_reply_to="two@acme.example",
    )
    assert mail.data == by_the_library(name, subject, text)
