"""Plain HTTP as a connector: tickets in by signed webhook, looks at services, remedies by POST."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import ClassVar, TypeVar, overload
from urllib.parse import urlsplit

import httpx

from connectors.http.action.actions import Actions
from connectors.http.probe.looks import HealthLooks
from connectors.http.settings import HttpSettings
from connectors.http.urls import origin
from connectors.http.webhook import SignedTickets
from connectors.kit.addresses import GuardedTransport
from incidents.actions import ActionRun
from incidents.errors import NotAllowed, Unreachable
from incidents.events import Event, Lane, TrialWebhook, Verified
from incidents.models import ProbeResult
from incidents.ports import ActionRunner, ImpactProbe, WebhookSource
from incidents.subscriptions import TriedByWebhook

Side = TypeVar("Side")


class Http(TriedByWebhook, WebhookSource, ImpactProbe, ActionRunner):
    """One connection. A capability whose section is missing in the settings raises `NotAllowed`.

    `transport` is where tests and the sandbox put a fake; without one every address is checked against
    private and special networks at the moment of connecting.
    """

    vendor: ClassVar[str] = "http"

    def __init__(
        self, name: str, settings: HttpSettings, *, transport: httpx.AsyncBaseTransport | None = None
    ) -> None:
        self._name = name
        self._settings = settings
        webhook, probe, action = settings.webhook, settings.probe, settings.action
        self.lane: Lane = webhook.lane if webhook is not None else Lane.INTAKE
        # One for each side: closing a client closes its transport.
        self._tickets = SignedTickets(name, webhook) if webhook is not None else None
        self._looks = HealthLooks(name, probe, transport or self.guarded()) if probe is not None else None
        self._actions = Actions(name, action, transport or self.guarded()) if action is not None else None

    def guarded(self) -> httpx.AsyncBaseTransport:
        """A transport that reaches public addresses, and the private ones that the operator allowed."""
        return GuardedTransport(allow=self._settings.allow_private)

    def verify(self, headers: Sequence[tuple[str, str]], body: bytes, *, now: datetime) -> Verified:
        return self._having(self._tickets, "webhook").verify(headers, body, now=now)

    def trial_webhook(self, *, now: datetime) -> TrialWebhook:
        return self._having(self._tickets, "webhook").trial(now=now)

    def events(self, verified: Verified) -> Sequence[Event]:
        return self._having(self._tickets, "webhook").events(verified)

    async def run(self, action: str, arguments: Mapping[str, str], *, once: str) -> ActionRun:
        return await self._having(self._actions, "action").run(action, arguments, once=once)

    async def follow(self, run_id: str) -> ActionRun:
        return await self._having(self._actions, "action").follow(run_id)

    @overload
    async def check(self) -> str: ...

    @overload
    async def check(self, service: str, *, now: datetime) -> ProbeResult: ...

    async def check(self, service: str | None = None, *, now: datetime | None = None) -> str | ProbeResult:
        """`Connector.check` without arguments, `ImpactProbe.check` with them: the ports share the name."""
        if service is None or now is None:
            return await self._describe()
        return await self._having(self._looks, "probe").check(service, now=now)

    async def _describe(self) -> str:
        """Whether the configured hosts have addresses; nothing is called, as a POST would be a remedy."""
        urls = self._urls()
        for scheme, host, port in sorted({origin(url) for url in urls}):
            try:
                await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
            except socket.gaierror as error:
                raise Unreachable(f"{self._name}: {scheme}://{host} could not be resolved") from error
        hosts = ", ".join(sorted({urlsplit(url).netloc for url in urls})) or "none"
        told = f"{self._name}: sections {self._sections()}; hosts that resolve: {hosts}"
        if self._tickets is not None and self._settings.outbound is None:
            told += "; tickets only come in: customers are told, and tickets solved, by hand at the helpdesk"
        return told

    def _urls(self) -> list[str]:
        probe, action, outbound = self._settings.probe, self._settings.action, self._settings.outbound
        found = [*(probe.urls if probe is not None else ())]
        found += [action.url] if action is not None else []
        return [*found, *([outbound.base_url] if outbound is not None else [])]

    def _sections(self) -> str:
        sides = {
            "webhook": self._tickets,
            "outbound": self._settings.outbound,
            "probe": self._looks,
            "action": self._actions,
        }
        return ", ".join(name for name, side in sides.items() if side is not None) or "none"

    def _having(self, side: Side | None, section: str) -> Side:
        if side is None:
            raise NotAllowed(f"{self._name} has no {section} section; add it to the connection's settings")
        return side

    async def aclose(self) -> None:
        if self._looks is not None:
            await self._looks.aclose()
        if self._actions is not None:
            await self._actions.aclose()
