"""The gateway's HTTP face.

    POST /hooks/{vendor}/{name}   verify, store durably, answer; then ring
    GET  /healthz                 the process is alive
    GET  /readyz                  webhooks can be stored now; and whether somebody handles them
    GET  /metrics                 counters for Prometheus
    GET  /status/{name}/{file}    a status page, where its connection's settings say that we serve it
    GET  /reports/{token}/{file}  pictures and tables of a report, for whoever was given its address
    GET  /pages/{token}           a page of our own, for whoever was woken with it; POST: they have it
    GET  /incidents/INC-7/story   sent on to the story in the Prefect UI, and /incidents/now to how it stands
    GET  /board/...               what is open, for the team (deployments.gateway.board)
    GET  /sidebar/...             a ticket's incident, for the helpdesk's app (deployments.gateway.board.sidebar)

What is answered decides whether a ticket is lost, because some senders drop for ever on a 4xx:

    200  stored (header Liaison-Receipt: new), or known already (duplicate), or the vendor's challenge. The body is
         empty but for vendors who want to read something (Salesforce's Ack)
    401  the signature is proven wrong, or sound but too old, unless our own clock may be to blame
    404  the path names no connection that could exist
    405  a hook is asked for by another method than POST
    413  the body is over the limit
    431  the headers are over 64 KiB (deployments.gateway.deadlines)
    503  everything that is our fault, with Retry-After: the sender keeps it and comes again. So is a connection
         that is not saved yet, or that takes no webhooks as it is configured: an operator will mend it.

Only /hooks/ and /status/ are for the internet, and /pages/ for phones where our own pager is used; the proxy before us
should keep the rest for the operator, /reports/ for those who read the Prefect UI, and /board/ for the team. Where the
helpdesk shows our app, /sidebar/ is for the helpdesk's servers.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime

from opentelemetry.trace import SpanKind
from prometheus_client import CONTENT_TYPE_LATEST
from starlette.types import Receive, Scope, Send

from deployments.gateway.answers import HookAnswer, busy
from deployments.gateway.board.board import PATH as BOARD
from deployments.gateway.board.board import BoardPages
from deployments.gateway.board.sidebar import PATH as SIDEBAR
from deployments.gateway.board.sidebar import Sidebar
from deployments.gateway.board.story_links import PATH as STORIES
from deployments.gateway.board.story_links import StoryLinks
from deployments.gateway.bodies import Bodies, Gone, TooLarge, TooMuch
from deployments.gateway.clock_check import ClockCheck
from deployments.gateway.doorbell import Doorbell
from deployments.gateway.engine import Engine
from deployments.gateway.metrics import NO_CONNECTION, Metrics
from deployments.gateway.notices import Notices, error_words
from deployments.gateway.on_call.page_links import PATH as PAGES
from deployments.gateway.on_call.page_links import PageAnswers
from deployments.gateway.public.status_pages import PATH as STATUS
from deployments.gateway.public.status_pages import StatusPages
from deployments.gateway.readiness import Readiness
from deployments.gateway.rejections import Rejections
from deployments.gateway.reports import PATH as REPORTS
from deployments.gateway.reports import Reports
from deployments.gateway.set_aside import SetAside
from deployments.gateway.sources import Sources, can_exist
from deployments.machine.disk import Disk
from incidents.errors import Forged, LiaisonError
from incidents.events import QUERY, Verified
from incidents.ports import WebhookSource
from incidents.store.inbox.writer import (
    InboxWriter,
    NotStored,
    Receipt,
)
from incidents.telemetry.spans import span

HOOKS = "/hooks/"

STORED = {
    receipt: HookAnswer(200, headers=((b"liaison-receipt", receipt.value.encode()),)) for receipt in Receipt
}
FORGED = HookAnswer(401, b"the signature does not hold\n")
NO_SUCH_PATH = HookAnswer(404, b"webhooks go to /hooks/<vendor>/<name>\n")
NO_SUCH_CONNECTION = HookAnswer(404, b"there can be no such connection; hooks are /hooks/<vendor>/<name>\n")
ONLY_POST = HookAnswer(405, b"webhooks are posted\n", headers=((b"allow", b"POST"),))
TOO_LARGE = HookAnswer(413, b"the body is over 1 MiB\n")
TOO_MUCH = busy(b"we have our hands full; please send it again\n")
NOT_SAVED_YET = busy(b"this connection is not set up yet; please send it again\n")
NOT_CHECKED = busy(b"we could not check the signature; please send it again\n")
OUR_CLOCK = busy(b"our clock may be wrong; please send it again\n")
NOT_STORED = busy(b"we cannot store it now; please send it again\n")
BROKEN = busy(b"something is wrong on our side; please send it again\n")
ALIVE = HookAnswer(200, b"alive\n")
READY = HookAnswer(200, b"ready\n")
# Relative, as the proxy before us may have the board elsewhere.
TO_THE_BOARD = HookAnswer(301, headers=((b"location", BOARD.strip("/").encode() + b"/"),))
NOTHING_LOADED = busy(b"no connections could be read yet\n")


class Gateway:
    """An ASGI app. Everything it needs is handed in; it opens nothing itself."""

    def __init__(
        self,
        *,
        inbox: InboxWriter,
        sources: Sources,
        doorbell: Doorbell,
        rejections: Rejections,
        readiness: Readiness,
        engine: Engine,
        reports: Reports,
        pages: PageAnswers,
        board: BoardPages | None = None,
        stories: StoryLinks | None = None,
        sidebar: Sidebar | None = None,
        notices: Notices,
        metrics: Metrics,
        set_aside: SetAside | None = None,
        bodies: Bodies | None = None,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._inbox = inbox
        self._sources = sources
        self._doorbell = doorbell
        self._rejections = rejections
        self._readiness = readiness
        self._engine = engine
        self._reports = reports
        self._pages = pages
        self._board = board
        self._stories = stories
        self._sidebar = sidebar
        self._notices = notices
        self._bodies = bodies or Bodies()
        self._clock = clock
        self._clock_check = ClockCheck()
        self._metrics = metrics
        self._set_aside = set_aside
        self._status_pages = StatusPages(sources.public_files)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        path: str = scope["path"]
        try:
            if path.startswith(HOOKS):
                answer = await self._hook(path[len(HOOKS) :], scope, receive)
            elif path.startswith(STATUS):
                answer = await self._status_pages.answer(path[len(STATUS) :], method=scope["method"])
            elif path.startswith(REPORTS):
                answer = await self._reports.answer(path[len(REPORTS) :], method=scope["method"])
            elif path.startswith(PAGES):
                token = path[len(PAGES) :]
                answer = await self._pages.answer(token, method=scope["method"], receive=receive)
            elif path.startswith(BOARD) and self._board is not None:
                await self._board.answer(path[len(BOARD) :], scope, receive, send)
                return
            else:
                answer = await self._about_incidents(path, scope)
        except Gone:
            return
        except Exception as error:  # noqa: BLE001 - a 500 may lose a ticket; a defect of ours must not
            self._notices.error("a request failed: %s", error_words(error))
            answer = BROKEN
        await answer.send(send)

    async def _hook(self, name: str, scope: Scope, receive: Receive) -> HookAnswer:
        if scope["method"] != "POST":
            return ONLY_POST
        source = self._sources.get(name)
        if source is None:
            if not can_exist(name):
                self._metrics.count(NO_CONNECTION, "no_such_path")
                return NO_SUCH_CONNECTION
            source = await self._sources.look_for(name)
        if source is None:
            self._metrics.count(NO_CONNECTION, "not_saved")
            self._notices.warn(
                "webhooks come for %s, which is no connection: save a block of that name", name
            )
            return NOT_SAVED_YET
        try:
            body = await self._bodies.read(scope, receive, connection=name)
        except Gone:
            self._metrics.count(name, "truncated")
            raise
        except TooLarge:
            self._metrics.count(name, "too_large")
            return TOO_LARGE
        except TooMuch:
            self._metrics.count(name, "too_much")
            return TOO_MUCH
        try:
            return await self._take(name, source, scope, body)
        finally:
            self._bodies.release(body)

    async def _take(self, name: str, source: WebhookSource, scope: Scope, body: bytes) -> HookAnswer:
        headers = [(key.decode("latin-1"), value.decode("latin-1")) for key, value in scope["headers"]]
        if query := scope.get("query_string"):
            headers.append((QUERY, query.decode("latin-1")))
        try:
            verified = source.verify(headers, body, now=self._clock())
        except Forged as error:
            return self._reject(name, error, body)
        except LiaisonError as error:
            # Its words are ours and tell the operator what to do: such as that a section is missing.
            self._notices.error("%s takes no webhooks: %s", name, error, subject=name)
            self._metrics.count(name, "error")
            return NOT_CHECKED
        except Exception as error:  # noqa: BLE001 - a defect in a verifier is our fault, never the sender's
            self._notices.error(
                "verifying a webhook of %s failed: %s", name, error_words(error), subject=name
            )
            self._metrics.count(name, "error")
            return NOT_CHECKED
        self._clock_check.in_time(name)
        if verified.reply is not None:
            self._metrics.count(name, "challenge")
            return HookAnswer(200, verified.reply.body, content_type=verified.reply.content_type)
        return await self._store(name, source, verified)

    def _reject(self, name: str, error: Forged, body: bytes) -> HookAnswer:
        self._metrics.count(name, f"forged_{error.reason}")
        self._rejections.record(name, error.reason, body)
        if error.reason == "timestamp" and self._clock_check.late(name):
            self._notices.error(
                "most webhooks of %s fail on their time: check this machine's clock", name, subject=name
            )
            return OUR_CLOCK
        return FORGED

    async def _store(self, name: str, source: WebhookSource, verified: Verified) -> HookAnswer:
        try:
            # Of what is proven only: else anybody could fill the traces.
            with span(f"webhook {name}", kind=SpanKind.SERVER, attributes={"liaison.connection": name}):
                receipt = await self._inbox.accept(name, source.lane, verified)
        except NotStored as error:
            self._notices.error("webhooks cannot be stored: %s%s", error, _what_is_left(self._readiness.disk))
            self._metrics.count(name, "error")
            return NOT_STORED
        self._metrics.count(name, receipt.value)
        # Also for a duplicate: whoever took the first one may have died before the bell.
        self._doorbell.press(source.lane)
        stored, wanted = STORED[receipt], verified.acknowledgement
        return (
            stored if wanted is None else replace(stored, body=wanted.body, content_type=wanted.content_type)
        )

    async def end(self) -> None:
        """Let go whoever listens to the board: their answers have no end of their own."""
        if self._board is not None:
            await self._board.end()

    async def _about_incidents(self, path: str, scope: Scope) -> HookAnswer:
        if path.startswith(STORIES) and self._stories is not None:
            return await self._stories.answer(path[len(STORIES) :], method=scope["method"])
        if path.startswith(SIDEBAR) and self._sidebar is not None:
            return await self._sidebar.answer(path[len(SIDEBAR) :], scope)
        return await self._for_operators(path)

    async def _for_operators(self, path: str) -> HookAnswer:
        if path == BOARD.rstrip("/"):
            return TO_THE_BOARD
        if path == "/healthz":
            return ALIVE
        if path == "/readyz":
            return await self._ready()
        if path == "/metrics":
            if self._set_aside is not None:
                await self._set_aside.count()
            self._metrics.engine(is_up=self._engine.trouble is None)
            return HookAnswer(200, self._metrics.exposition(), content_type=CONTENT_TYPE_LATEST)
        return NO_SUCH_PATH

    async def _ready(self) -> HookAnswer:
        if not await self._readiness.is_writable():
            return busy(f"the store does not take writes{_what_is_left(self._readiness.disk)}\n".encode())
        if not self._sources.is_loaded:
            return NOTHING_LOADED
        # A sender loses nothing by that, so whoever decides by the status must go on sending to us.
        troubles = [self._engine.trouble] if self._engine.trouble else []
        disk = self._readiness.disk
        if disk is not None and disk.is_low:
            troubles.append(f"only {disk}")
        return HookAnswer(200, f"ready; but {'; '.join(troubles)}\n".encode()) if troubles else READY


def _what_is_left(disk: Disk | None) -> str:
    """The figure an operator asks for first when nothing can be written."""
    return f"; {disk}" if disk is not None else ""
