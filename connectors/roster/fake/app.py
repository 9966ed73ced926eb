"""Services that the roster sends to, on loopback: an ntfy-like one over HTTP, and a mail server that keeps mail.

https://docs.ntfy.sh/publish/#publish-as-json: a POST of a JSON object with topic, title and message; the answer is the
message as kept. Of SMTP it knows what Apprise's mail needs, without login and TLS.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from email import message_from_bytes
from email.policy import default

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from connectors.kit.fakes.faults import FaultKind, Faults, FaultyApp
from connectors.kit.fakes.loopback import HOST, serving


@dataclass(frozen=True, slots=True)
class FakeNotice:
    """What arrived. `to` is a topic, or a mail address; a mail has where to answer it to, and what it refers to."""

    to: str
    title: str
    text: str
    reply_to: str = ""
    references: str = ""
    message_id: str = ""


@dataclass
class FakePhones:
    """Both services. `serve` before the first notice; `faults` has the paths `/` of HTTP and `smtp/data` of mail.
    Mail to the `refused` addresses is refused by the server; that to the `silent` ones is not taken, and has no answer
    before `gives_up`."""

    faults: Faults = field(default_factory=Faults)
    arrived: list[FakeNotice] = field(default_factory=list)
    refused: set[str] = field(default_factory=set)
    silent: set[str] = field(default_factory=set)
    gives_up: asyncio.Event = field(default_factory=asyncio.Event)
    http: str = ""
    smtp_port: int = 0

    def __post_init__(self) -> None:
        app = Starlette(routes=[Route("/", self._publish, methods=["POST"])])
        self.app = FaultyApp(app, self.faults)

    @asynccontextmanager
    async def serve(self) -> AsyncIterator[FakePhones]:
        """Both on free ports, until the end of the block."""
        server = await asyncio.start_server(self._smtp, HOST, 0)
        self.smtp_port = server.sockets[0].getsockname()[1]
        async with server, serving(self.app) as self.http:
            yield self

    def ntfy(self, topic: str) -> str:
        """The Apprise address of somebody's phone."""
        return f"ntfy://{self.http.removeprefix('http://')}/{topic}"

    def mailto(self, address: str) -> str:
        """The Apprise address of somebody's mailbox."""
        return f"mailto://{HOST}:{self.smtp_port}?from=liaison@acme.example&to={address}&mode=insecure"

    def to(self, whom: str) -> Sequence[FakeNotice]:
        """What arrived at a topic or address, the oldest first."""
        return [one for one in self.arrived if one.to == whom]

    async def _publish(self, request: Request) -> Response:
        document = await request.json()
        title, text = str(document.get("title", "")), str(document.get("message", ""))
        self.arrived.append(FakeNotice(str(document["topic"]), title, text))
        return JSONResponse({"id": str(len(self.arrived)), "event": "message", **document})

    async def _smtp(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 fake ready\r\n")
        recipients: list[str] = []
        while line := await reader.readline():
            command = line.decode("ascii", "replace").strip()
            verb = command[:4].upper()
            if verb == "RCPT":
                recipient = command.partition("<")[2].partition(">")[0]
                if recipient in self.refused:
                    writer.write(b"550 5.1.1 no such mailbox\r\n")
                    continue
                recipients.append(recipient)
            if verb == "DATA":
                writer.write(b"354 go on\r\n")
                data = await reader.readuntil(b"\r\n.\r\n")
                if not self.silent.isdisjoint(recipients):
                    await self.gives_up.wait()
                    break
                self._keep(data, recipients)
                recipients = []
                fault = self.faults.take("smtp/data")
                if fault is not None and fault[0] is FaultKind.DROP_REPLY:
                    break
            writer.write(b"221 bye\r\n" if verb == "QUIT" else b"250 ok\r\n")
            if verb == "QUIT":
                break
        writer.close()

    def _keep(self, data: bytes, recipients: Sequence[str]) -> None:
        mail = message_from_bytes(data.removesuffix(b".\r\n"), policy=default)
        body = mail.get_body(("plain",)) or mail.get_body()
        text = "" if body is None else str(body.get_content())
        headers = [str(mail.get(name, "")) for name in ("Reply-To", "References", "Message-ID")]
        self.arrived += [FakeNotice(to, str(mail["Subject"]), text, *headers) for to in recipients]
