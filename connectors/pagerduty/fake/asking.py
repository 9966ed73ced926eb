"""How the fake PagerDuty reads a request: pages, lists of filters, times, bodies; and how it refuses.

Classic pagination: `limit` 25 unless asked otherwise and 100 at most, `offset` from 0, both together 10,000 at most;
`total` is null unless asked for, `more` says whether anything is behind this page.
https://developer.pagerduty.com/docs/pagination and https://developer.pagerduty.com/docs/errors
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from connectors.pagerduty.fake.account import NotPossible
from connectors.pagerduty.fake.directory import InvalidInput, UnknownRecord

PAGE = 25
MOST = 100
FARTHEST = 10_000
LONGEST_SPAN = timedelta(days=184)


def page(request: Request, name: str, found: Sequence[Any], show: Callable[[Any], Any]) -> Response:
    """One page of a list under its name. Raises `InvalidInput` for a limit or offset that is none."""
    limit, offset = _whole(request, "limit", PAGE, least=1), _whole(request, "offset", 0, least=0)
    limit = min(limit, MOST)
    if limit + offset > FARTHEST:
        raise InvalidInput(f"Offset must be less than or equal to {FARTHEST - limit}.")
    end = offset + limit
    return JSONResponse(
        {
            name: [show(one) for one in found[offset:end]],
            "limit": limit,
            "offset": offset,
            "total": len(found) if is_yes(request, "total") else None,
            "more": end < len(found),
        }
    )


def several(request: Request, name: str) -> list[str]:
    """The values of a list's filter: `statuses[]=a&statuses[]=b`; `statuses=a` counts, too."""
    query = request.query_params
    return query.getlist(f"{name}[]") + [value for value in query.getlist(name) if value]


def is_yes(request: Request, name: str) -> bool:
    """Whether a switch is on."""
    return request.query_params.get(name, "").lower() in ("true", "1")


def span(request: Request, now: datetime, *, days: int) -> tuple[datetime, datetime]:
    """`since` and `until`, or the last `days`. Raises `InvalidInput` for times that are none or too far apart."""
    until = _moment(request, "until") or now
    since = _moment(request, "since") or until - timedelta(days=days)
    if until - since > LONGEST_SPAN:
        raise InvalidInput("The time range between since and until cannot exceed 6 months.")
    return since, until


async def body(request: Request, name: str) -> dict[str, Any]:
    """The object that a body wraps under a name. Raises `InvalidInput` without one."""
    found = (await whole_body(request)).get(name)
    if not isinstance(found, dict):
        raise InvalidInput(f"Required parameter {name} is missing or not an object.")
    return found


async def bodies(request: Request, name: str) -> list[dict[str, Any]]:
    """The objects of a body that wraps a list. Raises `InvalidInput` without one."""
    found = (await whole_body(request)).get(name)
    if not isinstance(found, list) or not all(isinstance(one, dict) for one in found):
        raise InvalidInput(f"Required parameter {name} is missing or not a list of objects.")
    return found


async def whole_body(request: Request) -> dict[str, Any]:
    """A body that wraps nothing. Raises `InvalidInput` for what is no JSON object."""
    try:
        found = json.loads(await request.body())
    except ValueError:
        found = None
    if not isinstance(found, dict):
        raise InvalidInput("The request body is not a JSON object.")
    return found


def ids_of(references: Iterable[Mapping[str, Any]] | None) -> list[str]:
    """The ids of references."""
    return [str(one.get("id")) for one in references or ()]


def refused(error: Exception) -> Response:
    """What PagerDuty answers to what it cannot do."""
    if isinstance(error, UnknownRecord):
        return failure(404, 2100, "Not Found")
    if isinstance(error, NotPossible):
        return failure(400, 2002, "Arguments Caused Error", str(error))
    return failure(400, 2001, "Invalid Input Provided", *error.args)


def failure(status: int, code: int, message: str, *errors: str) -> Response:
    """An error in PagerDuty's form."""
    return JSONResponse({"error": {"message": message, "code": code, "errors": list(errors)}}, status)


def _whole(request: Request, name: str, default: int, *, least: int) -> int:
    text = request.query_params.get(name) or str(default)
    if not text.isdecimal() or int(text) < least:
        raise InvalidInput(f"{name.capitalize()} must be a number, {least} or more.")
    return int(text)


def _moment(request: Request, name: str) -> datetime | None:
    text = request.query_params.get(name)
    if not text:
        return None
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        raise InvalidInput(f"{name.capitalize()} is not a valid time: {text}") from None
    return at if at.tzinfo is not None else at.replace(tzinfo=UTC)
