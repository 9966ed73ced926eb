"""Erasing what the store has of a person, or counting it. Each statement says for how many rows it was done.

What stays of a ticket is a number without anybody: service, times and promises, which figures and reports go by.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Table, Text, cast, delete, func, select, text, tuple_, update
from sqlalchemy.ext.asyncio import AsyncConnection

from incidents.case import hashed_address
from incidents.effects import EffectKind, EffectState
from incidents.models import Departure
from incidents.redaction.traces import Traces
from incidents.store.erasure.person import KnownCustomer
from incidents.store.schema.tables import (
    affected_customers,
    alert_episodes,
    approvals,
    comments_heard,
    deliveries,
    desk_messages,
    effects,
    incidents,
    insight_predictions,
    insight_vectors,
    meta,
    report_files,
    roster_notes,
    roster_pages,
    tickets,
    timeline,
    written,
)
from incidents.store.sla.board import shown_key
from incidents.ticket_words import TextsGone

SENDING = EffectState.SENDING.value
WHY_DEAD = "its customer was forgotten"
_LARGEST_FILE = 5_000_000
_BOARD = "sla_board"
"""What an older version remembered the SLA board by."""
_PAGES = ("sla-board", "now")


@dataclass(frozen=True, slots=True)
class _Place:
    """Columns, of some rows, that may quote somebody."""

    table: Table
    columns: tuple[str, ...]
    where: ColumnElement[bool]
    what: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Erased:
    """So many of a kind were erased at a place."""

    what: str
    where: str
    count: int


async def being_sent(tx: AsyncConnection, person: KnownCustomer) -> int:
    """How many effects on their tickets are on their way just now."""
    return int(
        (
            await tx.execute(
                select(func.count()).where(_on_their_tickets(person), effects.c.state == SENDING)
            )
        ).scalar_one()
    )


async def erase_bodies(tx: AsyncConnection, ids: Sequence[int]) -> Erased:
    """Webhooks that tell of them; what was parked is done with."""
    await tx.execute(
        text(
            "update deliveries set body = '', headers = '[]', detail = '',"
            " state = case state when 'parked' then 'discarded' else state end,"
            " handled_at = coalesce(handled_at, now()) where id = any(:ids)"
        ),
        {"ids": list(ids)},
    )
    return Erased(what="webhooks' bodies", where=deliveries.name, count=len(ids))


async def erase_tickets(tx: AsyncConnection, person: KnownCustomer) -> Sequence[Erased]:
    """Texts, names and addresses, with what was made of them; no webhook brings them back."""
    keys = _keys(person)
    refs = [str(ref) for ref in person.tickets]
    emptied = await tx.execute(
        update(tickets)
        .where(tuple_(tickets.c.connection, tickets.c.id).in_(keys))
        .values(
            subject="",
            body="",
            requester_id="",
            requester_name="",
            requester_email="",
            requester_language="",
            requester_time_zone="",
            tags=[],
            link_reason="",
            gone=func.coalesce(tickets.c.gone, Departure.FORGOTTEN.value),
            texts_gone=TextsGone.FORGOTTEN.value,
        )
    )
    dropped = await tx.execute(
        update(effects)
        .where(_on_their_tickets(person), effects.c.state.in_(["pending", "unknown", "held"]))
        .values(state=EffectState.DEAD.value, detail=WHY_DEAD, settled_at=func.now())
    )
    sent = await tx.execute(update(effects).where(_on_their_tickets(person)).values(payload={}, result=""))
    hashes = await tx.execute(
        delete(written).where(written.c.effect_id.in_(select(effects.c.id).where(_on_their_tickets(person))))
    )
    heard = await tx.execute(
        delete(comments_heard).where(
            tuple_(comments_heard.c.connection, comments_heard.c.ticket_id).in_(keys)
        )
    )
    listed = await erase_listed(tx, person)
    vectors = await tx.execute(delete(insight_vectors).where(insight_vectors.c.ref.in_(refs)))
    predicted = await tx.execute(delete(insight_predictions).where(insight_predictions.c.subject.in_(refs)))
    return [
        Erased(what="tickets' texts, names and addresses", where=tickets.name, count=emptied.rowcount),
        Erased(
            what="messages and notes that are not sent any more", where=effects.name, count=dropped.rowcount
        ),
        Erased(what="texts of messages and notes", where=effects.name, count=sent.rowcount),
        Erased(what="what their echoes are known by", where=written.name, count=hashes.rowcount),
        *listed,
        Erased(what="comments' marks", where=comments_heard.name, count=heard.rowcount),
        Erased(what="sentence vectors", where=insight_vectors.name, count=vectors.rowcount),
        Erased(what="predictions", where=insight_predictions.name, count=predicted.rowcount),
    ]


async def erase_listed(tx: AsyncConnection, person: KnownCustomer) -> Sequence[Erased]:
    """That they use something, and what they were told of it without having written."""
    mine = affected_customers.c.address.in_(sorted(person.addresses))
    marks = [hashed_address(address) for address in sorted(person.addresses)]
    theirs = (effects.c.kind == EffectKind.OUTBOUND_MESSAGE.value) & effects.c.target.in_(marks)
    await tx.execute(
        update(effects)
        .where(theirs, effects.c.state.in_(["pending", "unknown", "held"]))
        .values(state=EffectState.DEAD.value, detail=WHY_DEAD, settled_at=func.now())
    )
    told = await tx.execute(update(effects).where(theirs).values(payload={}, result=""))
    listed = await tx.execute(delete(affected_customers).where(mine))
    return [
        Erased(what="lists of who is hit", where=affected_customers.name, count=listed.rowcount),
        Erased(what="messages to who had not written", where=effects.name, count=told.rowcount),
    ]


async def erase_words(tx: AsyncConnection, person: KnownCustomer, traces: Traces) -> Sequence[Erased]:
    """Where their words were handed on: titles, evidence, stories, alerts, what was sent about the incident,
    predictions, reports."""
    mine = person.incidents
    their_pages = select(effects.c.target).where(
        effects.c.incident_id.in_(mine), effects.c.kind == EffectKind.PAGE.value
    )
    places = (
        _Place(incidents, ("title", "evidence"), incidents.c.id.in_(mine), "incidents' titles and evidence"),
        _Place(timeline, ("text",), timeline.c.incident_id.in_(mine), "lines of stories"),
        _Place(
            alert_episodes, ("summary", "labels"), alert_episodes.c.incident_id.in_(mine), "alerts' summaries"
        ),
        _Place(approvals, ("why",), approvals.c.incident_id.in_(mine), "reasons of approvals"),
        _Place(
            effects,
            ("payload", "detail", "result"),
            effects.c.incident_id.in_(mine) & effects.c.about_ticket.is_(False),
            "pages, posts and notes",
        ),
        _Place(
            desk_messages,
            ("text",),
            tuple_(desk_messages.c.connection, cast(desk_messages.c.number, Text)).in_(
                select(tickets.c.connection, tickets.c.id).where(tickets.c.incident_id.in_(mine))
            ),
            "notes on other tickets that we keep",
        ),
        _Place(
            roster_pages, ("summary", "text"), roster_pages.c.key.in_(their_pages), "pages of our own pager"
        ),
        _Place(
            roster_notes,
            ("text",),
            roster_notes.c.page_id.in_(select(roster_pages.c.id).where(roster_pages.c.key.in_(their_pages))),
            "notes on them",
        ),
        _Place(tickets, ("link_reason",), tickets.c.incident_id.in_(mine), "reasons of other tickets"),
        _Place(
            insight_predictions,
            ("predicted", "reasons"),
            insight_predictions.c.kind == "surge",
            "words of surges",
        ),
    )
    return [*[await _mask(tx, place, traces) for place in places], await _erase_files(tx, traces)]


async def forget_board(tx: AsyncConnection) -> None:
    """So that the SLA board is written anew, whatever it said."""
    await tx.execute(delete(meta).where(meta.c.key.in_([_BOARD, *map(shown_key, _PAGES)])))


async def _mask(tx: AsyncConnection, place: _Place, traces: Traces) -> Erased:
    """Mask them, row by row where there is something to mask."""
    table = place.table
    keys = list(table.primary_key.columns)
    chosen = select(*keys, *(table.c[name] for name in place.columns)).where(place.where)
    count = 0
    for row in (await tx.execute(chosen)).mappings().all():
        masked = {name: traces.masked_json(row[name]) for name in place.columns}
        changed = {name: after for name, after in masked.items() if after != row[name]}
        if changed:
            count += 1
            own = [column == row[column.name] for column in keys]
            await tx.execute(update(table).where(*own).values(**changed))
    return Erased(what=place.what, where=table.name, count=count)


async def _erase_files(tx: AsyncConnection, traces: Traces) -> Erased:
    """Files of reports that have their words: they are made anew with the next report."""
    count = 0
    names = (await tx.execute(select(report_files.c.report, report_files.c.name))).all()
    for report, name in names:
        own = (report_files.c.report == report, report_files.c.name == name)
        content = (await tx.execute(select(report_files.c.content).where(*own))).scalar_one()
        if traces.are_in(content[:_LARGEST_FILE].decode("utf-8", "ignore")):
            await tx.execute(delete(report_files).where(*own))
            count += 1
    return Erased(what="files of reports", where=report_files.name, count=count)


def _keys(person: KnownCustomer) -> list[tuple[str, str]]:
    return [(ref.connection, ref.id) for ref in person.tickets]


def _on_their_tickets(person: KnownCustomer) -> ColumnElement[bool]:
    return effects.c.about_ticket & tuple_(effects.c.connection, effects.c.target).in_(_keys(person))
