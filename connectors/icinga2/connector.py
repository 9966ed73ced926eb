"""Icinga 2: is a service failing by its checks; what fires, heard as it changes; who has it, and downtimes, as actions.

What is still tried again (a soft state), was never checked, was checked too long ago, is UNKNOWN, or stands behind a
host that cannot be reached proves nothing. A downtime hides a failure from engineers, and not from customers.
"""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import ClassVar, overload

import httpx

from connectors.icinga2.acting.actions import IcingaActions
from connectors.icinga2.acting.taking import TakenProblems
from connectors.icinga2.api import IcingaApi
from connectors.icinga2.hearing.hints import LookHints
from connectors.icinga2.hearing.looks import event_in, hear
from connectors.icinga2.mapping import MAX_WORDS, VENDOR, MonitoredObject, alert_of, joined, page_of
from connectors.icinga2.settings import Icinga2Settings
from connectors.kit.auth.ways import BasicLogin
from connectors.kit.http import VendorHttp
from connectors.kit.pacing import Pace
from incidents.actions import ActionRun
from incidents.alerts.acknowledging import AlertAcknowledger
from incidents.errors import LiaisonError
from incidents.events import AlertEvent, Event, Heard, Lane, Verified
from incidents.models import InternalText, ProbeResult
from incidents.ports import ActionRunner, AlertSource, ImpactProbe, ListeningSource
from incidents.texts.times import duration

CALLS_A_MINUTE = 300
_WARNING, _CRITICAL = 1, 2
_OPENS_WITHIN = 3.0


class Icinga2(ImpactProbe, AlertSource, AlertAcknowledger, ActionRunner, ListeningSource):
    """One server. `transport` is where tests and the sandbox put a fake, `now` their clock. `pause` is between two
    looks of whoever listens, in seconds, in place of the settings'."""

    vendor: ClassVar[str] = VENDOR
    lane = Lane.STATUS_SYNC

    def __init__(
        self,
        name: str,
        settings: Icinga2Settings,
        *,
        transport: httpx.AsyncBaseTransport | None = None,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        pause: float | None = None,
    ) -> None:
        self._name = name
        self._settings = settings
        self._http = VendorHttp(
            vendor=name,
            base_url=settings.url,
            headers={"Accept": "application/json"},
            auth=BasicLogin(settings.username, settings.password),
            transport=transport or _trusting(settings.authority_pem),
            pace=Pace(CALLS_A_MINUTE, 60),
            deadline=settings.timeout_seconds,
        )
        self._api = IcingaApi(self._http)
        self._pause = settings.look_seconds if pause is None else pause
        self._actions = IcingaActions(name, settings, self._api, now)
        self._taken = TakenProblems(self._api)

    async def firing(self) -> Sequence[AlertEvent]:
        problems = [one for one in await self._api.problems() if one.is_problem]
        remarks = await self._api.remarks() if any(one.is_handled for one in problems) else {}
        web_url = self._settings.web_url
        return [alert_of(one, self._name, web_url, remarks.get(one.name, "")) for one in problems]

    async def listen(self, cursor: str | None) -> AsyncGenerator[Heard, None]:
        """What begins, ends, is acknowledged or put into a downtime."""
        hints = LookHints(self._name, self._api.events, pause=self._pause)
        opened = asyncio.create_task(hints.run(), name=f"events of {self._name}")
        try:
            heard = hear(cursor, look=self.firing, objects=self._api.objects, wait=hints.wait)
            async with contextlib.aclosing(heard):
                async for one in heard:
                    yield one
        finally:
            opened.cancel()
            await asyncio.gather(opened, return_exceptions=True)

    def events(self, verified: Verified) -> Sequence[Event]:
        return [event_in(verified.body, self._name)]

    async def run(self, action: str, arguments: Mapping[str, str], *, once: str) -> ActionRun:
        return await self._actions.run(action, arguments, once=once)

    async def follow(self, run_id: str) -> ActionRun:
        return await self._actions.follow(run_id)

    async def acknowledge_alert(self, key: str, text: InternalText, *, once: str) -> None:
        await self._taken.acknowledge(key, text, once=once)

    async def unacknowledge_alert(self, key: str, *, once: str) -> None:
        await self._taken.unacknowledge(key)

    @overload
    async def check(self) -> str: ...

    @overload
    async def check(self, service: str, *, now: datetime) -> ProbeResult: ...

    async def check(self, service: str | None = None, *, now: datetime | None = None) -> str | ProbeResult:
        """`Connector.check` without arguments, `ImpactProbe.check` with them: the ports share the name."""
        if service is None or now is None:
            return await self._describe()
        names = self._settings.objects_of(service)
        if names is None:
            return self._result(None, ["no objects are named for this service; add it to services"], now)
        try:
            objects = await self._api.objects(names)
        except LiaisonError as error:
            return self._result(None, [f"not looked: {error}"], now)
        missing = sorted(set(names) - {one.name for one in objects})
        failing = [one for one in objects if self._fails(one, now)]
        if failing:
            return self._result(False, [one.words() for one in failing], now, failing[0].name)
        unclear = [
            *(f"Icinga has no object {name}" for name in missing),
            *(why for one in objects if (why := self._proves_nothing(one, now))),
        ]
        if unclear:
            return self._result(None, unclear, now, names[0])
        return self._result(True, [one.words() for one in objects], now, names[0])

    async def aclose(self) -> None:
        await self._http.aclose()

    def _fails(self, one: MonitoredObject, now: datetime) -> bool:
        if self._proves_nothing(one, now):
            return False
        if one.is_host:
            return one.state != 0
        return one.state == _CRITICAL or (one.state == _WARNING and self._settings.fails_at == "warning")

    def _proves_nothing(self, one: MonitoredObject, now: datetime) -> str:
        """Why a look at the object says nothing of the service; "" if it does."""
        if one.last_check is None:
            return f"{one.name} was never checked"
        age = now - one.last_check
        if age > timedelta(seconds=self._settings.max_age_seconds):
            return f"the last check of {one.name} is {duration(age)} old"
        if one.state != 0 and not one.is_reachable:
            return f"{one.name} is behind something that cannot be reached"
        if one.state != 0 and not one.is_hard:
            return f"{one.name} is {one.word} and tried again"
        if not one.is_host and one.state not in (0, _WARNING, _CRITICAL):
            return f"{one.name} is {one.word}"
        return ""

    def _result(
        self, is_healthy: bool | None, words: Sequence[str], now: datetime, name: str | None = None
    ) -> ProbeResult:
        url = None if name is None else page_of(name, self._settings.web_url)
        return ProbeResult(
            probe=self._name, is_healthy=is_healthy, summary=joined(words)[:MAX_WORDS], at=now, url=url
        )

    async def _describe(self) -> str:
        """The server's version and what fires. Raises as any call when it cannot be reached."""
        version = await self._api.version() or "of unknown version"
        problems = await self._api.problems()
        told = [f"{self._name}: Icinga {version} at {self._settings.url}", f"{len(problems)} problems"]
        return "; ".join([*told, await self._how_heard()])

    async def _how_heard(self) -> str:
        try:
            async with asyncio.timeout(_OPENS_WITHIN), contextlib.aclosing(self._api.events()) as pieces:
                async for _ in pieces:
                    break
        except TimeoutError:
            return f"its events do not open: looked at each {self._settings.look_seconds:g} s"
        except LiaisonError as error:
            return f"its events are not heard, looked at each {self._settings.look_seconds:g} s ({error})"
        return "changes are heard at once"


def _trusting(authority_pem: str) -> httpx.AsyncBaseTransport | None:
    """Icinga signs its certificates itself; None where a public authority does."""
    if not authority_pem:
        return None
    return httpx.AsyncHTTPTransport(verify=ssl.create_default_context(cadata=authority_pem), trust_env=False)
