"""What waits to go to the tickets of one connection, as a fan-out is planned; and the plan, kept with what it is of.

The plan of a change that was never tried is its `not_before`: it can be planned anew at any time, by whoever comes, and
until then nobody takes it for something that was forgotten.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import DateTime, TextClause, bindparam, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.types import BigInteger

from incidents.effects import EffectKind
from incidents.fan_out.planning import Untold
from incidents.lifecycle import UNSETTLED
from incidents.store.ledger.due import (
    CLOCK,
    IS_HEAD,
    IS_NOT_IN_FLIGHT,
    IS_OF_A_KNOWN_KIND,
    OF_AN_INCIDENT,
    OF_NONE,
)

_MESSAGE = EffectKind.CUSTOMER_MESSAGE.value
_MOVED = timedelta(seconds=5)


@dataclass(frozen=True, kw_only=True, slots=True)
class UntoldTickets:
    """`kinds` says what each of them is."""

    untold: tuple[Untold, ...]
    kinds: Mapping[int, EffectKind]


def _untold(whose: str) -> TextClause:
    return text(
        f"""
        select e.id, e.kind, t.tier,
            md5(e.kind || e.once || cast(e.payload - 'recipient' - 'instead_of' as text)) as alike,
            {IS_HEAD} and {IS_NOT_IN_FLIGHT} as is_next,
            (select min(c.due_at) from sla_clocks c
                where c.subject = t.ref and c.stopped_at is null and c.due_at is not null
                    and c.metric in ('first_response', 'next_update')) as due_at
        from effects e left join tickets t on t.connection = e.connection and t.id = e.target
        where {whose} and e.connection = :connection and e.about_ticket and {IS_OF_A_KNOWN_KIND}
            and (e.state = 'pending' or e.state = 'unknown' or e.state = 'sending' and e.lease_until < {CLOCK})
            and (e.not_before <= :now or e.state = 'pending' and e.attempts = 0)
        """  # noqa: S608  # fragments of our own
    )


_UNTOLD, _UNTOLD_UNLINKED = _untold(OF_AN_INCIDENT), _untold(OF_NONE)


async def untold_tickets(
    tx: AsyncConnection,
    incident_id: int | None,
    connection: str,
    *,
    weights: Mapping[str, int],
    now: datetime,
    clock: datetime | None = None,
) -> UntoldTickets:
    """Changes that nobody is sending and that can be tried now, whatever they were planned for; and those behind
    others on the same ticket. What has failed and is to be tried later is not among them.

    `weights` are those of the tiers. None for the incident is for what belongs to none.
    """
    given = {"connection": connection, "now": now, "clock": clock}
    if incident_id is None:
        rows = await tx.execute(_UNTOLD_UNLINKED, given)
    else:
        rows = await tx.execute(_UNTOLD, given | {"incident_id": incident_id})
    found = rows.all()
    return UntoldTickets(
        untold=tuple(
            Untold(
                id=row.id,
                alike=row.alike,
                is_message=row.kind == _MESSAGE,
                due_at=row.due_at,
                weight=weights.get(row.tier, 0),
                is_next=row.is_next,
            )
            for row in found
        ),
        kinds={row.id: EffectKind(row.kind) for row in found},
    )


_PLAN = text(
    """
    update effects e set not_before = mine.at
    from unnest(cast(:ids as bigint[]), cast(:at as timestamptz[])) as mine(id, at)
    where e.id = mine.id and e.state = 'pending' and e.attempts = 0
        and case when mine.at <= :now then e.not_before > :now
            else mine.at not between e.not_before - cast(:moved as interval) and e.not_before + cast(:moved as interval)
            end
    """
).bindparams(
    bindparam("ids", type_=ARRAY(BigInteger)),
    bindparam("at", type_=ARRAY(DateTime(timezone=True))),
)


async def plan_times(tx: AsyncConnection, times: Mapping[int, datetime], *, now: datetime) -> None:
    """Keep when each of them goes; what was tried already goes by how that ended. Nothing is written for some seconds'
    difference."""
    if times:
        await tx.execute(_PLAN, {"ids": list(times), "at": list(times.values()), "moved": _MOVED, "now": now})


def _lately(whose: str) -> TextClause:
    return text(
        f"""
        select extract(epoch from e.sent_at - {CLOCK}) as at, count(*) as tickets
        from effects e
        where {whose} and e.connection = :connection and e.about_ticket
            and e.sent_at > {CLOCK} - cast(:since as interval)
        group by e.sent_at
        """  # noqa: S608  # fragments of our own
    )


_LATELY, _LATELY_UNLINKED = _lately(OF_AN_INCIDENT), _lately(OF_NONE)


async def sent_lately(
    tx: AsyncConnection,
    incident_id: int | None,
    connection: str,
    *,
    since: timedelta,
    clock: datetime | None = None,
) -> Sequence[tuple[float, int]]:
    """When changes of the incident's tickets went out, in seconds from now, and to how many tickets each: those of one
    moment shared a call."""
    given = {"connection": connection, "since": since, "clock": clock}
    if incident_id is None:
        rows = await tx.execute(_LATELY_UNLINKED, given)
    else:
        rows = await tx.execute(_LATELY, given | {"incident_id": incident_id})
    return [(float(row.at), row.tickets) for row in rows]


@dataclass(frozen=True, kw_only=True, slots=True)
class OutboundRoom:
    """What a connection is busy with: mails to customers who have not written that are `under_way`, of whatever
    incident, and when something went out by it `lately`, as `sent_lately` has it."""

    under_way: int
    lately: Sequence[tuple[float, int]]


# By incidents that are alive: their effects are found by an index, and only they tell anybody who has not written.
_ALIVE = """
    from effects e join incidents i on i.id = e.incident_id
    where e.connection = :connection
        and (i.state = any(:unsettled) or i.state_since > cast(:now as timestamptz) - interval '1 day')
"""
_UNDER_WAY = text(
    f"""
    select count(*) {_ALIVE} and e.kind = 'outbound_message' and e.state = 'sending' and e.lease_until >= {CLOCK}
    """  # fragments of our own
)
_LATELY_BY_IT = text(
    f"""
    select extract(epoch from e.sent_at - {CLOCK}) as at, count(*) as tickets {_ALIVE}
        and (e.about_ticket or e.kind = 'outbound_message') and e.sent_at > {CLOCK} - cast(:since as interval)
    group by e.sent_at
    """  # noqa: S608  # fragments of our own
)


async def outbound_room(
    tx: AsyncConnection, connection: str, *, since: timedelta, now: datetime, clock: datetime | None = None
) -> OutboundRoom:
    """What is sent by this connection now, and was `since`: by any incident, by any process, before any restart."""
    given = {
        "connection": connection,
        "unsettled": [state.value for state in UNSETTLED],
        "now": now,
        "clock": clock,
    }
    under_way = (await tx.execute(_UNDER_WAY, given)).scalar_one()
    rows = await tx.execute(_LATELY_BY_IT, given | {"since": since})
    return OutboundRoom(under_way=under_way, lately=[(float(row.at), row.tickets) for row in rows])
