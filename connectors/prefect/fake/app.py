"""A small Prefect API: deployments of flows, runs that come to an end after some looks, and the keys' real reach.

As seen of 3.8.8: an idempotency key belongs to the flow, so a second deployment of one flow is answered with the first
one's run; a new run is answered 201, a known one 200. A parameter that is missing is answered 409; one that the flow
does not have is taken, and the run fails.
"""

from __future__ import annotations

import base64
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp

from connectors.kit.fakes.faults import Faults, FaultyApp

_UNAUTHORIZED = {"exception_message": "Unauthorized"}


@dataclass(kw_only=True)
class FakeDeployment:
    """A deployment. Its runs end in `ends` (state type, name, message) after `looks` more looks. `has_schema`: the
    flow's parameters were registered with it."""

    flow: str
    name: str
    id: str = field(default_factory=lambda: str(uuid4()))
    status: str = "READY"
    wants: frozenset[str] = frozenset({"region"})
    has_schema: bool = True
    looks: int = 1
    ends: tuple[str, str, str] = ("COMPLETED", "Completed", "")


@dataclass(kw_only=True)
class FakeFlowRun:
    """A run, and in which state it is."""

    deployment: FakeDeployment
    parameters: dict[str, Any]
    key: str
    id: str = field(default_factory=lambda: str(uuid4()))
    looks_left: int = 0
    state: tuple[str, str, str] = ("SCHEDULED", "Scheduled", "")

    def told(self) -> dict[str, Any]:
        """As the API shows it."""
        kind, name, message = self.state
        return {
            "id": self.id,
            "deployment_id": self.deployment.id,
            "parameters": self.parameters,
            "idempotency_key": self.key,
            "state_type": kind,
            "state": {"type": kind, "name": name, "message": message},
        }


class FakePrefect:
    """The server. `auth_string` and `wants_csrf`, when set, are demanded of every call, and of every POST."""

    def __init__(self, *deployments: FakeDeployment, auth_string: str = "", wants_csrf: bool = False) -> None:
        self.deployments = {f"{one.flow}/{one.name}": one for one in deployments}
        self.auth_string = auth_string
        self.wants_csrf = wants_csrf
        self.runs: list[FakeFlowRun] = []
        self.faults = Faults()
        self._csrf: dict[str, str] = {}
        self.app: ASGIApp = FaultyApp(
            Starlette(
                routes=[
                    Route("/api/admin/version", self._version),
                    Route("/api/csrf-token", self._csrf_token),
                    Route("/api/deployments/name/{flow}/{name}", self._deployment),
                    Route("/api/deployments/{id}/create_flow_run", self._create, methods=["POST"]),
                    Route("/api/flow_runs/{id}", self._flow_run),
                ]
            ),
            self.faults,
        )

    def _refused(self, request: Request) -> Response | None:
        login = base64.b64encode(self.auth_string.encode()).decode()
        if self.auth_string and request.headers.get("authorization") != f"Basic {login}":
            return JSONResponse(_UNAUTHORIZED, 401)
        client = request.headers.get("prefect-csrf-client", "")
        if request.method == "POST" and self.wants_csrf:
            known = self._csrf.get(client)
            if known is None or request.headers.get("prefect-csrf-token") != known:
                return JSONResponse({"detail": "Missing CSRF token."}, 403)
        return None

    async def _version(self, request: Request) -> Response:
        return self._refused(request) or JSONResponse("3.8.8")

    async def _csrf_token(self, request: Request) -> Response:
        if not self.wants_csrf:
            return self._refused(request) or JSONResponse({"detail": "CSRF protection is disabled."}, 422)
        client = request.query_params["client"]
        self._csrf[client] = uuid4().hex
        return self._refused(request) or JSONResponse({"client": client, "token": self._csrf[client]})

    async def _deployment(self, request: Request) -> Response:
        found = self.deployments.get(f"{request.path_params['flow']}/{request.path_params['name']}")
        if (refused := self._refused(request)) is not None:
            return refused
        if found is None:
            return JSONResponse({"detail": "Deployment not found"}, 404)
        schema = {
            "type": "object",
            "properties": {name: {} for name in found.wants},
            "required": list(found.wants),
        }
        told = {"id": found.id, "name": found.name, "status": found.status, "paused": False}
        return JSONResponse(told | ({"parameter_openapi_schema": schema} if found.has_schema else {}))

    async def _create(self, request: Request) -> Response:
        if (refused := self._refused(request)) is not None:
            return refused
        found = next((one for one in self.deployments.values() if one.id == request.path_params["id"]), None)
        if found is None:
            return JSONResponse({"detail": "Deployment not found"}, 404)
        asked = await request.json()
        for run in self.runs:
            if run.deployment.flow == found.flow and run.key == asked["idempotency_key"]:
                return JSONResponse(run.told(), 200)
        missing = found.wants - set(asked["parameters"])
        if missing:
            detail = f"Error creating flow run: {sorted(missing)} is a required property"
            return JSONResponse({"detail": detail}, 409)
        run = FakeFlowRun(
            deployment=found,
            parameters=asked["parameters"],
            key=asked["idempotency_key"],
            looks_left=found.looks,
        )
        self.runs.append(run)
        return JSONResponse(run.told(), 201)

    async def _flow_run(self, request: Request) -> Response:
        run = next((one for one in self.runs if one.id == request.path_params["id"]), None)
        if (refused := self._refused(request)) is not None:
            return refused
        if run is None:
            return JSONResponse({"detail": "Flow run not found"}, 404)
        if run.looks_left > 0:
            run.looks_left -= 1
            run.state = ("RUNNING", "Running", "")
        elif set(run.parameters) > run.deployment.wants:
            # The schema lets them pass; the flow does not.
            run.state = ("FAILED", "Failed", "Flow run received unexpected parameters")
        else:
            run.state = run.deployment.ends
        return JSONResponse(run.told())
