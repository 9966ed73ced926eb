"""The page `now` of the Prefect UI: one artifact, rewritten in place, so that its address shows the newest."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

from incidents.board.standing import Board
from incidents.store.board.reading import read_board
from incidents.store.sla.board import forget_shown, is_news
from incidents.texts.team import team_reads
from tasks import resources
from tasks.artifacts import page_ids, rewrite_page
from tasks.pages.now import KEY, headline, now_page, stories_on
from tasks.retries import REPEATABLE_STORE_CALL
from tasks.runs import task
from tasks.without_prefect import is_without_prefect, run_logger

EVERY = 5.0
"""Seconds from one rewriting to the next while much goes on; at the end of each drain it is rewritten anyway."""

_PATIENCE = 5.0
"""Seconds that a drain waits for the page at most."""


@dataclass(slots=True)
class LastShown:
    """When this process has rewritten it last."""

    at: float = float("-inf")


@task(name="show now", **REPEATABLE_STORE_CALL)
async def show_now() -> bool:
    """Rewrite the page unless it reads as it did, or Prefect is away; returns whether it was."""
    return await write_now()


async def write_now_at_times() -> None:
    """The same in the midst of a storm: now and then."""
    last = resources.kept(LastShown)
    if resources.uptime() - last.at >= EVERY:
        last.at = resources.uptime()
        await write_now()


async def write_now() -> bool:
    """As `show_now`, inside another task."""
    if is_without_prefect():
        return False
    async with resources.transaction() as step:
        board = await read_board(step.connection, now=step.now)
    stories = await _stories(board)
    with team_reads(step.policy.language.team):
        page, said = now_page(board, step.policy, stories), headline(board)
    async with resources.database().transaction() as tx:
        if not await is_news(tx, KEY, hashlib.sha256(page.encode()).hexdigest()):
            return False
    # Not inside the transaction: others wait for its row, and Prefect may hang.
    is_shown = False
    try:
        async with asyncio.timeout(_PATIENCE):
            await rewrite_page(key=KEY, markdown=page, description=said)
        is_shown = True
    except Exception:  # noqa: BLE001 - whatever Prefect does: a page that nobody sees keeps no incident waiting
        run_logger().exception("the page %s could not be rewritten, and will be", KEY)
    finally:
        if not is_shown:
            async with resources.database().transaction() as tx:
                await forget_shown(tx, KEY)
    return is_shown


async def _stories(board: Board) -> Mapping[str, UUID]:
    """Where the stories on it are; a Prefect that does not say so leaves links to the lists of their versions."""
    try:
        async with asyncio.timeout(_PATIENCE):
            return await page_ids(stories_on(board))
    except Exception:  # noqa: BLE001 - whatever Prefect does: it is a click more
        run_logger().warning("the stories' addresses could not be asked for", exc_info=True)
        return {}
