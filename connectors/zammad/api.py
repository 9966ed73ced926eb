"""The calls on one Zammad, as one user: https://docs.zammad.org/en/latest/api/intro.html."""

from __future__ import annotations

from typing import Any

import httpx

from connectors.kit.auth.ways import BearerToken
from connectors.kit.fields import records
from connectors.kit.http import VendorHttp
from connectors.kit.pacing import Pace
from connectors.zammad.settings import ZammadSettings
from incidents.errors import Unreachable
from incidents.fan_out.budget import Limit

EXPANDED = {"expand": "true"}
"""Names beside ids: `state` beside `state_id`."""


class ZammadApi:
    """Paths are those below `/api/v1/`. All raise `incidents.errors`."""

    def __init__(self, settings: ZammadSettings, transport: httpx.AsyncBaseTransport | None) -> None:
        self._pace = Pace.of_helpdesk(settings.requests_per_minute)
        self._http = VendorHttp(
            vendor="zammad",
            base_url=settings.base_url,
            auth=BearerToken(settings.api_token, before="Token token="),
            transport=transport,
            pace=self._pace,
        )

    def limit(self) -> Limit:
        """How many calls are made, and how many more fit."""
        return self._pace.limit()

    async def record(self, path: str, **params: str) -> dict[str, Any]:
        """One object."""
        data = (await self._http.call("GET", f"/api/v1/{path}", params=params)).data
        if not isinstance(data, dict):
            raise Unreachable(f"zammad GET {path}: the answer is not a JSON object")
        return data

    async def entries(self, path: str, params: dict[str, str] | None = None) -> list[dict[str, Any]]:
        """A list of objects. Raises `Unreachable` where an entry is none: who looks for something must see all."""
        data = (await self._http.call("GET", f"/api/v1/{path}", params=params)).data
        if not isinstance(data, list) or len(records(data)) != len(data):
            raise Unreachable(f"zammad GET {path}: the answer is not a list of objects")
        return data

    async def send(self, method: str, path: str, body: Any = None, *, is_repeatable: bool) -> Any:
        """A call that changes something; the parsed answer."""
        answer = await self._http.call(method, f"/api/v1/{path}", json=body, is_repeatable=is_repeatable)
        return answer.data

    async def aclose(self) -> None:
        await self._http.aclose()
