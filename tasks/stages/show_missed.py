"""The page that says what webhooks missed, written anew when a look found something, and when all is calm again."""

from __future__ import annotations

import hashlib

from incidents.store.sla.board import is_news
from tasks import resources
from tasks.artifacts import publish_page
from tasks.pages.missed import missed_page, missed_title
from tasks.retries import OUTSIDE_CALL
from tasks.runs import task
from tasks.stages.missed import LookedAt
from tasks.without_prefect import is_without_prefect

KEY = "missed-webhooks"


@task(name="show what webhooks missed", **OUTSIDE_CALL)
async def show_missed(looks: list[LookedAt]) -> str:
    """Returns it in a few words. While Prefect is away nobody can look."""
    title = missed_title(looks)
    if is_without_prefect():
        return title
    async with resources.transaction() as step:
        now = step.now
        told = [(one.connection, one.missed, one.why_not) for one in looks if one.missed or one.why_not]
        digest = hashlib.sha256(repr(told).encode()).hexdigest()
        if await is_news(step.connection, KEY, digest):
            await publish_page(key=KEY, markdown=missed_page(looks, now=now), description=title)
    return title
