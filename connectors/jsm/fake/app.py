"""A small Jira Service Management: a Jira with a service project, and as much of the request interface as we speak.

    fake = FakeServiceManagement(clock=clock)
    connector = ServiceManagement("jsm/support", settings, transport=InProcessTransport(fake.app))

What it does and does not stands in README.md; it was made from Atlassian's documentation.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp

from connectors.kit.fakes.faults import Faults, FaultyApp
from connectors.kit.fakes.jira import shapes
from connectors.kit.fakes.jira.administration import FakeAdministration
from connectors.kit.fakes.jira.platform import EMAIL, TOKEN, FakePlatform
from connectors.kit.fakes.jira.site import OWN_ID, FakeSite, utc_now

__all__ = ["ADDRESS", "EMAIL", "TOKEN", "FakeServiceManagement"]

ADDRESS = "https://acme.atlassian.net"
DESK = "/rest/servicedeskapi"


class FakeServiceManagement:
    """One site of Cloud at `ADDRESS`, and our user, an agent of its project HELP. `is_agent`: whether it is one."""

    def __init__(self, *, clock: Callable[[], datetime] = utc_now) -> None:
        self.site = FakeSite(ADDRESS, clock=clock)
        self.platform = FakePlatform(self.site)
        self.administration = FakeAdministration(self.site)
        self.is_agent = True
        self.faults = Faults()
        guarded = self.platform.guarded
        routes = [
            *self.platform.routes(),
            *self.administration.routes(guarded),
            Route(f"{DESK}/servicedesk/{{key}}", guarded(self._desk), methods=["GET"]),
            Route(f"{DESK}/request/{{key}}/comment", guarded(self._comment), methods=["POST"]),
        ]
        self.app: ASGIApp = FaultyApp(Starlette(routes=routes), self.faults)

    async def _desk(self, request: Request) -> Response:
        key = request.path_params["key"]
        if not self.is_agent or self.site.projects.get(key) != "service_desk":
            return _refused(404, "The Service Desk you are trying to view does not exist.")
        return JSONResponse(
            {
                "id": "1",
                "projectId": self.site.project_id(key),
                "projectName": key.title(),
                "projectKey": key,
            }
        )

    async def _comment(self, request: Request) -> Response:
        """Public unless it says otherwise; the text is wiki markup."""
        while self.site.before_change:
            self.site.before_change.pop()()
        issue = self.site.find(request.path_params["key"])
        if issue is None or not issue.is_request:
            return _refused(404, "The request you are trying to view does not exist.")
        refused = self.platform.refused(issue)
        if refused is not None:
            return refused
        wanted = await request.json()
        words = str(wanted.get("body", ""))
        if not words.strip() or len(words) > 32_767:
            return _refused(400, "Comment body is empty or too long.")
        is_shown = wanted.get("public", True)
        made = self.site.comment(issue, OWN_ID, shapes.from_wiki(words), is_internal=not is_shown)
        return JSONResponse(
            {
                "id": str(made.id),
                "body": words,
                "public": not made.is_internal,
                "author": shapes.person(self.site, OWN_ID),
                "created": {
                    "iso8601": shapes.stamp(made.at),
                    "epochMillis": int(made.at.timestamp() * 1000),
                },
            },
            201,
        )


def _refused(status: int, message: str) -> Response:
    return JSONResponse({"errorMessage": message, "i18nErrorMessage": {"i18nKey": "sd.x"}}, status)
