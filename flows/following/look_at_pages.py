"""Looking at the pages of incidents without being told to: their webhooks may be lost, or they may never have rung."""

from __future__ import annotations

from collections.abc import Iterable

from flows.following.follow import Followers
from incidents.errors import LiaisonError
from tasks.stages.commit_sync import commit_pages
from tasks.stages.gather import read_pages_of


async def look_at_pages(incident_ids: Iterable[int], followers: Followers) -> list[LiaisonError]:
    """Follow the pages of each as they stand, and let the incidents go on; returns what went wrong with some."""
    failures: list[LiaisonError] = []
    for incident_id in incident_ids:
        try:
            await commit_pages(incident_id, await read_pages_of(incident_id))
        except LiaisonError as error:
            failures.append(error)
        followers.start([incident_id])
    return failures
