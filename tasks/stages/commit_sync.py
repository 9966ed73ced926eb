"""Status sync's commit: what pagers and chat rooms said, decided incident by incident."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

from prefect import task
from sqlalchemy.ext.asyncio import AsyncConnection

from incidents.case import Case, Plan
from incidents.decisions.sync import PageNews, chat_command, page_news
from incidents.errors import NotFound
from incidents.events import ChatCommand, Lane
from incidents.store.cases import incident_bound_to, incident_number
from incidents.store.inbox.drains import renew_drain
from incidents.store.inbox.inbox import settle_deliveries
from tasks import resources
from tasks.deciding import decide_now
from tasks.retries import STORE_CALL
from tasks.stages.drain import Chunk


@task(name="commit sync", **STORE_CALL)
async def commit_sync(fence: int, chunk: Chunk, pages: list[PageNews]) -> tuple[int, ...]:
    """Follow pages and obey commands; returns the incidents that may have something to do now.

    Raises `Stale` when another drain has taken over. What belongs to no incident of ours is nobody's news.
    """
    policy, now = resources.policy(), resources.utc_now()
    async with resources.database().transaction() as tx:
        await renew_drain(tx, Lane.STATUS_SYNC, fence)
        decisions: dict[int, list[Callable[[Case], Plan]]] = {}
        for news in pages:
            incident_id = await incident_bound_to(tx, news.events[0].connection, "page", news.key)
            if incident_id is not None:
                said = partial(page_news, news=news, policy=policy, now=now)
                decisions.setdefault(incident_id, []).append(said)
        for event in chunk.events:
            if isinstance(event, ChatCommand) and (incident_id := await _incident_of(tx, event)) is not None:
                asked = partial(chat_command, command=event, policy=policy, now=now)
                decisions.setdefault(incident_id, []).append(asked)
        # In the order of the incidents, as everybody locks them: two drains must not wait for each other.
        for incident_id in sorted(decisions):
            await _decide_all(tx, incident_id, decisions[incident_id])
        await settle_deliveries(tx, fence=fence, done=chunk.ids, parked=chunk.parked)
    return tuple(decisions)


@task(name="commit pages", **STORE_CALL)
async def commit_pages(incident_id: int, pages: list[PageNews]) -> None:
    """Follow pages that were looked at without being told to: their webhooks may have been lost."""
    policy, now = resources.policy(), resources.utc_now()
    async with resources.database().transaction() as tx:
        decisions = [partial(page_news, news=news, policy=policy, now=now) for news in pages]
        await _decide_all(tx, incident_id, decisions)


async def _decide_all(
    tx: AsyncConnection, incident_id: int, decisions: Sequence[Callable[[Case], Plan]]
) -> None:
    for decision in decisions:
        try:
            await decide_now(tx, incident_id, decision)
        except NotFound:
            return  # somebody named an incident that never was


async def _incident_of(tx: AsyncConnection, command: ChatCommand) -> int | None:
    """The incident a command names, else the one whose room it was said in."""
    if command.incident is None:
        return await incident_bound_to(tx, command.connection, "room", command.room_id)
    try:
        return incident_number(command.incident)
    except NotFound:
        return None
