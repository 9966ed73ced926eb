"""Mutual TLS on a real server: it sees our certificate, and files that cannot be used are named."""

from __future__ import annotations

import asyncio
import ssl

import pytest
from cryptography.hazmat.primitives import serialization
from pydantic import SecretStr

from connectors.kit.auth.ways import ClientCertificate
from connectors.kit.fakes.certificates import LoopbackCertificate, make_certificate
from connectors.kit.http import VendorHttp
from incidents.errors import Unreachable
from tests.connectors.kit.scripted_vendor import Vendor, status

SECRET = "hush-hush"


async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.readuntil(b"\r\n\r\n")
    named = bool(writer.get_extra_info("peercert"))
    writer.write(
        b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % ((4, b"true") if named else (5, b"false"))
    )
    await writer.drain()
    writer.close()


@pytest.fixture
def certificates(tmp_path):
    made: list[LoopbackCertificate] = []
    for who in ("server", "client"):
        (tmp_path / who).mkdir()
        made.append(make_certificate(tmp_path / who))
    return made


async def test_a_server_that_wants_to_see_a_certificate_sees_ours(certificates):
    server, client = certificates
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=str(client.certificate))
    context.load_cert_chain(server.certificate, server.key)
    context.verify_mode = ssl.CERT_REQUIRED
    ours = ClientCertificate(client.certificate, client.key, authority=server.certificate)
    stranger = ClientCertificate(server.certificate, server.key, authority=server.certificate)
    async with await asyncio.start_server(serve, "127.0.0.1", 0, ssl=context) as listening:
        address = f"https://127.0.0.1:{listening.sockets[0].getsockname()[1]}"
        async with VendorHttp(vendor="acme", base_url=address, certificate=ours) as known:
            assert (await known.call("GET", "/")).data is True
        async with VendorHttp(vendor="acme", base_url=address, certificate=stranger, attempts=1) as unknown:
            with pytest.raises(Unreachable):
                await unknown.call("GET", "/")


def test_a_certificate_that_cannot_be_used_is_named(certificates, tmp_path):
    server, client = certificates
    (tmp_path / "nonsense.pem").write_text("nonsense")
    for bad in (
        ClientCertificate(client.certificate, server.key),
        ClientCertificate(tmp_path / "nowhere.pem"),
        ClientCertificate(tmp_path / "nonsense.pem"),
    ):
        with pytest.raises(ValueError, match=r"\.pem"):
            bad.context()
    with pytest.raises(ValueError, match="authority"):
        ClientCertificate(client.certificate, client.key, authority=tmp_path / "nonsense.pem").context()


def test_a_key_with_a_password_asks_nobody_at_the_terminal(certificates, tmp_path):
    _, client = certificates
    key = serialization.load_pem_private_key(client.key.read_bytes(), None)
    locked = tmp_path / "locked.pem"
    locked.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.BestAvailableEncryption(SECRET.encode()),
        )
    )
    with pytest.raises(ValueError, match="password") as caught:
        ClientCertificate(client.certificate, locked).context()
    assert SECRET not in str(caught.value)
    ClientCertificate(client.certificate, locked, SecretStr(SECRET)).context()


def test_a_transport_of_ones_own_would_leave_the_certificate_out(certificates):
    _, client = certificates
    with pytest.raises(ValueError, match="transport"):
        VendorHttp(
            vendor="acme",
            base_url="https://api.example",
            transport=Vendor(status(200)),
            certificate=ClientCertificate(client.certificate, client.key),
        )
