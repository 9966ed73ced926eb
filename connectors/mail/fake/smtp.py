"""The fake's SMTP: takes mail after a login, and fails when told to (RFC 5321)."""

from __future__ import annotations

import asyncio
import base64
import re
import ssl
from typing import Protocol

from connectors.kit.fakes.faults import FaultKind, Faults
from connectors.mail.fake.mailbox import FakeMailbox
from connectors.mail.fake.tokens import TOKEN_REFUSED, shown_token

_PATH = re.compile(r"<([^>]*)>")
_AT_THE_DOOR = {FaultKind.OUTAGE: "421 4.3.2 closing", FaultKind.HTML: "<html>Please log in</html>"}


class SmtpAccount(Protocol):
    """What the protocol needs of the fake around it."""

    mailbox: FakeMailbox
    faults: Faults
    extensions: tuple[str, ...]

    starttls: ssl.SSLContext | None

    def lets_in(self, user: str, password: str) -> bool:
        """Whether these are the account's."""
        ...

    def lets_in_with(self, user: str, token: str) -> bool:
        """Whether this is the account's access token."""
        ...


class SmtpConversation:
    """One client, from the greeting to the end."""

    def __init__(
        self, account: SmtpAccount, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        self._account = account
        self._reader = reader
        self._writer = writer
        self._is_in = False
        self._is_open = account.starttls is not None
        self._sender: str | None = None
        self._recipients: list[str] = []

    async def run(self) -> None:
        """Until the client leaves, or a fault ends it."""
        if self._falls("smtp/connect"):
            return
        self._say("220 fake ESMTP")
        while line := await self._reader.readline():
            words = line.decode("latin-1").rstrip("\r\n")
            if not await self._obey(words.split(" ", 1)[0].upper(), words):
                return
            await self._writer.drain()

    def _say(self, line: str) -> None:
        self._writer.write(line.encode() + b"\r\n")

    def _falls(self, path: str) -> bool:
        """Whether the connection ends here, with a last word or without."""
        fault = self._account.faults.take(path)
        if fault is None or fault[0] not in (*_AT_THE_DOOR, FaultKind.CRASH):
            return False
        if fault[0] in _AT_THE_DOOR:
            self._say(_AT_THE_DOOR[fault[0]])
        return True

    async def _obey(self, command: str, line: str) -> bool:
        if command in ("EHLO", "HELO"):
            self._say("250-fake")
            for extension in self._account.extensions:
                self._say(f"250-{extension}")
            self._say("250 STARTTLS" if self._is_open else "250 AUTH PLAIN XOAUTH2")
        elif command in ("STARTTLS", "AUTH"):
            await self._begin_session(command, line)
        elif command == "MAIL":
            return self._begin(line)
        elif command == "RCPT":
            self._add_recipient(line)
        elif command == "DATA":
            return await self._data()
        elif command == "RSET":
            self._sender, self._recipients = None, []
            self._say("250 OK")
        elif command == "NOOP":
            self._say("250 OK")
        elif command == "QUIT":
            self._say("221 bye")
            return False
        else:
            self._say("502 not here")
        return True

    async def _begin_session(self, command: str, line: str) -> None:
        if command == "STARTTLS" and self._account.starttls is not None and self._is_open:
            self._say("220 begin")
            await self._writer.drain()
            await self._writer.start_tls(self._account.starttls)
            self._is_open = False
        elif self._is_open or command == "STARTTLS":
            self._say("530 5.7.0 Must issue a STARTTLS command first")
        elif line.upper().startswith("AUTH XOAUTH2"):
            await self._take_token(line)
        else:
            self._login(line)

    def _login(self, line: str) -> None:
        fault = self._account.faults.take("smtp/auth")
        words = base64.b64decode(line.rsplit(" ", 1)[-1]).decode("utf-8", "replace").split("\0")
        is_refused = fault is not None and fault[0] is FaultKind.UNAUTHORIZED
        if is_refused or len(words) != 3 or not self._account.lets_in(words[1], words[2]):
            self._say("535 5.7.8 Authentication credentials invalid")
        else:
            self._is_in = True
            self._say("235 2.7.0 accepted")

    async def _take_token(self, line: str) -> None:
        if self._account.lets_in_with(*shown_token(line.rsplit(" ", 1)[-1])):
            self._is_in = True
            self._say("235 2.7.0 accepted")
            return
        self._say(f"334 {base64.b64encode(TOKEN_REFUSED).decode()}")
        await self._writer.drain()
        await self._reader.readline()
        self._say("535 5.7.8 Username and password not accepted")

    def _begin(self, line: str) -> bool:
        fault = self._account.faults.take("smtp/mail")
        kind = None if fault is None else fault[0]
        if kind in (*_AT_THE_DOOR, FaultKind.CRASH):
            if kind in _AT_THE_DOOR:
                self._say(_AT_THE_DOOR[kind])
            return False
        if kind is FaultKind.RATE_LIMIT:
            self._say("450 4.7.1 too many mails")
        elif kind is FaultKind.UNAUTHORIZED or not self._is_in:
            self._say("530 5.7.0 Authentication required")
        else:
            self._sender, self._recipients = _path(line), []
            self._say("250 OK")
        return True

    def _add_recipient(self, line: str) -> None:
        recipient = _path(line)
        if recipient.casefold() in self._account.mailbox.unknown_recipients:
            self._say("550 5.1.1 no such user")
        else:
            self._recipients.append(recipient)
            self._say("250 OK")

    async def _data(self) -> bool:
        if self._sender is None or not self._recipients:
            self._say("503 no recipients")
            return True
        self._say("354 go ahead")
        await self._writer.drain()
        data = (await self._reader.readuntil(b"\r\n.\r\n"))[:-3].replace(b"\r\n..", b"\r\n.")
        fault = self._account.faults.take("smtp/data")
        kind = None if fault is None else fault[0]
        self._account.mailbox.take(self._sender, self._recipients, data)
        self._sender, self._recipients = None, []
        if fault is not None and kind is FaultKind.DELAY:
            await asyncio.sleep(fault[1])
        if kind is FaultKind.DROP_REPLY:
            return False
        self._say("421 4.3.2 closing" if kind is FaultKind.ERROR_AFTER_WORK else "250 2.0.0 queued")
        return kind is not FaultKind.ERROR_AFTER_WORK


def _path(line: str) -> str:
    found = _PATH.search(line)
    return found[1] if found else ""
