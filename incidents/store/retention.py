"""Removing what is older than the policy keeps it, a batch to a transaction. What is not over is left alone.

Each function does one batch and says how many rows it changed; fewer than the limit means that nothing is left. Those
that walk a table by its key also say how far they came.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import BigInteger, TextClause, bindparam, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.asyncio import AsyncConnection

from incidents.effects import EffectKind
from incidents.lifecycle import UNSETTLED
from incidents.models import IncidentState, TicketStatus
from incidents.store.storable import StorableText
from incidents.ticket_words import TextsGone

BATCH = 500
"""Rows of a transaction: short enough that nobody waits for their locks."""

_OVER = ", ".join(f"'{state.value}'" for state in IncidentState if state not in UNSETTLED)
_SOLVED = ", ".join(f"'{status.value}'" for status in TicketStatus if status.is_settled)
_WITH_TEXT = ", ".join(
    f"'{kind.value}'"
    for kind in EffectKind
    # What these say is the policy's and nobody's words.
    if kind not in (EffectKind.TICKET_STATUS, EffectKind.ACTION)
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Walked:
    """How many rows a batch changed, and the key of the last one."""

    rows: int
    last: int


_BODIES = text(
    """
    update deliveries set body = '', headers = '[]' where id in (
        select id from deliveries
        where id > :after and state in ('done', 'ignored', 'discarded') and handled_at < :before and body <> ''
        order by id limit :limit)
    returning id
    """
)
_DELIVERIES = text(
    """
    delete from deliveries where id in (
        select id from deliveries
        where id > :after and state in ('done', 'ignored', 'discarded') and handled_at < :before
        order by id limit :limit)
    returning id
    """
)
_REJECTIONS = text(
    "delete from rejections where id in"
    " (select id from rejections where id > :after and at < :before order by id limit :limit) returning id"
)
_PAYLOADS = text(
    f"""
    with chosen as (
        select id from effects
        where id > :after and state = 'done' and kind in ({_WITH_TEXT}) and settled_at < :before
            and payload <> '{{}}'
        order by id limit :limit),
    hashes as (delete from written w using chosen c where w.effect_id = c.id)
    update effects e set payload = '{{}}' from chosen c where e.id = c.id
    returning e.id
    """  # noqa: S608  # fragments of our own
)
_TIMELINES = text(
    f"""
    delete from timeline where id in (
        select t.id from timeline t join incidents i on i.id = t.incident_id
        where t.id > :after and i.state in ({_OVER}) and i.state_since < :before
        order by t.id limit :limit)
    returning id
    """  # noqa: S608  # fragments of our own
)
_PREDICTIONS = text(
    "delete from insight_predictions where id in"
    " (select id from insight_predictions where id > :after and at < :before order by id limit :limit) returning id"
)
_TEXTS = text(
    f"""
    with chosen as (
        select t.connection, t.id, t.ref from tickets t left join incidents i on i.id = t.incident_id
        where t.texts_gone is null and t.status in ({_SOLVED}) and t.updated_at < :before
            and (i.id is null or i.state in ({_OVER}))
        limit :limit for update of t),
    vectors as (delete from insight_vectors v using chosen c where v.ref = c.ref),
    desk as (
        update desk_tickets d set subject = '', body = '', requester_name = '', requester_email = '',
            is_reachable = false
        from chosen c where d.connection = c.connection and d.number::text = c.id),
    words as (
        update desk_messages m set text = '', author_name = '', author_email = ''
        from chosen c where m.connection = c.connection and m.number::text = c.id)
    update tickets t set subject = '', body = '', requester_name = '', requester_email = '',
        texts_gone = '{TextsGone.AGED.value}'
    from chosen c where t.connection = c.connection and t.id = c.id
    """  # noqa: S608  # fragments of our own
)
_ASIDES = text(
    "delete from desk_messages where id in"
    " (select id from desk_messages where number is null and state = 'sent' and kept_at < :before limit :limit)"
)
_ALERTS = text(
    "delete from alert_episodes where (connection, key, started_at) in"
    " (select connection, key, started_at from alert_episodes"
    " where incident_id is null and end_kind is not null and changed_at < :before limit :limit)"
)
_PAGES = text(
    "delete from roster_pages where id in"
    " (select id from roster_pages where status = 'resolved' and changed_at < :before limit :limit)"
)
_COMMENTS = text(
    f"""
    delete from comments_heard where (connection, ticket_id, comment_id) in (
        select h.connection, h.ticket_id, h.comment_id from comments_heard h
        left join tickets t on t.connection = h.connection and t.id = h.ticket_id
        left join incidents i on i.id = t.incident_id
        where h.heard_at < :before and (t.id is null or t.status in ({_SOLVED}) and t.updated_at < :before)
            and (i.id is null or i.state in ({_OVER}))
        limit :limit)
    """  # noqa: S608  # fragments of our own
)


async def empty_bodies(
    tx: AsyncConnection, *, before: datetime, after: int = 0, limit: int = BATCH
) -> Walked:
    """Bodies and headers of deliveries that were handled before then. What waits or is parked keeps them."""
    return await _walk(tx, _BODIES, before=before, after=after, limit=limit)


async def delete_deliveries(
    tx: AsyncConnection, *, before: datetime, after: int = 0, limit: int = BATCH
) -> Walked:
    """That they came. A sender that repeats one after that long is heard anew; the ticket's version tells it is old."""
    return await _walk(tx, _DELIVERIES, before=before, after=after, limit=limit)


async def delete_rejections(
    tx: AsyncConnection, *, before: datetime, after: int = 0, limit: int = BATCH
) -> Walked:
    """The audit trail of webhooks that were refused."""
    return await _walk(tx, _REJECTIONS, before=before, after=after, limit=limit)


async def empty_payloads(
    tx: AsyncConnection, *, before: datetime, after: int = 0, limit: int = BATCH
) -> Walked:
    """What pages, notes, posts and messages said that were sent before then; that they were sent stays."""
    return await _walk(tx, _PAYLOADS, before=before, after=after, limit=limit)


async def delete_timelines(
    tx: AsyncConnection, *, before: datetime, after: int = 0, limit: int = BATCH
) -> Walked:
    """The stories of incidents that were over by then."""
    return await _walk(tx, _TIMELINES, before=before, after=after, limit=limit)


async def delete_predictions(
    tx: AsyncConnection, *, before: datetime, after: int = 0, limit: int = BATCH
) -> Walked:
    """Predictions with their truths, those that agents gave among them."""
    return await _walk(tx, _PREDICTIONS, before=before, after=after, limit=limit)


async def _walk(
    tx: AsyncConnection, statement: TextClause, *, before: datetime, after: int, limit: int
) -> Walked:
    rows = await tx.execute(statement, {"before": before, "after": after, "limit": limit})
    ids = list(rows.scalars())
    return Walked(rows=len(ids), last=max(ids, default=after))


async def empty_tickets(tx: AsyncConnection, *, before: datetime, limit: int = BATCH) -> int:
    """Texts, names and addresses of tickets that are solved and were last changed before then, of no open incident;
    with the vectors of what they said."""
    return int((await tx.execute(_TEXTS, {"before": before, "limit": limit})).rowcount)


async def delete_mail_of_no_ticket(tx: AsyncConnection, *, before: datetime, limit: int = BATCH) -> int:
    """What came to a desk of our own and belongs to no ticket, and mail that was sent about none."""
    return int((await tx.execute(_ASIDES, {"before": before, "limit": limit})).rowcount)


async def delete_own_pages(tx: AsyncConnection, *, before: datetime, limit: int = BATCH) -> int:
    """Pages of our own pager that are over, with their notices and notes."""
    return int((await tx.execute(_PAGES, {"before": before, "limit": limit})).rowcount)


async def delete_comments(tx: AsyncConnection, *, before: datetime, limit: int = BATCH) -> int:
    """Which comments were heard, of tickets that are over. One that comes again after that is heard anew."""
    return int((await tx.execute(_COMMENTS, {"before": before, "limit": limit})).rowcount)


async def delete_alerts(tx: AsyncConnection, *, before: datetime, limit: int = BATCH) -> int:
    """Alerts that had ended by then and were told in no incident; those of incidents go with them."""
    return int((await tx.execute(_ALERTS, {"before": before, "limit": limit})).rowcount)


_OLD_INCIDENTS = text(
    f"""
    select i.id from incidents i
    where i.state in ({_OVER}) and i.state_since < :before
        and not exists (select 1 from incidents m where m.merged_into = i.id)
        and not exists (select 1 from effects e where e.incident_id = i.id
            and e.state in ('pending', 'sending', 'unknown'))
        and not exists (select 1 from tickets t where t.incident_id = i.id
            and (t.updated_at >= :before or t.status not in ({_SOLVED})))
    order by i.id limit :limit
    """  # noqa: S608  # fragments of our own
)
_OLD_TICKETS = text(
    f"""
    select t.ref from tickets t
    where t.incident_id is null and t.status in ({_SOLVED}) and t.updated_at < :before
        and not exists (select 1 from effects e where e.about_ticket and e.connection = t.connection
            and e.target = t.id and e.incident_id is null and e.state in ('pending', 'sending', 'unknown'))
    limit :limit
    """  # noqa: S608  # fragments of our own
)
_REFS, _IDS = bindparam("refs", type_=ARRAY(StorableText)), bindparam("ids", type_=ARRAY(BigInteger))
_OF_TICKETS = [
    text(statement).bindparams(_REFS)
    for statement in (
        "delete from sla_breaches b using sla_clocks c where c.subject = any(:refs) and b.clock_key = c.key",
        "delete from insight_predictions p using sla_clocks c where c.subject = any(:refs) and p.subject = c.key",
        "delete from sla_clocks where subject = any(:refs)",
        "delete from sla_holders where subject = any(:refs)",
        "delete from insight_predictions where subject = any(:refs)",
        "delete from insight_vectors where ref = any(:refs)",
        "delete from comments_heard where connection || '#' || ticket_id = any(:refs)",
        "delete from effects where about_ticket and connection || '#' || target = any(:refs)",
        # What was said on it goes along. Mail so old is not read again, so nothing opens it anew.
        "delete from desk_tickets where connection || '#' || number = any(:refs)",
        "delete from tickets where ref = any(:refs)",
    )
]
_OF_INCIDENTS = [
    text(statement).bindparams(_IDS)
    for statement in (
        "delete from timeline where incident_id = any(:ids)",
        "delete from customer_updates where incident = any(:ids)",
        "delete from alert_episodes where incident_id = any(:ids) and end_kind is not null",
        # What still fires outlives the incident that heard of it.
        "update alert_episodes set incident_id = null where incident_id = any(:ids)",
        "delete from bindings where incident_id = any(:ids)",
        "delete from approvals where incident_id = any(:ids)",
        "delete from affected_customers where incident_id = any(:ids)",
        "delete from issues where incident_id = any(:ids)",
        "delete from effects where incident_id = any(:ids)",
        "delete from incidents where id = any(:ids)",
    )
]
_THEIR_TICKETS = text("select ref from tickets where incident_id = any(:ids)").bindparams(_IDS)


async def old_incidents(tx: AsyncConnection, *, before: datetime, limit: int = BATCH) -> Sequence[int]:
    """Incidents that were over by then and have nothing left to send or to merge; those merged into one go first."""
    return list((await tx.execute(_OLD_INCIDENTS, {"before": before, "limit": limit})).scalars())


async def delete_incidents(tx: AsyncConnection, ids: Sequence[int]) -> int:
    """These, with their tickets, clocks, effects and stories. Returns how many tickets went along."""
    refs = list((await tx.execute(_THEIR_TICKETS, {"ids": list(ids)})).scalars())
    await _delete_of_tickets(tx, [*refs, *(f"INC-{number}" for number in ids)])
    for statement in _OF_INCIDENTS:
        await tx.execute(statement, {"ids": list(ids)})
    return len(refs)


async def delete_lone_tickets(tx: AsyncConnection, *, before: datetime, limit: int = BATCH) -> int:
    """Tickets that are solved, belong to no incident and were last changed before then, with all that is theirs."""
    refs = list((await tx.execute(_OLD_TICKETS, {"before": before, "limit": limit})).scalars())
    await _delete_of_tickets(tx, refs)
    return len(refs)


async def _delete_of_tickets(tx: AsyncConnection, refs: Sequence[str]) -> None:
    for statement in _OF_TICKETS:
        await tx.execute(statement, {"refs": list(refs)})
