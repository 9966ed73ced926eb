"""The gateway's HTTP face.

    POST /hooks/{vendor}/{name}   verify, store durably, answer; then ring
    GET  /healthz                 the process is alive
    GET  /readyz                  webhooks can be stored now
    GET  /metrics                 counters for Prometheus

What is answered decides whether a ticket is lost, because some senders drop for ever on a 4xx:

    200  stored (header Liaison-Receipt: new), or known already (duplicate), or the vendor's challenge
    401  the signature is proven wrong
    404  the path names no connection that could exist
    413  the body is over the limit
    503  everything that is our fault, with Retry-After: the sender keeps it and comes again
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
from collections.abc import Callable
from datetime import UTC, datetime
from urllib.parse import unquote

from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError
from starlette.types import Receive, Scope, Send

from blocks.catalogue import BLOCKS
from deployments.gateway.bodies import Gone, TooLarge, TooSlow, read_body
from deployments.gateway.doorbell import Doorbell
from deployments.gateway.metrics import Metrics
from deployments.gateway.rejections import Rejections
from deployments.gateway.sources import Sources
from incidents.errors import Forged
from incidents.models import Verified
from incidents.ports import WebhookSource
from incidents.store.database import Database
from incidents.store.inbox import InboxWriter, Receipt

HOOKS = "/hooks/"
RETRY_AFTER_SECONDS = 5

logger = logging.getLogger("liaison.gateway")


class Gateway:
    """An ASGI app. Everything it needs is handed in; it opens nothing itself."""

    def __init__(
        self,
        *,
        database: Database,
        inbox: InboxWriter,
        sources: Sources,
        doorbell: Doorbell,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._database = database
        self._inbox = inbox
        self._sources = sources
        self._doorbell = doorbell
        self._clock = clock
        self.metrics = Metrics()
        self._rejections = Rejections(database)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        path: str = scope["path"]
        if path.startswith(HOOKS):
            await self._hook(scope, receive, send)
        elif path == "/healthz":
            await _answer(send, 200, b"alive\n")
        elif path == "/readyz":
            await self._ready(send)
        elif path == "/metrics":
            body = generate_latest(self.metrics.registry)
            await _answer(send, 200, body, content_type=CONTENT_TYPE_LATEST.encode())
        else:
            await _answer(send, 404, b"webhooks go to /hooks/<vendor>/<name>\n")

    async def _hook(self, scope: Scope, receive: Receive, send: Send) -> None:
        name = unquote(scope["path"][len(HOOKS) :])
        if scope["method"] != "POST":
            await _answer(send, 405, b"webhooks are posted\n", headers=[(b"allow", b"POST")])
            return
        try:
            body = await read_body(scope, receive)
        except TooLarge:
            self._count(name, "too_large")
            await _answer(send, 413, b"the body is over 1 MiB\n", is_last=True)
            return
        except TooSlow:
            self._count(name, "too_slow")
            await _busy(send, b"the body came too slowly\n", is_last=True)
            return
        except Gone:
            self._count(name, "truncated")
            return
        await self._take(name, scope, body, send)

    async def _take(self, name: str, scope: Scope, body: bytes, send: Send) -> None:
        source = self._sources.get(name) or await self._unknown(name, send)
        if source is None:
            return
        headers = [(key.decode("latin-1"), value.decode("latin-1")) for key, value in scope["headers"]]
        try:
            verified = source.verify(headers, body, now=self._clock())
        except Forged as error:
            await self._reject(name, error, body, send)
            return
        except Exception:  # a defect in a verifier is our fault: the sender keeps the ticket and comes again
            logger.exception("verifying a webhook of %s failed", name)
            self._count(name, "error")
            await _busy(send, b"we could not check the signature; please send it again\n")
            return
        await self._store(name, source, verified, send)

    async def _unknown(self, name: str, send: Send) -> WebhookSource | None:
        """A connection that may be saved any moment is worth a retry; a name that cannot exist is not."""
        vendor, _, document = name.partition("/")
        if vendor not in BLOCKS or not document:
            self._count("unknown", "no_such_path")
            await _answer(send, 404, b"there is no such connection; hooks are /hooks/<vendor>/<name>\n")
            return None
        source = await self._sources.look_for(name)
        if source is None:
            self._count("unknown", "no_connection")
            logger.warning(
                "a webhook came for %r, which is no connection: save a block of that name", name[:100]
            )
            await _busy(send, b"this connection is not set up yet; please send it again\n")
        return source

    async def _reject(self, name: str, error: Forged, body: bytes, send: Send) -> None:
        self._count(name, f"forged_{error.reason}")
        if self._rejections.is_our_clock(name, error.reason):
            logger.error("most webhooks of %s fail on their time: check this machine's clock", name)
            await _busy(send, b"our clock may be wrong; please send it again\n")
            return
        self._rejections.record(name, error.reason, hashlib.sha256(body).hexdigest(), len(body))
        await _answer(send, 401, b"the signature does not hold\n")

    async def _store(self, name: str, source: WebhookSource, verified: Verified, send: Send) -> None:
        self._rejections.accepted(name)
        if verified.reply is not None:
            self._count(name, "challenge")
            await _answer(send, 200, verified.reply.body, content_type=verified.reply.content_type.encode())
            return
        try:
            receipt = await self._inbox.accept(name, source.lane, verified)
        except (SQLAlchemyError, OSError, TimeoutError) as error:
            logger.error("could not store a webhook of %s: %s", name, type(error).__name__)
            self._count(name, "error")
            await _busy(send, b"we cannot store it now; please send it again\n")
            return
        self._count(name, receipt.value)
        # No body: Slack would show it to the user who typed the command.
        await _answer(send, 200, b"", headers=[(b"liaison-receipt", receipt.value.encode())])
        if receipt is Receipt.NEW:
            self._doorbell.press(source.lane)

    async def _ready(self, send: Send) -> None:
        try:
            async with asyncio.timeout(2.0), self._database.transaction() as tx:
                await tx.execute(text("select 1"))
        except (SQLAlchemyError, OSError, TimeoutError):
            await _busy(send, b"the store does not answer\n")
            return
        if not self._sources.is_loaded:
            await _busy(send, b"no connections could be read yet\n")
            return
        await _answer(send, 200, b"ready\n")

    def _count(self, connection: str, result: str) -> None:
        self.metrics.deliveries.labels(connection=connection, result=result).inc()


async def _busy(send: Send, body: bytes, *, is_last: bool = False) -> None:
    retry = [(b"retry-after", str(RETRY_AFTER_SECONDS).encode())]
    await _answer(send, 503, body, headers=retry, is_last=is_last)


async def _answer(
    send: Send,
    status: int,
    body: bytes,
    *,
    headers: list[tuple[bytes, bytes]] | None = None,
    content_type: bytes = b"text/plain; charset=utf-8",
    is_last: bool = False,
) -> None:
    """`is_last` closes the connection: what is left of a bad body is not read."""
    all_headers = [
        (b"content-type", content_type),
        (b"content-length", str(len(body)).encode()),
        *(headers or ()),
    ]
    if is_last:
        all_headers.append((b"connection", b"close"))
    await send({"type": "http.response.start", "status": status, "headers": all_headers})
    await send({"type": "http.response.body", "body": body})
