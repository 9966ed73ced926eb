"""Hands mail to the SMTP server, and knows how far it came: surely not taken, taken, or nobody can say.

RFC 5321. Until the server has the end of DATA nothing was sent; a connection lost while it answers that leaves it open.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Iterator

from aiosmtplib import (
    SMTP,
    SMTPAuthenticationError,
    SMTPDataError,
    SMTPException,
    SMTPNotSupported,
    SMTPRecipientRefused,
    SMTPResponseException,
)

from connectors.kit.mailbox.access import MailSecurity
from connectors.kit.mailbox.oauth import MailTokens
from connectors.kit.mailbox.reasons import reason
from connectors.mail.outgoing.compose import Outgoing
from connectors.mail.outgoing.dialogue import SmtpDialogue
from connectors.mail.settings import MailSettings
from incidents.errors import Busy, LiaisonError, NotAllowed, Refused, Unknown, Unreachable

# Servers hang up on who is silent for long; a new connection costs less than a mail that may be lost.
IDLE_SECONDS = 10.0
MAILS_A_CONNECTION = 100
# What a server that says "later" means; it never says how much later.
RETRY_AFTER = 60.0
# For its turn, of a mail that counts as under way already: if we died meanwhile, nobody could say whether it went out.
MOST_WAIT = 2.0
_CLOSING = 421


class SmtpSender:
    """One connection, used by one mail at a time and kept while mails follow each other."""

    def __init__(self, settings: MailSettings, tokens: MailTokens) -> None:
        self._settings = settings
        self._tokens = tokens
        self._where = f"smtp {settings.smtp_host}:{settings.smtp_port}"
        self._turn = asyncio.Lock()
        self._line: SmtpDialogue | None = None
        self._used_at = 0.0
        self._sent = 0

    async def send(self, mail: Outgoing, *, copy_to: str | None) -> None:
        """Return when the server has taken it. A copy that the server does not want is left out.

        Raises `Refused` (also for the recipient), `NotAllowed`, `Busy` and `Unreachable`, after which it surely was not
        taken, and `Unknown`.
        """
        async with self._turn:
            line = await self._ready()
            try:
                with self._told():
                    await line.begin(mail.sender, mail.recipient, copy_to=copy_to)
                await self._end(line, mail.data)
            except BaseException:
                # Whatever state it is in, the next mail begins on a new connection.
                self._drop()
                raise
            self._used_at = asyncio.get_running_loop().time()
            self._sent += 1

    async def check(self) -> None:
        """Log in and name us as a sender, without sending. Raises as `send` does."""
        async with self._turn:
            line = await self._ready()
            try:
                with self._told():
                    await line.try_sender(self._settings.address)
            except BaseException:
                self._drop()
                raise

    async def aclose(self) -> None:
        async with self._turn:
            line, self._line = self._line, None
            if line is not None:
                await line.quit(within=2)

    async def _end(self, line: SmtpDialogue, data: bytes) -> None:
        try:
            await line.end(data)
        except SMTPResponseException as error:
            if error.code == _CLOSING or error.code < 400:
                raise Unknown(f"{self._where} said {error.code} when it had the whole mail") from error
            raise self._refused(error) from error
        except (SMTPException, OSError, TimeoutError) as error:
            raise Unknown(f"{self._where}: no answer to the whole mail ({type(error).__name__})") from error

    async def _ready(self) -> SmtpDialogue:
        now = asyncio.get_running_loop().time()
        if self._line is not None and (
            now - self._used_at > IDLE_SECONDS or self._sent >= MAILS_A_CONNECTION or not self._line.is_open
        ):
            self._drop()
        if self._line is None:
            self._line, self._sent = await self._tokens.log_in(self._connected), 0
        return self._line

    async def _connected(self, token: str | None) -> SmtpDialogue:
        wanted = self._settings
        client = SMTP(
            hostname=wanted.smtp_host,
            port=wanted.smtp_port,
            timeout=wanted.timeout_seconds,
            # Else the name of this machine is asked for and told to strangers.
            local_hostname="localhost",
            use_tls=wanted.smtp_security is MailSecurity.TLS,
            start_tls=wanted.smtp_security is MailSecurity.STARTTLS,
            tls_context=wanted.tls if wanted.smtp_security is not MailSecurity.NONE else None,
        )
        try:
            with self._told():
                await client.connect()
                if wanted.smtp_login and token is not None:
                    await client.auth_xoauth2(wanted.user, token)
                elif wanted.smtp_login:
                    await client.login(wanted.user, wanted.password.get_secret_value())
                return await SmtpDialogue.after_login(client, timeout=wanted.timeout_seconds)
        except BaseException:
            client.close()
            raise

    def _drop(self) -> None:
        line, self._line = self._line, None
        if line is not None:
            line.close()

    @contextlib.contextmanager
    def _told(self) -> Iterator[None]:
        """Before DATA: whatever goes wrong, nothing was sent."""
        try:
            yield
        except SMTPAuthenticationError as error:
            if error.code < 500:
                raise Busy(f"{self._where} lets nobody in at the moment", retry_after=RETRY_AFTER) from error
            what = (
                "user and password"
                if self._settings.oauth is None
                else "user, scope and the client's rights, and that the mailbox may log in by SMTP"
            )
            raise NotAllowed(
                f"{self._where} does not let {self._settings.user} in ({error.code}): check {what}"
            ) from error
        except SMTPNotSupported as error:
            raise Refused(
                f"{self._where} does not offer what is configured: check smtp_security and smtp_login"
            ) from error
        except SMTPResponseException as error:
            raise self._refused(error) from error
        except (SMTPException, OSError, TimeoutError) as error:
            raise Unreachable(f"{self._where} cannot be reached: {reason(error)}") from error

    def _refused(self, error: SMTPResponseException) -> LiaisonError:
        """What a code means for this mail; only a refused recipient or content is about the mail at all."""
        if not 400 <= error.code < 600:
            return Unreachable(f"{self._where} does not speak SMTP")
        if error.code < 500:
            return Busy(f"{self._where} says {error.code}: later", retry_after=RETRY_AFTER)
        if isinstance(error, SMTPRecipientRefused | SMTPDataError):
            return Refused(f"{self._where} says {error.code}: it does not take this mail")
        return NotAllowed(
            f"{self._where} says {error.code}: it does not let us send as {self._settings.address}; check smtp_login"
        )
