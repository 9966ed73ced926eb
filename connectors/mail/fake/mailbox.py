"""The mailbox behind the fake's two protocols: folders with UIDs, and whoever waits for something new."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime


@dataclass(slots=True)
class FakeMail:
    """A mail as it lies in a folder."""

    uid: int
    data: bytes
    arrived_at: datetime
    flags: set[str] = field(default_factory=set)


@dataclass(slots=True)
class FakeFolder:
    """`made_anew` is what a server does whose index was lost: the mails stay, and every UID is another one."""

    name: str
    use: str = ""
    validity: int = 1
    next_uid: int = 1
    mails: list[FakeMail] = field(default_factory=list)
    watchers: list[asyncio.Event] = field(default_factory=list)

    def add(self, data: bytes, at: datetime) -> FakeMail:
        """Put a mail into it, and tell who watches."""
        mail = FakeMail(uid=self.next_uid, data=data, arrived_at=at)
        self.next_uid += 1
        self.mails.append(mail)
        for watcher in self.watchers:
            watcher.set()
        return mail

    def made_anew(self) -> None:
        """A new UIDVALIDITY, and UIDs from 1."""
        self.validity += 1
        for number, mail in enumerate(self.mails, 1):
            mail.uid = number
        self.next_uid = len(self.mails) + 1


@dataclass(frozen=True, slots=True)
class SentMail:
    """A mail that left for an address of somebody else."""

    sender: str
    recipient: str
    data: bytes


class FakeMailbox:
    """One user's folders, and what went out. `clock` stamps what arrives."""

    def __init__(self, address: str, *, clock: Callable[[], datetime]) -> None:
        self.address = address
        self.clock = clock
        self.folders = {
            "INBOX": FakeFolder("INBOX"),
            "Drafts": FakeFolder("Drafts", use="\\Drafts"),
            "Sent": FakeFolder("Sent", use="\\Sent"),
        }
        self.outbox: list[SentMail] = []
        self.unknown_recipients: set[str] = set()

    def deliver(self, data: bytes, *, folder: str = "INBOX", at: datetime | None = None) -> FakeMail:
        """A mail arrives."""
        return self.folders[folder].add(data, at or self.clock())

    def take(self, sender: str, recipients: list[str], data: bytes) -> None:
        """A mail was handed in: ours comes to the inbox, with a plus or without, the others leave."""
        own = self.address.casefold()
        for recipient in recipients:
            local, _, domain = recipient.casefold().rpartition("@")
            if f"{local.partition('+')[0]}@{domain}" == own:
                self.deliver(b"Received: by the fake\r\n" + data)
            else:
                self.outbox.append(SentMail(sender, recipient, data))

    def sent_to(self, address: str) -> list[bytes]:
        """What went to this address, the oldest first."""
        return [mail.data for mail in self.outbox if mail.recipient.casefold() == address.casefold()]
