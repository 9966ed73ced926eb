"""What all answers of the fake Help Scout have in common: tokens, the limit, pages, errors.

https://developer.helpscout.com/mailbox-api/overview/ (authentication, rate-limiting, pagination, errors)
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

LIFETIME = timedelta(hours=48)
MINUTE = 60
BURST = 5
WRITES = frozenset({"POST", "PUT", "PATCH", "DELETE"})


class Tokens:
    """Access tokens of client credentials: each lives for 48 hours, and none is refreshed."""

    def __init__(self, clock: Callable[[], datetime], app_id: str, app_secret: str) -> None:
        self._clock = clock
        self._client = (app_id, app_secret)
        self._numbers = itertools.count(1)
        self._ends: dict[str, datetime] = {}
        self.bought = 0

    def buy(self, form: dict[str, str]) -> Response:
        """https://developer.helpscout.com/mailbox-api/overview/authentication/."""
        if form.get("grant_type") != "client_credentials":
            return error(400, "Bad request", "grant_type")
        if (form.get("client_id"), form.get("client_secret")) != self._client:
            return JSONResponse({"error": "invalid_client"}, 401)
        self.bought += 1
        token = f"fake-helpscout-token-{next(self._numbers)}"
        self._ends[token] = self._clock() + LIFETIME
        seconds = int(LIFETIME.total_seconds())
        return JSONResponse({"token_type": "bearer", "access_token": token, "expires_in": seconds})

    def is_good(self, header: str | None) -> bool:
        """Whether the `Authorization` has a token that lives."""
        kind, _, token = (header or "").partition(" ")
        ends = self._ends.get(token)
        return kind == "Bearer" and ends is not None and self._clock() < ends

    def revoke_all(self) -> None:
        """None is good any more, whatever it was promised."""
        self._ends.clear()


class AccountLimit:
    """So many calls a minute of the clock for the whole account, where one that changes something counts twice; and so
    many of those within five seconds (https://developer.helpscout.com/llms.txt)."""

    def __init__(self, clock: Callable[[], datetime], calls: int, changes: int) -> None:
        self._clock = clock
        self.calls = calls
        self.changes = changes
        self._minute = self._burst = -1
        self.used = self.changed = 0

    def take(self, method: str) -> Response | None:
        """The refusal where it does not fit."""
        now = int(self._clock().timestamp())
        if now // MINUTE != self._minute:
            self._minute, self.used = now // MINUTE, 0
        if now // BURST != self._burst:
            self._burst, self.changed = now // BURST, 0
        self.used += 2 if method in WRITES else 1
        self.changed += method in WRITES
        if self.used > self.calls:
            return self._refusal(MINUTE - now % MINUTE)
        return self._refusal(BURST - now % BURST) if self.changed > self.changes else None

    def _refusal(self, seconds: int) -> Response:
        wait = {"X-RateLimit-Retry-After": str(seconds), **self.headers()}
        return JSONResponse({"error": "Throttle limit reached"}, 429, wait)

    def headers(self) -> dict[str, str]:
        """What every answer says of it."""
        left = str(max(0, self.calls - self.used))
        return {"X-RateLimit-Limit-Minute": str(self.calls), "X-RateLimit-Remaining-Minute": left}


def listed(name: str, rows: Sequence[Any], request: Request, *, size: int) -> Response:
    """The page of HAL that is asked for; what it holds is left out where it is empty, as is what follows the last."""
    page = request.query_params.get("page", "1")
    if not page.isdecimal() or int(page) < 1:
        return error(400, "Bad request", "page")
    number, count = int(page), -(-len(rows) // size)
    shown = list(rows[(number - 1) * size : number * size])
    at = {"self": number, "first": 1, "last": max(1, count)}
    if number > 1:
        at["previous"] = number - 1
    if number < count:
        at["next"] = number + 1
    links = {key: {"href": str(request.url.include_query_params(page=to))} for key, to in at.items()}
    told: dict[str, Any] = {
        "_links": links,
        "page": {"size": size, "totalElements": len(rows), "totalPages": count, "number": number},
    }
    if shown:
        told = {"_embedded": {name: shown}, **told}
    return JSONResponse(told, media_type="application/hal+json")


def error(status: int, message: str, path: str) -> Response:
    """A refusal as documented."""
    about = {"about": {"href": "http://developer.helpscout.net/mailbox-api/overview/errors#EnumValue"}}
    told = {"path": path, "message": "refused", "rejectedValue": "x", "source": "JSON", "_links": about}
    return JSONResponse(
        {
            "logRef": "64bb72b4-0a92-11e8-ba89-0ed5f89f718b",
            "message": message,
            "_embedded": {"errors": [told]},
            "_links": {"about": {"href": "http://developer.helpscout.net/mailbox-api/overview/errors"}},
        },
        status,
    )
