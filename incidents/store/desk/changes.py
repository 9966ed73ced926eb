"""What Liaison itself changes on the desk's tickets: by key, so that the same one twice has the effect of one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Row, delete, func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from incidents.desk import BegunMail, BegunReply, ReplyState
from incidents.models import (
    Author,
    ChangeOutcome,
    Contact,
    Origin,
    TicketChange,
    TicketOutcome,
    TicketStatus,
)
from incidents.store.desk.rows import (
    MessageKind,
    add_messages,
    change_ticket,
    lock_desk,
    lock_tickets,
    number_of,
)
from incidents.store.schema.tables import desk_messages

_AUTHOR = "Liaison"


async def change(
    tx: AsyncConnection,
    connection: str,
    ids: Sequence[str],
    wanted: TicketChange,
    *,
    once: str,
    now: datetime,
) -> Sequence[TicketOutcome]:
    """As `incidents.desk.TicketDesk.change` says."""
    numbers = {one: number for one in ids if (number := number_of(one)) is not None}
    tickets = await lock_tickets(tx, connection, list(numbers.values()))
    done = await _states_by_key(tx, connection, list(tickets), once)
    outcomes = {
        one: refused_by(one, tickets.get(number)) or TicketOutcome(id=one, outcome=ChangeOutcome.DONE)
        for one, number in numbers.items()
        if number not in done
    }
    changed = [numbers[one] for one, ended in outcomes.items() if ended.outcome is ChangeOutcome.DONE]
    await add_messages(tx, [_row(connection, number, wanted, once=once, now=now) for number in changed])
    await _apply(
        tx, connection, [tickets[number] for number in changed], wanted.status, wanted.add_tags, now=now
    )
    return [outcomes.get(one) or _settled(one, is_number=one in numbers) for one in ids]


def _settled(id: str, *, is_number: bool) -> TicketOutcome:
    if is_number:
        return TicketOutcome(id=id, outcome=ChangeOutcome.DONE)
    return TicketOutcome(id=id, outcome=ChangeOutcome.GONE, detail="no ticket's number")


def refused_by(id: str, ticket: Row[Any] | None) -> TicketOutcome | None:
    """Why a ticket takes no change, or None if it does."""
    if ticket is None or ticket.deleted_at is not None:
        return TicketOutcome(id=id, outcome=ChangeOutcome.GONE, detail=f"there is no ticket {id}")
    if ticket.status == TicketStatus.CLOSED:
        return TicketOutcome(
            id=id,
            outcome=ChangeOutcome.REFUSED,
            detail=f"ticket {id} is closed: only an answer opens another one",
        )
    return None


async def begin_replies(
    tx: AsyncConnection,
    connection: str,
    replies: Sequence[BegunReply],
    wanted: TicketChange,
    *,
    once: str,
    now: datetime,
) -> Sequence[TicketOutcome | None]:
    """As `incidents.desk.TicketDesk.begin_replies` says."""
    numbers = {reply.id: number for reply in replies if (number := number_of(reply.id)) is not None}
    tickets = await lock_tickets(tx, connection, list(numbers.values()))
    before = await _states_by_key(tx, connection, list(numbers.values()), once)
    outcomes: list[TicketOutcome | None] = []
    rows: dict[str, dict[str, Any]] = {}
    for reply in replies:
        number = numbers.get(reply.id)
        outcome = _why_not(reply.id, number, None if number is None else tickets.get(number), before)
        outcomes.append(outcome)
        if outcome is None:
            rows[reply.id] = _row(connection, number, wanted, once=once, now=now) | {
                "message_id": reply.message_id,
                "state": ReplyState.SENDING,
                "then_status": wanted.status,
                "then_tags": list(wanted.add_tags),
            }
    await add_messages(tx, list(rows.values()))
    return outcomes


def _why_not(
    id: str, number: int | None, ticket: Row[Any] | None, before: Mapping[int, ReplyState]
) -> TicketOutcome | None:
    if number is not None and number in before:
        return _done_before(id, before[number])
    refused = refused_by(id, ticket)
    if refused is not None or number is None or ticket is None:
        return refused or TicketOutcome(id=id, outcome=ChangeOutcome.GONE)
    if not ticket.is_reachable:
        return TicketOutcome(
            id=id,
            outcome=ChangeOutcome.REFUSED,
            detail="mail to this customer does not arrive: see the ticket",
        )
    return None


def _done_before(id: str, state: ReplyState) -> TicketOutcome:
    if state is ReplyState.SENT:
        return TicketOutcome(id=id, outcome=ChangeOutcome.DONE)
    return TicketOutcome(
        id=id,
        outcome=ChangeOutcome.UNKNOWN,
        detail="an earlier attempt may have got through: look into the mailbox for it",
    )


async def begin_mail(
    tx: AsyncConnection, connection: str, to: Contact, text: str, *, once: str, message_id: str, now: datetime
) -> BegunMail | None:
    """As `incidents.desk.TicketDesk.begin_mail` says."""
    await lock_desk(tx, connection)
    if (before := await begun_mail(tx, connection, to, once)) is not None:
        return before
    row = _row(connection, None, TicketChange(), once=once, now=now) | {
        "kind": MessageKind.MAIL,
        "text": text,
        "message_id": message_id,
        "state": ReplyState.SENDING,
        "author_name": _mail_author(to),
    }
    await add_messages(tx, [row])
    return None


async def begun_mail(tx: AsyncConnection, connection: str, to: Contact, once: str) -> BegunMail | None:
    """As `incidents.desk.TicketDesk.begun_mail` says."""
    found = await tx.execute(
        select(desk_messages.c.state, desk_messages.c.message_id)
        .where(
            desk_messages.c.connection == connection,
            desk_messages.c.number.is_(None),
            desk_messages.c.once == once,
            desk_messages.c.kind == MessageKind.MAIL,
            func.lower(desk_messages.c.author_name) == func.lower(_mail_author(to)),
        )
        # One that surely was sent says more than one in doubt.
        .order_by(desk_messages.c.state.desc(), desk_messages.c.id)
    )
    row = found.first()
    return None if row is None else BegunMail(ReplyState(row.state), row.message_id)


def _mail_author(to: Contact) -> str:
    return f"{_AUTHOR} to {to.email}"


async def replies_sent(
    tx: AsyncConnection, connection: str, message_ids: Sequence[str], *, now: datetime
) -> frozenset[str]:
    """As `incidents.desk.TicketDesk.replies_sent` says."""
    ours = (
        desk_messages.c.connection == connection,
        desk_messages.c.message_id.in_(message_ids),
        desk_messages.c.author == Author.LIAISON,
    )
    rows = list(
        await tx.execute(select(desk_messages).where(*ours).order_by(desk_messages.c.id).with_for_update())
    )
    news = [row for row in rows if row.state != ReplyState.SENT]
    if news:
        await tx.execute(
            update(desk_messages)
            .where(desk_messages.c.id.in_([row.id for row in news]))
            .values(state=ReplyState.SENT, at=now, kept_at=now)
        )
        await _apply_with(tx, connection, [row for row in news if row.number is not None], now=now)
    return frozenset(row.message_id for row in rows)


async def _apply_with(
    tx: AsyncConnection, connection: str, rows: Sequence[Row[Any]], *, now: datetime
) -> None:
    """What was to change with each reply; those with the same wish in one statement."""
    tickets = await lock_tickets(tx, connection, [row.number for row in rows])
    wishes: dict[tuple[str | None, tuple[str, ...]], list[Row[Any]]] = {}
    for row in rows:
        wishes.setdefault((row.then_status, tuple(row.then_tags)), []).append(tickets[row.number])
    for (then, tags), changed in wishes.items():
        status = None if then is None else TicketStatus(then)
        await _apply(tx, connection, changed, status, tags, now=now)


async def replies_failed(tx: AsyncConnection, connection: str, message_ids: Sequence[str]) -> None:
    """As `incidents.desk.TicketDesk.replies_failed` says."""
    await tx.execute(
        delete(desk_messages).where(
            desk_messages.c.connection == connection,
            desk_messages.c.message_id.in_(message_ids),
            desk_messages.c.state == ReplyState.SENDING,
        )
    )


async def message_by_key(tx: AsyncConnection, connection: str, number: int, once: str) -> Row[Any] | None:
    """The message or change made with this key on the ticket."""
    return (
        await tx.execute(
            select(desk_messages).where(
                desk_messages.c.connection == connection,
                desk_messages.c.number == number,
                desk_messages.c.once == once,
            )
        )
    ).one_or_none()


async def remove(tx: AsyncConnection, connection: str, number: int, *, now: datetime) -> None:
    """As `incidents.desk.TicketDesk.remove` says."""
    nobody = {"author_name": "", "author_email": "", "text": ""}
    await tx.execute(
        update(desk_messages)
        .where(desk_messages.c.connection == connection, desk_messages.c.number == number)
        .values(**nobody)
    )
    await change_ticket(
        tx,
        connection,
        [number],
        now=now,
        deleted_at=now,
        subject="",
        body="",
        requester_name="",
        requester_email="",
        requester_language="",
    )


async def _states_by_key(
    tx: AsyncConnection, connection: str, numbers: Sequence[int], once: str
) -> Mapping[int, ReplyState]:
    """How far what was made with this key came, by the ticket's number."""
    rows = await tx.execute(
        select(desk_messages.c.number, desk_messages.c.state).where(
            desk_messages.c.connection == connection,
            desk_messages.c.number.in_(numbers),
            desk_messages.c.once == once,
        )
    )
    return {row.number: ReplyState(row.state) for row in rows}


async def _apply(
    tx: AsyncConnection,
    connection: str,
    tickets: Sequence[Row[Any]],
    status: TicketStatus | None,
    add_tags: Sequence[str],
    *,
    now: datetime,
) -> None:
    values = {} if status is None else {"status": status}
    if not add_tags:
        await change_ticket(tx, connection, [ticket.number for ticket in tickets], now=now, **values)
        return
    # Few tickets get tags, and each has its own already.
    for ticket in tickets:
        tags = list(dict.fromkeys([*ticket.tags, *add_tags]))
        await change_ticket(tx, connection, [ticket.number], now=now, tags=tags, **values)


def _row(
    connection: str, number: int | None, wanted: TicketChange, *, once: str, now: datetime
) -> dict[str, Any]:
    words = wanted.public_reply if wanted.public_reply is not None else wanted.private_note
    return {
        "connection": connection,
        "number": number,
        "kind": MessageKind.CHANGE if words is None else MessageKind.COMMENT,
        "author": Author.LIAISON,
        "author_name": _AUTHOR,
        "author_email": "",
        "is_public": wanted.public_reply is not None,
        "origin": Origin.PERSON,
        "text": words or "",
        "at": now,
        "kept_at": now,
        "once": once,
        "state": ReplyState.SENT,
    }
