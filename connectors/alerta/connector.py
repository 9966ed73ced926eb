"""Alerta: alerts in by a plugin of ours in its server and by looks at its API, and a probe by what is open there.

API: https://docs.alerta.io/api/reference.html. Its own forwarder speaks to another Alerta only, gives a duplicate's id
for the alert's, and tells nothing of what expires; so there is a plugin.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, ClassVar, overload

import httpx

from connectors.alerta.mapping import (
    MAX_WORDS,
    VENDOR,
    alert_event,
    failing_words,
    has_labels,
    heartbeat_status,
)
from connectors.alerta.settings import AlertaSettings
from connectors.alerta.webhook import event_in, verified
from connectors.kit.fields import a_record
from connectors.kit.http import VendorHttp
from connectors.kit.pacing import Pace
from connectors.kit.pagination import ByNumber, pages
from connectors.kit.webhooks.schemes import Scheme, SignatureScheme, Verifier
from connectors.kit.webhooks.signatures import usable_secret
from connectors.kit.webhooks.trial import trial_webhook
from incidents.errors import LiaisonError, NotAllowed, Unrecognised
from incidents.events import AlertEvent, Event, Lane, TrialWebhook, Verified
from incidents.models import ProbeResult
from incidents.ports import AlertSource, ImpactProbe, WebhookSource
from incidents.subscriptions import TriedByWebhook

CALLS_A_MINUTE = 120
PAGE_SIZE = 1000
MOST_PAGES = 50


class Alerta(AlertSource, TriedByWebhook, WebhookSource, ImpactProbe):
    """One server. `transport` is where tests and the sandbox put a fake; `page_size`, alerts to a page of its list."""

    vendor: ClassVar[str] = VENDOR
    lane: Lane = Lane.STATUS_SYNC

    def __init__(
        self,
        name: str,
        settings: AlertaSettings,
        *,
        transport: httpx.AsyncBaseTransport | None = None,
        page_size: int = PAGE_SIZE,
    ) -> None:
        self._name = name
        self._settings = settings
        self._page_size = page_size
        self._http = VendorHttp(
            vendor=name,
            base_url=settings.url,
            auth=settings.credentials,
            transport=transport,
            pace=Pace(CALLS_A_MINUTE, 60),
            deadline=settings.timeout_seconds,
        )
        self._verifier = Verifier(
            SignatureScheme(scheme=Scheme.BEARER), [usable_secret(one) for one in settings.signing_secrets]
        )

    def verify(self, headers: Sequence[tuple[str, str]], body: bytes, *, now: datetime) -> Verified:
        if not self._settings.signing_secrets:
            raise NotAllowed(f"{self._name} has no signing_secrets; add the token that the plugin shows")
        self._verifier.verify(headers, body, now=now)
        return verified(body)

    def trial_webhook(self, *, now: datetime) -> TrialWebhook:
        if not self._settings.signing_secrets:
            raise NotAllowed(f"{self._name} has no signing_secrets; add the token that the plugin shows")
        scheme = SignatureScheme(scheme=Scheme.BEARER)
        return trial_webhook(scheme, usable_secret(self._settings.signing_secrets[0]), now=now)

    def events(self, verified: Verified) -> Sequence[Event]:
        return [event_in(verified.body, self._name, page=self._settings.public_url)]

    async def firing(self) -> Sequence[AlertEvent]:
        found: dict[str, AlertEvent] = {}
        # The newest first, so that one which comes meanwhile moves none off a page; the id is no order that it knows.
        asked = {"status!": "closed", "sort-by": "createTime", "page-size": str(self._page_size)}
        by: ByNumber[dict[str, Any]] = ByNumber(has_more=lambda page: page.get("more") is True)
        async for page in pages(self._get, "/alerts", asked, by=by, most=MOST_PAGES):
            listed = page.get("alerts")
            if not isinstance(listed, list):
                raise Unrecognised(f"{VENDOR}: the list of alerts is no list")
            for one in listed:
                event = alert_event(one, self._name, page=self._settings.public_url)
                if event.ended_at is None:
                    found[event.key] = event
        return list(found.values())

    @overload
    async def check(self) -> str: ...

    @overload
    async def check(self, service: str, *, now: datetime) -> ProbeResult: ...

    async def check(self, service: str | None = None, *, now: datetime | None = None) -> str | ProbeResult:
        """`Connector.check` without arguments, `ImpactProbe.check` with them: the ports share the name."""
        if service is None or now is None:
            return await self._describe()
        labels = self._settings.labels_of(service)
        if labels is None:
            return self._result(None, "no labels name this service's alerts; add it to services", now)
        try:
            events = [event for event in await self.firing() if has_labels(event, labels)]
            if events:
                return self._result(False, failing_words(events), now)
            return await self._without_alerts(now)
        except LiaisonError as error:
            return self._result(None, f"not looked: {error}", now)

    async def _without_alerts(self, now: datetime) -> ProbeResult:
        """Silence is health only while something proves that the monitor is alive and reaches this server."""
        origin = self._settings.heartbeat
        if origin is None:
            words = "no alert is open, and no heartbeat is named that would prove that one could be"
            return self._result(None, words, now)
        status = heartbeat_status(await self._get("/heartbeats", {}), origin)
        if status == "ok":
            return self._result(True, f"no alert is open; the heartbeat of {origin} is ok", now)
        stands = status or "not there"
        return self._result(None, f"no alert is open, and the heartbeat of {origin} is {stands}", now)

    def _result(self, is_healthy: bool | None, words: str, now: datetime) -> ProbeResult:
        return ProbeResult(
            probe=self._name,
            is_healthy=is_healthy,
            summary=words[:MAX_WORDS],
            at=now,
            url=None if self._settings.public_url is None else f"{self._settings.public_url}/alerts",
        )

    async def _get(self, path: str, params: dict[str, str]) -> dict[str, Any]:
        return a_record((await self._http.call("GET", path, params=params)).data, f"{VENDOR}: the answer")

    async def _describe(self) -> str:
        """What is open there. Raises as any call when it cannot be reached, or the key may not read alerts."""
        told = [
            f"{self._name}: Alerta at {self._settings.url}",
            f"{len(await self.firing())} alerts are open",
        ]
        if not self._settings.signing_secrets:
            told.append("no signing_secrets, so what the plugin sends is refused")
        return "; ".join(told)

    async def aclose(self) -> None:
        await self._http.aclose()
