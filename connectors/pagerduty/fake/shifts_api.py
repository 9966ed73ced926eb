"""The fake PagerDuty's calls on overrides of schedules, and on the tags of users, teams and escalation policies.

https://developer.pagerduty.com/api-reference/41d0a7c3c3a01-create-one-or-more-overrides and
https://developer.pagerduty.com/api-reference/e60aa0abc1cd4-assign-tags
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from connectors.pagerduty.fake import asking
from connectors.pagerduty.fake.directory import FakeDirectory, InvalidInput, UnknownRecord, time_from

TAGGED = ("users", "teams", "escalation_policies")


class ShiftsApi:
    """An override puts somebody else on call for its time."""

    def __init__(self, directory: FakeDirectory, clock: Callable[[], datetime]) -> None:
        self._directory = directory
        self._clock = clock
        self._numbers = itertools.count(1)
        self._tags: dict[tuple[str, str], list[str]] = {}

    def routes(self) -> Sequence[tuple[str, str, Callable[[Request], Any]]]:
        """Method, path and endpoint."""
        overrides = "/schedules/{id}/overrides"
        return (
            ("GET", overrides, self._overrides),
            ("POST", overrides, self._add_overrides),
            ("DELETE", f"{overrides}/{{override}}", self._remove_override),
            ("POST", "/{entity}/{id}/change_tags", self._change_tags),
            ("GET", "/{entity}/{id}/tags", self._tags_of),
            ("GET", "/tags/{id}/{entity}", self._tagged),
        )

    async def _overrides(self, request: Request) -> Response:
        schedule = self._directory.get("schedules", request.path_params["id"])
        since, until = asking.span(request, self._clock(), days=30)
        if "since" not in request.query_params:
            raise InvalidInput("Since and until are required.")
        found = [
            one
            for one in schedule["overrides"]
            if time_from(one["start"]) < until and time_from(one["end"]) > since
        ]
        return JSONResponse({"overrides": self._directory.shown(found)})

    async def _add_overrides(self, request: Request) -> Response:
        """A list of them is answered with a list; one alone, as of old, with itself."""
        schedule, body = (
            self._directory.get("schedules", request.path_params["id"]),
            await asking.whole_body(request),
        )
        wanted = body.get("overrides", [body["override"]] if "override" in body else [])
        made = [self._override(one) for one in wanted]
        if not made:
            raise InvalidInput("Overrides can't be blank.")
        schedule["overrides"][:0] = made
        shown = [self._directory.shown(one) for one in made]
        if "override" in body:
            return JSONResponse({"override": shown[0]}, 201)
        return JSONResponse([{"status": 201, "override": one} for one in shown], 201)

    def _override(self, fields: dict[str, Any]) -> dict[str, Any]:
        start, end = time_from(fields.get("start")), time_from(fields.get("end"))
        user = str((fields.get("user") or {}).get("id"))
        if end <= start:
            raise InvalidInput("Override must end after its start")
        if user not in self._directory.records["users"]:
            raise InvalidInput("User Not Found")
        own_id = f"POVER{next(self._numbers):05d}"
        who = {"id": user, "type": "user_reference"}
        return {"id": own_id, "start": start.isoformat(), "end": end.isoformat(), "user": who}

    async def _remove_override(self, request: Request) -> Response:
        schedule = self._directory.get("schedules", request.path_params["id"])
        rest = [one for one in schedule["overrides"] if one["id"] != request.path_params["override"]]
        if len(rest) == len(schedule["overrides"]):
            raise UnknownRecord(request.path_params["override"])
        schedule["overrides"][:] = rest
        return Response(status_code=204)

    # Tags

    def _entity(self, request: Request) -> tuple[str, str]:
        entity = request.path_params["entity"]
        if entity not in TAGGED:
            raise UnknownRecord(entity)
        return entity, str(self._directory.get(entity, request.path_params["id"])["id"])

    async def _change_tags(self, request: Request) -> Response:
        """New labels become tags; known tags are named by their ids."""
        tags, body = self._tags.setdefault(self._entity(request), []), await asking.whole_body(request)
        for wanted in body.get("add") or []:
            own_id = self._tag(wanted)
            if own_id not in tags:
                tags.append(own_id)
        leaving = asking.ids_of(body.get("remove"))
        tags[:] = [one for one in tags if one not in leaving]
        return JSONResponse({})

    def _tag(self, wanted: dict[str, Any]) -> str:
        if wanted.get("type") == "tag_reference":
            return str(self._directory.get("tags", str(wanted.get("id")))["id"])
        known = self._directory.records["tags"].values()
        same = next((tag["id"] for tag in known if tag["label"] == wanted.get("label")), None)
        return str(same or self._directory.add("tags", {"label": wanted.get("label")})["id"])

    async def _tags_of(self, request: Request) -> Response:
        found = [self._directory.get("tags", one) for one in self._tags.get(self._entity(request), [])]
        return asking.page(request, "tags", found, lambda tag: tag)

    async def _tagged(self, request: Request) -> Response:
        tag, entity = (
            self._directory.get("tags", request.path_params["id"])["id"],
            request.path_params["entity"],
        )
        if entity not in TAGGED:
            raise UnknownRecord(entity)
        found = [self._directory.refer(kind, one) for (kind, one), tags in self._tags.items() if tag in tags]
        return asking.page(
            request, entity, [one for one in found if one["self"].split("/")[-2] == entity], lambda one: one
        )
