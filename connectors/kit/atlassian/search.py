"""Jira's search by JQL, page after page.

Cloud: `/search/jql` with a token for the next page, no total, ids alone unless `fields` are named; `/search` is gone
(410) since 2025 (https://developer.atlassian.com/changelog/#CHANGE-2046). Data Center keeps `/search` with `startAt`.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any

from connectors.kit.atlassian.site import AtlassianSite, Edition
from connectors.kit.fields import records, text, whole
from connectors.kit.pagination import ByCursor, ByOffset, pages

PAGE = 100
MOST_PAGES = 1_000
MOST_RECONCILED = 50


async def searched(
    site: AtlassianSite, jql: str, fields: str, *, reconcile: Sequence[str] = ()
) -> AsyncIterator[list[dict[str, Any]]]:
    """Page after page of issues with these fields. `reconcile`: ids of issues that are to be seen as they are now,
    where the index is behind; at most 50. Raises `incidents.errors`."""
    asked = {"jql": jql, "fields": fields, "maxResults": str(PAGE)}
    if site.edition is Edition.CLOUD:
        known = [one for one in reconcile if one.isdigit()][:MOST_RECONCILED]
        if known:
            asked["reconcileIssues"] = ",".join(known)
        by_token: ByCursor[dict[str, Any]] = ByCursor(cursor=_next_token, param="nextPageToken")
        found = pages(site.record, f"{site.platform}/search/jql", asked, by=by_token, most=MOST_PAGES)
    else:
        by_offset: ByOffset[dict[str, Any]] = ByOffset(count=_count, has_more=_has_more, param="startAt")
        found = pages(site.record, f"{site.platform}/search", asked, by=by_offset, most=MOST_PAGES)
    async for page in found:
        yield records(page.get("issues"))


def _next_token(page: Mapping[str, Any]) -> str:
    return "" if page.get("isLast") is True else text(page.get("nextPageToken"))


def _count(page: Mapping[str, Any]) -> int:
    return len(records(page.get("issues")))


def _has_more(page: Mapping[str, Any]) -> bool:
    return (whole(page.get("startAt")) or 0) + _count(page) < (whole(page.get("total")) or 0)
