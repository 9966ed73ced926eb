"""How the fake Zendesk reads a request: pages of both kinds, bodies, lists of ids; and how it refuses.

Cursor pages are asked for by `page[size]` and answered with `meta` and `links`; else pages are numbered (`page`,
`per_page`, 100 at most) and answered with `next_page`, `previous_page` and `count`; beyond the hundredth they are
refused.
https://developer.zendesk.com/api-reference/introduction/pagination/
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Sequence
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

MAX_PAGE = 100
MAX_PAGES = 100
MAX_IDS = 100


class Unacceptable(Exception):
    """What Zendesk refuses with this answer."""

    def __init__(self, answer: Response) -> None:
        super().__init__()
        self.answer = answer

    @property
    def kind(self) -> str:
        """Zendesk's word for it, such as `RecordInvalid`."""
        return str(json.loads(bytes(self.answer.body)).get("error"))

    @property
    def sentence(self) -> str:
        """What was wrong, in one sentence."""
        said = json.loads(bytes(self.answer.body))
        details = [one for found in (said.get("details") or {}).values() for one in found]
        return str(details[0]["description"] if details else said.get("description"))


def page(
    request: Request, key: str, found: Sequence[Any], show: Callable[[Any], Any], **more: Any
) -> Response:
    """One page of a list under its name, of the kind that was asked for; `more` comes with it."""
    if "page[size]" in request.query_params:
        return _page_after(request, key, found, show, more)
    query = request.query_params
    size = min(MAX_PAGE, whole(query.get("per_page"), MAX_PAGE))
    number = whole(query.get("page"), 1)
    if number > MAX_PAGES:
        raise Unacceptable(refused(400, "BadRequest", "Page numbers beyond 100 are not supported"))
    end = number * size
    return JSONResponse(
        {
            key: [show(one) for one in found[end - size : end]],
            "next_page": str(request.url.include_query_params(page=number + 1)) if end < len(found) else None,
            "previous_page": str(request.url.include_query_params(page=number - 1)) if number > 1 else None,
            "count": len(found),
            **more,
        }
    )


def _page_after(
    request: Request, key: str, found: Sequence[Any], show: Callable[[Any], Any], more: dict[str, Any]
) -> Response:
    size = min(MAX_PAGE, whole(request.query_params.get("page[size]"), MAX_PAGE))
    try:
        start = int(base64.b64decode(request.query_params.get("page[after]", ""), validate=True) or 0)
    except ValueError:
        raise Unacceptable(refused(400, "InvalidPaginationParameter", "page[after] is not valid")) from None
    end = start + size
    has_more = end < len(found)
    after = base64.b64encode(str(end).encode()).decode()
    following = request.url.include_query_params(**{"page[size]": size, "page[after]": after})
    return JSONResponse(
        {
            key: [show(one) for one in found[start:end]],
            "meta": {
                "has_more": has_more,
                "after_cursor": after if has_more else None,
                "before_cursor": None,
            },
            "links": {"next": str(following) if has_more else None, "prev": None},
            **more,
        }
    )


def whole(text: str | None, default: int) -> int:
    """A number of at least 1; what is none, is the default, as at Zendesk."""
    return int(text) if text is not None and text.isdecimal() and int(text) > 0 else default


async def body(request: Request, key: str) -> dict[str, Any]:
    """The object that a body wraps under a name. Raises `Unacceptable` without one."""
    found = (await whole_body(request)).get(key)
    if not isinstance(found, dict):
        raise Unacceptable(refused(400, "BadRequest", f"Parameter {key} is required"))
    return found


async def bodies(request: Request, key: str) -> list[dict[str, Any]]:
    """The objects of a body that wraps a list, a hundred at most. Raises `Unacceptable`."""
    found = (await whole_body(request)).get(key)
    if not isinstance(found, list) or not all(isinstance(one, dict) for one in found):
        raise Unacceptable(refused(400, "BadRequest", f"Parameter {key} is required"))
    if len(found) > MAX_IDS:
        raise Unacceptable(refused(400, "TooManyValues", f"At most {MAX_IDS} {key} are accepted"))
    return found


async def whole_body(request: Request) -> dict[str, Any]:
    """A body that is a JSON object; nothing is an empty one. Raises `Unacceptable`."""
    raw = await request.body()
    try:
        found = json.loads(raw) if raw.strip() else {}
    except ValueError:
        found = None
    if found is not None and not isinstance(found, dict):
        found = {}
    if found is None:
        answer = {"error": "Unprocessable Entity", "message": "Server could not parse JSON"}
        raise Unacceptable(JSONResponse(answer, 422))
    return found


def ids(request: Request, name: str = "ids") -> list[int]:
    """The ids of a query, a hundred at most. Raises `Unacceptable`."""
    try:
        found = [int(text) for text in request.query_params[name].split(",")]
    except (KeyError, ValueError):
        found = []
    if not 0 < len(found) <= MAX_IDS:
        raise Unacceptable(refused(400, "BadRequest", f"{name} must be 1 to {MAX_IDS} numbers"))
    return found


def address(request: Request) -> str:
    """Where the account is, as the caller reached it."""
    return str(request.base_url).rstrip("/")


def missing() -> Response:
    """No record has this id."""
    return refused(404, "RecordNotFound", "Not found")


def nowhere() -> Response:
    """No such path."""
    return refused(404, "InvalidEndpoint", "Not found")


def refused(status: int, error: str, description: str) -> Response:
    """An error in the form of most of Zendesk's endpoints."""
    return JSONResponse({"error": error, "description": description}, status)


def invalid(field: str, description: str, kind: str = "") -> Response:
    """A record that Zendesk does not take, because of this field."""
    detail = {"description": description} | ({"error": kind} if kind else {})
    return JSONResponse(
        {"error": "RecordInvalid", "description": "Record validation errors", "details": {field: [detail]}},
        422,
    )


def too_many(wait: int) -> Response:
    """A limit is reached, for so many seconds."""
    return JSONResponse(
        {"error": "APIRateLimitExceeded", "description": "Number of allowed requests exceeded"},
        429,
        {"Retry-After": str(wait)},
    )
