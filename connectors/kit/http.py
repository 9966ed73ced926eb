"""The one place that sends HTTP: time-outs, a total deadline, pace, short retries, errors by content.

What an answer means is settled here once for all vendors:

    cannot connect, failed name, TLS             Unreachable   (surely not sent)
    429, or 503 with Retry-After                 Busy
    401, 403                                     NotAllowed
    404, 410                                     NotFound
    other 4xx, any redirect                      Refused (a redirect is `answers.Redirected`)
    time-out, reset, 5xx, HTML or broken JSON    Unreachable for a call that may be repeated, else Unknown
    request that cannot be written               Refused
    2xx whose content says no                    the connector's `judge` raises
    4xx whose content says more than its status  what the connector's `explain` makes of it

An access token that the vendor no longer takes (401) is replaced once, and the call sent again: a call refused
for its credentials was not done.

Credentials stay home: redirects are never followed, cookies are not kept, proxies and netrc from the
environment are ignored. What is left to the caller: an absolute `path` leaves `base_url`, so it must never
come out of an answer.

httpx' transports are used without its client: what that does beyond (redirects, cookies, proxies, logins, the log line
with the whole address) is not wanted here, and cost a call more than all that is done here.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlencode

import httpx
import stamina
from opentelemetry.trace import SpanKind

from connectors.kit.answer_body import ACCEPT_ENCODING, UnusableBody, read_capped
from connectors.kit.answers import VendorAnswer, lost, parsed, raise_for_status, unclear
from connectors.kit.auth.grants import ClientCredentials, JwtAssertion, RefreshToken, TokenGrant, TokenRequest
from connectors.kit.auth.tokens import AccessTokens, Ask
from connectors.kit.auth.ways import ApiKeyHeader, BasicLogin, BearerToken, ClientCertificate
from connectors.kit.authorities import authorities
from connectors.kit.pacing import Pace
from connectors.kit.strict_json import parse_json
from incidents.errors import Refused, Unreachable
from incidents.telemetry.spans import span

READS = frozenset({"GET", "HEAD", "OPTIONS"})
Credentials = BearerToken | BasicLogin | ApiKeyHeader | ClientCredentials | JwtAssertion | RefreshToken
_ABSOLUTE = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://")
_PATIENCE = {"connect": 3.0, "read": 10.0, "write": 10.0, "pool": 10.0}
_HEADERS = {
    "Accept": "*/*",
    "Accept-Encoding": ACCEPT_ENCODING,
    "Connection": "keep-alive",
    "User-Agent": f"python-httpx/{httpx.__version__}",
}


class VendorHttp:
    """An HTTP client for one vendor account.

    `transport` is where tests and the sandbox put a fake. `deadline` bounds a call with all its retries, in
    seconds. `judge` sees every 2xx answer and raises when its content says no (Slack's `ok: false`). `explain` sees
    every 4xx answer, `data` None where that is no JSON, with what was called: it may raise what that means. `auth` is
    one of the ways of `connectors.kit.auth`; `sign` adds to each request, whenever it is sent, what proves it, where a
    vendor wants that. `certificate` is for mutual TLS, beside `auth` or without it; it belongs to the connection, so a
    `transport` beside it would leave it out: ValueError.
    `parse` reads a body that is not JSON, and raises `Unrecognised` where it is not what was asked for.
    """

    def __init__(
        self,
        *,
        vendor: str,
        base_url: str,
        headers: Mapping[str, str] | None = None,
        auth: Credentials | None = None,
        sign: Callable[[httpx.Request], None] | None = None,
        certificate: ClientCertificate | None = None,
        transport: httpx.AsyncBaseTransport | None = None,
        pace: Pace | None = None,
        deadline: float = 20.0,
        attempts: int = 3,
        judge: Callable[[VendorAnswer], None] | None = None,
        explain: Callable[[VendorAnswer, str], None] | None = None,
        parse: Callable[[bytes], Any] = parse_json,
    ) -> None:
        self._vendor = vendor
        self._pace = pace
        self._deadline = deadline
        self._attempts = attempts
        self._judge = judge
        self._explain = explain
        self._parse = parse
        if certificate is not None and transport is not None:
            raise ValueError("a client certificate is part of the transport: give the one or the other")
        self._is_closed = False
        self._tokens: AccessTokens | None = None
        self._token_http: VendorHttp | None = None
        self._proof: Mapping[str, str] = {}
        if isinstance(auth, ClientCredentials | JwtAssertion | RefreshToken):
            self._token_http = VendorHttp(
                vendor=vendor,
                base_url=auth.token_url,
                transport=transport,
                certificate=certificate,
                attempts=1,
            )
            self._tokens = AccessTokens(auth, _asking(self._token_http, auth), vendor=vendor)
        elif auth is not None:
            self._proof = auth.headers()
        self._sign = sign
        self._base = str(httpx.URL(base_url)).rstrip("/") + "/"
        self._headers = httpx.Headers({**_HEADERS, **(headers or {})})
        self._transport = transport or httpx.AsyncHTTPTransport(
            verify=authorities() if certificate is None else certificate.context(), trust_env=False
        )

    async def call(
        self,
        method: str,
        path: str,
        *,
        json: Any = None,
        form: Mapping[str, str] | None = None,
        params: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        is_repeatable: bool | None = None,
    ) -> VendorAnswer:
        """Send one request and return its usable answer, or raise from `incidents.errors`.

        `is_repeatable` says that sending it twice has the effect of once (a read, a PUT of a state, a POST
        with a key the vendor honours); default: reads only. Repeatable calls are retried briefly in place;
        long retries belong to the effects ledger, not to a sleeping call.
        """
        repeatable = method.upper() in READS if is_repeatable is None else is_repeatable
        what = f"{self._vendor} {method.upper()} {path.partition('?')[0]}"
        progress = _Progress(ends_at=asyncio.get_running_loop().time() + self._deadline)
        try:
            async with asyncio.timeout(self._deadline):

                async def attempted() -> VendorAnswer:
                    request = self._request(
                        method, path, what=what, json=json, form=form, params=params, headers=headers
                    )
                    return await self._prove_and_send(request, what, repeatable, progress)

                try:
                    answer = await attempted()
                except Unreachable as error:
                    answer = await self._again(attempted, error)
        except TimeoutError as error:
            # While waiting, for our pace, a token or before a retry, nothing is under way that could have been done.
            raise lost(
                f"{what}: no answer within {self._deadline:g} s", repeatable or not progress.is_sent
            ) from error
        if self._judge is not None:
            self._judge(answer)
        return answer

    async def _again(
        self, attempted: Callable[[], Awaitable[VendorAnswer]], first: Unreachable
    ) -> VendorAnswer:
        """The further attempts, after the first has failed: few calls need them, and to set them up costs each."""
        async for attempt in stamina.retry_context(
            on=Unreachable, attempts=self._attempts, timeout=None, wait_initial=0.1, wait_max=2.0
        ):
            with attempt:
                if attempt.num == 1:
                    raise first
                return await attempted()
        raise first

    def _request(
        self,
        method: str,
        path: str,
        *,
        what: str,
        json: Any,
        form: Mapping[str, str] | None,
        params: Mapping[str, str] | None,
        headers: Mapping[str, str] | None,
    ) -> httpx.Request:
        try:
            merged = self._headers.copy()
            if headers:
                merged.update(headers)
            return httpx.Request(
                method,
                self._address(path, params),
                json=json,
                data=form,
                headers=merged,
                extensions={"timeout": _PATIENCE},
            )
        except (httpx.InvalidURL, ValueError) as error:  # NaN, a lone surrogate, an impossible address
            raise Refused(f"{what}: cannot be written ({type(error).__name__})") from error

    def _address(self, path: str, params: Mapping[str, str] | None) -> str:
        """`params` join the query of the path, if it has one."""
        address = path if _ABSOLUTE.match(path) else self._base + path.lstrip("/")
        if not params:
            return address
        return f"{address}{'&' if '?' in address else '?'}{urlencode(params)}"

    async def _prove_and_send(
        self, request: httpx.Request, what: str, repeatable: bool, progress: _Progress
    ) -> VendorAnswer:
        if self._pace is not None:
            await self._pace.wait(at_most=progress.left)
        if self._tokens is None:
            request.headers.update(self._proof)
            return await self._send(request, what, repeatable, progress)
        token = await self._tokens.current()
        request.headers.update(token.proof.headers())
        try:
            return await self._send(request, what, repeatable, progress, is_token_old=True)
        except _TokenRefused:
            progress.is_sent = False
        if self._pace is not None:
            await self._pace.wait(at_most=progress.left)
        token = await self._tokens.other_than(token)
        request.headers.update(token.proof.headers())
        return await self._send(request, what, repeatable, progress)

    async def _send(
        self,
        request: httpx.Request,
        what: str,
        repeatable: bool,
        progress: _Progress,
        *,
        is_token_old: bool = False,
    ) -> VendorAnswer:
        if self._sign is not None:
            self._sign(request)
        progress.is_sent = True
        # Without the path: in some vendors' it is a secret.
        told = {"http.request.method": request.method, "server.address": request.url.host}
        try:
            with span(f"{self._vendor} {request.method}", kind=SpanKind.CLIENT, attributes=told):
                return await self._sent(request, what, repeatable, is_token_old)
        except Unreachable:
            progress.is_sent = False
            raise

    async def _sent(
        self, request: httpx.Request, what: str, repeatable: bool, is_token_old: bool
    ) -> VendorAnswer:
        try:
            response = await self._handed_over(request)
        except (httpx.UnsupportedProtocol, httpx.LocalProtocolError) as error:
            raise Refused(f"{what}: cannot be written ({type(error).__name__})") from error
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout) as error:
            raise Unreachable(f"{what}: could not connect ({type(error).__name__})") from error
        except httpx.TransportError as error:
            raise lost(f"{what}: connection lost ({type(error).__name__})", repeatable) from error
        try:
            if is_token_old and response.status_code == 401:
                raise _TokenRefused
            if self._explain is not None and 400 <= response.status_code < 500:
                self._explain(await unclear(response), what)
            # The status comes first: an error's body is not needed, and may be broken itself.
            raise_for_status(response, what, repeatable)
            body = await read_capped(response)
        except UnusableBody as error:
            raise lost(f"{what}: {error}", repeatable) from error
        finally:
            await response.aclose()
        return VendorAnswer(
            status=response.status_code,
            data=parsed(response, body, self._parse, what, repeatable),
            headers=dict(response.headers.items()),
        )

    async def _handed_over(self, request: httpx.Request) -> httpx.Response:
        if self._is_closed:
            raise RuntimeError("the connection has been closed")
        return await self._transport.handle_async_request(request)

    async def stream(
        self,
        path: str,
        *,
        json: Any,
        headers: Mapping[str, str] | None = None,
        longest_silence: float = 600.0,
    ) -> AsyncGenerator[bytes, None]:
        """What the vendor says at this path for as long as it likes, piece by piece as it comes; the first is empty and
        means that it is open. Raises `Unreachable` when the line ends, and after so many seconds of silence: nobody can
        tell a quiet line from a dead one.

        For connections that log in by headers; nobody's pace is kept and no deadline.
        """
        what = f"{self._vendor} POST {path}"
        request = self._request("POST", path, what=what, json=json, form=None, params=None, headers=headers)
        request.headers.update(self._proof)
        request.extensions["timeout"] = {"connect": 3.0, "read": longest_silence, "write": 10.0, "pool": 10.0}
        try:
            response = await self._handed_over(request)
            try:
                raise_for_status(response, what, repeatable=True)
                yield b""
                async for piece in response.aiter_raw():
                    yield piece
            finally:
                await response.aclose()
        except httpx.ReadTimeout as error:
            raise Unreachable(f"{what}: nothing said for {longest_silence:g} s") from error
        except httpx.TransportError as error:
            raise Unreachable(f"{what}: connection lost ({type(error).__name__})") from error
        raise Unreachable(f"{what}: the vendor ended it")

    async def aclose(self) -> None:
        self._is_closed = True
        await self._transport.aclose()
        if self._tokens is not None and self._token_http is not None:
            await self._tokens.aclose()
            await self._token_http.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()


class _TokenRefused(Exception):
    """401 for an access token that may have expired."""


@dataclass(slots=True)
class _Progress:
    """Whether a call is under way whose outcome nobody saw yet, and when its time is up by the event loop's clock."""

    ends_at: float
    is_sent: bool = False

    @property
    def left(self) -> float:
        """Seconds."""
        return self.ends_at - asyncio.get_running_loop().time()


def _asking(http: VendorHttp, grant: TokenGrant) -> Ask:
    """Asking twice for a token harms nobody."""

    async def ask(request: TokenRequest) -> Any:
        answer = await http.call(
            "POST", grant.token_url, form=request.form, headers=request.headers, is_repeatable=True
        )
        return answer.data

    return ask
