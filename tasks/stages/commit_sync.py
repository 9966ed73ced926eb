"""Status sync's commit: what pagers, rooms and monitors said, and the deliveries that said it, in one transaction."""

from __future__ import annotations

from incidents.decisions.chat_rights import CheckedCommand
from incidents.decisions.sync import PageNews
from incidents.events import AlertEvent, Lane, RoomEvent
from incidents.process.alerts import take_alerts
from incidents.process.sync import follow_and_obey, follow_pages
from incidents.store.inbox.drains import check_drain, renew_drain
from incidents.store.inbox.inbox import settle_deliveries
from tasks import resources
from tasks.retries import REPEATABLE_STORE_CALL, STORE_CALL
from tasks.runs import task
from tasks.stages.drain import Chunk


@task(name="commit sync", **STORE_CALL)
async def commit_sync(
    fence: int, chunk: Chunk, pages: list[PageNews], commands: list[CheckedCommand]
) -> tuple[int | None, ...]:
    """Follow pages and rooms, obey commands, take alerts in and settle the deliveries; returns the incidents that may
    have something to do now, None among them if somebody is to be answered about none.

    Raises `Stale` when another drain has taken over.
    """
    rooms = [event for event in chunk.events if isinstance(event, RoomEvent)]
    alerts = [event for event in chunk.events if isinstance(event, AlertEvent)]
    async with resources.transaction() as step:
        await check_drain(step.connection, Lane.STATUS_SYNC, fence)
        taken = await take_alerts(step, alerts)
        incidents = await follow_and_obey(step, pages, commands, rooms)
        await settle_deliveries(
            step.connection, fence=fence, done=chunk.ids, parked=chunk.parked, ignored=chunk.ignored
        )
        await renew_drain(step.connection, Lane.STATUS_SYNC, fence)
    return tuple(dict.fromkeys((*incidents, *taken.incidents)))


@task(name="commit pages", **REPEATABLE_STORE_CALL)
async def commit_pages(incident_id: int, pages: list[PageNews]) -> None:
    """Follow pages that were looked at without being told to: their webhooks may have been lost."""
    async with resources.transaction() as step:
        await follow_pages(step, incident_id, pages)
