"""Answers that the fake's calls share: an error, and a page of a search."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from starlette.responses import JSONResponse, Response

MOST_A_PAGE = 150


def failed(status: int, code: str) -> Response:
    """Intercom's list of errors, with one."""
    return JSONResponse(
        {"type": "error.list", "request_id": None, "errors": [{"code": code, "message": "Refused"}]}, status
    )


def found_page(asked: Mapping[str, Any], every: Sequence[Mapping[str, Any]], plural: str) -> Response:
    """A page of those that changed since; newest first, as no order is promised."""
    query, paging = asked["query"], asked.get("pagination") or {}
    size = int(paging.get("per_page", 20))
    if query.get("field") != "updated_at" or query.get("operator") != ">" or not 1 <= size <= MOST_A_PAGE:
        return failed(400, "parameter_invalid")
    rows = [one for one in every if one["updated_at"] > query["value"]][::-1]
    start = int(paging.get("starting_after") or 0)
    pages: dict[str, Any] = {"type": "pages", "page": start // size + 1, "per_page": size}
    if start + size < len(rows):
        pages["next"] = {"per_page": size, "starting_after": str(start + size)}
    return JSONResponse(
        {
            "type": f"{plural.removesuffix('s')}.list",
            plural: rows[start : start + size],
            "total_count": len(rows),
            "pages": pages,
        }
    )
