"""Redmine's REST API as both capabilities speak it: who we are, issues, lists, and what our role may do.

https://www.redmine.org/projects/redmine/wiki/Rest_api
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping
from typing import Any

import httpx

from connectors.kit.auth.ways import ApiKeyHeader
from connectors.kit.fields import any_text, record, records, whole
from connectors.kit.http import VendorHttp
from connectors.kit.pacing import Pace
from connectors.kit.pagination import ByOffset, pages
from connectors.redmine.mapping import key_from
from connectors.redmine.settings import RedmineSettings
from incidents.errors import LiaisonError, NotAllowed, NotFound, Unknown, Unreachable

PAGE = 100
MOST_PAGES = 1_000
EVERY_STATUS = {"status_id": "*"}
"""Without it Redmine lists open issues only."""


class RedmineApi:
    """One Redmine, as our user. All calls raise `incidents.errors`."""

    def __init__(self, settings: RedmineSettings, transport: httpx.AsyncBaseTransport | None) -> None:
        self._settings = settings
        self._pace = Pace.of_helpdesk(settings.requests_per_minute)
        self._http = VendorHttp(
            vendor="redmine",
            base_url=settings.address,
            auth=ApiKeyHeader("X-Redmine-API-Key", settings.api_key),
            transport=transport,
        )

    async def user(self) -> dict[str, Any]:
        """Who we are. Redmine lets a wrong key read as the public may, so each list and look-up begins with this.

        Raises `NotAllowed` for a wrong key.
        """
        user = record((await self.get("users/current.json")).get("user"))
        if whole(user.get("id")) is None:
            raise Unreachable("redmine GET users/current.json: the answer names nobody")
        return user

    async def own_id(self) -> int | None:
        """Our number."""
        return whole((await self.user()).get("id"))

    async def own_id_after(self, written: str) -> int | None:
        """The same after a write: raises `Unknown` where it cannot be had."""
        try:
            return await self.own_id()
        except LiaisonError as error:
            raise Unknown(f"redmine: {written} was written and could not be read back: {error}") from error

    async def project(self) -> dict[str, Any]:
        """The connection's project. Raises `NotAllowed` where there is none for us."""
        try:
            return record((await self.get(f"projects/{self._settings.project}.json")).get("project"))
        except NotFound as error:
            raise NotAllowed(
                f"redmine: no project {self._settings.project!r}, or no membership in it; correct project"
            ) from error

    async def rights(self, project_id: int | None) -> frozenset[str] | None:
        """What our roles in that project may do, by Redmine's words; None for an administrator, who may do all."""
        user = record((await self.get("users/current.json", {"include": "memberships"})).get("user"))
        if user.get("admin") is True:
            return None
        rights: set[str] = set()
        for membership in records(user.get("memberships")):
            if project_id is not None and record(membership.get("project")).get("id") == project_id:
                for role in records(membership.get("roles")):
                    rights |= await self.role_rights(whole(role.get("id")))
        return frozenset(rights)

    async def role_rights(self, role: int | None) -> frozenset[str]:
        """What a role may do."""
        found = record((await self.get(f"roles/{role}.json")).get("role"))
        return frozenset(any_text(one) for one in found.get("permissions") or [])

    async def issue(self, key: str, include: str = "journals,allowed_statuses") -> dict[str, Any]:
        """One issue with its journals. Raises `NotFound` for one that is no more, or that we may not see."""
        if key_from(key) is None:
            raise NotFound("redmine: not the number of an issue")
        try:
            data = await self.get(f"issues/{key}.json", {"include": include})
        except NotFound:
            # A wrong key sees what the public sees: that is not "gone".
            await self.user()
            raise
        return record(data.get("issue"))

    async def change(self, key: str, change: Mapping[str, Any], *, is_state: bool = False) -> None:
        """Change an issue; what Redmine does not take of it, it passes over, and answers with success."""
        await self.call("PUT", f"issues/{key}.json", {"issue": change}, is_state=is_state)

    async def issues(self, params: Mapping[str, str]) -> AsyncIterator[list[dict[str, Any]]]:
        """Page after page of issues of every status; they never have journals."""
        async for page in self.listed("issues.json", "issues", {**EVERY_STATUS, **params}):
            yield page

    async def listed(
        self, path: str, name: str, params: Mapping[str, str]
    ) -> AsyncIterator[list[dict[str, Any]]]:
        """Page after page of what stands under `name`."""
        by: ByOffset[dict[str, Any]] = ByOffset(count=_count(name), has_more=_has_more)
        async for data in pages(self.get, path, {**params, "limit": str(PAGE)}, by=by, most=MOST_PAGES):
            yield records(data.get(name))

    async def get(self, path: str, params: Mapping[str, str] | None = None) -> dict[str, Any]:
        """An answer's JSON object."""
        await self._pace.wait()
        answer = await self._http.call("GET", f"/{path}", params=params)
        if not isinstance(answer.data, dict):
            raise Unreachable(f"redmine GET {path}: the answer is not a JSON object")
        return answer.data

    async def call(self, method: str, path: str, body: Mapping[str, Any], *, is_state: bool = False) -> Any:
        """A write; `is_state` says that twice has the effect of once."""
        await self._pace.wait()
        return (await self._http.call(method, f"/{path}", json=body, is_repeatable=is_state)).data

    async def aclose(self) -> None:
        """Close the client."""
        await self._http.aclose()


def _count(name: str) -> Callable[[dict[str, Any]], int]:
    return lambda data: len(records(data.get(name)))


def _has_more(data: Mapping[str, Any]) -> bool:
    return (whole(data.get("offset")) or 0) + PAGE < (whole(data.get("total_count")) or 0)
