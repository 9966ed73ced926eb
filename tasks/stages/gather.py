"""The gather beat: read the world. Everything here may be repeated at will."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial

from incidents.decisions.sync import PageNews
from incidents.errors import LiaisonError
from incidents.events import PageChange, PageEvent, TicketEvent
from incidents.models import ProbeResult, Ticket
from incidents.ports import Helpdesk, ImpactProbe, NotedPages, Pager
from incidents.process.echoes import without_echoes
from incidents.store.cases import load_case
from incidents.store.inbox.cursors import move_cursor, read_cursor
from incidents.store.ledger.pages import UNSEEN_FOR, TakenPage, page_keys, taken_pages
from tasks import resources
from tasks.early_looks import EarlyLooks
from tasks.retries import OUTSIDE_CALL, REPEATABLE_STORE_CALL
from tasks.runs import task
from tasks.stages.customers import with_tiers
from tasks.stages.drain import Chunk

OVERLAP = timedelta(minutes=5)
"""So far before the last look notes are read again: clocks differ."""


async def without_our_echoes(chunk: Chunk) -> Chunk:
    """The chunk without the events that only tell what we did ourselves: nothing is read again for those."""
    if not any(isinstance(event, TicketEvent) and event.by_us for event in chunk.events):
        return chunk
    async with resources.database().transaction() as tx:
        return replace(chunk, events=await without_echoes(tx, chunk.events, now=resources.utc_now()))


async def newest_tickets(events: Sequence[TicketEvent]) -> list[Ticket]:
    """Each ticket once, as it is now: from the payload where that is all there is, else read again.

    Where the helpdesk does not say a customer's tier, the policy's directory does.
    """
    carried: dict[str, Ticket] = {}
    to_read: dict[str, set[str]] = {}
    for event in events:
        if event.ticket is None:
            ids = to_read.setdefault(event.ref.connection, set())
            ids.add(event.ref.id)
            if event.merged_into is not None:
                ids.add(event.merged_into)  # the ticket that goes on in its stead may be new to us
            continue
        known = carried.get(str(event.ref))
        if known is None or event.ticket.version >= known.version:
            carried[str(event.ref)] = event.ticket
    read = [await read_tickets(connection, sorted(ids)) for connection, ids in to_read.items()]
    return await with_tiers([*carried.values(), *(ticket for tickets in read for ticket in tickets)])


@task(name="read tickets", task_run_name="read tickets from {connection}", **OUTSIDE_CALL)
async def read_tickets(connection: str, ids: list[str]) -> Sequence[Ticket]:
    """The tickets as the helpdesk has them now; those that are gone are left out."""
    helpdesk = await resources.connect(connection, Helpdesk)
    return await helpdesk.read(ids)


@task(name="probe", task_run_name="probe {service}", **OUTSIDE_CALL)
async def probe(service: str) -> Sequence[ProbeResult]:
    """Look at a service with all its probes at once. A probe we cannot use proves nothing, and says so."""
    return await _look_at(service)


@task(name="probe", task_run_name="probe {service}", **OUTSIDE_CALL)
async def probe_in_time(service: str) -> Sequence[ProbeResult]:
    """The same, or the look that `begin_looks` has under way: for who wants to know how things are by now, and not how
    they are after something was done."""
    begun = resources.kept(EarlyLooks).take(service)
    return await (begun if begun is not None else _look_at(service))


def begin_looks(service: str) -> None:
    """Look at a service and at what it stands on, in the background: somebody is about to ask."""
    early = resources.kept(EarlyLooks)
    for name in (service, *resources.policy().service(service).depends_on):
        early.begin(name, partial(_look_at, name))


async def _look_at(service: str) -> Sequence[ProbeResult]:
    return await look_with(resources.policy().service(service).probes, service)


async def look_with(
    names: Sequence[str], service: str, *, within: float | None = None
) -> Sequence[ProbeResult]:
    """The same inside another task, with these probes; `within` so many seconds, where somebody waits for it."""
    return list(await asyncio.gather(*(_look(name, service, within) for name in names)))


async def _look(name: str, service: str, within: float | None) -> ProbeResult:
    now = resources.utc_now()
    try:
        async with asyncio.timeout(within):
            eye = await resources.connect(name, ImpactProbe)
            return await eye.check(service, now=now)
    except TimeoutError:
        summary = f"could not look: no answer within {within:g} s"
    except LiaisonError as error:
        summary = f"could not look: {error}"
    return ProbeResult(probe=name, is_healthy=None, summary=summary, at=now)


async def probe_dependencies(service: str) -> list[ProbeResult]:
    """The same for what the service stands on."""
    looks = await asyncio.gather(
        *(probe_in_time(name) for name in resources.policy().service(service).depends_on)
    )
    return [look for found in looks for look in found]


@task(name="read pages", **OUTSIDE_CALL)
async def read_pages(events: list[PageEvent]) -> list[PageNews]:
    """Each page once, as it stands now, with what was said of it. Pages without our key are not ours."""
    by_page: dict[tuple[str, str], list[PageEvent]] = {}
    for event in events:
        by_page.setdefault((event.connection, event.page_id), []).append(event)
    news: list[PageNews] = []
    for (connection, page_id), said in by_page.items():
        pager = await resources.connect(connection, Pager)
        state = await pager.read_by_id(page_id)
        told = state.key if state is not None else next((event.key for event in said if event.key), None)
        async with resources.database().transaction() as tx:
            known = await page_keys(tx, connection, page_id)
        ordered = tuple(sorted(said, key=lambda event: event.at))
        # It goes on elsewhere under our key, and only by that it is found.
        is_merged = any(event.change is PageChange.MERGED for event in said)
        for key in dict.fromkeys(filter(None, (told, *known))):
            seen = await pager.read(key) if is_merged else state and replace(state, key=key)
            news.append(PageNews(key=key, events=ordered, state=seen))
    return news


@task(name="read pages", task_run_name="read pages of INC-{incident_id}", **OUTSIDE_CALL)
async def read_pages_of(incident_id: int) -> list[PageNews]:
    """How the pages of an incident stand at the on-call tool, whatever its webhooks told us."""
    async with resources.database().transaction() as tx:
        case = await load_case(tx, incident_id)
        taken = await taken_pages(tx, incident_id)
    now = resources.utc_now()
    news: list[PageNews] = []
    # Of a page to the owners' lead only that it rang is of interest.
    unseen = [line.key for line in case.owners_lead_pages if not line.result]
    for page in taken:
        pager = await resources.connect(page.connection, Pager)
        if page.key not in (*case.page_keys, *unseen):
            # One that was replaced says nothing any more, but people may write on it.
            if noted := await _noted_on(pager, page):
                news.append(PageNews(key=page.key, events=noted, state=None))
            continue
        state = await pager.read(page.key)
        if state is not None:
            noted = await _noted_on(pager, page)
            news.append(PageNews(key=page.key, events=noted, state=state))
        elif now - page.taken_at >= max(UNSEEN_FOR, timedelta(seconds=2 * pager.index_lag)):
            why = await pager.obstacle(page.target)
            news.append(PageNews(key=page.key, events=(), state=None, why=why))
    return news


async def _noted_on(pager: Pager, page: TakenPage) -> tuple[PageEvent, ...]:
    """What was written on the page since its on-call tool was last looked at, and a little before: what is heard twice
    is told once. Nothing at the first look, as older notes were heard by whoever was here before."""
    if not isinstance(pager, NotedPages):
        return ()
    async with resources.database().transaction() as tx:
        since = await read_cursor(tx, page.connection)
    if since is None:
        return ()
    return tuple(note for note in await pager.notes(page.key) if note.at >= since - OVERLAP)


@task(name="note the look at pages", **REPEATABLE_STORE_CALL)
async def note_look(connections: list[str], began: datetime) -> None:
    """Remember when these on-call tools were last looked at."""
    async with resources.database().transaction() as tx:
        for connection in connections:
            await move_cursor(tx, connection, began)
