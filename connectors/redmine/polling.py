"""What changed since a time: Redmine sends no webhooks of its own, so it is asked."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from typing import Any

from connectors.kit.fields import any_text, utc_time
from connectors.redmine.api import RedmineApi
from connectors.redmine.mapping import asked

OVERLAP = timedelta(seconds=2)
"""Redmine keeps finer times than it tells, and takes whole seconds only."""


async def changed_issues(api: RedmineApi, project: str, since: datetime) -> AsyncIterator[dict[str, Any]]:
    """Issues as lists have them, oldest change first, each state once; a few from shortly before.

    Also for a private note that only some may read: Redmine calls the issue changed all the same.
    """
    await api.user()
    start, known = since - OVERLAP, set[tuple[str, datetime]]()
    while True:
        # From the time reached, not by offset: what changes meanwhile goes to the end, and the rest moves up.
        newest = start
        params = {"project_id": project, "updated_on": f">={asked(start)}", "sort": "updated_on,id"}
        async for page in api.issues(params):
            for issue in page:
                updated_at = utc_time(issue.get("updated_on"), of="redmine")
                newest = max(newest, updated_at)
                state = (any_text(issue.get("id")), updated_at)
                if state not in known:
                    known.add(state)
                    if updated_at >= since - OVERLAP:
                        yield issue
            if newest > start and len(page) > 0:
                break
        if newest == start:
            return
        start = newest
