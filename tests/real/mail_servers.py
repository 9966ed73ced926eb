"""Dovecot and an SMTP server before it, as a team's own: real IMAP, real folders, mail delivered by LMTP.

Dovecot runs with a configuration and folders of its own, as a user that is not root: it keeps no mail of root's. Every
address has a mailbox, so that what a customer got is read as he would read it.
"""

from __future__ import annotations

import asyncio
import contextlib
import imaplib
import os
import shutil
import smtplib
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from pwd import getpwuid
from tempfile import mkdtemp
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from connectors.kit.fakes.certificates import LoopbackCertificate
from connectors.kit.fakes.faults import FaultKind, Faults
from connectors.mail.fake.app import ADDRESS, PASSWORD
from deployments.machine.processes import free_port
from tests.connectors.mail.world import Clock
from tests.real.programs import debian_program
from tests.real.running import HOST, running

# Debian's package makes this user; where we are nobody in particular, everything runs as we do.
OWNER = "dovecot"


@dataclass(frozen=True)
class Dovecot:
    """One that runs; every address may log in with the one password. At `auth` it says who may, to Postfix."""

    home: Path
    imap: int
    lmtp: int
    auth: int
    pid: int

    def empty(self) -> None:
        """No mail for anybody."""
        for mailbox in (self.home / "mail").iterdir():
            shutil.rmtree(mailbox)

    def inbox(self, address: str) -> Sequence[bytes]:
        """What came to this address, the oldest first, as its mail program gets it."""
        with self.logged_in(address) as imap:
            imap.select("INBOX", readonly=True)
            (numbers,) = imap.search(None, "ALL")[1]
            found = [imap.fetch(number.decode(), "(BODY.PEEK[])")[1][0] for number in numbers.split()]
        return [part[1] for part in found if isinstance(part, tuple)]

    @contextlib.contextmanager
    def logged_in(self, address: str) -> Iterator[imaplib.IMAP4]:
        """IMAP, as this address."""
        with imaplib.IMAP4(HOST, self.imap, timeout=10) as imap:
            imap.login(address, PASSWORD)
            yield imap


@asynccontextmanager
async def dovecot(
    *, certificate: LoopbackCertificate | None = None, introspection: str = ""
) -> AsyncIterator[Dovecot]:
    """With a certificate nobody is let in before STARTTLS; `introspection` is an address that knows access tokens."""
    program = debian_program("dovecot")
    debian_program("doveadm")
    # Not pytest's tmp_path: its parents are closed to the user the server runs as.
    home = Path(mkdtemp(prefix="dovecot"))
    imap, lmtp, auth = free_port(0), free_port(0), free_port(0)
    owner = OWNER if os.geteuid() == 0 else getpwuid(os.geteuid()).pw_name
    try:
        more = _more(home, certificate=certificate, introspection=introspection)
        _prepare(home, owner, _configuration(home, owner, imap=imap, lmtp=lmtp, auth=auth) + more)
        command = [*_as_owner(), program, "-F", "-c", home / "dovecot.conf"]
        async with running("dovecot", command, port=imap, home=home) as process:
            yield Dovecot(home, imap, lmtp, auth, process.pid)
    finally:
        shutil.rmtree(home, ignore_errors=True)


def _prepare(home: Path, owner: str, configuration: str) -> None:
    (home / "mail").mkdir()
    (home / "dovecot.conf").write_text(configuration)
    if os.geteuid() == 0:
        for path in (home, *home.iterdir()):
            shutil.chown(path, owner)


def _as_owner() -> list[str]:
    return [] if os.geteuid() != 0 else ["setpriv", f"--reuid={OWNER}", f"--regid={OWNER}", "--clear-groups"]


def _configuration(home: Path, owner: str, *, imap: int, lmtp: int, auth: int) -> str:
    return f"""
base_dir = {home}/run
state_dir = {home}/state
log_path = /dev/stderr
protocols = imap lmtp
listen = {HOST}
ssl = no
disable_plaintext_auth = no
default_internal_user = {owner}
default_internal_group = {owner}
default_login_user = {owner}
first_valid_uid = 1
mail_location = maildir:~/Maildir
recipient_delimiter = +
passdb {{
  driver = static
  args = password={PASSWORD}
}}
userdb {{
  driver = static
  args = uid={owner} gid={owner} home={home}/mail/%u allow_all_users=yes
}}
namespace inbox {{
  inbox = yes
  mailbox Drafts {{
    special_use = \\Drafts
    auto = create
  }}
  mailbox Sent {{
    special_use = \\Sent
    auto = create
  }}
}}
service imap-login {{
  chroot =
  inet_listener imap {{
    port = {imap}
  }}
  inet_listener imaps {{
    port = 0
  }}
}}
service anvil {{
  chroot =
}}
service stats {{
  chroot =
}}
service auth {{
  inet_listener {{
    address = {HOST}
    port = {auth}
  }}
}}
service lmtp {{
  inet_listener lmtp {{
    address = {HOST}
    port = {lmtp}
  }}
}}
protocol imap {{
  mail_max_userip_connections = 100
}}
"""


def _more(home: Path, *, certificate: LoopbackCertificate | None, introspection: str) -> str:
    """What stands later in the file counts."""
    more = ""
    if certificate is not None:
        for path, name in ((certificate.certificate, "tls.pem"), (certificate.key, "tls-key.pem")):
            (home / name).write_bytes(path.read_bytes())
        more += "ssl = required\ndisable_plaintext_auth = yes\n"
        more += f"ssl_cert = <{home}/tls.pem\nssl_key = <{home}/tls-key.pem\n"
    if introspection:
        (home / "oauth2.conf").write_text(
            f"introspection_mode = auth\nintrospection_url = {introspection}\nusername_attribute = username\n"
        )
        asked = f"driver = oauth2\n  mechanisms = xoauth2\n  args = {home}/oauth2.conf"
        more += f"auth_mechanisms = plain xoauth2\npassdb {{\n  {asked}\n}}\n"
    return more


def _reset(server: SMTP) -> None:
    """The connection ends in the middle, as a program that died leaves it."""
    assert isinstance(server.transport, asyncio.WriteTransport)
    server.transport.abort()


class _Relay:
    """Takes mail from who logs in, and hands it to Dovecot for every recipient; fails when told to."""

    def __init__(self, lmtp: int, faults: Faults) -> None:
        self._lmtp = lmtp
        self._faults = faults

    def authenticate(self, server: Any, session: Any, envelope: Any, mechanism: str, data: Any) -> AuthResult:
        del server, session, envelope, mechanism
        fault = self._faults.take("smtp/auth")
        refused = fault is not None and fault[0] is FaultKind.UNAUTHORIZED
        is_right = isinstance(data, LoginPassword) and data.password == PASSWORD.encode()
        # Not "handled": the server answers 535 by itself.
        return AuthResult(success=is_right and not refused, handled=False)

    async def handle_MAIL(  # noqa: N802 - aiosmtpd's own name
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        del session
        fault = self._faults.take("smtp/mail")
        kind = None if fault is None else fault[0]
        if kind is FaultKind.CRASH:
            _reset(server)
        answers = {
            FaultKind.RATE_LIMIT: "450 4.7.1 too many mails",
            FaultKind.UNAUTHORIZED: "530 5.7.0 Authentication required",
            FaultKind.OUTAGE: "421 4.3.2 closing",
            FaultKind.HTML: "<html>Please log in</html>",
        }
        if kind in answers:
            return answers[kind]
        envelope.mail_from = address
        envelope.mail_options.extend(options)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        del session
        fault = self._faults.take("smtp/data")
        kind = None if fault is None else fault[0]
        assert isinstance(envelope.content, bytes)
        await asyncio.to_thread(self._deliver, envelope.mail_from or "", envelope.rcpt_tos, envelope.content)
        if kind is FaultKind.DROP_REPLY:
            _reset(server)
        return "421 4.3.2 closing" if kind is FaultKind.ERROR_AFTER_WORK else "250 2.0.0 delivered"

    def _deliver(self, sender: str, recipients: list[str], content: bytes) -> None:
        with smtplib.LMTP(HOST, self._lmtp) as lmtp:
            # One at a time: LMTP answers once for each recipient, and smtplib reads one answer.
            for recipient in recipients:
                lmtp.sendmail(sender, [recipient], content)


class DovecotServer:
    """Keeps `tests.connectors.mail.world.MailServer`, on a Dovecot that runs."""

    def __init__(self, server: Dovecot) -> None:
        self.dovecot = server
        self.faults = Faults()
        relay = _Relay(server.lmtp, self.faults)
        self._controller = Controller(
            relay,
            hostname=HOST,
            port=free_port(0),
            authenticator=relay.authenticate,
            auth_required=True,
            auth_require_tls=False,
        )

    async def start(self, clock: Clock) -> dict[str, object]:
        del clock
        self.dovecot.empty()
        await asyncio.to_thread(self._controller.start)
        return {"imap_port": self.dovecot.imap, "smtp_port": self._controller.port}

    async def stop(self) -> None:
        await asyncio.to_thread(self._controller.stop)

    async def deliver(self, data: bytes, *, folder: str, at: datetime) -> None:
        await asyncio.to_thread(self._append, data, folder, at)

    async def sent_to(self, address: str) -> Sequence[bytes]:
        return await asyncio.to_thread(self.dovecot.inbox, address)

    def _append(self, data: bytes, folder: str, at: datetime) -> None:
        with self.dovecot.logged_in(ADDRESS) as imap:
            imap.append(folder, "", at, data)
