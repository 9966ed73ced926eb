"""Serving the fakes until somebody stops them, and letting them fail when somebody types so."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
import tempfile
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

from rich.console import Console
from starlette.types import ASGIApp

from connectors.kit.fakes.certificates import LoopbackCertificate, make_certificate
from connectors.kit.fakes.faults import Faults
from connectors.kit.fakes.loopback import serving
from connectors.pagerduty.fake import app as pagerduty
from connectors.slack.fake import app as slack
from connectors.slack.fake.workspace import BOT_USER
from connectors.zendesk.fake import app as zendesk
from deployments.fakes.faults import OrderedFault, UnknownFault, fault_from
from incidents.errors import LiaisonError

WELL = "well"


class PortTaken(LiaisonError):
    """One of the ports is somebody else's."""


@dataclass(frozen=True, kw_only=True)
class FakesOptions:
    """As they were typed: see `liaison fakes --help`."""

    port: int = 8451
    tls: bool = False
    certificates: Path | None = None
    faults: tuple[str, ...] = ()
    hooks: str | None = None
    connection: str = "fakes"
    as_json: bool = False


@dataclass(frozen=True, kw_only=True)
class ServedFake:
    """One fake as it is served: where, what opens it, and a call to begin with."""

    vendor: str
    address: str
    keys: dict[str, str]
    curl: str


class Fakes:
    """The three, with something in them: a customer's ticket, a channel."""

    def __init__(self) -> None:
        self.zendesk = zendesk.FakeZendesk()
        self.zendesk.create_ticket(
            "Ada Customer", "ada@customer.example", "Cannot pay", "My card is refused since this morning."
        )
        self.pagerduty = pagerduty.FakePagerDuty()
        self.slack = slack.FakeSlack()
        self.slack.workspace.add_channel("general", member=BOT_USER)

    @property
    def faults(self) -> Sequence[Faults]:
        """What goes wrong at each."""
        return (self.zendesk.faults, self.pagerduty.faults, self.slack.faults)

    def point_webhooks_at(self, gateway: str, connection: str) -> None:
        """Send the webhooks of all three to a gateway, for connections of this name."""
        base = f"{gateway.rstrip('/')}/hooks"
        self.zendesk.webhooks.url = f"{base}/zendesk/{connection}"
        self.pagerduty.subscription.url = f"{base}/pagerduty/{connection}"
        self.slack.webhooks.url = f"{base}/slack/{connection}"

    @asynccontextmanager
    async def serve(
        self, port: int, certificate: LoopbackCertificate | None
    ) -> AsyncIterator[list[ServedFake]]:
        """Serve them on three ports in a row (0: any) until the end of the block. Raises `PortTaken`."""
        trust = "" if certificate is None else f"--cacert {certificate.certificate} "
        async with AsyncExitStack() as stack:
            addresses = []
            apps: tuple[ASGIApp, ...] = (self.zendesk.app, self.pagerduty.app, self.slack.app)
            for number, app in enumerate(apps):
                own = port + number if port else 0
                try:
                    addresses.append(
                        await stack.enter_async_context(serving(app, port=own, certificate=certificate))
                    )
                except (OSError, SystemExit) as error:
                    # uvicorn ends the process where it cannot listen.
                    raise PortTaken(f"port {own} is taken; choose others with --port, or --port 0") from error
            sender = asyncio.create_task(self.zendesk.send_webhooks())
            stack.push_async_callback(self.zendesk.aclose)
            stack.callback(sender.cancel)
            yield _served(*addresses, trust=trust)


def _served(at_zendesk: str, at_pagerduty: str, at_slack: str, *, trust: str) -> list[ServedFake]:
    agent = f"{zendesk.EMAIL}/token:{zendesk.API_TOKEN}"
    return [
        ServedFake(
            vendor="zendesk",
            address=at_zendesk,
            keys={
                "email": zendesk.EMAIL,
                "api_token": zendesk.API_TOKEN,
                "signing_secret": zendesk.SIGNING_SECRET,
            },
            curl=f"curl {trust}-u {agent} {at_zendesk}/api/v2/tickets.json",
        ),
        ServedFake(
            vendor="pagerduty",
            address=at_pagerduty,
            keys={
                "api_token": pagerduty.API_TOKEN,
                "from_email": pagerduty.FROM_EMAIL,
                "routing_key": pagerduty.ROUTING_KEY,
                "signing_secret": pagerduty.SIGNING_SECRET,
            },
            curl=f"curl {trust}-H 'Authorization: Token token={pagerduty.API_TOKEN}' {at_pagerduty}/incidents",
        ),
        ServedFake(
            vendor="slack",
            address=at_slack,
            keys={"bot_token": slack.TOKEN, "signing_secret": slack.SIGNING_SECRET},
            curl=f"curl {trust}-H 'Authorization: Bearer {slack.TOKEN}' -d text=hello --data-urlencode "
            f"channel='#general' {at_slack}/api/chat.postMessage",
        ),
    ]


async def serve_fakes(options: FakesOptions) -> None:
    """Until Ctrl-C or SIGTERM. Raises `UnknownFault` and `PortTaken` before anything is printed."""
    orders = [fault_from(text) for text in options.faults]
    fakes = Fakes()
    if options.hooks is not None:
        fakes.point_webhooks_at(options.hooks, options.connection)
    for order in orders:
        _arm(fakes, order)
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stopped.set)
    with tempfile.TemporaryDirectory(prefix="liaison-fakes-") as scratch:
        certificate = None
        if options.tls:
            folder = options.certificates or Path(scratch)
            folder.mkdir(parents=True, exist_ok=True)
            certificate = make_certificate(folder)
        async with fakes.serve(options.port, certificate) as served:
            _print(served, options, certificate)
            _listen(fakes)
            await stopped.wait()


def _arm(fakes: Fakes, order: OrderedFault) -> None:
    for faults in fakes.faults:
        order.arm(faults)


def _print(
    served: Sequence[ServedFake], options: FakesOptions, certificate: LoopbackCertificate | None
) -> None:
    if options.as_json:
        shown = {fake.vendor: asdict(fake) for fake in served}
        if certificate is not None:
            shown["certificate"] = {"path": str(certificate.certificate)}
        print(json.dumps(shown), flush=True)
        return
    say = Console(soft_wrap=True, highlight=False, markup=False).print
    for fake in served:
        say(f"{fake.vendor:10} {fake.address}")
        for name, value in fake.keys.items():
            say(f"    {name:15} {value}")
        say(f"    {fake.curl}")
    if certificate is None:
        say("The clients zenpy and pagerduty speak https only: start with --tls for them.")
    else:
        say(f"Let clients trust {certificate.certificate}")
    for text in options.faults:
        say(f"fault: {text}")
    say(f"Type a fault to break them, {WELL} to end all faults. Ctrl-C stops them.")


def _listen(fakes: Fakes) -> None:
    """Obey what is typed. Where nothing can be typed (a file, nothing at all) there is nothing to obey."""
    loop = asyncio.get_running_loop()
    say = Console(stderr=True, soft_wrap=True, highlight=False, markup=False).print

    def typed() -> None:
        text = os.read(sys.stdin.fileno(), 4096).decode(errors="replace")
        if not text:
            loop.remove_reader(sys.stdin.fileno())
        for line in filter(None, map(str.strip, text.splitlines())):
            say(obey(fakes, line))

    try:
        loop.add_reader(sys.stdin.fileno(), typed)
    except (OSError, ValueError):
        return


def obey(fakes: Fakes, line: str) -> str:
    """Break them, or let them be well again; returns what to answer."""
    if line == WELL:
        for faults in fakes.faults:
            faults.clear()
        return "all goes well"
    try:
        _arm(fakes, fault_from(line))
    except UnknownFault as error:
        return str(error)
    return f"fault: {line}"
