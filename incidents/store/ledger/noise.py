"""Pages that nobody acted on, by service: what a team is woken for in vain."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from incidents.case import NOBODY, Actor


@dataclass(frozen=True, kw_only=True, slots=True)
class PageNoise:
    """How many pages of a service's teams went out in a time, and how many of them nobody acted on, with some of the
    incidents they were about; `held` are incidents whose page waited, `spared` those that needed none in the end;
    `not_us` is how often those who were woken said that it was not theirs."""

    service: str
    pages: int
    in_vain: int
    examples: tuple[str, ...]
    held: int
    spared: int
    not_us: int = 0


# Acted on: somebody acknowledged, handed on, put off, wrote or said something, or resolved it by name, after the page
# and before the incident's next one. What the on-call tool did by itself is nobody's doing.
# Older lines say that nobody resolved it by their text alone.
# Pages to the lead of those who are accountable wake no engineer.
_NOISE = text(
    """
    with sent as (
        select i.service, e.incident_id, e.planned_at,
            lead(e.planned_at) over (partition by e.incident_id order by e.id) as next_at
        from effects e join incidents i on i.id = e.incident_id
        where e.kind = 'page' and e.state = 'done' and e.key like '%\\:page\\:0'
            and e.planned_at >= :since and e.planned_at < :until),
    judged as (
        select s.service, s.incident_id, exists (
            select 1 from timeline t where t.incident_id = s.incident_id and t.at >= s.planned_at
                and (s.next_at is null or t.at < s.next_at)
                and t.actor <> :on_call_tool
                and (t.kind in ('acknowledged', 'handed_on', 'snoozed', 'command', 'note', 'merged', 'not_us')
                    or t.kind = 'resolved' and not starts_with(t.text, :nobody))) as is_acted_on
        from sent s),
    pages as (
        select service, count(*) as pages, count(*) filter (where not is_acted_on) as in_vain,
            array_agg('INC-' || incident_id order by incident_id) filter (where not is_acted_on) as examples
        from judged group by service),
    waits as (
        select service, count(*) as held, count(*) filter (where not exists (
            select 1 from effects e where e.incident_id = i.id and e.kind = 'page'
                and e.key like '%\\:page\\:0')) as spared
        from incidents i where held_until >= :since and held_until < :until group by service),
    refused as (
        select i.service, count(*) as not_us from timeline t join incidents i on i.id = t.incident_id
        where t.kind = 'not_us' and t.at >= :since and t.at < :until group by i.service)
    select coalesce(p.service, w.service) as service, coalesce(p.pages, 0) as pages, coalesce(p.in_vain, 0) as in_vain,
        p.examples, coalesce(w.held, 0) as held, coalesce(w.spared, 0) as spared, coalesce(r.not_us, 0) as not_us
    from pages p full join waits w on w.service = p.service
        left join refused r on r.service = coalesce(p.service, w.service)
    order by in_vain desc, pages desc, service
    """
)
_EXAMPLES = 5


async def page_noise(tx: AsyncConnection, since: datetime, until: datetime) -> Sequence[PageNoise]:
    """Of each service that paged somebody, or whose page waited, in this time: the noisiest first."""
    rows = await tx.execute(
        _NOISE, {"since": since, "until": until, "nobody": NOBODY, "on_call_tool": Actor.ON_CALL_TOOL}
    )
    return [
        PageNoise(
            service=row.service,
            pages=row.pages,
            in_vain=row.in_vain,
            examples=tuple((row.examples or ())[-_EXAMPLES:]),
            held=row.held,
            spared=row.spared,
            not_us=row.not_us,
        )
        for row in rows
    ]
