"""As much of Prefect's API as the gateway uses: blocks, two deployments, and runs made once for each key."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from uuid import UUID, uuid4, uuid5

import httpx
from prefect.client.orchestration import PrefectClient
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from connectors.kit.authorities import authorities

_IDS = UUID("7a0f2f7e-4f0e-4d29-9a77-000000000000")


class PrefectApi:
    """A server one can save blocks in, take away, and ask what runs it was asked for."""

    def __init__(self, settings: Mapping[str, str] | None = None) -> None:
        self.settings = dict(settings or {})
        self.is_away = False
        self.is_silent = False
        """Takes requests and never answers."""
        self.workers: list[str] | None = None
        """How the workers of the pool stand, such as ONLINE; None where the deployments run without a pool."""
        self.unregistered: set[str] = set()
        """Block types and deployments it does not know."""
        self.paused: set[str] = set()
        """Deployments that somebody has paused."""
        self.runs: dict[str, UUID] = {}
        self.ended: set[str] = set()
        """Keys whose runs have ended."""
        self.pages: list[dict[str, object]] = []
        """Rows of what Prefect calls artifact collections: the newest page of each key."""
        self.events: list[dict[str, object]] = []
        self.requests: list[str] = []
        self._app = Starlette(
            routes=[
                Route("/api/admin/version", lambda _: JSONResponse("3.8.8")),
                Route("/api/block_types/slug/{slug}/block_documents", self._documents),
                Route("/api/work_pools/{name}/workers/filter", self._workers, methods=["POST"]),
                Route("/api/deployments/name/{flow}/{name}", self._deployment),
                Route("/api/events", self._take_events, methods=["POST"]),
                Route("/api/artifacts/latest/filter", self._latest_pages, methods=["POST"]),
                Route("/api/deployments/{id}/create_flow_run", self._create_run, methods=["POST"]),
            ]
        )

    @asynccontextmanager
    async def connect(self) -> AsyncIterator[PrefectClient]:
        """Prefect's own client on this server: what `get_client` is to a real one."""
        wire = {"transport": httpx.MockTransport(self._handle), "verify": authorities()}
        async with PrefectClient("http://prefect.test/api", httpx_settings=wire) as client:
            yield client

    async def _handle(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(f"{request.method} {request.url.path}")
        if self.is_away:
            # Prefect's client would wait, and repeat, upon a ConnectError.
            raise httpx.ProxyError("nobody is there", request=request)
        if self.is_silent:
            await asyncio.Event().wait()
        return await httpx.ASGITransport(self._app).handle_async_request(request)

    async def _documents(self, request: Request) -> Response:
        slug = request.path_params["slug"]
        if slug in self.unregistered:
            return JSONResponse({"detail": f"Block type {slug} not found"}, status_code=404)
        offset, limit = int(request.query_params["offset"]), int(request.query_params["limit"])
        assert request.query_params["include_secrets"] == "true"
        mine = [name for name in sorted(self.settings) if name.startswith(f"{slug}/")]
        return JSONResponse([self._document(name) for name in mine[offset : offset + limit]])

    def _document(self, name: str) -> dict[str, object]:
        slug, _, document = name.partition("/")
        return {
            "id": str(uuid5(_IDS, name)),
            "name": document,
            "data": json.loads(self.settings[name]),
            "block_schema_id": str(uuid5(_IDS, f"schema {slug}")),
            "block_type_id": str(uuid5(_IDS, slug)),
        }

    async def _deployment(self, request: Request) -> Response:
        name = request.path_params["name"]
        ids = {"id": str(uuid5(_IDS, f"deployment {name}")), "flow_id": str(uuid5(_IDS, f"flow {name}"))}
        if name in self.unregistered:
            return JSONResponse({"detail": "Deployment not found"}, status_code=404)
        pool = None if self.workers is None else "pool"
        return JSONResponse({**ids, "name": name, "work_pool_name": pool, "paused": name in self.paused})

    async def _take_events(self, request: Request) -> Response:
        self.events += await request.json()
        return Response(status_code=204)

    async def _latest_pages(self, request: Request) -> Response:
        asked = (await request.json())["artifacts"]["key"]["any_"]
        return JSONResponse([page for page in self.pages if page["key"] in asked])

    async def _workers(self, request: Request) -> Response:
        ids = {"id": str(uuid4()), "work_pool_id": str(uuid5(_IDS, request.path_params["name"]))}
        return JSONResponse([{**ids, "name": "host", "status": status} for status in self.workers or ()])

    async def _create_run(self, request: Request) -> Response:
        asked = await request.json()
        key = asked["idempotency_key"]
        run = self.runs.setdefault(key, uuid4())
        kind = "COMPLETED" if key in self.ended else "SCHEDULED"
        told = {"id": str(run), "flow_id": str(uuid4()), "tags": asked["tags"], "state": {"type": kind}}
        return JSONResponse(told, status_code=201)
