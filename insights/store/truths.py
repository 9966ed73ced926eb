"""What became of what was predicted, found in the store and written beside it, insight by insight.

The rules of what counts as true are the insights'; a truth that a person gave is never written over.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import TextClause, text
from sqlalchemy.ext.asyncio import AsyncConnection

from incidents.policy.insights import BREACH_LABEL, BREACHED, KEPT

# A ticket's service and severity are true when its incident is over: people worked on it and left it there.
_OF_INCIDENTS = text(
    """
    update insight_predictions p set truth = found.truth, truth_at = :now
    from (
        select t.ref as subject, label.name as label, case label.name
            when 'service' then coalesce(whole.service, i.service)
            else cast(coalesce(whole.severity, i.severity) as text) end as truth
        from tickets t
        join incidents i on i.id = t.incident_id
        left join incidents whole on whole.id = i.merged_into
        cross join (values ('service'), ('severity')) as label(name)
        where coalesce(whole.state, i.state) = 'closed'
    ) found
    where p.kind = 'routing' and p.truth is null and p.subject = found.subject and p.label = found.label
    """
)
_GROUPS = text(
    """
    update insight_predictions p set truth = t."group", truth_at = :now
    from tickets t
    where p.kind = 'routing' and p.label = 'group' and p.truth is null and t."group" is not null
        and p.subject = t.ref and t.status in ('solved', 'closed')
    """
)
_SIMILAR = text(
    """
    update insight_predictions p set truth = 'INC-' || i.id, truth_at = :now
    from tickets t join incidents own on own.id = t.incident_id
    join incidents i on i.id = coalesce(own.merged_into, own.id)
    where p.kind = 'similar' and p.label = 'incident' and p.truth is null and i.state = 'closed'
        and p.subject = t.ref
    """
)
_BREACHES = text(
    """
    update insight_predictions p
    set truth = case when c.due_at is null or c.due_at > :now then :kept else :breached end, truth_at = :now
    from sla_clocks c
    where p.kind = 'breach' and p.label = :label and p.truth is null and p.subject = c.key
        and c.target is not null and not c.is_withdrawn and (c.stopped_at is not null or c.due_at <= :now)
    """
).bindparams(kept=KEPT, breached=BREACHED, label=BREACH_LABEL)


async def settle_routing(tx: AsyncConnection, *, now: datetime) -> int:
    """Service and severity of tickets whose incident is closed, groups of solved tickets; returns for how many.

    A ticket that was solved and belonged to no incident has no service to compare with.
    """
    return await _settled(tx, _OF_INCIDENTS, now) + await _settled(tx, _GROUPS, now)


async def settle_similar(tx: AsyncConnection, *, now: datetime) -> int:
    """The incident that a ticket turned out to be of, when that is closed; returns for how many."""
    return await _settled(tx, _SIMILAR, now)


async def settle_breaches(tx: AsyncConnection, *, now: datetime) -> int:
    """Kept or breached, for clocks that were stopped or whose due time has passed; returns for how many."""
    return await _settled(tx, _BREACHES, now)


async def _settled(tx: AsyncConnection, statement: TextClause, now: datetime) -> int:
    return int((await tx.execute(statement, {"now": now})).rowcount)
