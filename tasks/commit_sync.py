"""Status sync's commit: what pagers and chat rooms said, decided incident by incident."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from prefect import task
from sqlalchemy.ext.asyncio import AsyncConnection

from incidents.case import Case, Plan
from incidents.decisions.sync import PageNews, chat_command, page_news
from incidents.errors import NotFound
from incidents.models import ChatCommand, Lane
from incidents.store.cases import decide, incident_bound_to, incident_number
from incidents.store.drains import renew_drain
from incidents.store.inbox import settle_deliveries
from tasks import resources
from tasks.drain import Chunk
from tasks.retries import STORE_CALL


@task(name="commit sync", **STORE_CALL)
async def commit_sync(fence: int, chunk: Chunk, pages: list[PageNews]) -> tuple[int, ...]:
    """Follow pages and obey commands; returns the incidents that may have something to do now.

    Raises `Stale` when another drain has taken over. What belongs to no incident of ours is nobody's news.
    """
    policy, now = resources.policy(), resources.utc_now()
    touched: list[int] = []
    async with resources.database().transaction() as tx:
        await renew_drain(tx, Lane.STATUS_SYNC, fence)
        for news in pages:
            incident_id = await incident_bound_to(tx, news.events[0].connection, "page", news.key)
            if incident_id is not None:
                await _decide(tx, incident_id, partial(page_news, news=news, policy=policy, now=now))
                touched.append(incident_id)
        for event in chunk.events:
            if isinstance(event, ChatCommand):
                incident_id = await _incident_of(tx, event)
                if incident_id is not None:
                    await _decide(
                        tx, incident_id, partial(chat_command, command=event, policy=policy, now=now)
                    )
                    touched.append(incident_id)
        await settle_deliveries(tx, fence=fence, done=chunk.ids, parked=chunk.parked)
    return tuple(dict.fromkeys(touched))


async def _decide(tx: AsyncConnection, incident_id: int, decision: Callable[[Case], Plan]) -> None:
    await decide(tx, incident_id, decision, now=resources.utc_now(), run_id=resources.run_id())


async def _incident_of(tx: AsyncConnection, command: ChatCommand) -> int | None:
    """The incident a command names, else the one whose room it was said in."""
    if command.incident is None:
        return await incident_bound_to(tx, command.connection, "room", command.room_id)
    try:
        return incident_number(command.incident)
    except NotFound:
        return None
