"""Effects on tickets: notes, statuses, and messages to customers, many tickets to a call."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from incidents.decisions.written.echoes import owner_of_status
from incidents.decisions.written.judging import FieldOwner, is_overtaken
from incidents.effects import CustomerText, Effect, EffectKind, EffectState, NoteText, StatusChange
from incidents.errors import (
    Busy,
    Exposed,
    LiaisonError,
    NotAllowed,
    NotShown,
    Refused,
    StoreFault,
    Unreachable,
)
from incidents.fan_out.budget import ALONE_AT_ONCE, UNLIMITED, Budgeted
from incidents.models import ChangeOutcome, Ticket, TicketChange, TicketOutcome, TicketRef, TicketStatus
from incidents.ports import Helpdesk
from incidents.store.ledger.effects import (
    MAX_ATTEMPTS,
    Leased,
    Settled,
    last_told,
)
from incidents.store.ledger.exposed import open_exposure
from incidents.store.tickets import note_status
from incidents.texts.team import worded
from tasks import resources
from tasks.deliver.connection import helpdesk_of
from tasks.deliver.departure import Overslept, set_out
from tasks.deliver.settling import (
    again,
    backoff,
    dead,
    done,
    exposed,
    failed,
    held,
    overtaken,
    unknown,
)


@dataclass(frozen=True, slots=True)
class _Ready:
    """What may be sent, and what was settled without sending."""

    send: tuple[Leased, ...]
    settled: tuple[Settled, ...]


async def send_to_tickets(leased: Sequence[Leased]) -> Sequence[Settled]:
    """Send changes to tickets, the first ones first; those that are the same share a call where the helpdesk can.

    All of `leased` share connection and kind."""
    try:
        helpdesk = await helpdesk_of(leased[0])
    except LiaisonError as error:
        return [_not_sent(item, error) for item in leased]
    budget = helpdesk.budget() if isinstance(helpdesk, Budgeted) else UNLIMITED
    sending = _Sending(helpdesk)
    one_by_one, together = asyncio.Semaphore(ALONE_AT_ONCE), asyncio.Semaphore(budget.at_once)
    calls = _calls(leased, budget.most)
    alone = [call for call in calls if len(call) == 1]
    shared = [[call] for call in calls if len(call) > 1]
    ways = [sending.send(alone, one_by_one)] if alone else []
    settled = await asyncio.gather(*ways, *(sending.send(some, together) for some in shared))
    return [one for some in settled for one in some]


def _calls(leased: Sequence[Leased], most: int) -> Sequence[Sequence[Leased]]:
    """Those that are told the same share a call."""
    alike: dict[tuple[str, TicketChange], list[Leased]] = {}
    for item in leased:
        alike.setdefault((item.effect.once, ticket_change(item.effect)), []).append(item)
    return [some[start : start + most] for some in alike.values() for start in range(0, len(some), most)]


class _Sending:
    """Calls of one helpdesk, a few at a time. What says something of the whole helpdesk ends it: the others wait."""

    def __init__(self, helpdesk: Helpdesk) -> None:
        self._helpdesk = helpdesk
        self._failure: LiaisonError | None = None

    async def send(self, calls: Sequence[Sequence[Leased]], places: asyncio.Semaphore) -> Sequence[Settled]:
        """Look at their tickets together, then send each call, as many at a time as there are places."""
        leased = [item for call in calls for item in call]
        async with places:
            try:
                ready = await _ready(self._helpdesk, leased)
            except LiaisonError as error:
                # Nothing was sent in this attempt; what an earlier one did stays to be looked up.
                return [_not_sent(item, error) for item in leased]
        may_go = {item.id for item in ready.send}
        going = [[item for item in call if item.id in may_go] for call in calls]
        settled = await asyncio.gather(*(self._call(call, places) for call in going if call))
        return [*ready.settled, *(one for some in settled for one in some)]

    async def _call(self, call: Sequence[Leased], places: asyncio.Semaphore) -> Sequence[Settled]:
        async with places:
            if self._failure is not None:
                return [_not_sent(item, self._failure) for item in call]
            try:
                ours = await set_out(call, self._helpdesk)
            except Overslept as error:
                return [failed(item, error, index_lag=0) for item in call]
            except StoreFault:
                # Nothing is known of these; the other calls' ends are to be written down all the same.
                return ()
            return await self._update(ours) if ours else ()

    async def _update(self, leased: Sequence[Leased]) -> Sequence[Settled]:
        first, index_lag = leased[0].effect, self._helpdesk.index_lag
        ids = [item.effect.target for item in leased]
        try:
            outcomes = await self._helpdesk.update(ids, ticket_change(leased[0].effect), once=first.once)
        except LiaisonError as error:
            if isinstance(error, Busy | NotAllowed | Unreachable):
                self._failure = error
            return [failed(item, error, index_lag=index_lag) for item in leased]
        if isinstance(first.payload, StatusChange):
            await _note_status(first.connection, outcomes, first.payload.status)
        by_id = {outcome.id: outcome for outcome in outcomes}
        return [_settle(item, by_id.get(item.effect.target), index_lag) for item in leased]


async def _note_status(connection: str, outcomes: Sequence[TicketOutcome], status: TicketStatus) -> None:
    done = [outcome.id for outcome in outcomes if outcome.outcome is ChangeOutcome.DONE]
    async with resources.database().transaction() as tx:
        await note_status(tx, [TicketRef(connection=connection, id=one) for one in done], status)


async def _ready(helpdesk: Helpdesk, leased: Sequence[Leased]) -> _Ready:
    ready = await _look_up(helpdesk, leased)
    if ready.send and leased[0].effect.kind is EffectKind.TICKET_NOTE:
        return await _unless_exposed(leased[0].effect.connection, ready)
    if ready.send and leased[0].effect.kind is EffectKind.TICKET_STATUS:
        return await _unless_overtaken(helpdesk, ready)
    if not ready.send or leased[0].effect.kind is not EffectKind.CUSTOMER_MESSAGE:
        return ready
    checked = await _check_recipients(helpdesk, ready.send)
    return _Ready(checked.send, (*ready.settled, *checked.settled))


async def _unless_overtaken(helpdesk: Helpdesk, ready: _Ready) -> _Ready:
    """Where the newer status stands, one that somebody has set since is not written over."""
    owner = owner_of_status(resources.policy().sync)
    if owner is not FieldOwner.THE_NEWER:
        return ready
    tickets = await helpdesk.read([item.effect.target for item in ready.send])
    there = {(one.ref.connection, one.ref.id): one for one in tickets}
    async with resources.database().transaction() as tx:
        told = await last_told(tx, list(there))
    left = {
        item.id
        for item in ready.send
        if isinstance(wanted := item.effect.payload, StatusChange)
        and (ticket := there.get(key := (item.effect.connection, item.effect.target))) is not None
        and is_overtaken(wanted, ticket, owner, customer_told_at=told.get(key))
    }
    why = worded("not set: somebody has set another status since this was decided, and the newer stands")
    return _Ready(
        tuple(item for item in ready.send if item.id not in left),
        (*ready.settled, *(overtaken(item, why) for item in ready.send if item.id in left)),
    )


async def _unless_exposed(connection: str, ready: _Ready) -> _Ready:
    """No further note goes to a helpdesk where customers could read one, until a person has seen to it. It is held, and
    does not wait: the customer's messages are in the same lane behind it."""
    async with resources.database().transaction() as tx:
        open_one = await open_exposure(tx, connection)
    if open_one is None:
        return ready
    why = worded(
        "not sent: customers could read a note at {connection}. Once that is mended, `liaison "
        "held --done {open_one}`, then `liaison held --again` for this one",
        connection=connection,
        open_one=open_one,
    )
    return _Ready((), (*ready.settled, *(held(item, why) for item in ready.send)))


def _not_sent(item: Leased, error: LiaisonError) -> Settled:
    settled = failed(item, error, index_lag=0)
    if not item.must_look_up:
        return settled
    if settled.state is EffectState.DEAD:
        # Nobody will ever be able to look it up, so a person must.
        return held(item, worded("it may have been done and cannot be looked up: {error}", error=error))
    after = timedelta(minutes=1) if settled.again_in is None else settled.again_in
    return unknown(item, worded("look-up failed: {error}", error=error), look_up_after=after)


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
        elif (found := await _found(helpdesk, item)) is not None:
            settled.append(found)
        elif is_message and item.must_look_up and not item.is_asked_for:
            settled.append(
                held(item, worded("the reply was lost and the message is not on the ticket: please check"))
            )
        else:
            send.append(item)
    return _Ready(tuple(send), tuple(settled))


async def _found(helpdesk: Helpdesk, item: Leased) -> Settled | None:
    """What an earlier attempt did; None where nothing is to be seen of one. Raises what says something of the whole
    helpdesk; what ails this ticket's look-up alone holds up no other."""
    try:
        if not await helpdesk.was_done(item.effect.target, item.effect.once):
            return None
    except Exposed as error:
        return exposed(item, str(error))
    except NotShown as error:
        return dead(item, str(error))
    except (Busy, NotAllowed, Unreachable, StoreFault):
        raise
    except LiaisonError as error:
        return _not_looked_up(item, error)
    return done(item, detail=worded("found at the helpdesk: it had been sent before"))


def _not_looked_up(item: Leased, error: LiaisonError) -> Settled:
    """Nobody can tell what became of it: a person must see, at once where no later look would tell either."""
    if isinstance(error, Refused) or item.attempts >= MAX_ATTEMPTS:
        return held(item, worded("it may have been done and cannot be looked up: {error}", error=error))
    why, after = worded("look-up failed: {error}", error=error), backoff(item.attempts)
    return unknown(item, why, look_up_after=after) if item.must_look_up else again(item, why, after=after)


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
        return dead(item, worded("the ticket is gone"))
    if ticket.status is TicketStatus.CLOSED:
        return dead(item, worded("the ticket is closed for good at the helpdesk"))
    if isinstance(payload, CustomerText) and ticket.requester.id != payload.recipient:
        return held(item, worded("the ticket's requester changed since this was decided"))
    return None


def _settle(item: Leased, outcome: TicketOutcome | None, index_lag: float) -> Settled:
    if outcome is None or outcome.outcome is ChangeOutcome.UNKNOWN:
        detail = outcome.detail if outcome is not None else worded("the helpdesk did not say")
        return unknown(item, detail, look_up_after=timedelta(seconds=index_lag))
    if outcome.outcome is ChangeOutcome.DONE:
        return done(item, detail=outcome.detail, version=outcome.version)
    if outcome.outcome is ChangeOutcome.EXPOSED:
        return exposed(item, outcome.detail)
    if outcome.outcome is ChangeOutcome.LATER:
        return again(item, outcome.detail, after=backoff(item.attempts))
    return dead(item, outcome.detail or outcome.outcome.value)


def ticket_change(effect: Effect) -> TicketChange:
    """What the helpdesk is asked for. Raises `TypeError` for an effect that is no change to a ticket."""
    match effect.payload:
        case NoteText(text=note):
            return TicketChange(private_note=note)
        case CustomerText(text=message):
            return TicketChange(public_reply=message)
        case StatusChange(status=status):
            return TicketChange(status=status)
        case other:
            raise TypeError(f"{type(other).__name__} is no change to a ticket")
