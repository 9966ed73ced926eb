"""The SLA board: a table in the Prefect UI of what breaches next, rewritten in place when it has changed."""

from __future__ import annotations

import hashlib
import json

from incidents.store.sla.board import board_rows, is_news
from tasks import resources
from tasks.artifacts import page_ids, rewrite_table
from tasks.pages.sla_board import board_table, stories_on
from tasks.retries import REPEATABLE_STORE_CALL
from tasks.runs import task
from tasks.without_prefect import is_without_prefect

KEY = "sla-board"


@task(name="show SLA board", **REPEATABLE_STORE_CALL)
async def show_board() -> bool:
    """Write the board unless it reads as it did, or Prefect is away; returns whether it was written."""
    if is_without_prefect():
        return False
    async with resources.transaction() as step:
        found = await board_rows(step.connection, now=step.now)
        prefect_ui = (step.policy.links.prefect_ui or "").rstrip("/")
        stories = await page_ids(stories_on(found)) if prefect_ui else {}
        table = board_table(found, now=step.now, prefect_ui=prefect_ui, stories=stories)
        digest = hashlib.sha256(json.dumps(table.rows).encode()).hexdigest()
        if not await is_news(step.connection, KEY, digest):
            return False
        await rewrite_table(key=KEY, rows=table.rows, description=table.description)
    return True
