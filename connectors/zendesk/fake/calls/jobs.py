"""The fake Zendesk's bulk work under way.

https://developer.zendesk.com/api-reference/ticketing/ticket-management/job_statuses/
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from connectors.zendesk.fake.calls import asking

MAX_JOBS = 30


@dataclass(slots=True)
class FakeJob:
    """A bulk update. Its work is done when it is taken on; its word is a few looks late, as in reality."""

    id: str
    results: list[dict[str, Any]]
    looks: int
    is_stuck: bool
    kind: str = "Bulk Update Ticket"

    @property
    def status(self) -> str:
        """What a look at it says: queued, then working, then completed; a stuck one works for ever."""
        if self.is_stuck:
            return "working"
        return "completed" if self.looks <= 0 else "working" if self.looks == 1 else "queued"


def job_json(job: FakeJob, address: str) -> dict[str, Any]:
    """A job as `job_statuses` gives it; results come with its end."""
    is_over = job.status == "completed"
    return {
        "id": job.id,
        "url": f"{address}/api/v2/job_statuses/{job.id}.json",
        "job_type": job.kind,
        "total": len(job.results),
        "progress": len(job.results) if is_over else 0,
        "status": job.status,
        "message": "Completed" if is_over else None,
        "results": job.results if is_over else None,
    }


@dataclass
class FakeJobs:
    """The account's jobs. `looks` is how often a new one is still under way; with `are_stuck` it never ends."""

    next_id: Callable[[], int]
    looks: int = 2
    are_stuck: bool = False
    known: dict[str, FakeJob] = field(default_factory=dict)

    def routes(self) -> Sequence[tuple[str, str, Callable[[Request], Awaitable[Response]]]]:
        """Its paths under api/v2: method, path and endpoint."""
        return (
            ("GET", "job_statuses", self._list),
            ("GET", "job_statuses/show_many", self._show_many),
            ("GET", "job_statuses/{id}", self._show),
        )

    def must_have_room(self) -> None:
        """Raises `Unacceptable` while thirty jobs wait or run."""
        if sum(job.status != "completed" for job in self.known.values()) >= MAX_JOBS:
            raise asking.Unacceptable(asking.too_many(10))

    def start(self, request: Request, kind: str, results: list[dict[str, Any]]) -> Response:
        """The answer of a call whose work is a job's, and done already."""
        job = FakeJob(f"job{self.next_id()}", results, self.looks, self.are_stuck, kind)
        self.known[job.id] = job
        return JSONResponse({"job_status": job_json(job, asking.address(request))})

    async def _show(self, request: Request) -> Response:
        job = self.known.get(request.path_params["id"])
        if job is None:
            return asking.missing()
        job.looks -= 1
        return JSONResponse({"job_status": job_json(job, asking.address(request))})

    async def _show_many(self, request: Request) -> Response:
        wanted = request.query_params.get("ids", "").split(",")
        found = [job_json(self.known[one], asking.address(request)) for one in wanted if one in self.known]
        return JSONResponse({"job_statuses": found})

    async def _list(self, request: Request) -> Response:
        found = list(self.known.values())[::-1]
        return asking.page(request, "job_statuses", found, lambda job: job_json(job, asking.address(request)))
