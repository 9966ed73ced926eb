"""Looks at the fake service, and at addresses where nothing is."""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import AsyncIterator, Callable
from typing import Any

import httpx
import pytest
from pydantic import ValidationError

from connectors.http.connector import Http
from connectors.http.fake.app import FakeService, Health
from connectors.http.settings import HealthProbe, HttpSettings
from connectors.kit.fakes.faults import FaultKind
from connectors.kit.fakes.in_process import InProcessTransport
from incidents.errors import NotAllowed
from tests.connectors.http.conftest import BASE
from tests.contracts.impact_probe import NOW, ImpactProbeContract


def probing(transport: httpx.AsyncBaseTransport, **section: Any) -> Http:
    quick = {
        "urls": [f"{BASE}/health?key=s3cret"],
        "pause_seconds": 0,
        "connect_seconds": 0.02,
        "max_seconds": 0.1,
    }
    settings = HttpSettings(probe=HealthProbe(**{**quick, **section}))
    return Http("http/shop-health", settings, transport=transport)


class FakeScene:
    """The fake service as a scene for the contract."""

    def __init__(self, service: FakeService) -> None:
        self._service = service

    def healthy(self) -> None:
        self._service.health = Health.HEALTHY

    def failing(self) -> None:
        self._service.health = Health.ERROR

    def blind(self) -> None:
        self._service.faults.arm(FaultKind.UNAUTHORIZED, times=None)


class TestHttpProbe(ImpactProbeContract):
    secrets = ("s3cret",)

    @pytest.fixture
    async def probe(self, service: FakeService) -> AsyncIterator[Http]:
        connector = probing(InProcessTransport(service.app))
        yield connector
        await connector.aclose()

    @pytest.fixture
    def scene(self, service: FakeService) -> FakeScene:
        return FakeScene(service)


@pytest.mark.parametrize(
    ("health", "is_healthy", "said"),
    [
        (Health.HEALTHY, True, "HTTP 200 after"),
        (Health.ERROR, False, "HTTP 503 after"),
        (Health.SLOW, False, "no full answer after"),
        (Health.WRONG_BODY, False, "HTTP 200 without the expected text after"),
        (Health.HTML, False, "HTTP 200 without the expected text after"),
    ],
)
async def test_each_kind_of_break(service: FakeService, health: Health, is_healthy: bool, said: str) -> None:
    """Status, body and time each count, and the summary says what was seen, without the query."""
    service.health = health
    result = await probing(InProcessTransport(service.app), body_contains='"ok"').check("shop", now=NOW)
    assert result.is_healthy is is_healthy
    assert result.summary.startswith(said)
    assert result.summary.endswith(f" s from {BASE}/health")
    assert result.url == f"{BASE}/health"


async def test_one_blip_is_no_outage(service: FakeService) -> None:
    """The second look counts; with a single attempt the blip does."""
    service.faults.arm(FaultKind.CRASH)
    assert (await probing(InProcessTransport(service.app)).check("shop", now=NOW)).is_healthy is True
    service.faults.arm(FaultKind.CRASH)
    assert (
        await probing(InProcessTransport(service.app), attempts=1).check("shop", now=NOW)
    ).is_healthy is False


async def test_all_addresses_must_be_well(service: FakeService) -> None:
    """One failing address is enough, and it is the one that is named."""
    probe = probing(InProcessTransport(service.app), urls=[f"{BASE}/health", f"{BASE}/missing"])
    result = await probe.check("shop", now=NOW)
    assert result.is_healthy is False
    assert result.url == f"{BASE}/missing"


async def test_service_name_in_the_path() -> None:
    """The name is one segment of the path, whatever is in it."""
    asked: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request.url.raw_path.decode())
        return httpx.Response(204)

    probe = probing(httpx.MockTransport(answer), urls=f"{BASE}/health/{{service}}", expected=[204])
    assert (await probe.check("shop/../admin?x", now=NOW)).is_healthy is True
    assert asked == ["/health/shop%2F..%2Fadmin%3Fx"]


def raising(
    error: Exception, cause: BaseException | None = None
) -> Callable[[httpx.Request], httpx.Response]:
    def answer(request: httpx.Request) -> httpx.Response:
        raise error from cause

    return answer


def certificate_error(code: int) -> ssl.SSLCertVerificationError:
    error = ssl.SSLCertVerificationError("certificate verify failed")
    error.verify_code = code
    return error


REFUSED = ConnectionRefusedError(111, "refused")
UNREACHABLE = OSError(101, "network is unreachable")


@pytest.mark.parametrize(
    ("error", "cause", "is_healthy"),
    [
        (httpx.ConnectError("x"), REFUSED, False),
        (httpx.ConnectError("x"), ExceptionGroup("both", [UNREACHABLE, REFUSED]), False),
        (httpx.ConnectError("x"), UNREACHABLE, None),
        (httpx.ConnectError("x"), socket.gaierror(-2, "unknown"), None),
        (httpx.ConnectTimeout("x"), None, None),
        (httpx.ConnectError("x"), certificate_error(10), False),
        (httpx.ConnectError("x"), certificate_error(20), None),
        (httpx.ReadTimeout("x"), None, False),
        (httpx.ReadError("x"), ConnectionResetError(104, "reset"), False),
        (httpx.RemoteProtocolError("x"), None, False),
        (httpx.DecodingError("x"), None, False),
        (httpx.PoolTimeout("x"), None, None),
        (httpx.UnsupportedProtocol("x"), None, None),
        (NotAllowed("address is private"), None, None),
    ],
)
async def test_what_no_answer_means(
    error: Exception, cause: BaseException | None, is_healthy: bool | None
) -> None:
    """Only what the service did counts against it; our resolver, network, trust and guard prove nothing."""
    result = await probing(httpx.MockTransport(raising(error, cause))).check("shop", now=NOW)
    assert result.is_healthy is is_healthy


async def test_a_refused_connection_on_a_real_socket() -> None:
    """The chain of causes is the real network stack's: a port where nobody listens refuses."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
    probe = probing(httpx.AsyncHTTPTransport(), urls=f"http://127.0.0.1:{port}/", connect_seconds=2)
    result = await probe.check("shop", now=NOW)
    await probe.aclose()
    assert result.is_healthy is False
    assert result.summary.startswith("connection refused after")


class NeverConnects(httpx.AsyncBaseTransport):
    """Tries one address after another, as a host with several dead ones makes us do."""

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        await request.extensions["trace"]("connection.connect_tcp.started", {})
        await asyncio.Event().wait()
        raise AssertionError("the look outlived its time")


async def test_time_spent_connecting_proves_nothing() -> None:
    """The look's whole time went by before anything was sent: nothing is known about the service."""
    result = await probing(NeverConnects(), attempts=1).check("shop", now=NOW)
    assert result.is_healthy is None
    assert result.summary.startswith("no connection after")


async def test_a_service_that_accepts_and_is_silent() -> None:
    """On real sockets: once the request is sent, silence is the service's failure."""
    silence = asyncio.Event()

    async def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await silence.wait()
        writer.close()

    server = await asyncio.start_server(accept, "127.0.0.1", 0)
    url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/"
    probe = Http(
        "http/x",
        HttpSettings(probe=HealthProbe(urls=url, attempts=1, max_seconds=0.1), allow_private=["127.0.0.1"]),
    )
    result = await probe.check("shop", now=NOW)
    await probe.aclose()
    silence.set()
    server.close()
    await server.wait_closed()
    assert result.is_healthy is False
    assert result.summary.startswith("no answer after")


@pytest.mark.parametrize("status", [401, 403, 405, 407, 429])
async def test_not_let_in_proves_nothing(status: int) -> None:
    """A service that refuses our look may serve its customers well."""
    transport = httpx.MockTransport(lambda request: httpx.Response(status))
    assert (await probing(transport).check("shop", now=NOW)).is_healthy is None
    assert (await probing(transport, expected=[status]).check("shop", now=NOW)).is_healthy is True


async def test_redirects_are_not_followed(service: FakeService) -> None:
    """A redirect is an unexpected answer, wherever it points."""
    transport = httpx.MockTransport(
        lambda request: httpx.Response(302, headers={"location": "http://169.254.169.254/"})
    )
    result = await probing(transport).check("shop", now=NOW)
    assert result.is_healthy is False
    assert "HTTP 302" in result.summary


async def test_private_addresses_are_refused_unless_allowed() -> None:
    """Without a fake in between, the guard looks at the address; a refused look proves nothing."""
    section = HealthProbe(urls=["http://127.0.0.1:9/health"], attempts=1)
    guarded = Http("http/x", HttpSettings(probe=section))
    refused = await guarded.check("shop", now=NOW)
    assert refused.is_healthy is None
    assert "allow_private" in refused.summary
    await guarded.aclose()
    allowed = Http("http/x", HttpSettings(probe=section, allow_private=["127.0.0.1:9"]))
    assert (await allowed.check("shop", now=NOW)).is_healthy is False
    await allowed.aclose()


@pytest.mark.parametrize(
    "section",
    [
        {"urls": []},
        {"urls": ["ftp://x/"]},
        {"urls": ["https://user:pass@x/"]},
        {"urls": ["https://{service}.x/"]},
        {"urls": ["/health"]},
        {"urls": ["https://x/"], "method": "HEAD", "body_contains": "ok"},
        {"urls": ["https://x/"], "expected": []},
    ],
)
def test_bad_sections(section: dict[str, Any]) -> None:
    """What cannot work is refused when it is configured."""
    with pytest.raises(ValidationError):
        HealthProbe(**section)


async def test_without_a_section(service: FakeService) -> None:
    """A capability that was not configured says what to do."""
    connector = Http("http/x", HttpSettings(), transport=InProcessTransport(service.app))
    with pytest.raises(NotAllowed, match="no probe section"):
        await connector.check("shop", now=NOW)
