"""Effects on tickets: notes, statuses, and messages to customers, many tickets to a call."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from incidents.effects import CustomerText, EffectKind, EffectState, NoteText, StatusChange
from incidents.errors import LiaisonError
from incidents.models import ChangeOutcome, Ticket, TicketChange, TicketOutcome, TicketRef, TicketStatus
from incidents.ports import Helpdesk
from incidents.store.ledger.effects import (
    Leased,
    Settled,
)
from incidents.store.tickets import note_status
from tasks import resources
from tasks.deliver.connection import helpdesk_of
from tasks.deliver.departure import Overslept, set_out
from tasks.deliver.settling import (
    again,
    backoff,
    dead,
    done,
    failed,
    held,
    unknown,
)


@dataclass(frozen=True, slots=True)
class _Ready:
    """What may be sent, and what was settled without sending."""

    send: tuple[Leased, ...]
    settled: tuple[Settled, ...]


async def send_to_tickets(leased: Sequence[Leased]) -> Sequence[Settled]:
    """Send the same change to all its tickets. All of `leased` share connection, kind, marker and payload."""
    first = leased[0].effect
    try:
        helpdesk = await helpdesk_of(leased[0])
        ready = await _look_up(helpdesk, leased)
        if ready.send and first.kind is EffectKind.CUSTOMER_MESSAGE:
            checked = await _check_recipients(helpdesk, ready.send)
            ready = _Ready(checked.send, (*ready.settled, *checked.settled))
    except LiaisonError as error:
        # Nothing was sent in this attempt; what an earlier one did stays to be looked up.
        return [_not_sent(item, error) for item in leased]
    if not ready.send:
        return ready.settled
    try:
        still_ours = await set_out(ready.send, helpdesk)
    except Overslept as error:
        return [*ready.settled, *(failed(item, error, index_lag=0) for item in ready.send)]
    if not still_ours:
        return ready.settled
    return [*ready.settled, *await _update(helpdesk, still_ours)]


def _not_sent(item: Leased, error: LiaisonError) -> Settled:
    settled = failed(item, error, index_lag=0)
    if not item.must_look_up:
        return settled
    if settled.state is EffectState.DEAD:
        # Nobody will ever be able to look it up, so a person must.
        return held(item, f"it may have been done and cannot be looked up: {error}")
    after = timedelta(minutes=1) if settled.again_in is None else settled.again_in
    return unknown(item, f"look-up failed: {error}", look_up_after=after)


async def _look_up(helpdesk: Helpdesk, leased: Sequence[Leased]) -> _Ready:
    """What an earlier attempt may have done. A customer message that cannot be found waits for a person, unless a
    person has asked for it.

    A message that was planned long ago is looked for too: where this store was restored, it may have been sent after
    the backup. Nobody waits for a person then: this store knows of no attempt.
    """
    send: list[Leased] = []
    settled: list[Settled] = []
    for item in leased:
        is_message = item.effect.kind is EffectKind.CUSTOMER_MESSAGE
        if not item.must_look_up and not (item.is_old and is_message):
            send.append(item)
        elif await helpdesk.was_done(item.effect.target, item.effect.once):
            settled.append(done(item, detail="found at the helpdesk: it had been sent before"))
        elif is_message and item.must_look_up and not item.is_asked_for:
            settled.append(
                held(item, "the reply was lost and the message is not on the ticket: please check")
            )
        else:
            send.append(item)
    return _Ready(tuple(send), tuple(settled))


async def _check_recipients(helpdesk: Helpdesk, leased: Sequence[Leased]) -> _Ready:
    """Read the tickets again: the person we decided to write to must still be the one who gets it."""
    tickets = {
        ticket.ref.id: ticket for ticket in await helpdesk.read([item.effect.target for item in leased])
    }
    send: list[Leased] = []
    settled: list[Settled] = []
    for item in leased:
        refusal = _refusal(item, tickets.get(item.effect.target))
        if refusal is None:
            send.append(item)
        else:
            settled.append(refusal)
    return _Ready(tuple(send), tuple(settled))


def _refusal(item: Leased, ticket: Ticket | None) -> Settled | None:
    payload = item.effect.payload
    if ticket is None:
        return dead(item, "the ticket is gone")
    if ticket.status is TicketStatus.CLOSED:
        return dead(item, "the ticket is closed for good at the helpdesk")
    if isinstance(payload, CustomerText) and ticket.requester.id != payload.recipient:
        return held(item, "the ticket's requester changed since this was decided")
    return None


async def _update(helpdesk: Helpdesk, leased: Sequence[Leased]) -> Sequence[Settled]:
    first = leased[0].effect
    ids = [item.effect.target for item in leased]
    try:
        outcomes = await helpdesk.update(ids, _change(leased[0]), once=first.once)
    except LiaisonError as error:
        return [failed(item, error, index_lag=helpdesk.index_lag) for item in leased]
    by_id = {outcome.id: outcome for outcome in outcomes}
    settled = [_settle(item, by_id.get(item.effect.target), helpdesk.index_lag) for item in leased]
    if isinstance(first.payload, StatusChange):
        changed = [
            TicketRef(connection=first.connection, id=outcome.id)
            for outcome in outcomes
            if outcome.outcome is ChangeOutcome.DONE
        ]
        async with resources.database().transaction() as tx:
            await note_status(tx, changed, first.payload.status)
    return settled


def _settle(item: Leased, outcome: TicketOutcome | None, index_lag: float) -> Settled:
    if outcome is None or outcome.outcome is ChangeOutcome.UNKNOWN:
        detail = outcome.detail if outcome is not None else "the helpdesk did not say"
        return unknown(item, detail, look_up_after=timedelta(seconds=index_lag))
    if outcome.outcome is ChangeOutcome.DONE:
        return done(item, detail=outcome.detail, version=outcome.version)
    if outcome.outcome is ChangeOutcome.LATER:
        return again(item, outcome.detail, after=backoff(item.attempts))
    return dead(item, outcome.detail or outcome.outcome.value)


def _change(item: Leased) -> TicketChange:
    match item.effect.payload:
        case NoteText(text=note):
            return TicketChange(private_note=note)
        case CustomerText(text=message):
            return TicketChange(public_reply=message)
        case StatusChange(status=status):
            return TicketChange(status=status)
        case other:
            raise TypeError(f"{type(other).__name__} is no change to a ticket")
