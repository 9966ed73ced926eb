"""What a team without any vendor has: a mail server, a folder, and a web service that breaks and is mended.

The mail server is our small one (`connectors/mail/fake`), so that the demo needs no installation.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import SMTP, default
from pathlib import Path
from urllib.parse import quote

from prefect.blocks.core import Block
from pydantic import SecretStr

from blocks.http import HttpBlock
from blocks.mail import MailBlock
from blocks.roster import RosterBlock
from blocks.staticpage import StaticPageBlock
from connectors.http.fake.app import FakeService, Health
from connectors.http.settings import HealthProbe
from connectors.kit.fakes.loopback import serving
from connectors.mail.fake.app import ADDRESS, HOST, PASSWORD, FakeMailServer, MailPorts

COMPANY = ADDRESS.partition("@")[2]
PEOPLE = ("ana", "bo")


@dataclass(kw_only=True)
class MailWorld:
    """Everything outside Liaison. `folder` is where the status page is written."""

    server: FakeMailServer
    ports: MailPorts
    checkout: FakeService
    checkout_address: str
    folder: Path
    written: int = field(default=0)

    def writes(self, customer: str, subject: str, text: str, *, answers: EmailMessage | None = None) -> None:
        """A customer's mail arrives; as an answer it is in the thread of what they answer."""
        self.written += 1
        mail = EmailMessage(policy=SMTP)
        mail["From"] = f"{customer.partition('@')[0].title()} <{customer}>"
        mail["To"], mail["Subject"] = ADDRESS, subject
        mail["Message-ID"] = f"<{self.written}@customer.example>"
        if answers is not None:
            mail["In-Reply-To"] = mail["References"] = str(answers["Message-ID"])
        mail.set_content(text)
        self.server.mailbox.deliver(mail.as_bytes())

    def got(self, address: str) -> Sequence[EmailMessage]:
        """What came to this address, the oldest first."""
        return [message_from_bytes(data, policy=default) for data in self.server.mailbox.sent_to(address)]

    def break_checkout(self) -> None:
        """The outage: the checkout's health answers errors."""
        self.checkout.health = Health.ERROR

    def mend_checkout(self) -> None:
        """The end of the outage: the checkout is healthy again."""
        self.checkout.health = Health.HEALTHY


@asynccontextmanager
async def open_mail_world(folder: Path) -> AsyncIterator[MailWorld]:
    """Serve the mailbox and the checkout until the end of the block."""
    server, checkout = FakeMailServer(), FakeService()
    async with AsyncExitStack() as stack:
        ports = await stack.enter_async_context(server.serving())
        address = await stack.enter_async_context(serving(checkout.app))
        yield MailWorld(
            server=server, ports=ports, checkout=checkout, checkout_address=address, folder=folder
        )


async def save_connections(world: MailWorld, gateway_url: str) -> None:
    """Save the connections of the policy, as an operator would in the Prefect UI."""
    for name, block in _connections(world, gateway_url).items():
        await block.save(name.partition("/")[2], overwrite=True)


def _connections(world: MailWorld, gateway_url: str) -> dict[str, Block]:
    login = f"{quote(ADDRESS, safe='')}:{quote(PASSWORD, safe='')}@{HOST}:{world.ports.smtp}"
    where = f"mailto://{login}?smtp={HOST}&mode=insecure&from={ADDRESS}"
    return {
        "mail/demo": MailBlock(
            address=ADDRESS,
            sender_name="Acme Support",
            user=ADDRESS,
            password=SecretStr(PASSWORD),
            imap_host=HOST,
            imap_port=world.ports.imap,
            imap_security="none",
            smtp_host=HOST,
            smtp_port=world.ports.smtp,
            smtp_security="none",
        ),
        "roster/demo": RosterBlock(
            ways={f"{name}-mail": SecretStr(f"{where}&to={name}@{COMPANY}") for name in PEOPLE},
            gateway_url=gateway_url,
            look_seconds=1,
        ),
        "staticpage/demo": StaticPageBlock(
            folder=str(world.folder),
            title="Acme status",
            services=["Checkout"],
            served=True,
            address=f"{gateway_url}/status/demo/",
        ),
        "http/checkout": HttpBlock(
            probe=HealthProbe(urls=[f"{world.checkout_address}/health"], pause_seconds=0.1),
            allow_private=[world.checkout_address.removeprefix("http://")],
        ),
    }
