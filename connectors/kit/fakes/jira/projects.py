"""What the fake Jira says of itself and of its projects: edition, permissions, fields, types, roles, statuses."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from connectors.kit.atlassian.site import Edition
from connectors.kit.fakes.jira import shapes
from connectors.kit.fakes.jira.shapes import error
from connectors.kit.fakes.jira.site import FakeSite

Answer = Callable[[Request], Awaitable[Response]]


class FakeProjects:
    """Of one site."""

    def __init__(self, site: FakeSite) -> None:
        self.site = site

    def paths(self) -> list[tuple[str, Answer, str]]:
        """Below a version of the interface, with what answers there."""
        return [
            ("serverInfo", self._server, "GET"),
            ("mypermissions", self._rights, "GET"),
            ("field", self._fields, "GET"),
            ("project/{key}", self._project, "GET"),
            ("project/{key}/statuses", self._statuses, "GET"),
        ]

    async def _server(self, request: Request) -> Response:
        is_cloud = self.site.edition is Edition.CLOUD
        numbers = [1001, 0, 0] if is_cloud else [10, 3, 0]
        return JSONResponse(
            {
                "baseUrl": self.site.address,
                "version": ".".join(map(str, numbers)),
                "versionNumbers": numbers,
                "deploymentType": "Cloud" if is_cloud else "Server",
                "serverTitle": "Jira",
            }
        )

    async def _rights(self, request: Request) -> Response:
        asked = request.query_params.get("permissions", "").split(",")
        shown = {
            one: {
                "id": "1",
                "key": one,
                "name": one.title(),
                "type": "PROJECT",
                "description": "",
                "havePermission": one in self.site.rights,
            }
            for one in asked
        }
        return JSONResponse({"permissions": shown})

    async def _fields(self, request: Request) -> Response:
        names = ("summary", "description", "labels", "status", "priority", "issuetype", "project", "updated")
        return JSONResponse(
            [
                {"id": name, "key": name, "name": name, "custom": False, "clauseNames": [name]}
                for name in names
            ]
        )

    async def _project(self, request: Request) -> Response:
        key = request.path_params["key"]
        if key not in self.site.projects:
            return error(404, f"No project could be found with key '{key}'.")
        base = f"{self.site.address}/rest/api/3/project/{key}"
        return JSONResponse(
            {
                "self": base,
                "id": self.site.project_id(key),
                "key": key,
                "name": key.title(),
                "projectTypeKey": self.site.projects[key],
                "issueTypes": [
                    {"id": str(number), "name": name} for number, name in enumerate(self.site.issue_types)
                ],
                "roles": {role: f"{base}/role/{number}" for number, role in enumerate(self.site.roles)},
            }
        )

    async def _statuses(self, request: Request) -> Response:
        statuses = [shapes.status(one) for one in shapes.STATUSES]
        base = f"{self.site.address}/rest/api/3/issuetype"
        return JSONResponse(
            [
                {
                    "self": f"{base}/{number}",
                    "id": str(number),
                    "name": name,
                    "subtask": False,
                    "statuses": statuses,
                }
                for number, name in enumerate(self.site.issue_types)
            ]
        )
