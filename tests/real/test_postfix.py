"""The mailbox on Postfix and Dovecot: STARTTLS on both, mail in from strangers, out from us, and what comes back."""

from __future__ import annotations

import asyncio
import smtplib
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta
from email import message_from_bytes
from email.policy import default
from pathlib import Path

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from bench.sandbox import until
from connectors.kit.fakes.certificates import LoopbackCertificate, make_certificate
from connectors.kit.fakes.loopback import serving
from connectors.mail import Mail
from connectors.mail.fake.app import ADDRESS
from connectors.mail.fake.tokens import CLIENT, CLIENT_SECRET, REFRESH_TOKEN, FakeTokens
from incidents.errors import LiaisonError, NotAllowed
from incidents.models import Comment, Origin, Ticket
from incidents.store.database import Database
from incidents.store.desk.desk import StoredDesk
from tests.connectors.mail.world import NAME, a_mail, mail_settings
from tests.contracts.helpdesk import ONCE, REPLY
from tests.real.mail_servers import Dovecot, dovecot
from tests.real.postfix import NOBODYS, postfix
from tests.real.running import HOST

pytestmark = pytest.mark.real

ADA = "ada@customer.example"
NOBODY = f"gone@{NOBODYS}"
COMPANY = "acme.example"
PATIENCE = 30.0


@dataclass
class MailServers:
    """Both, and the mailbox upon them."""

    dovecot: Dovecot
    smtp: int
    mail: Mail
    cursor: str | None = None

    async def hears(self) -> None:
        async for heard in self.mail.hear_once(self.cursor):
            self.cursor = heard.cursor

    async def hand_in(self, data: bytes, sender: str) -> None:
        """As another server does, which nobody knows here."""

        def work() -> None:
            with smtplib.SMTP(HOST, self.smtp, timeout=20) as smtp:
                smtp.sendmail(sender, [ADDRESS], data)

        await asyncio.to_thread(work)

    async def ticket(self) -> Ticket:
        """The only one there is, once it is heard."""
        found: list[Ticket] = []

        async def is_there() -> bool:
            await self.hears()
            found[:] = await self.mail.read(["1"])
            return bool(found)

        await until("the mail is a ticket", is_there, PATIENCE)
        return found[0]


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> LoopbackCertificate:
    return make_certificate(tmp_path_factory.mktemp("tls"))


@pytest.fixture
async def servers(database: Database, certificate: LoopbackCertificate) -> AsyncIterator[MailServers]:
    async with (
        dovecot(certificate=certificate) as running,
        postfix(running, COMPANY, certificate) as relay,
    ):
        mail = mail_of(database, running, relay.port, certificate.certificate)
        servers = MailServers(running, relay.port, mail)
        await servers.hears()
        yield servers
        await mail.aclose()


def mail_of(database: Database, server: Dovecot, smtp: int, authority: Path, **changes: object) -> Mail:
    where: dict[str, object] = {
        "imap_host": "localhost",
        "imap_port": server.imap,
        "imap_security": "starttls",
        "smtp_host": "localhost",
        "smtp_port": smtp,
        "smtp_security": "starttls",
        "authority_pem": authority.read_text(),
    }
    return Mail(NAME, mail_settings(where | changes), desk=StoredDesk(database, NAME))


async def test_in_and_out(servers: MailServers) -> None:
    """A customer's mail from outside, our reply into its thread with the copy that proves it, and his answer."""
    assert "sends as" in await servers.mail.check()
    await servers.hand_in(a_mail("Cards are refused", message_id="first@customer.example"), ADA)
    ticket = await servers.ticket()
    await servers.mail.update([ticket.ref.id], REPLY, once=ONCE)

    async def is_proven() -> bool:
        return await servers.mail.was_done(ticket.ref.id, ONCE)

    await until("the copy is back", is_proven, PATIENCE)
    mails: list[bytes] = []

    async def has_it() -> bool:
        mails[:] = await mails_of(servers.dovecot, ADA)
        return bool(mails)

    await until("the customer has it", has_it, PATIENCE)
    reply = message_from_bytes(mails[0], policy=default)
    assert str(reply["In-Reply-To"]) == "<first@customer.example>"
    assert str(reply["Message-ID"]).startswith("<liaison.")
    assert "ESMTPSA" in str(reply["Received"]) or any(
        "ESMTPSA" in str(one) for one in reply.get_all("Received", [])
    )
    await servers.hand_in(
        a_mail("Still broken", subject="another", In_Reply_To=str(reply["Message-ID"]), message_id="2@x"), ADA
    )

    async def has_answered() -> bool:
        await servers.hears()
        return "Still broken" in [one.text for one in await comments(servers, ticket)]

    await until("the answer is on the ticket", has_answered, PATIENCE)
    assert len(await mails_of(servers.dovecot, ADA)) == 1


async def test_a_mail_that_comes_back(servers: MailServers) -> None:
    """Postfix's own report: known as a bounce, on the ticket of the mail it is about, and no new ticket."""
    await servers.hand_in(a_mail("Help", email=NOBODY, message_id="first@nobody.example"), NOBODY)
    ticket = await servers.ticket()
    await servers.mail.update([ticket.ref.id], REPLY, once=ONCE)

    async def is_back() -> bool:
        await servers.hears()
        return Origin.BOUNCE in [one.origin for one in await comments(servers, ticket)]

    await until("the report is on the ticket", is_back, PATIENCE)
    assert not await servers.mail.read(["2"])
    (found,) = await servers.mail.read([ticket.ref.id])
    assert not found.is_reachable


async def test_nobody_logs_in_in_clear(database: Database, servers: MailServers) -> None:
    """Neither server lets in who does not speak TLS, and both are refused whose certificate nobody vouches for."""
    clear = {"imap_host": HOST, "smtp_host": HOST, "imap_security": "none", "smtp_security": "none"}
    for changes in (clear, clear | {"imap_security": "starttls"}, {"authority_pem": ""}):
        stranger = mail_of(database, servers.dovecot, servers.smtp, Path("/dev/null"), **changes)
        with pytest.raises(LiaisonError):
            await stranger.check()
        await stranger.aclose()


async def test_an_access_token(database: Database, certificate: LoopbackCertificate) -> None:
    """Dovecot takes ours by XOAUTH2 after it asked the provider, refuses another, and Postfix asks Dovecot."""
    known: list[str] = []
    tokens = FakeTokens(known.append)

    async def introspect(request: Request) -> Response:
        token = request.headers.get("authorization", "").removeprefix("Bearer ")
        is_known = token in known[-1:]
        return JSONResponse({"active": is_known, "username": ADDRESS} if is_known else {"active": False})

    provider = Starlette(
        routes=[*tokens.app.routes, Route("/introspect", introspect, methods=["GET", "POST"])]
    )
    async with (
        serving(provider) as url,
        dovecot(certificate=certificate, introspection=f"{url}/introspect") as running,
        postfix(running, COMPANY, certificate) as relay,
    ):
        smtp = relay.port
        login = {"token_url": f"{url}/token", "client_id": CLIENT, "client_secret": CLIENT_SECRET}
        oauth = login | {"refresh_token": REFRESH_TOKEN}
        mail = mail_of(database, running, smtp, certificate.certificate, password="", oauth=oauth)
        assert "sends as" in await mail.check()
        assert tokens.given == ["token-1"]
        known.append("another")
        await mail.check()
        assert tokens.given == ["token-1", "token-2"]
        await mail.aclose()
        other = mail_of(
            database,
            running,
            smtp,
            certificate.certificate,
            password="",
            oauth=oauth,
            user="eve@acme.example",
        )
        with pytest.raises(NotAllowed, match="takes no access token"):
            await other.check()
        await other.aclose()


async def comments(servers: MailServers, ticket: Ticket) -> list[Comment]:
    return list(await servers.mail.comments(ticket, ticket.created_at - timedelta(days=1)))


async def mails_of(server: Dovecot, address: str) -> list[bytes]:
    """From the files: the server lets nobody in by clear text."""
    folder = server.home / "mail" / address / "Maildir"
    return [path.read_bytes() for part in ("new", "cur") for path in sorted((folder / part).glob("*"))]
