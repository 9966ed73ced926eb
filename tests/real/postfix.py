"""A Postfix of our own before Dovecot: the mail server of the company, and the way to everybody else's mailbox.

Who logs in may write to anybody; who does not, to the company alone, as strangers may everywhere. All mail goes to
Dovecot, where every address has a mailbox: nothing leaves this machine.
"""

from __future__ import annotations

import asyncio
import os
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from connectors.kit.fakes.certificates import LoopbackCertificate
from deployments.machine.processes import free_port
from tests.real.mail_servers import Dovecot
from tests.real.programs import debian_program, missing
from tests.real.running import HOST, open_folder, running

_MAIN = """\
compatibility_level = 3.6
queue_directory = {home}/queue
data_directory = {home}/data
maillog_file = /dev/stdout
inet_interfaces = {host}
inet_protocols = ipv4
myhostname = mail.{domain}
mydestination = {nobody}
local_recipient_maps =
mynetworks =
alias_maps =
alias_database =
recipient_delimiter = +
relay_domains = {domain}
relay_transport = lmtp:inet:{host}:{lmtp}
default_transport = lmtp:inet:{host}:{lmtp}
smtpd_sasl_auth_enable = yes
smtpd_sasl_type = dovecot
smtpd_sasl_path = inet:{host}:{auth}
smtpd_relay_restrictions = permit_sasl_authenticated, reject_unauth_destination
"""
_TLS = """\
smtpd_tls_security_level = may
smtpd_tls_auth_only = yes
smtpd_tls_cert_file = {certificate}
smtpd_tls_key_file = {key}
"""
NOBODYS = "nobody.example"
"""A domain whose addresses Postfix looks for only when it delivers, and does not find: mail to them comes back."""
_MASTER = """\
{host}:{port} inet n - n - - smtpd
pickup unix n - n 60 1 pickup
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
tlsmgr unix - - n 1000? 1 tlsmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
verify unix - - n - 1 verify
proxymap unix - - n - - proxymap
error unix - - n - - error
local unix - n n - - local
retry unix - - n - - error
lmtp unix - - n - - lmtp
anvil unix - - n - 1 anvil
scache unix - - n - 1 scache
postlog unix-dgram n - n - 1 postlogd
"""


@dataclass(frozen=True)
class Postfix:
    """One that runs. `sendmail` is the command by which a program of this machine hands mail over."""

    port: int
    home: Path

    @property
    def sendmail_arguments(self) -> str:
        """For `/usr/sbin/sendmail`, so that it is this one."""
        return f"-C {self.home / 'etc'} -oi"


@asynccontextmanager
async def postfix(
    dovecot: Dovecot, domain: str, certificate: LoopbackCertificate | None = None
) -> AsyncIterator[Postfix]:
    """Until the end of the block; `domain` is the company's. With a certificate nobody logs in before STARTTLS."""
    program = debian_program("postfix")
    if os.geteuid() != 0:
        missing("Postfix, which only root can start,")
    port = free_port(0)
    with open_folder("postfix") as home:
        _prepare(home, dovecot, port=port, domain=domain, certificate=certificate)
        command = [str(program), "-c", str(home / "etc")]
        async with running("postfix", [*command, "start-fg"], port=port, home=home):
            try:
                yield Postfix(port, home)
            finally:
                # Its daemons are in a session of their own, where no signal to what we started reaches them.
                stopping = await asyncio.create_subprocess_exec(*command, "stop")
                await stopping.wait()


def _prepare(
    home: Path, dovecot: Dovecot, *, port: int, domain: str, certificate: LoopbackCertificate | None
) -> None:
    for folder in ("etc", "queue", "data"):
        (home / folder).mkdir()
    shutil.chown(home / "data", "postfix")
    known = {"home": home, "host": HOST, "port": port, "domain": domain, "nobody": NOBODYS}
    main = _MAIN.format(**known, lmtp=dovecot.lmtp, auth=dovecot.auth)
    if certificate is not None:
        main += _TLS.format(certificate=certificate.certificate, key=certificate.key)
    (home / "etc/main.cf").write_text(main)
    (home / "etc/master.cf").write_text(_MASTER.format(**known))
