"""The fake Zendesk's SLA policies, schedules and holidays: what its administrator has set up, as its API tells it.

https://developer.zendesk.com/api-reference/ticketing/business-rules/sla_policies/ (pages by number, `next_page`)
and `.../ticket-management/schedules/` (both lists in one answer). Only administrators may list policies and
schedules. Zendesk does not document what an account without the plan is answered: `refusal` is 403 or 404.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from connectors.zendesk.fake.records import FakeUser

PAGE = 100
Endpoint = Callable[[Request], Awaitable[Response]]


@dataclass(kw_only=True)
class FakeServiceLevels:
    """`me` is the agent whose token is used. With a `refusal` the account's plan has none of this."""

    me: FakeUser
    refusal: int | None = None
    policies: list[dict[str, Any]] = field(default_factory=list)
    schedules: list[dict[str, Any]] = field(default_factory=list)
    holidays: dict[int, list[dict[str, Any]]] = field(default_factory=dict)

    def routes(self) -> list[tuple[str, str, Endpoint]]:
        """Its paths under api/v2: method, path and endpoint. Policies and schedules are for admins alone."""
        return [
            ("GET", "slas/policies", self._for_admins(self._list_policies)),
            ("GET", "business_hours/schedules", self._for_admins(self._list_schedules)),
            ("GET", "business_hours/schedules/{id:int}/holidays", self._list_holidays),
        ]

    def add_policy(
        self,
        title: str,
        metrics: Sequence[tuple[str, str, int, bool]],
        *,
        all_of: Sequence[tuple[str, str, object]] = (),
        any_of: Sequence[tuple[str, str, object]] = (),
    ) -> int:
        """A policy, last in order. Metrics are metric, priority, minutes and whether in business hours."""
        number = len(self.policies) + 1
        self.policies.append(
            {
                "id": number,
                "title": title,
                "description": "",
                "position": number,
                "filter": {"all": _conditions(all_of), "any": _conditions(any_of)},
                "policy_metrics": [
                    {
                        "metric": metric,
                        "priority": priority,
                        "target": minutes,
                        "target_in_seconds": minutes * 60,
                        "business_hours": in_business_hours,
                    }
                    for metric, priority, minutes, in_business_hours in metrics
                ],
            }
        )
        return number

    def add_schedule(
        self,
        name: str,
        time_zone: str,
        intervals: Sequence[tuple[int, int]],
        holidays: Mapping[str, tuple[str, str]] | None = None,
    ) -> int:
        """A schedule: minutes since Sunday's midnight; holidays with their first and last dates by name."""
        number = len(self.schedules) + 1
        self.schedules.append(
            {
                "id": number,
                "name": name,
                "time_zone": time_zone,
                "intervals": [{"start_time": start, "end_time": end} for start, end in intervals],
            }
        )
        self.holidays[number] = [
            {"id": index, "name": called, "start_date": first, "end_date": last}
            for index, (called, (first, last)) in enumerate((holidays or {}).items(), start=1)
        ]
        return number

    def _for_admins(self, endpoint: Endpoint) -> Endpoint:
        async def guarded(request: Request) -> Response:
            if self.refusal == 404:
                return _not_found()
            if self.refusal is not None or self.me.role != "admin":
                answer = {"error": "Forbidden", "description": "You do not have access to this page"}
                return JSONResponse(answer, 403)
            return await endpoint(request)

        return guarded

    async def _list_policies(self, request: Request) -> Response:
        page = int(request.query_params.get("page", "1"))
        shown = self.policies[(page - 1) * PAGE : page * PAGE]
        following = f"{request.url.replace(query=None)}?page={page + 1}"
        return JSONResponse(
            {
                "sla_policies": shown,
                "count": len(self.policies),
                "next_page": following if page * PAGE < len(self.policies) else None,
                "previous_page": None,
            }
        )

    async def _list_schedules(self, request: Request) -> Response:
        return JSONResponse({"schedules": self.schedules, "url": str(request.url)})

    async def _list_holidays(self, request: Request) -> Response:
        holidays = self.holidays.get(request.path_params["id"])
        return _not_found() if holidays is None else JSONResponse({"holidays": holidays})


def _conditions(conditions: Sequence[tuple[str, str, object]]) -> list[dict[str, object]]:
    return [{"field": name, "operator": operator, "value": value} for name, operator, value in conditions]


def _not_found() -> Response:
    return JSONResponse({"error": "RecordNotFound", "description": "Not found"}, 404)
