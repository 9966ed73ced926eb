"""The mailbox: a thousand mails in and a thousand customers told, beside imaplib and smtplib alone.

Ours keeps each mail as a ticket in PostgreSQL before it goes on, and writes each reply down before and after it is
sent, with a copy to the mailbox that proves it. One bare arm keeps nothing at all, the other puts a copy of each mail
into the folder of sent mail, as mail programs do. A hundred replies of each arm in turn, so that all share whatever
else the machine does. The fake server runs in a process of its own.
"""

from __future__ import annotations

import asyncio
import imaplib
import smtplib
import socket
import tempfile
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import SMTP, default
from pathlib import Path

from bench.connectors.served import in_a_process
from bench.result import Result, progress
from connectors.mail import Mail, MailSettings
from connectors.mail.fake.app import ADDRESS, HOST, PASSWORD, FakeMailServer, MailPorts
from deployments.machine.embedded_database import EmbeddedDatabase
from deployments.machine.postgres_programs import discard_data
from incidents.models import PublicText, TicketChange
from incidents.store.database import Database
from incidents.store.desk.desk import StoredDesk
from incidents.store.migrate import migrate
from tasks import resources

MAILS = 1000
NAME = "mail/bench"
AT_A_TIME = 100
BODY = "Since ten I cannot pay, the page says 503.\n" * 10
REPLY = PublicText("We are working on it, and you will hear from us again by 14:30.\n" * 5)


async def mail_figures(mails: int = MAILS) -> list[Result]:
    """Seconds for as many mails in, and out."""
    with tempfile.TemporaryDirectory(prefix="liaison-bench-") as home:
        server = EmbeddedDatabase(Path(home) / "pg")
        try:
            await asyncio.to_thread(server.start)
            server.ensure_database("liaison")
            database = Database(server.url("liaison"))
            await migrate(database)
            with in_a_process(lambda: _serving(mails)) as ports:
                progress(f"{mails} mails in and out")
                figures = await _figures(database, ports, mails)
            await database.aclose()
        finally:
            await asyncio.to_thread(server.stop)
            discard_data(Path(home) / "pg")
    return figures


def _result(name: str, ours: float, bare: float, mails: int, what: str) -> Result:
    return Result(
        name=f"connectors_{name}",
        value=round(ours, 2),
        unit="s",
        ratio=round(ours / bare, 2),
        against=f"{what}: {bare:.2f} s",
        n=mails,
    )


async def _figures(database: Database, ports: MailPorts, mails: int) -> list[Result]:
    settings = MailSettings.model_validate(
        {
            "address": ADDRESS,
            "user": ADDRESS,
            "password": PASSWORD,
            "imap_host": HOST,
            "imap_port": ports.imap,
            "imap_security": "none",
            "smtp_host": HOST,
            "smtp_port": ports.smtp,
            "smtp_security": "none",
            "mails_per_minute": 10**6,
            "first_days": 30,
        }
    )
    mail = Mail(NAME, settings, desk=StoredDesk(database, NAME), clock=resources.utc_now)
    try:
        began = time.perf_counter()
        heard = [one async for batch in mail.hear_once(None) for one in batch.deliveries]
        taken_in = time.perf_counter() - began
        ids = [event.ref.id for one in heard for event in mail.events(one)]
        if len(set(ids)) != mails:
            raise AssertionError(f"{len(set(ids))} tickets of {mails} mails")
        bare_in, senders = await asyncio.to_thread(_bare_in, ports, mails)
        ours, bare, bare_with_copy = await _told(mail, ids, ports, senders)
    finally:
        await mail.aclose()
    return [
        _result("mail_in", taken_in, bare_in, mails, "imaplib, each read and parsed, none kept"),
        _result("mail_out", ours, bare_with_copy, mails, "smtplib, and imaplib for a copy of each"),
        _result("mail_out_alone", ours, bare, mails, "smtplib, no copy and none written down"),
    ]


async def _told(
    mail: Mail, ids: Sequence[str], ports: MailPorts, senders: Sequence[str]
) -> tuple[float, float, float]:
    """Seconds of our replies, of smtplib alone, and of smtplib with a copy of each by imaplib."""
    ours = bare = bare_with_copy = 0.0
    with smtplib.SMTP(HOST, ports.smtp) as outgoing, imaplib.IMAP4(HOST, ports.imap) as copies:
        outgoing.login(ADDRESS, PASSWORD)
        copies.login(ADDRESS, PASSWORD)
        # imaplib writes a mail and its end one after the other: without this each would wait for an acknowledgement.
        copies.socket().setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for start in range(0, len(ids), AT_A_TIME):
            part = slice(start, start + AT_A_TIME)
            began = time.perf_counter()
            outcomes = await mail.update(ids[part], TicketChange(public_reply=REPLY), once="told")
            ours += time.perf_counter() - began
            if any(one.outcome != "done" for one in outcomes):
                raise AssertionError("not every customer was told")
            bare += await asyncio.to_thread(_bare_out, senders[part], outgoing, None)
            bare_with_copy += await asyncio.to_thread(_bare_out, senders[part], outgoing, copies)
    return ours, bare, bare_with_copy


def _bare_in(ports: MailPorts, mails: int) -> tuple[float, list[str]]:
    began = time.perf_counter()
    inbox = imaplib.IMAP4(HOST, ports.imap)
    inbox.login(ADDRESS, PASSWORD)
    inbox.select("INBOX", readonly=True)
    senders = []
    for uid in inbox.uid("SEARCH", "ALL")[1][0].split()[:mails]:
        answer = inbox.uid("FETCH", uid, "(BODY.PEEK[])")[1]
        data = next(part[1] for part in answer if isinstance(part, tuple))
        senders.append(message_from_bytes(data, policy=default)["From"])
    inbox.logout()
    return time.perf_counter() - began, senders


def _bare_out(senders: Sequence[str], outgoing: smtplib.SMTP, copies: imaplib.IMAP4 | None) -> float:
    began = time.perf_counter()
    for number, sender in enumerate(senders):
        message = EmailMessage(policy=SMTP)
        message["From"], message["To"], message["Subject"] = ADDRESS, sender, "Re: Cannot pay"
        message["Message-ID"] = f"<told-{number}@acme.example>"
        message.set_content(REPLY)
        outgoing.send_message(message)
        if copies is not None:
            kind, _ = copies.append("Sent", "(\\Seen)", "", message.as_bytes())
            if kind != "OK":
                raise AssertionError("the copy was not taken")
    return time.perf_counter() - began


@asynccontextmanager
async def _serving(mails: int) -> AsyncIterator[MailPorts]:
    fake = FakeMailServer()
    for number in range(mails):
        message = EmailMessage(policy=SMTP)
        message["From"] = f"Ada {number} <ada{number}@customer.example>"
        message["To"], message["Subject"] = ADDRESS, f"Cannot pay, order {number}"
        message["Message-ID"] = f"<first-{number}@customer.example>"
        message.set_content(BODY)
        fake.mailbox.deliver(message.as_bytes(), folder="INBOX", at=resources.utc_now())
    async with fake.serving() as ports:
        yield ports
