"""The gateway behind nginx, which ends TLS: what was signed arrives as it was signed."""

from __future__ import annotations

import ssl
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from deployments.machine.processes import free_port
from tests.deployments.gateway.conftest import Store
from tests.deployments.gateway.vendors import SLACK, VENDORS, Vendor
from tests.real.gateway.certificate import write_certificate
from tests.real.nginx import nginx_config
from tests.real.programs import debian_program
from tests.real.running import HOST, running

pytestmark = pytest.mark.real

CONFIG = """\
    client_max_body_size 2m;
    ssl_certificate {certificate};
    ssl_certificate_key {key};
    server {{
        listen {host}:{buffering} ssl;
        location /hooks/ {{ proxy_pass http://{host}:{gateway}; }}
    }}
    server {{
        listen {host}:{streaming} ssl;
        location /hooks/ {{
            proxy_pass http://{host}:{gateway};
            proxy_http_version 1.1;
            proxy_request_buffering off;
        }}
    }}
"""
# Bytes that whoever decodes, trims or re-encodes a body would change; too many for a proxy's memory buffer.
AWKWARD = (
    b'{"text":"Gr\xc3\xb6\xc3\x9fe \xf0\x9f\x98\x80 \xff\xfe\\u0000",\r\n\t"more":"'
    + b"x" * 300_000
    + b'"}\r\n '
)


@dataclass(frozen=True)
class Proxy:
    """`ports` by how nginx hands a body on: whole once it has all of it, or in pieces as they come."""

    ports: dict[str, int]
    trust: ssl.SSLContext

    async def post(
        self, vendor: Vendor, body: bytes, headers: list[tuple[str, str]], *, way: str, chunked: bool = False
    ) -> httpx.Response:
        async with httpx.AsyncClient(verify=self.trust, trust_env=False) as client:
            url = f"https://{HOST}:{self.ports[way]}{vendor.path}"
            return await client.post(url, content=_pieces(body) if chunked else body, headers=headers)


async def _pieces(body: bytes) -> AsyncIterator[bytes]:
    """httpx sends what has no length in chunks."""
    for start in range(0, len(body), 1000):
        yield body[start : start + 1000]


@pytest.fixture
async def nginx(gateway_port: int, tmp_path: Path) -> AsyncIterator[Proxy]:
    program = debian_program("nginx")
    certificate, key = write_certificate(tmp_path)
    ports = {"buffering": free_port(0), "streaming": free_port(0)}
    config = tmp_path / "nginx.conf"
    config.write_text(
        nginx_config(
            tmp_path,
            CONFIG.format(certificate=certificate, key=key, host=HOST, gateway=gateway_port, **ports),
        )
    )
    command = [program, "-p", tmp_path, "-e", "stderr", "-c", config]
    async with running("nginx", command, port=ports["streaming"], home=tmp_path):
        yield Proxy(ports, ssl.create_default_context(cafile=certificate))


ways = pytest.mark.parametrize("way", ["buffering", "streaming"])


@ways
async def test_what_was_signed_arrives(nginx: Proxy, store: Store, way: str) -> None:
    """Every vendor's, with a length and in chunks, plain and awkward: stored as signed, answered as new."""
    sent: list[tuple[str, bytes]] = []
    for vendor in VENDORS:
        for number, (body, chunked) in enumerate([(vendor.event, False), (AWKWARD, True)]):
            signed = vendor.sign(body, id=f"msg_{number}")
            answer = await nginx.post(vendor, body, signed, way=way, chunked=chunked)
            assert (answer.status_code, answer.headers.get("Liaison-Receipt")) == (200, "new"), vendor
            sent.append((vendor.connection, body))
    assert [(row.connection, row.body) for row in await store.deliveries()] == sent


@ways
@pytest.mark.parametrize(
    "spoil",
    [lambda body: body + b"\n", lambda body: body.replace(b"4", b"5", 1), lambda body: body[:-1]],
    ids=["longer", "changed", "shorter"],
)
async def test_what_was_not_signed_is_refused(
    nginx: Proxy, store: Store, way: str, spoil: Callable[[bytes], bytes]
) -> None:
    """The proxy's 401 is the gateway's own."""
    for vendor in VENDORS:
        event = vendor.event + b" 4"
        answer = await nginx.post(vendor, spoil(event), vendor.sign(event), way=way, chunked=True)
        assert (answer.status_code, answer.content) == (401, b"the signature does not hold\n")
    assert await store.deliveries() == []


async def test_the_challenge_comes_back(nginx: Proxy) -> None:
    """Slack saves a Request URL only when it reads its challenge through the proxy."""
    body = b'{"type":"url_verification","token":"x","challenge":"3eZbrw1a"}'
    answer = await nginx.post(SLACK, body, SLACK.sign(body), way="buffering")
    assert (answer.status_code, answer.content) == (200, b"3eZbrw1a")
