"""Customers and agents of a mailbox, behind the connector's back: a thread with a loop of its own, as the server has.

The contract's world acts at once, and what it does needs IMAP, SMTP and the store; so it has its own of each.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Coroutine, Sequence
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from itertools import count
from typing import Any, Protocol, TypeVar

from pydantic import SecretStr

from connectors.kit.fakes.faults import Faults
from connectors.mail import Mail, MailSettings
from connectors.mail.fake.app import ADDRESS, PASSWORD, FakeMailServer
from incidents.events import Verified
from incidents.models import TicketChange, TicketStatus
from incidents.store.database import Database
from incidents.store.desk.desk import StoredDesk

NAME = "mail/support"
AGENT = "grace@acme.example"
START = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
Answer = TypeVar("Answer")


class MailServer(Protocol):
    """A server with one mailbox: the fake, or a real one."""

    faults: Faults

    async def start(self, clock: Clock) -> dict[str, object]:
        """Begin to serve; the settings of who connects to it."""
        ...

    async def stop(self) -> None: ...

    async def deliver(self, data: bytes, *, folder: str, at: datetime) -> None: ...

    async def sent_to(self, address: str) -> Sequence[bytes]:
        """The mails that this address got, the oldest first."""
        ...


class Clock:
    """Stands still until it is moved."""

    def __init__(self) -> None:
        self.time = START

    def __call__(self) -> datetime:
        return self.time


class FakeServer:
    """The fake, as a world has it."""

    def __init__(self) -> None:
        self.fake = FakeMailServer()
        self.faults = self.fake.faults
        self._stack = AsyncExitStack()

    async def start(self, clock: Clock) -> dict[str, object]:
        self.fake.mailbox.clock = clock
        ports = await self._stack.enter_async_context(self.fake.serving())
        return {"imap_port": ports.imap, "smtp_port": ports.smtp}

    async def stop(self) -> None:
        await self._stack.aclose()

    async def deliver(self, data: bytes, *, folder: str, at: datetime) -> None:
        self.fake.mailbox.deliver(data, folder=folder, at=at)

    async def sent_to(self, address: str) -> Sequence[bytes]:
        return self.fake.mailbox.sent_to(address)


def mail_settings(where: dict[str, object], **changes: object) -> MailSettings:
    values: dict[str, object] = {
        "address": ADDRESS,
        "sender_name": "Acme Support",
        "user": ADDRESS,
        "password": SecretStr(PASSWORD),
        "imap_host": "127.0.0.1",
        "imap_security": "none",
        "smtp_host": "127.0.0.1",
        "smtp_security": "none",
        "agents": [AGENT],
        "mails_per_minute": 100_000,
        "timeout_seconds": 10,
    }
    return MailSettings.model_validate(values | where | changes)


def a_mail(
    text: str,
    *,
    name: str = "Ada Lovelace",
    email: str = "ada@customer.example",
    to: str = ADDRESS,
    subject: str = "Cannot pay",
    message_id: str | None = None,
    **headers: str,
) -> bytes:
    """As a mail program makes it; underscores in header names stand for hyphens."""
    mail = EmailMessage(policy=default.clone(linesep="\r\n"))
    mail["From"] = f'"{name}" <{email}>'
    mail["To"] = to
    mail["Subject"] = subject
    if message_id is not None:
        mail["Message-ID"] = f"<{message_id}>"
    for header, value in headers.items():
        mail[header.replace("_", "-")] = value
    mail.set_content(text)
    return mail.as_bytes()


class MailWorld:
    """Keeps `HelpdeskWorld`. Close it."""

    update_path = bulk_path = "smtp/data"

    def __init__(self, database_url: str, server: MailServer) -> None:
        self.clock = Clock()
        self.server = server
        self.faults = server.faults
        self.deliveries: list[Verified] = []
        self._numbers = count(1)
        self._customers: dict[str, str] = {}
        self._first_ids: dict[str, str] = {}
        self._cursor: str | None = None
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="mail world", daemon=True)
        self._thread.start()
        self._database = Database(database_url)
        self.desk = StoredDesk(self._database, NAME)
        self.where = self._run(server.start(self.clock))
        self._listener = Mail(NAME, mail_settings(self.where), desk=self.desk, clock=self.clock)
        self.hear()

    def close(self) -> None:
        self._run(self.server.stop())
        self._run(self._database.aclose())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def _run(self, work: Coroutine[Any, Any, Answer]) -> Answer:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(60)

    def hear(self) -> list[Verified]:
        """What the listener hears since it heard last."""
        heard = self._run(self._hear())
        self.deliveries += heard
        return heard

    async def _hear(self) -> list[Verified]:
        found: list[Verified] = []
        async for heard in self._listener.hear_once(self._cursor):
            self._cursor = heard.cursor
            found += heard.deliveries
        return found

    def put(self, data: bytes, *, folder: str = "INBOX") -> list[Verified]:
        """A mail arrives, and is heard."""
        self._run(self.server.deliver(data, folder=folder, at=self.clock()))
        return self.hear()

    def arrive(self, data: bytes) -> None:
        """A mail arrives, and nobody listens yet."""
        self._run(self.server.deliver(data, folder="INBOX", at=self.clock()))

    def create_ticket(self, subject: str, body: str, *, name: str, email: str) -> str:
        message_id = f"first-{next(self._numbers)}@customer.example"
        heard = self.put(a_mail(body, name=name, email=email, subject=subject, message_id=message_id))
        ticket = ticket_of(heard[-1])
        self._customers[ticket], self._first_ids[ticket] = email, message_id
        return ticket

    def remove_ticket(self, id: str) -> None:
        self._run(self.desk.remove(id, now=self.clock()))

    delete_ticket = remove_ticket

    def agent_note(self, id: str, text: str) -> None:
        """To the mailbox alone, from the agent's own address."""
        self.put(a_mail(text, name="Grace", email=AGENT, **self._in_thread(id)))

    def agent_reply(self, id: str, text: str) -> None:
        """To the customer, from the mail program that has the mailbox open."""
        self.put(
            a_mail(text, name="Support", email=ADDRESS, to=self._customers[id], **self._in_thread(id)),
            folder="Sent",
        )

    def customer_reply(self, id: str, text: str) -> None:
        self.put(a_mail(text, email=self._customers[id], subject="Re: Cannot pay", **self._in_thread(id)))

    def _in_thread(self, id: str) -> dict[str, str]:
        return {
            "message_id": f"next-{next(self._numbers)}@customer.example",
            "In_Reply_To": f"<{self._first_ids[id]}>",
        }

    def refuse_updates(self, id: str) -> None:
        self._run(
            self.desk.change([id], TicketChange(status=TicketStatus.CLOSED), once="x", now=self.clock())
        )

    def public_replies(self, id: str) -> Sequence[str]:
        return [text_of(mail) for mail in self.mails_about(id)]

    def mails_about(self, id: str) -> Sequence[bytes]:
        """What the ticket's customer got about it, the oldest first."""
        mails = self._run(self.server.sent_to(self._customers[id]))
        return [mail for mail in mails if f"[#{id}-" in subject_of(mail)]

    def mails_to(self, address: str) -> Sequence[bytes]:
        """What this address got, the oldest first."""
        return self._run(self.server.sent_to(address))

    def private_notes(self, id: str) -> Sequence[str]:
        said = self._run(self.desk.comments(id, START - timedelta(days=1)))
        return [one.text for one in said if not one.is_public]

    def tags(self, id: str) -> Sequence[str]:
        (found,) = self._run(self.desk.tickets([id]))
        return found.ticket.tags

    def let_time_pass(self, seconds: float) -> None:
        self.clock.time += timedelta(seconds=seconds)

    def now(self) -> datetime:
        return self.clock()


def ticket_of(heard: Verified) -> str:
    """The ticket that a delivery of ours names."""
    (event,) = Mail(NAME, mail_settings({}), desk=None).events(heard)  # type: ignore[arg-type]
    return event.ref.id  # type: ignore[union-attr]


def subject_of(data: bytes) -> str:
    return str(message_from_bytes(data, policy=default)["Subject"])


def text_of(data: bytes) -> str:
    mail = message_from_bytes(data, policy=default)
    return str(mail.get_content()).replace("\r\n", "\n").strip()
