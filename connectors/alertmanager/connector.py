"""Alertmanager: alerts in by webhook and by looks at its API, a probe by what fires, silences as an action.

API v2: https://github.com/prometheus/alertmanager/blob/main/api/v2/openapi.yaml. What it does not tell (an alert that
ends while silenced, or after a crash) only `GET /alerts` shows, which is what `firing` is for.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import ClassVar, overload
from urllib.parse import quote

import httpx

from connectors.alertmanager.mapping import (
    MAX_WORDS,
    VENDOR,
    FiringAlert,
    failing_words,
    has_labels,
    listed_alerts,
)
from connectors.alertmanager.settings import AlertmanagerSettings, LabelValues
from connectors.alertmanager.silences import Silences
from connectors.alertmanager.webhook import events_in, verified
from connectors.kit.fields import record, text
from connectors.kit.http import VendorHttp
from connectors.kit.pacing import Pace
from connectors.kit.webhooks.schemes import Scheme, SignatureScheme, Verifier
from connectors.kit.webhooks.signatures import usable_secret
from connectors.kit.webhooks.trial import trial_webhook
from incidents.actions import ActionRun
from incidents.errors import LiaisonError, NotAllowed
from incidents.events import AlertEvent, Event, Lane, TrialWebhook, Verified
from incidents.models import ProbeResult
from incidents.ports import ActionRunner, AlertSource, ImpactProbe, WebhookSource
from incidents.subscriptions import TriedByWebhook
from incidents.texts.times import clock, duration

CALLS_A_MINUTE = 120


class Alertmanager(AlertSource, TriedByWebhook, WebhookSource, ImpactProbe, ActionRunner):
    """One server. `transport` is where tests and the sandbox put a fake, `now` their clock."""

    vendor: ClassVar[str] = VENDOR
    lane: Lane = Lane.STATUS_SYNC

    def __init__(
        self,
        name: str,
        settings: AlertmanagerSettings,
        *,
        transport: httpx.AsyncBaseTransport | None = None,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._name = name
        self._settings = settings
        self._now = now
        self._http = VendorHttp(
            vendor=name,
            base_url=settings.url,
            auth=settings.credentials,
            transport=transport,
            pace=Pace(CALLS_A_MINUTE, 60),
            deadline=settings.timeout_seconds,
        )
        scheme = SignatureScheme(scheme=Scheme(settings.webhook_auth))
        self._scheme = scheme
        self._verifier = Verifier(scheme, [usable_secret(one) for one in settings.signing_secrets])
        self._silences = Silences(name, settings, self._http, now)

    def verify(self, headers: Sequence[tuple[str, str]], body: bytes, *, now: datetime) -> Verified:
        if not self._settings.signing_secrets:
            raise NotAllowed(f"{self._name} has no signing_secrets; add the token that its webhooks show")
        self._verifier.verify(headers, body, now=now)
        return verified(body)

    def trial_webhook(self, *, now: datetime) -> TrialWebhook:
        if not self._settings.signing_secrets:
            raise NotAllowed(f"{self._name} has no signing_secrets; add the token that its webhooks show")
        return trial_webhook(self._scheme, usable_secret(self._settings.signing_secrets[0]), now=now)

    def events(self, verified: Verified) -> Sequence[Event]:
        told = events_in(verified.body, self._name)
        return [event for event in told if not isinstance(event, AlertEvent) or self._is_alert(event)]

    async def firing(self) -> Sequence[AlertEvent]:
        return [alert.event for alert in await self._alerts() if self._is_alert(alert.event)]

    async def run(self, action: str, arguments: Mapping[str, str], *, once: str) -> ActionRun:
        return await self._silences.run(action, arguments, once=once)

    async def follow(self, run_id: str) -> ActionRun:
        return await self._silences.follow(run_id)

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
            alerts = await self._alerts()
        except LiaisonError as error:
            return self._result(None, f"not looked: {error}", now, labels)
        firing = [alert for alert in alerts if has_labels(alert.labels, labels)]
        if firing:
            return self._result(False, failing_words(firing), now, labels)
        return self._without_alerts(alerts, now, labels)

    def _is_alert(self, event: AlertEvent) -> bool:
        """The heartbeat is none: it is about no service, and fires when all is well."""
        heartbeat = self._settings.heartbeat
        return heartbeat is None or not has_labels(dict(event.labels), heartbeat)

    def _without_alerts(
        self, alerts: Sequence[FiringAlert], now: datetime, labels: LabelValues
    ) -> ProbeResult:
        """Silence is health only while something proves that rules are evaluated and reach this server."""
        proves, words = self._heartbeat(alerts, now)
        return self._result(True if proves else None, f"no alert fires{words}", now, labels)

    def _heartbeat(self, alerts: Sequence[FiringAlert], now: datetime) -> tuple[bool, str]:
        """Whether it came of late, and how to go on after words of what fires."""
        heartbeat = self._settings.heartbeat
        if heartbeat is None:
            return False, ", and no heartbeat is named that would prove that one could"
        beats = [alert.updated_at for alert in alerts if has_labels(alert.labels, heartbeat)]
        if not beats:
            return False, ", and neither does the heartbeat"
        age = now - max(beats)
        if age > timedelta(seconds=self._settings.heartbeat_max_age_seconds):
            return False, f", and the last heartbeat is {duration(age)} old"
        return True, f"; the heartbeat came at {clock(max(beats))}"

    def _result(
        self, is_healthy: bool | None, words: str, now: datetime, labels: LabelValues | None = None
    ) -> ProbeResult:
        return ProbeResult(
            probe=self._name,
            is_healthy=is_healthy,
            summary=words[:MAX_WORDS],
            at=now,
            url=None if labels is None else self._page(labels),
        )

    def _page(self, labels: LabelValues) -> str:
        """Where people see these alerts, silenced ones too."""
        shown = ",".join(f'{name}="{values[0]}"' for name, values in labels.items() if len(values) == 1)
        base = self._settings.public_url or self._settings.url
        return f"{base}/#/alerts?silenced=true&inhibited=true&active=true&filter={quote('{' + shown + '}')}"

    async def _alerts(self) -> list[FiringAlert]:
        """Everything that fires, also what is silenced or inhibited: neither has ended."""
        wanted = {"active": "true", "silenced": "true", "inhibited": "true", "unprocessed": "true"}
        return listed_alerts((await self._http.call("GET", "/api/v2/alerts", params=wanted)).data, self._name)

    async def _describe(self) -> str:
        """The server's version and what fires there. Raises as any call when it cannot be reached."""
        status = record((await self._http.call("GET", "/api/v2/status")).data)
        version = text(record(status.get("versionInfo")).get("version")) or "of unknown version"
        alerts = await self._alerts()
        firing = sum(self._is_alert(alert.event) for alert in alerts)
        fires = {0: "no alert fires", 1: "1 alert fires"}.get(firing, f"{firing} alerts fire")
        _, heartbeat = self._heartbeat(alerts, self._now())
        told = [f"{self._name}: Alertmanager {version} at {self._settings.url}", f"{fires}{heartbeat}"]
        if not self._settings.signing_secrets:
            told.append("no signing_secrets, so its webhooks are refused")
        return "; ".join(told)

    async def aclose(self) -> None:
        await self._http.aclose()
