"""The fake Zendesk's bulk updates under way.

https://developer.zendesk.com/api-reference/ticketing/ticket-management/job_statuses/
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(slots=True)
class FakeJob:
    """A bulk update. Its work is done when it is taken on; its word is a few looks late, as in reality."""

    id: str
    results: list[dict[str, Any]]
    looks: int
    is_stuck: bool

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
        "job_type": "Bulk Update Ticket",
        "total": len(job.results),
        "progress": len(job.results) if is_over else 0,
        "status": job.status,
        "message": "Completed" if is_over else None,
        "results": job.results if is_over else None,
    }
