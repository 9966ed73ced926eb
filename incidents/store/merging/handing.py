"""All that belongs to an incident becomes another one's: where it is merged, in the transaction that says so.

What was said stays under the mark that it was sent with; only whose it is changes.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from incidents.models import TicketRef
from incidents.store.ledger.fan_outs import hand_fan_out_on
from incidents.store.schema.tables import incidents


@dataclass(frozen=True, kw_only=True, slots=True)
class Handing:
    """From which incident to which. `told_there` and `told_here` mark the first message to a customer in each,
    `issue_there` and `issue_here` their issues. `takes_public`: the public incident goes along, as the other one has
    none. `told_unasked` are the addresses of customers who were told there before they wrote, or are being told."""

    loser: int
    survivor: int
    told_there: str
    told_here: str
    issue_there: str
    issue_here: str
    takes_public: bool
    told_unasked: tuple[str, ...] = ()


_WITHDRAW = text(
    """
    with unsent as (
        select id, lane, kind from effects
        where incident_id = :loser and not about_ticket and state = 'pending' and sent_at is null
        for update),
    begun as (
        select lane from unsent
        where kind in ('page', 'chat_room', 'action', 'issue_open')
            or kind = 'status_page_open' and not cast(:takes_public as boolean))
    delete from effects e using unsent u where e.id = u.id and u.lane in (select lane from begun)
    """
)
_MOVES = [
    text(statement)
    for statement in (
        """
        update tickets set incident_id = :survivor, linked_at = :now,
            link_reason = concat('INC-', cast(:loser as bigint), ', which was merged into it: ', link_reason)
        where incident_id = :loser
        """,
        # Whoever has had the first message has had it, whichever incident it was about: the key is what it happens
        # once by. The mark at the vendor stays as it was sent.
        """
        update effects e set key = replace(e.key, m.there, m.here)
        from (values (cast(:told_there as text), cast(:told_here as text)),
            (:told_there || '\\:by-hand', :told_here || '\\:by-hand')) as m(there, here)
        where e.incident_id = :loser and e.about_ticket and e.once = m.there
            and not exists (select 1 from effects o where o.key = replace(e.key, m.there, m.here))
        """,
        "update effects set incident_id = :survivor where incident_id = :loser and about_ticket",
        "update bindings set incident_id = :survivor where incident_id = :loser",
        "update alert_episodes set incident_id = :survivor where incident_id = :loser",
        "update issues set incident_id = :survivor where incident_id = :loser",
        """
        update effects set key = :issue_here, incident_id = :survivor
        where key = :issue_there and not exists (select 1 from effects o where o.key = :issue_here)
        """,
        # What is to be written below an issue goes where the issue went.
        """
        update effects set incident_id = :survivor,
            payload = jsonb_set(payload, '{opening}', to_jsonb(cast(:issue_here as text)))
        where incident_id = :loser and kind = 'issue_comment' and payload ->> 'opening' = :issue_there
            and not exists (select 1 from effects o where o.key = :issue_there)
        """,
        """
        update effects set incident_id = :survivor where incident_id = :loser
            and kind in ('status_page_open', 'status_page_update') and cast(:takes_public as boolean)
        """,
        # Planned in both, and surely not sent in this one: once is enough.
        """
        delete from effects e where e.kind = 'outbound_message' and e.incident_id in (:loser, :survivor)
            and e.state = 'pending' and e.sent_at is null and exists (
                select 1 from effects o where o.kind = e.kind and o.incident_id in (:loser, :survivor)
                    and o.id <> e.id and o.lane = e.lane and o.state <> 'dead'
                    and substring(o.key from 'affected.*') = substring(e.key from 'affected.*')
                    and (o.state <> 'pending' or o.sent_at is not null or o.id < e.id))
        """,
        """
        update effects set incident_id = :survivor where incident_id = :loser and kind = 'outbound_message'
        """,
        """
        update affected_customers a set incident_id = :survivor
        where incident_id = :loser and address = any(cast(:told_unasked as text[]))
            and not exists (select 1 from affected_customers o
                where o.incident_id = :survivor and o.address = a.address)
        """,
        # So that one look always finds the one that goes on.
        "update incidents set merged_into = :survivor where merged_into = :loser",
        "update incidents set split_from = nullif(cast(:survivor as bigint), id) where split_from = :loser",
    )
]


async def hand_on(tx: AsyncConnection, handing: Handing, *, now: datetime) -> None:
    """Tickets with what is sent about them, customers who were told unasked, objects elsewhere, alerts and issue are
    the survivor's; what the loser alone wanted and nobody has sent yet, such as a page, is wanted no more. Both rows
    must be locked."""
    given = {
        "loser": handing.loser,
        "survivor": handing.survivor,
        "told_there": handing.told_there,
        "told_here": handing.told_here,
        "issue_there": handing.issue_there,
        "issue_here": handing.issue_here,
        "takes_public": handing.takes_public,
        "told_unasked": list(handing.told_unasked),
        "now": now,
    }
    await tx.execute(_WITHDRAW, given)
    for statement in _MOVES:
        wanted = statement.compile().params.keys()
        await tx.execute(statement, {name: given[name] for name in wanted})
    await hand_fan_out_on(tx, handing.loser, handing.survivor)


_WITHDRAW_OF_TICKET = text(
    """
    delete from effects where incident_id = :incident and about_ticket and connection = :connection and target = :id
        and state = 'pending' and sent_at is null and strpos(once, 'answer') = 0
    """
)
"""All but the answer to an agent's command."""
_GIVE_UP_HELD = text(
    """
    update effects set state = 'dead', detail = :why, settled_at = :now
    where incident_id = :incident and about_ticket and connection = :connection and target = :id
        and state = 'held' and kind = 'customer_message'
    """
)


async def let_go(tx: AsyncConnection, incident_id: int, ref: TicketRef, *, now: datetime) -> int:
    """What the incident still wanted on this ticket and nobody has sent yet is wanted no more, and a message that waits
    for a person is given up; how much was not sent."""
    given = {"incident": incident_id, "connection": ref.connection, "id": ref.id}
    await tx.execute(_GIVE_UP_HELD, given | {"now": now, "why": "the ticket was split off"})
    return (await tx.execute(_WITHDRAW_OF_TICKET, given)).rowcount


async def where_it_goes_on(tx: AsyncConnection, incident_id: int, *, lock: bool = False) -> int:
    """The incident that this one was merged into; itself, if it was not, or never was. `lock` keeps it from being
    merged until the transaction ends."""
    statement = select(incidents.c.merged_into).where(incidents.c.id == incident_id)
    into: int | None = (
        await tx.execute(statement.with_for_update() if lock else statement)
    ).scalar_one_or_none()
    return incident_id if into is None else into


async def lock_in_order(tx: AsyncConnection, numbers: Iterable[int]) -> Mapping[int, int]:
    """Lock these incidents and those that they go on in, all by their number, as everybody does; returns for each where
    it goes on. Whoever needs several of them asks for all before the first is held, else two wait for each other."""
    asked = {number: await where_it_goes_on(tx, number) for number in sorted(set(numbers))}
    wanted = sorted({*asked, *asked.values()})
    statement = select(incidents.c.id, incidents.c.merged_into).where(incidents.c.id.in_(wanted))
    rows = await tx.execute(statement.order_by(incidents.c.id).with_for_update())
    merged = {row.id: row.merged_into for row in rows}
    return {number: merged.get(number) or number for number in asked}
