"""Lists of records whose next page is named by the `Link` header: GitHub, GitLab."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from typing import Any

from connectors.kit.answers import VendorAnswer
from connectors.kit.fields import records
from connectors.kit.http import VendorHttp
from connectors.kit.pagination import by_link, pages
from incidents.errors import Unreachable

MOST_PAGES = 1_000


async def linked_pages(
    http: VendorHttp, base_url: str, path: str, asked: Mapping[str, str]
) -> AsyncIterator[list[dict[str, Any]]]:
    """Page after page of a JSON list's objects. Raises `Unreachable` where the answer is no list, and as `pages`."""

    async def read(where: str, params: Mapping[str, str]) -> VendorAnswer:
        answer = await http.call("GET", where.lstrip("/"), params=params)
        if not isinstance(answer.data, list):
            raise Unreachable(f"{path}: the answer is not a list")
        return answer

    async for answer in pages(read, path, asked, by=by_link(base_url), most=MOST_PAGES):
        yield records(answer.data)
