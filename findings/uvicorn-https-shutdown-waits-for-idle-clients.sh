#!/usr/bin/env bash
# A uvicorn server over https takes half a minute to stop while a client keeps an idle connection; over http it stops at once.
#
# Versions: uvicorn 0.54.0, httptools 0.9.0, cryptography 50.0.2; Python 3.11.
# Guess: keep-alive connections without a request are closed at once, as they are over http.
# Behaviour: they are closed, but closing a TLS connection waits for the other side's close_notify, and a pooled client that
#   does not read sends none: asyncio gives up after 30 s (ssl_shutdown_timeout). timeout_graceful_shutdown ends it sooner.
# Seen:
#   http: stopped in under 5 s
#   https: stopped after 25 s or more
#   https, timeout_graceful_shutdown=1: stopped in under 5 s
# Exit: 0 while it is so, 1 if it changed.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
"${PYTHON:-python3}" -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check uvicorn==0.54.0 httptools==0.9.0 cryptography==50.0.2 2>/dev/null
cat > "$work/stop.py" <<'PY'
import asyncio
import datetime
import ipaddress
import pathlib
import socket
import ssl
import sys
import time

import uvicorn
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

folder = pathlib.Path(sys.argv[1])
key = ec.generate_private_key(ec.SECP256R1())
name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "loopback")])
now = datetime.datetime.now(datetime.timezone.utc)
builder = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
builder = builder.serial_number(1).not_valid_before(now).not_valid_after(now + datetime.timedelta(days=1))
names = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
certificate = builder.add_extension(names, critical=False).sign(key, hashes.SHA256())
(folder / "c.pem").write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
private = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
(folder / "k.pem").write_bytes(key.private_bytes(*private))


async def app(scope: dict, receive: object, send: object) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"2")]})
    await send({"type": "http.response.body", "body": b"ok"})


def ask(port: int, is_tls: bool) -> socket.socket:
    plain = socket.create_connection(("127.0.0.1", port))
    context = ssl.create_default_context(cafile=str(folder / "c.pem"))
    wire = context.wrap_socket(plain, server_hostname="127.0.0.1") if is_tls else plain
    wire.sendall(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
    assert b"200" in wire.recv(1000)
    return wire


async def stopping(label: str, is_tls: bool, **options: int) -> None:
    tls = {"ssl_certfile": folder / "c.pem", "ssl_keyfile": folder / "k.pem"} if is_tls else {}
    config = uvicorn.Config(app, port=0, lifespan="off", log_level="critical", http="httptools", **tls, **options)
    config.load()
    server = uvicorn.Server(config)
    server.lifespan = config.lifespan_class(config)
    await server.startup()
    port = server.servers[0].sockets[0].getsockname()[1]
    wire = await asyncio.to_thread(ask, port, is_tls)
    began = time.monotonic()
    await server.shutdown()
    took = time.monotonic() - began
    word = "in under 5 s" if took < 5 else "after 25 s or more" if took >= 25 else f"in {took:.0f} s"
    print(f"{label}: stopped {word}", flush=True)
    wire.close()


async def main() -> None:
    await stopping("http", False)
    await stopping("https", True)
    await stopping("https, timeout_graceful_shutdown=1", True, timeout_graceful_shutdown=1)


asyncio.run(main())
PY
"$work/venv/bin/python" "$work/stop.py" "$work" | tee "$work/seen"
diff "$work/seen" - <<'SEEN'
http: stopped in under 5 s
https: stopped after 25 s or more
https, timeout_graceful_shutdown=1: stopped in under 5 s
SEEN
