"""What flows ask the store. They read it only here, so that a store that is away for a moment fails no run."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

from incidents.decisions.ownership.orphans import needs_a_look
from incidents.events import Lane
from incidents.lifecycle import WITH_ENGINEERS, WORKS_AGAIN
from incidents.models import Incident
from incidents.policy.insights import InsightMode
from incidents.store.approvals import incidents_with_expired_approvals
from incidents.store.board.search import named_incident
from incidents.store.cases import (
    closed_since,
    due_incidents,
    incident_number,
    read_incident,
    trace_of,
    unsettled_incidents,
)
from incidents.store.emergencies import Emergency, untold_emergencies
from incidents.store.inbox.drains import is_drained
from incidents.store.inbox.inbox import has_pending
from incidents.store.ledger.due import incidents_with_due_effects
from incidents.store.ledger.pages import incidents_with_unseen_pages
from incidents.store.sla.due import DueNow, due_now
from incidents.store.tickets import linked_connections
from incidents.telemetry.spans import are_recorded
from tasks import resources
from tasks.retries import read_again

LATELY = timedelta(hours=2)
"""So long after an incident was closed its pages are looked at: engineers may have opened one again."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Overdue:
    """What lies about: incidents whose stage is due; incidents with effects to send, None among them for what is
    about no incident; incidents with pages that were not seen yet, or with questions
    that nobody answered in time; lanes with deliveries that nobody drains; and
    emergencies that Prefect has not heard of."""

    stages: tuple[int, ...]
    effects: tuple[int | None, ...]
    pages: tuple[int, ...]
    approvals: tuple[int, ...]
    lanes: tuple[Lane, ...]
    emergencies: tuple[Emergency, ...]


@read_again
async def incident_named(name: str) -> Incident:
    """Raises `NotFound` for a name that is none, or an incident that never was."""
    async with resources.database().transaction() as tx:
        return await read_incident(tx, incident_number(name))


@read_again
async def incident_meant(words: str) -> Incident:
    """By its name, or by a ticket of it: number, whole name or address. Raises `NotFound` for what is none, `Refused`
    where it could be several."""
    helpdesks = resources.policy().helpdesks
    async with resources.database().transaction() as tx:
        return await named_incident(tx, words, helpdesks=helpdesks)


@read_again
async def sources_of(incident_ids: Sequence[int]) -> Sequence[str]:
    """The vendors their tickets came from, such as `zendesk`."""
    async with resources.database().transaction() as tx:
        connections = await linked_connections(tx, incident_ids)
    return sorted({connection.partition("/")[0] for connection in connections})


@read_again
async def paged_incidents() -> Sequence[int]:
    """Incidents that engineers have, the worst first, or had until lately: how their pages stand, and what was written
    on them, may have been told in vain."""
    async with resources.database().transaction() as tx:
        open_now = [
            one.id for one in await unsettled_incidents(tx) if one.state in WITH_ENGINEERS | WORKS_AGAIN
        ]
        return [*open_now, *(one.id for one in await closed_since(tx, resources.utc_now() - LATELY))]


@read_again
async def unsettled() -> Sequence[Incident]:
    """Incidents in which somebody still owes somebody something, the worst first."""
    async with resources.database().transaction() as tx:
        return await unsettled_incidents(tx)


@read_again
async def overdue() -> Overdue:
    """What a crash, an outage or a lost bell left lying."""
    async with resources.transaction() as step:
        tx, now = step.connection, step.now
        stages = tuple(incident.id for incident in await due_incidents(tx, now=now))
        effects = tuple(await incidents_with_due_effects(tx, now=now))
        pages = tuple(await incidents_with_unseen_pages(tx, now=now))
        approvals = tuple(await incidents_with_expired_approvals(tx, now=now))
        lanes = [lane for lane in Lane if await has_pending(tx, lane) and not await is_drained(tx, lane)]
        emergencies = tuple(await untold_emergencies(tx))
    return Overdue(
        stages=stages,
        effects=effects,
        pages=pages,
        approvals=approvals,
        lanes=tuple(lanes),
        emergencies=emergencies,
    )


@read_again
async def promises_due() -> DueNow:
    """Where a promise has something to tell now, the likeliest to be broken first when the policy says so; and where
    something is to be done about who is accountable."""
    async with resources.transaction() as step:
        by_risk = step.policy.insights.breach.mode is InsightMode.ON
        due = await due_now(step.connection, now=step.now, by_risk=by_risk)
        unowned = [
            one.id for one in await unsettled_incidents(step.connection) if needs_a_look(one, step.basis)
        ]
        return replace(due, incidents=tuple(dict.fromkeys([*due.incidents, *unowned])))


async def origin_of(incident: Incident) -> str | None:
    """The trace of what opened it; not looked up where nobody traces."""
    if not are_recorded():
        return None
    async with resources.database().transaction() as tx:
        return await trace_of(tx, incident.id)
