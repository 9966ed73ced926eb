"""As much of Prometheus as is asked: its query API over numbers that a test or a drill sets.

It does not evaluate PromQL: `series` has the numbers of each expression, `history` those of the past. An expression
that nobody set gives no data, as a metric that does not exist does; one with a parenthesis left open is refused in
Prometheus' own form (https://prometheus.io/docs/prometheus/latest/querying/api/#format-overview).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp

from connectors.kit.fakes.faults import Faults, FaultyApp

VERSION = "2.42.0"


@dataclass(slots=True)
class FakePrometheus:
    """`series`: by expression, a number for each series, as the texts that Prometheus writes. `history`: by
    expression, moments in Unix seconds with their numbers. `token`: what a proxy before it asks for."""

    series: dict[str, Sequence[str]] = field(default_factory=dict)
    scalars: dict[str, str] = field(default_factory=dict)
    texts: dict[str, str] = field(default_factory=dict)
    history: dict[str, Sequence[tuple[float, str]]] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)
    token: str | None = None
    clock: Callable[[], datetime] = lambda: datetime.now(UTC)
    asked: list[str] = field(default_factory=list)
    faults: Faults = field(default_factory=Faults)

    @property
    def app(self) -> ASGIApp:
        """The server, with its faults."""
        routes = [
            Route("/api/v1/query", self._query, methods=["GET", "POST"]),
            Route("/api/v1/query_range", self._range, methods=["GET", "POST"]),
            Route("/api/v1/status/buildinfo", self._built),
        ]
        return FaultyApp(Starlette(routes=routes), self.faults)

    async def _query(self, request: Request) -> Response:
        given = await _given(request)
        refused = self._refused(request, given)
        if refused is not None:
            return refused
        promql, now = given["query"], self.clock().timestamp()
        if promql in self.scalars:
            return self._answer("scalar", [now, self.scalars[promql]])
        if promql in self.texts:
            return self._answer("string", [now, self.texts[promql]])
        numbers = self.series.get(promql, ())
        return self._answer(
            "vector", [{"metric": {"series": str(at)}, "value": [now, one]} for at, one in enumerate(numbers)]
        )

    async def _range(self, request: Request) -> Response:
        given = await _given(request)
        refused = self._refused(request, given)
        if refused is not None:
            return refused
        start, end = float(given["start"]), float(given["end"])
        values = [[at, one] for at, one in self.history.get(given["query"], ()) if start <= at <= end]
        return self._answer("matrix", [{"metric": {}, "values": values}] if values else [])

    async def _built(self, request: Request) -> Response:
        if self.token is not None and request.headers.get("authorization") != f"Bearer {self.token}":
            return Response(status_code=401)
        return JSONResponse({"status": "success", "data": {"version": VERSION}})

    def _refused(self, request: Request, given: Mapping[str, str]) -> Response | None:
        if self.token is not None and request.headers.get("authorization") != f"Bearer {self.token}":
            return Response(status_code=401)
        promql = given.get("query", "")
        self.asked.append(promql)
        if not promql or promql.count("(") != promql.count(")"):
            told = 'invalid parameter "query": 1:1: parse error: unclosed left parenthesis'
            return JSONResponse({"status": "error", "errorType": "bad_data", "error": told}, status_code=400)
        return None

    def _answer(self, kind: str, result: object) -> Response:
        data = {"status": "success", "data": {"resultType": kind, "result": result}}
        return JSONResponse(data | ({"warnings": self.warnings} if self.warnings else {}))


async def _given(request: Request) -> Mapping[str, str]:
    form = {} if request.method == "GET" else {key: str(one) for key, one in (await request.form()).items()}
    return {**request.query_params, **form}
