"""The fake mail server: one account, IMAP and SMTP on two free ports of loopback."""

from __future__ import annotations

import asyncio
import contextlib
import hmac
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime

from connectors.kit.fakes.certificates import LoopbackCertificate
from connectors.kit.fakes.faults import Faults
from connectors.mail.fake.imap import ImapConversation
from connectors.mail.fake.mailbox import FakeMailbox
from connectors.mail.fake.smtp import SmtpConversation

HOST = "127.0.0.1"
ADDRESS = "support@acme.example"
PASSWORD = "the-password-of-a-test"
# A mail of 40 MB with its lines; the limit is the reader's buffer.
MOST_BYTES = 64 * 1_048_576

Conversation = ImapConversation | SmtpConversation


@dataclass(frozen=True, slots=True)
class MailPorts:
    """Where the fake listens."""

    imap: int
    smtp: int


class FakeMailServer:
    """One account. `capabilities` are what IMAP offers beside the base; `commands` what was asked of it."""

    def __init__(
        self,
        *,
        address: str = ADDRESS,
        password: str = PASSWORD,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self.mailbox = FakeMailbox(address, clock=clock)
        self.faults = Faults()
        self.capabilities: tuple[str, ...] = ("IDLE", "SPECIAL-USE")
        self.commands: list[str] = []
        self.extensions: tuple[str, ...] = ("PIPELINING", "8BITMIME")
        """What SMTP offers beside the login."""
        self.password = password
        self.token = ""
        """The access token that is let in, where there is one."""
        self.starttls: ssl.SSLContext | None = None
        self._conversations: set[asyncio.Task[None]] = set()

    def lets_in(self, user: str, password: str) -> bool:
        """Whether these are the account's; its user is its address."""
        return user == self.mailbox.address and hmac.compare_digest(password.encode(), self.password.encode())

    def lets_in_with(self, user: str, token: str) -> bool:
        """Whether this is the account's access token."""
        return bool(self.token) and user == self.mailbox.address and token == self.token

    @asynccontextmanager
    async def serving(
        self, certificate: LoopbackCertificate | None = None, *, starttls: bool = False
    ) -> AsyncIterator[MailPorts]:
        """Until the end of the block; whoever is connected then is cut off. With a certificate both speak TLS, from the
        first byte or after STARTTLS, before which nobody is let in."""
        tls = None
        if certificate is not None:
            tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
            tls.load_cert_chain(certificate.certificate, certificate.key)
            if starttls:
                self.starttls, tls = tls, None
        imap = await asyncio.start_server(self._with(ImapConversation), HOST, 0, limit=MOST_BYTES, ssl=tls)
        smtp = await asyncio.start_server(self._with(SmtpConversation), HOST, 0, limit=MOST_BYTES, ssl=tls)
        try:
            yield MailPorts(imap=imap.sockets[0].getsockname()[1], smtp=smtp.sockets[0].getsockname()[1])
        finally:
            imap.close()
            smtp.close()
            self.hang_up()
            await asyncio.gather(*self._conversations, return_exceptions=True)

    def hang_up(self) -> None:
        """Cut everybody off, as a server does that is started again."""
        for conversation in self._conversations:
            conversation.cancel()

    def _with(
        self,
        kind: Callable[[FakeMailServer, asyncio.StreamReader, asyncio.StreamWriter], Conversation],
    ) -> Callable[[asyncio.StreamReader, asyncio.StreamWriter], None]:
        def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            task = asyncio.create_task(self._talk(kind(self, reader, writer), writer))
            self._conversations.add(task)
            task.add_done_callback(self._conversations.discard)

        return accept

    async def _talk(self, conversation: Conversation, writer: asyncio.StreamWriter) -> None:
        try:
            with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
                await conversation.run()
        finally:
            with contextlib.suppress(ConnectionError):
                if not writer.is_closing():
                    writer.close()
