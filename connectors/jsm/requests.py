"""The calls on requests of one service project: reading by the platform's interface, speaking by the request's own."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from connectors.jsm.mapping import FIELDS, id_from
from connectors.jsm.settings import ServiceManagementSettings
from connectors.kit.atlassian.site import AtlassianSite
from connectors.kit.fields import records, whole
from connectors.kit.pagination import ByOffset, pages
from incidents.errors import NotFound, Refused

PAGE = 100
MOST_PAGES = 1_000


class Requests:
    """Paths are those below `/rest/api/3`. All raise `incidents.errors`."""

    def __init__(self, site: AtlassianSite, settings: ServiceManagementSettings) -> None:
        self.site = site
        self.fields = f"{FIELDS},{settings.product_field}" if settings.product_field else FIELDS

    async def issue(self, ticket: str) -> dict[str, Any]:
        """The request as it is now. Raises `NotFound` for one that is no more, or that we may not see."""
        if id_from(ticket) is None:
            raise NotFound("jsm: not the number of a request")
        return await self.read(f"issue/{ticket}", {"fields": self.fields})

    async def comments(self, ticket: str) -> list[dict[str, Any]]:
        """All below the request, oldest first."""
        by: ByOffset[dict[str, Any]] = ByOffset(
            count=lambda page: len(records(page.get("comments"))), has_more=_has_more, param="startAt"
        )
        path = f"{self.site.platform}/issue/{ticket}/comment"
        found = pages(self.site.record, path, {"maxResults": str(PAGE)}, by=by, most=MOST_PAGES)
        return [one async for page in found for one in records(page.get("comments"))]

    async def say(self, ticket: str, body: Mapping[str, Any]) -> None:
        """A comment by the request's own interface; an issue without a request type is unknown to it."""
        try:
            await self.site.send("POST", f"/rest/servicedeskapi/request/{ticket}/comment", dict(body))
        except NotFound as error:
            await self.issue(ticket)
            raise Refused(
                f"jsm: issue {ticket} is there and is no customer's request; give it a request type"
            ) from error

    async def read(self, path: str, params: Mapping[str, str] | None = None) -> dict[str, Any]:
        """One object."""
        return await self.site.record(f"{self.site.platform}/{path}", params)

    async def send(self, method: str, path: str, body: Any, *, is_repeatable: bool = False) -> None:
        """A change."""
        await self.site.send(method, f"{self.site.platform}/{path}", body, is_repeatable=is_repeatable)


def _has_more(page: Mapping[str, Any]) -> bool:
    return (whole(page.get("startAt")) or 0) + len(records(page.get("comments"))) < (
        whole(page.get("total")) or 0
    )
