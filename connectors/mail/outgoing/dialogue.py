"""What is said to an SMTP server after the login: a mail in two round trips where the server takes commands in a row.

RFC 5321; PIPELINING: RFC 2920. aiosmtplib opens the connection and logs in, but waits for the answer to each command:
five for a mail with a copy, and as many times the way to the server and back. Nothing counts as sent before the end of
the mail's text, so who is refused before that hangs up.
"""

from __future__ import annotations

import asyncio
import contextlib
import re

from aiosmtplib import (
    SMTP,
    SMTPDataError,
    SMTPHeloError,
    SMTPReadTimeoutError,
    SMTPRecipientRefused,
    SMTPResponseException,
    SMTPSenderRefused,
    SMTPServerDisconnected,
)

_OK, _FORWARDED, _GO_AHEAD = 250, 251, 354
_MOST_LINES = 100
_LINE_END = re.compile(rb"\r\n|\r|\n")
_LEADING_DOT = re.compile(rb"^\.", re.MULTILINE)


class SmtpDialogue:
    """A connection that is logged in, taken over from `client`. Raises aiosmtplib's errors and `OSError`."""

    def __init__(self, client: SMTP, *, timeout: float) -> None:
        transport = client.transport
        if not isinstance(transport, asyncio.Transport):
            raise SMTPServerDisconnected("not connected")
        self._client = client
        self._timeout = timeout
        self._is_pipelining = client.supports_extension("PIPELINING")
        loop = asyncio.get_running_loop()
        self._reader = asyncio.StreamReader(loop=loop)
        protocol = asyncio.StreamReaderProtocol(self._reader, loop=loop)
        transport.set_protocol(protocol)
        protocol.connection_made(transport)
        self._transport = transport
        self._writer = asyncio.StreamWriter(transport, protocol, self._reader, loop)

    @classmethod
    async def after_login(cls, client: SMTP, *, timeout: float) -> SmtpDialogue:
        """`client` is connected, and is not to be used any more."""
        if client.is_ehlo_or_helo_needed:
            try:
                await client.ehlo()
            except SMTPHeloError:
                await client.helo()
        return cls(client, timeout=timeout)

    @property
    def is_open(self) -> bool:
        """Whether nobody has hung up yet, as far as is known."""
        return not self._transport.is_closing() and not self._reader.at_eof()

    async def begin(self, sender: str, recipient: str, *, copy_to: str | None) -> None:
        """Everything up to the word that the mail may come; a copy that is refused is left out.

        Raises `SMTPSenderRefused`, `SMTPRecipientRefused`, `SMTPDataError`; nothing was sent then, and the connection
        is to be closed, as the server may be waiting for the mail.
        """
        commands = [f"MAIL FROM:<{sender}>", f"RCPT TO:<{recipient}>"]
        if copy_to is not None:
            commands.append(f"RCPT TO:<{copy_to}>")
        commands.append("DATA")
        if self._is_pipelining:
            await self._write(*commands)
        await self._ask(commands[0])
        (code, words) = await self._answer()
        if code != _OK:
            raise SMTPSenderRefused(code, words, sender)
        await self._ask(commands[1])
        (code, words) = await self._answer()
        if code not in (_OK, _FORWARDED):
            raise SMTPRecipientRefused(code, words, recipient)
        if copy_to is not None:
            await self._ask(commands[2])
            await self._answer()
        await self._ask(commands[-1])
        (code, words) = await self._answer()
        if code != _GO_AHEAD:
            raise SMTPDataError(code, words)

    async def end(self, data: bytes) -> None:
        """The mail, and the server's word that it has taken it. Raises `SMTPDataError` where it has not."""
        whole = _LINE_END.sub(b"\r\n", data)
        if not whole.endswith(b"\r\n"):
            whole += b"\r\n"
        self._writer.write(_LEADING_DOT.sub(b"..", whole) + b".\r\n")
        await self._drained()
        code, words = await self._answer()
        if code != _OK:
            raise SMTPDataError(code, words)

    async def try_sender(self, sender: str) -> None:
        """Whether the server lets us send as this one; nothing is sent. Raises `SMTPSenderRefused`."""
        await self._write(f"MAIL FROM:<{sender}>")
        code, words = await self._answer()
        if code != _OK:
            raise SMTPSenderRefused(code, words, sender)
        await self._write("RSET")
        await self._answer()

    async def quit(self, *, within: float) -> None:
        """Say goodbye, if the server still listens."""
        with contextlib.suppress(OSError, TimeoutError, SMTPServerDisconnected, SMTPResponseException):
            async with asyncio.timeout(within):
                await self._write("QUIT")
                await self._answer()
        self.close()

    def close(self) -> None:
        """Hang up."""
        self._client.close()
        self._transport.close()

    async def _ask(self, command: str) -> None:
        if not self._is_pipelining:
            await self._write(command)

    async def _write(self, *commands: str) -> None:
        self._writer.write("".join(f"{command}\r\n" for command in commands).encode("ascii"))
        await self._drained()

    async def _drained(self) -> None:
        try:
            async with asyncio.timeout(self._timeout):
                await self._writer.drain()
        except TimeoutError as error:
            raise SMTPReadTimeoutError("the server takes nothing more") from error

    async def _answer(self) -> tuple[int, str]:
        """Code and words of the next answer, however many lines it has."""
        words: list[str] = []
        try:
            async with asyncio.timeout(self._timeout):
                for _ in range(_MOST_LINES):
                    line = await self._reader.readuntil(b"\n")
                    words.append(line[4:].decode("utf-8", "replace").strip())
                    if not line[:3].isdigit():
                        raise SMTPResponseException(-1, "no answer of SMTP")
                    if line[3:4] != b"-":
                        return int(line[:3]), "\n".join(words)
        except TimeoutError as error:
            raise SMTPReadTimeoutError("no answer") from error
        except asyncio.IncompleteReadError as error:
            raise SMTPServerDisconnected("the server hung up") from error
        except asyncio.LimitOverrunError as error:
            raise SMTPResponseException(-1, "an answer without an end") from error
        raise SMTPResponseException(-1, "an answer without an end")
