"""Prometheus as an `ImpactProbe`: is the service failing for customers, since when, and for how many?

API: https://prometheus.io/docs/prometheus/latest/querying/api/ (`query`, `query_range`, `status/buildinfo`). Empty
answers, stale samples and a server that does not answer prove nothing: monitoring that is blind is no healthy service.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, ClassVar, overload
from urllib.parse import urlencode

import httpx

from connectors.kit.fields import record, text
from connectors.kit.http import VendorHttp
from connectors.kit.pacing import Pace
from connectors.prometheus.mapping import (
    MAX_WORDS,
    Reading,
    failing_since,
    reading_from,
    since_words,
    summary,
    worst,
)
from connectors.prometheus.settings import PrometheusSettings, ServiceQuery
from incidents.errors import LiaisonError, Refused
from incidents.models import ProbeResult
from incidents.ports import ImpactProbe

QUERIES_A_MINUTE = 300
STEPS = 120
"""Moments in the range that is looked back over; so a range of an hour is told to half a minute."""


class Prometheus(ImpactProbe):
    """One server. `transport` is where tests and the sandbox put a fake."""

    vendor: ClassVar[str] = "prometheus"

    def __init__(
        self, name: str, settings: PrometheusSettings, *, transport: httpx.AsyncBaseTransport | None = None
    ) -> None:
        self._name = name
        self._settings = settings
        self._http = VendorHttp(
            vendor=self.vendor,
            base_url=settings.url,
            auth=settings.credentials,
            transport=transport,
            pace=Pace(QUERIES_A_MINUTE, 60),
            deadline=settings.timeout_seconds,
        )

    @overload
    async def check(self) -> str: ...

    @overload
    async def check(self, service: str, *, now: datetime) -> ProbeResult: ...

    async def check(self, service: str | None = None, *, now: datetime | None = None) -> str | ProbeResult:
        """`Connector.check` without arguments, `ImpactProbe.check` with them: the ports share the name."""
        if service is None or now is None:
            return await self._describe()
        query = self._settings.query(service)
        if query is None:
            return self._nothing(
                service, now, "no query names this service; add it to the connection's queries"
            )
        try:
            return await self._look(service, query, now)
        except Refused as error:
            return self._nothing(
                service, now, f"not looked: {error}; try the query's PromQL on the server's own page"
            )
        except LiaisonError as error:
            return self._nothing(service, now, f"not looked: {error}")

    async def aclose(self) -> None:
        await self._http.aclose()

    async def _describe(self) -> str:
        """The server's version. Raises as any call when it cannot be reached."""
        built = record((await self._get("/api/v1/status/buildinfo")).get("data"))
        version = text(built.get("version")) or "of unknown version"
        return f"{self._name}: Prometheus {version} at {self._settings.url}"

    async def _look(self, service: str, query: ServiceQuery, now: datetime) -> ProbeResult:
        seen = await self._ask(query.value)
        if not seen.values:
            why = (
                "the number is NaN: nothing to divide by"
                if seen.without_number
                else "the query gives no data"
            )
            return self._nothing(service, now, f"{why}, so nothing is known of {service}")
        stale = await self._staleness(query, now)
        if stale is not None:
            return self._nothing(service, now, stale)
        value = worst(query, seen.values)
        is_failing = query.is_failing(value)
        if seen.is_partial and not is_failing:
            return self._nothing(service, now, "the server says that part of its data is missing")
        words = summary(
            query,
            value,
            since=await self._since(query, now) if is_failing else None,
            affected=await self._affected(query) if is_failing else None,
        )
        return ProbeResult(
            probe=self._name, is_healthy=not is_failing, summary=words, at=now, url=self._page(query)
        )

    async def _staleness(self, query: ServiceQuery, now: datetime) -> str | None:
        """Why the number is too old to prove anything; None where it is fresh, or nobody said how to know."""
        if query.fresh is None:
            return None
        times = (await self._ask(query.fresh)).values
        if not times:
            return "the time of its newest sample is not known, so the number proves nothing"
        age = now.timestamp() - max(times)
        if age <= query.max_age_seconds:
            return None
        return f"its newest sample is {age:.0f} s old, over {query.max_age_seconds:g} s: the number proves nothing"

    async def _since(self, query: ServiceQuery, now: datetime) -> str | None:
        back = timedelta(minutes=self._settings.since_minutes)
        start, step = now - back, back / STEPS
        try:
            data = await self._get(
                "/api/v1/query_range",
                query=query.value,
                start=f"{start.timestamp():.3f}",
                end=f"{now.timestamp():.3f}",
                step=f"{step.total_seconds():g}",
            )
        except LiaisonError:
            # It fails, which is known; since when is one thing more that would be good to know.
            return None
        return since_words(failing_since(data, query), looked_back_to=start, step=step)

    async def _affected(self, query: ServiceQuery) -> float | None:
        if query.affected is None:
            return None
        try:
            values = (await self._ask(query.affected)).values
        except LiaisonError:
            return None  # as with `_since`
        return sum(values) if values else None

    async def _ask(self, promql: str) -> Reading:
        """At the server's own time: it may be some seconds from ours, and a moment to come has no samples."""
        return reading_from(await self._get("/api/v1/query", query=promql))

    async def _get(self, path: str, **params: str) -> dict[str, Any]:
        return record((await self._http.call("GET", path, params=params)).data)

    def _page(self, query: ServiceQuery) -> str:
        """Where people see the number over time."""
        asked = urlencode({"g0.expr": query.value, "g0.tab": "0", "g0.range_input": "1h"})
        return f"{self._settings.public_url or self._settings.url}/graph?{asked}"

    def _nothing(self, service: str, now: datetime, why: str) -> ProbeResult:
        query = self._settings.query(service)
        return ProbeResult(
            probe=self._name,
            is_healthy=None,
            summary=why[:MAX_WORDS],
            at=now,
            url=None if query is None else self._page(query),
        )
