"""The mailbox: a thousand mails in and a thousand customers told, beside imaplib and smtplib alone.

Ours keeps each mail as a ticket in PostgreSQL before it goes on, and writes each reply down before and after it is
sent; the bare arm keeps nothing. The fake server runs in a process of its own.
"""

from __future__ import annotations

import asyncio
import imaplib
import smtplib
import tempfile
import time
from collections.abc import AsyncIterator
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
                ours = await _ours(database, ports, mails)
                bare = await asyncio.to_thread(_bare, ports, mails)
            await database.aclose()
        finally:
            await asyncio.to_thread(server.stop)
            discard_data(Path(home) / "pg")
    return [
        _result("mail_in", ours[0], bare[0], mails, "imaplib, each read and parsed, none kept"),
        _result("mail_out", ours[1], bare[1], mails, "smtplib over one connection, none written down"),
    ]


def _result(name: str, ours: float, bare: float, mails: int, what: str) -> Result:
    return Result(
        name=f"connectors_{name}",
        value=round(ours, 2),
        unit="s",
        ratio=round(ours / bare, 2),
        against=f"{what}: {bare:.2f} s",
        n=mails,
    )


async def _ours(database: Database, ports: MailPorts, mails: int) -> tuple[float, float]:
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
        began = time.perf_counter()
        outcomes = await mail.update(ids, TicketChange(public_reply=REPLY), once="told")
        told = time.perf_counter() - began
        if any(one.outcome != "done" for one in outcomes):
            raise AssertionError("not every customer was told")
    finally:
        await mail.aclose()
    return taken_in, told


def _bare(ports: MailPorts, mails: int) -> tuple[float, float]:
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
    taken_in = time.perf_counter() - began
    began = time.perf_counter()
    with smtplib.SMTP(HOST, ports.smtp) as outgoing:
        outgoing.login(ADDRESS, PASSWORD)
        for number, sender in enumerate(senders):
            message = EmailMessage(policy=SMTP)
            message["From"], message["To"], message["Subject"] = ADDRESS, sender, "Re: Cannot pay"
            message["Message-ID"] = f"<told-{number}@acme.example>"
            message.set_content(REPLY)
            outgoing.send_message(message)
    return taken_in, time.perf_counter() - began


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
