"""What a review needs, read in one transaction."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import bindparam, func, select, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.asyncio import AsyncConnection

from incidents.case import FAREWELL
from incidents.effects import EffectKind, EffectState
from incidents.models import TicketRef
from incidents.review.facts import ReviewFacts, SlaOutcomes
from incidents.store.alerts import episodes_of
from incidents.store.cases import load_case
from incidents.store.schema.tables import effects
from incidents.store.storable import StorableText
from incidents.store.timeline import read_timeline

_SUBJECTS = bindparam("subjects", type_=ARRAY(StorableText))
_DELIVERED = select(
    effects.c.connection,
    effects.c.target,
    func.min(effects.c.settled_at).label("first"),
    func.bool_or(effects.c.once.like(f"%:{FAREWELL}")).label("has_last"),
).where(
    effects.c.kind == EffectKind.CUSTOMER_MESSAGE.value,
    effects.c.state == EffectState.DONE.value,
    effects.c.settled_at.is_not(None),
)
_FIRST_ANSWERS = text(
    """
    select subject, min(stopped_at) as at from sla_clocks
    where metric = 'first_response' and stopped_at is not null and not is_withdrawn and subject = any(:subjects)
    group by subject
    """
).bindparams(_SUBJECTS)
_OUTCOMES = text(
    """
    select count(*) filter (where b.clock_key is not null) as broken,
        count(*) filter (where b.clock_key is null and c.stopped_at is not null) as kept,
        count(*) filter (where b.clock_key is null and c.stopped_at is null) as open
    from sla_clocks c left join sla_breaches b on b.clock_key = c.key
    where c.target is not null and not c.is_withdrawn and c.subject = any(:subjects)
    """
).bindparams(_SUBJECTS)


async def read_review_facts(tx: AsyncConnection, incident_id: int) -> ReviewFacts:
    """Raises `NotFound` when there is no such incident."""
    case = await load_case(tx, incident_id)
    refs = {str(item.ticket.ref): item.ticket.ref for item in case.tickets}
    told = await _told(tx, incident_id)
    answered = await tx.execute(_FIRST_ANSWERS, {"subjects": list(refs)})
    row = (await tx.execute(_OUTCOMES, {"subjects": [case.incident.name, *refs]})).one()
    return ReviewFacts(
        case=case,
        story=tuple(await read_timeline(tx, incident_id)),
        alerts=tuple(await episodes_of(tx, incident_id)),
        first_told={ref: first for ref, (first, _) in told.items()},
        first_answered={refs[found.subject]: found.at for found in answered},
        # Whose newest message did not go out was told before a reopening, at best.
        told_at_the_end=frozenset(ref for ref, (_, has_last) in told.items() if has_last)
        - {one.ref for one in case.untold},
        sla=SlaOutcomes(kept=row.kept, broken=row.broken, open=row.open),
    )


async def _told(tx: AsyncConnection, incident_id: int) -> dict[TicketRef, tuple[datetime, bool]]:
    """When a message of this incident first reached each ticket's customer, and whether a last one has."""
    rows = await tx.execute(
        _DELIVERED.where(effects.c.incident_id == incident_id).group_by(
            effects.c.connection, effects.c.target
        )
    )
    return {TicketRef(connection=row.connection, id=row.target): (row.first, row.has_last) for row in rows}
