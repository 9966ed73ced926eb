"""Questions to people and their answers, as the store keeps them: read and written with the incident they belong to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from incidents.approval import Approval, ApprovalState, ApprovalSubject
from incidents.store.schema.newer import known_word, tell_unknown
from incidents.store.schema.tables import approvals

_SUBJECTS = frozenset(subject.value for subject in ApprovalSubject)
_PART = ":"
"""Between a subject and which of them, in the column."""


async def read_approvals(
    tx: AsyncConnection, incident_ids: Sequence[int]
) -> Mapping[int, Sequence[Approval]]:
    """What was asked about these incidents, the oldest first."""
    found: dict[int, list[Approval]] = {}
    rows = await tx.execute(
        select(approvals)
        .where(approvals.c.incident_id.in_(incident_ids))
        .order_by(approvals.c.generation, approvals.c.asked_at)
    )
    for row in rows:
        subject, _, which = row.subject.partition(_PART)
        if subject not in _SUBJECTS:
            tell_unknown("ApprovalSubject", subject, "nothing")
            continue  # asked by a newer version, which looks after it
        one = Approval(
            incident=row.incident_id,
            generation=row.generation,
            subject=ApprovalSubject(subject),
            which=which,
            # What we cannot read is no yes.
            state=known_word(ApprovalState, row.state, otherwise=ApprovalState.EXPIRED),
            asked_at=row.asked_at,
            expires_at=row.expires_at,
            decided_at=row.decided_at,
            decided_by=row.decided_by,
            decided_in=row.decided_in,
            why=row.why,
        )
        found.setdefault(one.incident, []).append(one)
    return found


async def save_approvals(tx: AsyncConnection, changed: Sequence[Approval]) -> None:
    """Write them as they are now. Their incidents are locked, so that one decision wins."""
    for one in changed:
        values = {
            "state": one.state.value,
            "decided_at": one.decided_at,
            "decided_by": one.decided_by,
            "decided_in": one.decided_in,
            "why": one.why,
        }
        statement = insert(approvals).values(
            incident_id=one.incident,
            generation=one.generation,
            subject=f"{one.subject}{_PART}{one.which}" if one.which else one.subject.value,
            asked_at=one.asked_at,
            expires_at=one.expires_at,
            **values,
        )
        await tx.execute(
            statement.on_conflict_do_update(
                index_elements=["incident_id", "generation", "subject"], set_=values
            )
        )


async def incidents_with_expired_approvals(tx: AsyncConnection, *, now: datetime) -> Sequence[int]:
    """Incidents with a question that nobody has answered in time."""
    rows = await tx.execute(
        select(approvals.c.incident_id)
        .where(approvals.c.state == ApprovalState.ASKED.value, approvals.c.expires_at <= now)
        .distinct()
    )
    return list(rows.scalars())
