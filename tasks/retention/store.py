"""Pruning our own store: batch after batch, each in a transaction of its own, so that nobody waits for long."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Protocol

from sqlalchemy.ext.asyncio import AsyncConnection

from incidents.store import retention as store
from incidents.store.retention import BATCH, Walked
from tasks import resources
from tasks.retention.pruned import Pruned
from tasks.retries import REPEATABLE_STORE_CALL
from tasks.runs import task


class _Walk(Protocol):
    async def __call__(self, tx: AsyncConnection, *, before: datetime, after: int = ...) -> Walked: ...


class _Batch(Protocol):
    async def __call__(self, tx: AsyncConnection, *, before: datetime) -> int: ...


@task(name="prune store", **REPEATABLE_STORE_CALL)
async def prune_store() -> Sequence[Pruned]:
    """Everything but incidents, by the policy's `retention`. Doing it twice removes nothing more."""
    kept = resources.policy().retention
    return [
        await _walked("webhooks' bodies", store.empty_bodies, kept.bodies),
        await _walked("webhooks", store.delete_deliveries, kept.deliveries),
        await _walked("refusals of webhooks", store.delete_rejections, kept.deliveries),
        await _in_batches("alerts of no incident", store.delete_alerts, kept.deliveries),
        await _in_batches("tickets' texts", store.empty_tickets, kept.texts),
        await _in_batches("mail of no ticket", store.delete_mail_of_no_ticket, kept.texts),
        await _in_batches("pages of our own pager", store.delete_own_pages, kept.texts),
        await _walked("texts that were sent", store.empty_payloads, kept.texts),
        await _in_batches("comments' marks", store.delete_comments, kept.comments),
        await _walked("lines of timelines", store.delete_timelines, kept.timelines),
        await _walked("predictions", store.delete_predictions, kept.predictions),
        await _in_batches("tickets without an incident", store.delete_lone_tickets, kept.incidents),
    ]


@task(name="find old incidents", **REPEATABLE_STORE_CALL)
async def old_incidents() -> Sequence[int]:
    """Some that are to go, or none. Their pages go first: who finds no row any more would not find the page either."""
    before = resources.utc_now() - resources.policy().retention.incidents
    async with resources.database().transaction() as tx:
        return await store.old_incidents(tx, before=before)


@task(name="delete incidents", **REPEATABLE_STORE_CALL)
async def delete_incidents(ids: Sequence[int]) -> int:
    """With all that is theirs; returns how many tickets went along."""
    async with resources.database().transaction() as tx:
        return await store.delete_incidents(tx, ids)


async def _walked(what: str, walk: _Walk, kept: timedelta) -> Pruned:
    before, count, after = resources.utc_now() - kept, 0, 0
    while True:
        async with resources.database().transaction() as tx:
            done = await walk(tx, before=before, after=after)
        count, after = count + done.rows, done.last
        if done.rows < BATCH:
            return Pruned(what=what, count=count, kept=kept)


async def _in_batches(what: str, batch: _Batch, kept: timedelta) -> Pruned:
    before, count = resources.utc_now() - kept, 0
    while True:
        async with resources.database().transaction() as tx:
            done = await batch(tx, before=before)
        count += done
        if done < BATCH:
            return Pruned(what=what, count=count, kept=kept)
