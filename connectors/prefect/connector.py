"""A team's own Prefect deployment as an `ActionRunner`: started once, followed to its end.

API: https://docs.prefect.io/v3/api-ref/rest-api/server (`deployments/name/{flow}/{deployment}`,
`deployments/{id}/create_flow_run`, `flow_runs/{id}`). Prefect's client is not used: this is HTTP as with any vendor.

An idempotency key belongs to the flow, not to the deployment, and is kept as long as its run is (seen with 3.8.8,
findings/prefect-idempotency-key-spans-deployments.sh). So the deployment's id is part of the key, and a run that is
another deployment's is refused. Which installation asks is part of `once` already.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any, ClassVar
from urllib.parse import quote
from uuid import uuid4

import httpx

from connectors.kit.fields import record, text
from connectors.kit.http import VendorHttp
from connectors.kit.pacing import Pace
from connectors.prefect.mapping import is_run_id, run_from
from connectors.prefect.settings import PrefectSettings, RemedyDeployment
from incidents.actions import ActionRun
from incidents.errors import NotAllowed, NotFound, Refused, Unknown, Unreachable, Unrecognised
from incidents.ports import ActionRunner

CALLS_A_MINUTE = (
    240  # Prefect Cloud's lowest plan allows more; https://docs.prefect.io/v3/concepts/rate-limits
)
TAG = "liaison"
CSRF_TOKEN, CSRF_CLIENT = "Prefect-Csrf-Token", "Prefect-Csrf-Client"


class PrefectActions(ActionRunner):
    """One Prefect API. `name` is the connection's, such as `prefect/platform`."""

    vendor: ClassVar[str] = "prefect"

    def __init__(
        self, name: str, settings: PrefectSettings, *, transport: httpx.AsyncBaseTransport | None = None
    ) -> None:
        self.name = name
        self._settings = settings
        self._client_id = uuid4().hex
        self._http = VendorHttp(
            vendor=self.vendor,
            base_url=settings.api_url,
            auth=settings.credentials,
            transport=transport,
            pace=Pace(CALLS_A_MINUTE, 60),
        )

    async def run(self, action: str, arguments: Mapping[str, str], *, once: str) -> ActionRun:
        """Start a run of the action's deployment. The key makes one of it, however often it is asked for, so a lost
        answer is asked for again.

        Raises `Unknown` where no answer came at all: it may have been started. Raises `Refused` where the deployment
        has nobody to run it, unless its settings let it wait.
        """
        remedy = self._settings.actions.get(action)
        if remedy is None:
            known = ", ".join(repr(name) for name in sorted(self._settings.actions))
            raise Refused(f"{self.name} has no action {action!r}; its block names {known}")
        deployment = await self._deployment(remedy)
        if remedy.requires_ready and not _is_ready(deployment):
            raise Refused(
                f"{self.name}: nobody runs deployment {remedy.deployment} now, so a run would wait and come late; start"
                " its worker, or set requires_ready to false"
            )
        parameters = {**remedy.parameters, **arguments}
        # Prefect refuses a missing one; one that the flow has not makes a run that fails (3.8.8; see findings/).
        strange = (
            sorted(set(parameters) - names) if (names := _parameter_names(deployment)) is not None else []
        )
        if strange:
            raise Refused(
                f"{self.name}: the flow of {remedy.deployment} has no parameter {strange[0]!r}; it has"
                f" {', '.join(sorted(names or ())) or 'none'}"
            )
        deployment_id = text(deployment.get("id"))
        headers = await self._csrf_headers()
        try:
            answer = await self._http.call(
                "POST",
                f"/deployments/{deployment_id}/create_flow_run",
                json={
                    "idempotency_key": f"{once}@{deployment_id}",
                    "parameters": parameters,
                    "tags": [TAG],
                },
                headers=headers,
                is_repeatable=True,
            )
        except Unreachable as error:
            raise Unknown(f"{self.name}: it may have been started: {error}") from error
        started = record(answer.data)
        if text(started.get("deployment_id")) != deployment_id:
            raise Unknown(f"{self.name}: the answer is no run of deployment {remedy.deployment}")
        try:
            return run_from(started)
        except Unrecognised as error:
            raise Unknown(f"{self.name}: started, but {error}") from error

    async def follow(self, run_id: str) -> ActionRun:
        """How the flow run stands. One that waits for a worker, a slot or a person counts as running, and says so."""
        if not is_run_id(run_id):
            raise Refused(f"{self.name}: this is no id of a flow run")
        answer = await self._http.call("GET", f"/flow_runs/{run_id}")
        try:
            return run_from(answer.data)
        except Unrecognised as error:
            raise Unreachable(f"{self.name}: {error}") from error

    async def check(self) -> str:
        """The server's version, and whether each deployment is there and has somebody to run it. Nothing is started."""
        version = (
            text((await self._http.call("GET", "/admin/version")).data) if self._is_own_server else "Cloud"
        )
        deployments = await asyncio.gather(
            *(self._deployment(remedy) for _, remedy in sorted(self._settings.actions.items()))
        )
        told = [
            f"{name}: {self._settings.actions[name].deployment} is {'ready' if _is_ready(found) else 'NOT ready'}"
            for name, found in zip(sorted(self._settings.actions), deployments, strict=True)
        ]
        return "; ".join([f"Prefect {version}", *told])

    async def aclose(self) -> None:
        await self._http.aclose()

    @property
    def _is_own_server(self) -> bool:
        """Prefect Cloud does not tell its version."""
        return self._settings.api_key is None

    async def _deployment(self, remedy: RemedyDeployment) -> dict[str, Any]:
        """Looked up each time: a team that deploys anew may make another one of the same name."""
        flow, _, name = remedy.deployment.partition("/")
        try:
            answer = await self._http.call(
                "GET", f"/deployments/name/{quote(flow, safe='')}/{quote(name, safe='')}"
            )
        except NotFound as error:
            raise NotFound(
                f"{self.name}: there is no deployment {remedy.deployment} there; deploy it, or correct its name"
            ) from error
        found = record(answer.data)
        if not is_run_id(text(found.get("id"))):  # ids of all objects look alike
            raise Unreachable(f"{self.name}: the answer is no deployment")
        return found

    async def _csrf_headers(self) -> dict[str, str]:
        """What a server with CSRF protection wants to see with each POST; one without answers 422."""
        try:
            answer = await self._http.call("GET", "/csrf-token", params={"client": self._client_id})
        except NotAllowed:
            raise
        except Refused:
            return {}
        token = text(record(answer.data).get("token"))
        return {CSRF_TOKEN: token, CSRF_CLIENT: self._client_id} if token else {}


def _is_ready(deployment: dict[str, Any]) -> bool:
    """`NOT_READY` is said of a deployment whose work pool or queue nobody has polled for a minute."""
    return deployment.get("status") != "NOT_READY"


def _parameter_names(deployment: dict[str, Any]) -> frozenset[str] | None:
    """What the flow can be given, by the schema that was registered with it; None where there is none."""
    schema = deployment.get("parameter_openapi_schema")
    properties = schema.get("properties") if isinstance(schema, dict) else None
    return frozenset(properties) if isinstance(properties, dict) else None
