"""Looks at services through the fake, and every answer that proves nothing."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from blocks.prometheus import PrometheusBlock
from connectors.kit.fakes.faults import FaultKind
from connectors.kit.fakes.in_process import InProcessTransport
from connectors.prometheus import Prometheus, PrometheusSettings
from connectors.prometheus.fake.app import FakePrometheus
from connectors.prometheus.mapping import failing_since, reading_from
from connectors.prometheus.settings import ServiceQuery
from incidents.errors import NotAllowed, Unrecognised
from tests.contracts.impact_probe import NOW, ImpactProbeContract

VALUE, AFFECTED, FRESH = "failed / all", "sum(increase(failed[15m]))", "max(timestamp(up))"
QUERY = {"value": VALUE, "fails_above": 0.05, "title": "share of failed payments"}
TOKEN = "t0ken-of-the-proxy"
BASE = "http://127.0.0.1:9090"


@pytest.fixture
def server() -> FakePrometheus:
    return FakePrometheus(clock=lambda: NOW)


@pytest.fixture
def probing(server: FakePrometheus) -> Callable[..., Prometheus]:
    """A probe with a query for checkout, and with what is said besides."""

    def made(query: dict[str, Any] | None = None, **settings: Any) -> Prometheus:
        queries = {"checkout": {**QUERY, **(query or {})}}
        known = PrometheusSettings.model_validate({"url": BASE, "queries": queries, **settings})
        return Prometheus("prometheus/main", known, transport=InProcessTransport(server.app))

    return made


class FakeScene:
    def __init__(self, server: FakePrometheus) -> None:
        self._server = server

    def healthy(self) -> None:
        self._server.series[VALUE] = ["0.01"]

    def failing(self) -> None:
        self._server.series[VALUE] = ["0.4"]

    def blind(self) -> None:
        self._server.faults.arm(FaultKind.UNAUTHORIZED, times=None)


class TestPrometheusProbe(ImpactProbeContract):
    secrets = (TOKEN,)

    @pytest.fixture
    async def probe(
        self, probing: Callable[..., Prometheus], server: FakePrometheus
    ) -> AsyncIterator[Prometheus]:
        server.token = TOKEN
        connector = probing(bearer_token=TOKEN)
        yield connector
        await connector.aclose()

    @pytest.fixture
    def scene(self, server: FakePrometheus) -> FakeScene:
        return FakeScene(server)


@pytest.mark.parametrize(
    ("query", "values", "told"),
    [
        ({}, ["0.01"], (True, "share of failed payments is 0.01; customers are hit above 0.05")),
        ({}, ["0.05"], (True, "is 0.05;")),
        ({}, ["0.01", "0.07"], (False, "share of failed payments is 0.07, above 0.05 customers are hit")),
        ({}, ["NaN", "0.07"], (False, "is 0.07,")),
        ({}, ["+Inf"], (False, "is infinite,")),
        ({"fails_above": None, "fails_below": 0.5}, ["0.9", "0.2"], (False, "is 0.2, below 0.5")),
        ({"fails_above": None, "fails_below": 0.5}, ["0.9"], (True, "is 0.9;")),
        ({}, [], (None, "the query gives no data, so nothing is known of checkout")),
        ({}, ["NaN"], (None, "the number is NaN")),
        ({}, ["no number"], (None, "the number is NaN")),
        ({"value": "rate(x[5m]"}, [], (None, "try the query's PromQL on the server's own page")),
    ],
)
async def test_what_is_said(
    probing: Callable[..., Prometheus],
    server: FakePrometheus,
    query: dict[str, Any],
    values: list[str],
    told: tuple[bool | None, str],
):
    is_healthy, words = told
    server.series[VALUE] = values
    seen = await probing(query).check("checkout", now=NOW)
    assert (seen.is_healthy, words in seen.summary) == (is_healthy, True), seen.summary
    assert seen.url is not None
    assert seen.url.startswith(f"{BASE}/graph?g0.expr=")


@pytest.mark.parametrize(
    ("age", "is_healthy", "words"),
    [(30, True, "is 0.01"), (600, None, "600 s old, over 120 s"), (None, None, "is not known")],
)
async def test_a_number_too_old_proves_nothing(
    probing: Callable[..., Prometheus],
    server: FakePrometheus,
    age: int | None,
    is_healthy: bool | None,
    words: str,
):
    """Prometheus shows the last value for five minutes after its source has died."""
    server.series[VALUE] = ["0.01"]
    server.scalars |= {} if age is None else {FRESH: str(NOW.timestamp() - age)}
    seen = await probing({"fresh": FRESH}).check("checkout", now=NOW)
    assert (seen.is_healthy, words in seen.summary) == (is_healthy, True), seen.summary


@pytest.mark.parametrize(("value", "is_healthy"), [("0.01", None), ("0.4", False)])
async def test_part_of_the_data_is_missing(
    probing: Callable[..., Prometheus], server: FakePrometheus, value: str, is_healthy: bool | None
):
    """What fails in the part that answered fails; the rest may be well or not."""
    server.series[VALUE] = [value]
    server.warnings = ["1 of 3 stores did not answer"]
    assert (await probing().check("checkout", now=NOW)).is_healthy is is_healthy


async def test_since_when_and_for_how_many(probing: Callable[..., Prometheus], server: FakePrometheus):
    """The failure that lasts, not the one before it; and people hit are counted over all series."""
    server.series |= {VALUE: ["0.4"], AFFECTED: ["1200", "40"]}
    server.history[VALUE] = [
        ((NOW - timedelta(minutes=minutes)).timestamp(), value)
        for minutes, value in ((40, "0.9"), (30, "0.01"), (12, "0.2"), (6, "NaN"), (0, "0.4"))
    ]
    seen = await probing({"affected": AFFECTED}).check("checkout", now=NOW)
    assert seen.summary.endswith("customers are hit; since 09:18 UTC; affected: 1,240")


@pytest.mark.parametrize(
    ("minutes", "words"),
    [([60, 30, 0], "since 08:30 UTC or longer"), ([20, 10, 0], "since 09:10 UTC, when its numbers begin")],
)
async def test_a_failure_that_was_never_seen_to_begin(
    probing: Callable[..., Prometheus], server: FakePrometheus, minutes: list[int], words: str
):
    """No hour is invented."""
    server.series[VALUE] = ["0.4"]
    server.history[VALUE] = [((NOW - timedelta(minutes=ago)).timestamp(), "0.4") for ago in minutes]
    assert (await probing().check("checkout", now=NOW)).summary.endswith(f"customers are hit; {words}")


async def test_what_is_good_to_know_is_never_worth_an_error(
    probing: Callable[..., Prometheus], server: FakePrometheus
):
    """It fails: that is known, whatever becomes of the other questions."""
    server.series[VALUE] = ["0.4"]
    server.faults.arm(FaultKind.MISSING, where="query_range", times=None)
    seen = await probing({"affected": "sum(("}).check("checkout", now=NOW)
    assert seen.is_healthy is False
    assert seen.summary == "share of failed payments is 0.4, above 0.05 customers are hit"


async def test_services_that_are_not_named(probing: Callable[..., Prometheus], server: FakePrometheus):
    """The default asks for them by name, whatever characters the name has; without one nothing is known."""
    default = {"value": 'avg(up{job="{service}"})', "fails_below": 0.5}
    await probing(default=default).check('a"b\\c', now=NOW)
    assert server.asked == ['avg(up{job="a\\"b\\\\c"})']
    unknown = await probing().check("search", now=NOW)
    assert (unknown.is_healthy, unknown.url) == (None, None)
    assert "no query names this service" in unknown.summary


async def test_check_tells_the_version(probing: Callable[..., Prometheus], server: FakePrometheus):
    """A wrong credential is an error there: an operator is looking."""
    assert await probing().check() == f"prometheus/main: Prometheus 2.42.0 at {BASE}"
    server.token = TOKEN
    with pytest.raises(NotAllowed):
        await probing().check()


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"url": "prometheus:9090"}, "must be an address such as"),
        ({"url": "http://me:pw@prometheus"}, "must be an address such as"),
        ({"queries": {}}, "name a query"),
        ({"queries": {"checkout": {"value": "up"}}}, "fails_above or fails_below"),
        ({"queries": {"checkout": {"value": "up", "fails_above": 1, "fails_below": 1}}}, "fails_above or"),
        ({"default": {"value": "up", "fails_below": 1}}, "must have {service} in it"),
        ({"bearer_token": TOKEN, "url": "http://prometheus:9090"}, "https only"),
        ({"bearer_token": TOKEN, "username": "me", "password": "pw"}, "either bearer_token or"),
        ({"username": "me"}, "belong together"),
    ],
)
def test_settings_that_cannot_be_meant(change: dict[str, Any], words: str):
    with pytest.raises(ValidationError, match=words) as told:
        PrometheusSettings.model_validate({"url": BASE, "queries": {"checkout": QUERY}, **change})
    assert TOKEN not in str(told.value)


def test_the_block_makes_a_connector():
    block = PrometheusBlock(url=BASE, queries={"checkout": ServiceQuery.model_validate(QUERY)})
    assert isinstance(block.connector("prometheus/main"), Prometheus)


JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["data", "result", "resultType", "value", "values"]), inner, max_size=4
        )
    ),
    max_leaves=20,
)


@given(answer=st.dictionaries(st.just("data"), JSON))
def test_any_answer_is_read_or_refused(answer: dict[str, Any]):
    """A proxy's page, another server's answer: never another error than ours."""
    query = ServiceQuery.model_validate(QUERY)
    failing_since(answer, query)
    with suppress(Unrecognised):
        reading_from(answer)
