"""The address guard: what is not public is refused, what was checked is called, TLS knows the host."""

from __future__ import annotations

import asyncio
import datetime as dt
import ssl
from collections.abc import AsyncIterator, Sequence
from ipaddress import ip_address
from pathlib import Path

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from connectors.kit.addresses import GuardedTransport, is_public, resolve_by_system
from incidents.errors import Refused

PUBLIC, PUBLIC_2, PUBLIC_6 = "93.184.216.34", "1.1.1.1", "2606:4700::1111"


class Recorder(httpx.AsyncBaseTransport):
    """Answers 200, remembers what it was asked, and refuses connections to `dead` addresses."""

    def __init__(
        self, dead: Sequence[str] = (), dies: type[httpx.TransportError] = httpx.ConnectError
    ) -> None:
        self.asked: list[httpx.Request] = []
        self._dead, self._dies = dead, dies

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request)
        if request.url.host in self._dead:
            raise self._dies("dead", request=request)
        return httpx.Response(200, json={}, request=request)


def answering(*answers: Sequence[str]):
    """A resolver that gives each answer once, the last one for ever."""
    waiting = list(answers)

    async def resolve(host: str, port: int) -> Sequence[str]:
        return waiting.pop(0) if len(waiting) > 1 else waiting[0]

    return resolve


def guarded(recorder: httpx.AsyncBaseTransport, *answers: Sequence[str], allow: Sequence[str] = ()):
    transport = GuardedTransport(recorder, allow=allow, resolve=answering(*answers))
    return httpx.AsyncClient(transport=transport)


@pytest.mark.parametrize("address", [
    "127.0.0.1", "127.9.9.9", "0.0.0.0", "10.1.2.3",  # noqa: S104
     "172.16.0.1", "192.168.1.1", "169.254.169.254",
    "100.64.0.1", "100.100.100.200", "192.0.0.1", "192.0.2.1", "198.18.0.1", "203.0.113.1", "224.0.0.1",
    "239.1.2.3", "240.0.0.1", "255.255.255.255", "168.63.129.16", "192.88.99.1",
    "::", "::1", "::7f00:1", "::ffff:127.0.0.1", "::ffff:169.254.169.254", "::ffff:100.64.0.1",
    "64:ff9b::7f00:1", "64:ff9b::a9fe:a9fe", "64:ff9b::6440:1", "64:ff9b:1::808:808",
    "2002:7f00:1::", "2002:a9fe:a9fe::1", "2002:6440:1::", "2001:0:4136:e378:8000:63bf:3fff:fdd2",
    "fc00::1", "fd00:ec2::254", "fe80::1", "fe80::1%1", "fec0::1", "ff02::1", "2001:db8::1", "3fff::1",
    "100::1", "4000::1",
])  # fmt: skip
def test_special_address(address):
    """Private, shared, link-local, metadata, multicast, reserved, and IPv4 hidden in IPv6: none is public."""
    assert not is_public(ip_address(address))


@pytest.mark.parametrize(
    "address",
    [PUBLIC, PUBLIC_2, PUBLIC_6, "::ffff:8.8.8.8", "64:ff9b::808:808", "2002:808:808::1"],
)
def test_public_address(address):
    """Public addresses pass, also as networks without IPv4 of their own write them."""
    assert is_public(ip_address(address))


async def test_calls_the_checked_address():
    """The host's name is resolved once; the call goes to that address under the host's name."""
    recorder = Recorder()
    async with guarded(recorder, [PUBLIC], ["127.0.0.1"]) as client:
        answer = await client.post("https://status.example.com:8443/health?a=b", content=b"body")
    assert answer.status_code == 200
    assert answer.request.url.host == "status.example.com"
    (asked,) = recorder.asked
    assert str(asked.url) == f"https://{PUBLIC}:8443/health?a=b"
    assert asked.headers["host"] == "status.example.com:8443"
    assert asked.extensions["sni_hostname"] == "status.example.com"
    assert asked.method == "POST"
    assert await asked.aread() == b"body"


async def test_rebinding():
    """A name whose next DNS answer is private is refused at its next call: every call is checked."""
    recorder = Recorder()
    async with guarded(recorder, [PUBLIC], ["169.254.169.254"]) as client:
        await client.get("http://rebind.example/")
        with pytest.raises(Refused):
            await client.get("http://rebind.example/")
    assert [asked.url.host for asked in recorder.asked] == [PUBLIC]


async def test_ipv6_address():
    """An IPv6 address is pinned with its brackets, its port and its host's name."""
    recorder = Recorder()
    async with guarded(recorder, [PUBLIC_6]) as client:
        await client.get("http://six.example:8080/")
    assert str(recorder.asked[0].url) == f"http://[{PUBLIC_6}]:8080/"


async def test_refusal_names_host_and_setting():
    """The refusal tells the operator which host it was and what to write where."""
    recorder = Recorder()
    async with guarded(recorder, ["10.0.0.5"]) as client:
        with pytest.raises(
            Refused, match=r'wiki\.internal is at 10\.0\.0\.5.*"wiki\.internal:443".*allow_priv'
        ):
            await client.get("https://wiki.internal/")
    assert recorder.asked == []


async def test_one_private_among_public():
    """One private address among public ones is a trap, not a choice."""
    recorder = Recorder()
    async with guarded(recorder, [PUBLIC, "127.0.0.1"]) as client:
        with pytest.raises(Refused):
            await client.get("http://mixed.example/")
    assert recorder.asked == []


@pytest.mark.parametrize(
    "url",
    ["http://127.0.0.1/", "http://127.1/", "http://2130706433/", "http://0x7f.1/", "http://017700000001/",
     "http://[::1]/", "http://[::ffff:7f00:1]/", "http://localhost/"],
)  # fmt: skip
async def test_loopback_in_disguise(url):
    """No spelling of loopback gets through, whether the system's resolver reads it or not."""
    recorder = Recorder()
    transport = GuardedTransport(recorder, resolve=resolve_by_system)
    async with httpx.AsyncClient(transport=transport) as client:
        with pytest.raises((Refused, httpx.ConnectError)):
            await client.get(url)
    assert recorder.asked == []


async def test_redirect_to_private():
    """A client that follows redirects is stopped at the private one."""

    async def answer(request: httpx.Request) -> httpx.Response:
        return httpx.Response(302, headers={"location": "http://metadata.example/latest"}, request=request)

    transport = GuardedTransport(
        httpx.MockTransport(answer), resolve=answering([PUBLIC], ["169.254.169.254"])
    )
    async with httpx.AsyncClient(transport=transport, follow_redirects=True) as client:
        with pytest.raises(Refused, match=r"metadata\.example"):
            await client.get("http://public.example/")


@pytest.mark.parametrize(
    ("entry", "url", "is_allowed"),
    [
        ("wiki.internal", "http://wiki.internal/", True),
        ("wiki.internal", "https://WIKI.internal.:8443/", True),
        ("Wiki.Internal:8443", "https://wiki.internal:8443/", True),
        ("wiki.internal:443", "https://wiki.internal/", True),
        ("wiki.internal:8443", "https://wiki.internal/", False),
        ("internal", "https://wiki.internal/", False),
        ("wiki.internal", "https://evil-wiki.internal/", False),
        ("10.0.0.5:80", "http://10.0.0.5/", True),
        ("::1", "http://[::1]:9/", True),
        ("[::1]:9", "http://[::1]:9/", True),
        ("[::1]:9", "http://[::1]:10/", False),
    ],
)
async def test_allowed_host(entry, url, is_allowed):
    """What the operator allows by name, or name and port, passes as it is; nothing else does."""
    recorder = Recorder()
    async with guarded(recorder, ["10.0.0.5"], allow=[entry]) as client:
        if is_allowed:
            await client.get(url)
            assert recorder.asked[0].url == httpx.URL(url)
        else:
            with pytest.raises(Refused):
                await client.get(url)
            assert recorder.asked == []


@pytest.mark.parametrize("dies", [httpx.ConnectError, httpx.ConnectTimeout])
async def test_next_address_when_one_is_dead(dies):
    """Where a connection fails nothing was sent, so the host's next address is tried."""
    recorder = Recorder(dead=[PUBLIC], dies=dies)
    async with guarded(recorder, [PUBLIC, PUBLIC_2]) as client:
        await client.get("http://two.example/")
    assert [asked.url.host for asked in recorder.asked] == [PUBLIC, PUBLIC_2]


async def test_no_second_address_once_something_was_sent():
    """A lost answer is not asked for again elsewhere: that is the caller's decision."""
    recorder = Recorder(dead=[PUBLIC], dies=httpx.ReadTimeout)
    async with guarded(recorder, [PUBLIC, PUBLIC_2]) as client:
        with pytest.raises(httpx.ReadTimeout):
            await client.post("http://two.example/")
    assert len(recorder.asked) == 1


async def test_all_addresses_dead():
    """When none answers, it is a failed connection like any other."""
    recorder = Recorder(dead=[PUBLIC, PUBLIC_2])
    async with guarded(recorder, [PUBLIC, PUBLIC_2]) as client:
        with pytest.raises(httpx.ConnectError):
            await client.get("http://two.example/")


@pytest.mark.parametrize("failure", [OSError("no such name"), UnicodeError("label too long"), None])
async def test_name_without_address(failure):
    """A name that does not resolve is a failed connection, not a refusal: it may resolve later."""

    async def resolve(host: str, port: int) -> Sequence[str]:
        if failure is None:
            return []
        raise failure

    async with httpx.AsyncClient(transport=GuardedTransport(Recorder(), resolve=resolve)) as client:
        with pytest.raises(httpx.ConnectError):
            await client.get("http://nowhere.example/")


async def test_slow_resolver():
    """Resolving counts as connecting: it ends at the connect time-out."""

    async def resolve(host: str, port: int) -> Sequence[str]:
        await asyncio.Event().wait()
        return []

    transport = GuardedTransport(Recorder(), resolve=resolve)
    async with httpx.AsyncClient(transport=transport, timeout=0.01) as client:
        with pytest.raises(httpx.ConnectTimeout):
            await client.get("http://slow.example/")


class ToLoopback(httpx.AsyncBaseTransport):
    """Real connections, but what was pinned to a public address goes to this machine."""

    def __init__(self, verify: ssl.SSLContext) -> None:
        self._real = httpx.AsyncHTTPTransport(verify=verify, limits=httpx.Limits(max_keepalive_connections=0))

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        request.url = request.url.copy_with(host="127.0.0.1")
        return await self._real.handle_async_request(request)

    async def aclose(self) -> None:
        await self._real.aclose()


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    """A certificate and key for secure.example alone."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "secure.example")])
    now = dt.datetime.now(dt.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(hours=1))
        .not_valid_after(now + dt.timedelta(hours=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("secure.example")]), critical=False)
        .sign(key, hashes.SHA256())
    )
    path = tmp_path / "secure.pem"
    path.write_bytes(
        made.public_bytes(serialization.Encoding.PEM)
        + key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
    )
    return path


@pytest.fixture
async def tls_port(certificate: Path) -> AsyncIterator[int]:
    """A server on loopback that proves to be secure.example and answers with the Host it was asked for."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode().splitlines()
        host = next(line.partition(": ")[2] for line in head if line.lower().startswith("host:"))
        writer.write(f"HTTP/1.1 200 OK\r\nContent-Length: {len(host)}\r\n\r\n{host}".encode())
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=context)
    async with server:
        yield server.sockets[0].getsockname()[1]


async def test_tls_proves_the_host_not_the_address(tls_port, certificate):
    """On a pinned address the certificate must be the host's; another host there is refused."""
    trusted = ssl.create_default_context(cafile=str(certificate))
    async with guarded(ToLoopback(trusted), [PUBLIC]) as client:
        answer = await client.get(f"https://secure.example:{tls_port}/")
        assert answer.text == f"secure.example:{tls_port}"
        with pytest.raises(httpx.ConnectError, match=r"(?i)certificate"):
            await client.get(f"https://other.example:{tls_port}/")
