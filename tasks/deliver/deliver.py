"""The deliver beat: what was committed is sent, a retryable task for each change to another system."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from prefect.runtime import task_run

from incidents.case import Entry, EntryKind
from incidents.decisions.acting.outcome import tell_of_outcome
from incidents.decisions.ownership.exposure import Exposure, tell_of_exposure
from incidents.decisions.updates.kept import customers_were_told
from incidents.effects import EffectKind, EffectState, Wanted
from incidents.process.deciding import decide
from incidents.step import Step
from incidents.store.ledger.due import (
    DueEffects,
    due_effects,
    next_due_at,
)
from incidents.store.ledger.effects import (
    LEASE,
    Leased,
    Settled,
    keep_effects,
    lease_effects,
    settle_effects,
)
from incidents.store.ledger.written import record_done
from incidents.store.merging.handing import where_it_goes_on
from incidents.store.sla.keeping import keep_customers_told
from incidents.store.timeline import append_entries
from incidents.telemetry.spans import span
from incidents.telemetry.subject import about
from incidents.texts.team import sentence, team_reads, worded, worded_as
from tasks import resources
from tasks.deliver.actions import run_action
from tasks.deliver.chat import send_to_chat
from tasks.deliver.egress import as_they_may_depart
from tasks.deliver.fan_out import NOTHING_LEFT, fan_out
from tasks.deliver.issues import send_to_tracker
from tasks.deliver.monitors import send_to_monitor
from tasks.deliver.outbound import send_outbound, tell_outsiders
from tasks.deliver.pages import send_to_page
from tasks.deliver.status_page import send_to_status_page
from tasks.deliver.tickets import send_to_tickets
from tasks.leases import kept
from tasks.retries import OUTSIDE_CALL, Postponed
from tasks.runs import task
from tasks.waits import patience
from tasks.without_prefect import run_logger

# How long a flow waits for an effect that is due soon, before it leaves it to the next run.
_PATIENCE = timedelta(seconds=4)
_LOOK_EVERY = 5.0
_TARGETS = 10
_MESSAGE = EffectKind.CUSTOMER_MESSAGE
_TICKET_KINDS = frozenset({EffectKind.TICKET_NOTE, EffectKind.TICKET_STATUS, EffectKind.CUSTOMER_MESSAGE})
_ONE_BY_ONE: dict[EffectKind, Callable[[Leased], Awaitable[Settled]]] = {
    EffectKind.ACTION: run_action,
    EffectKind.PAGE: send_to_page,
    EffectKind.PAGE_NOTE: send_to_page,
    EffectKind.PAGE_ACKNOWLEDGE: send_to_page,
    EffectKind.PAGE_RESOLVE: send_to_page,
    EffectKind.STATUS_PAGE_OPEN: send_to_status_page,
    EffectKind.STATUS_PAGE_UPDATE: send_to_status_page,
    EffectKind.OUTBOUND_MESSAGE: send_outbound,
    EffectKind.ISSUE_OPEN: send_to_tracker,
    EffectKind.ISSUE_COMMENT: send_to_tracker,
    EffectKind.ALERT_ACKNOWLEDGE: send_to_monitor,
    EffectKind.ALERT_UNACKNOWLEDGE: send_to_monitor,
}


async def deliver(incident_id: int | None, wanted: Wanted = Wanted.ALL) -> None:
    """Send everything this incident has due, in order, waiting a little for what is due soon. None is for what is
    about tickets without an incident.

    Each connection has a lane of its own: one that does not answer holds up nothing that goes another way. A failed
    send does not fail the flow: the ledger keeps it, and `recover` takes it up.
    """
    lanes: dict[str, asyncio.Task[None]] = {}
    try:
        while True:
            due = await find_due(incident_id, wanted)
            for connection in {batch.connection for batch in due} - lanes.keys():
                batches = [batch for batch in due if batch.connection == connection]
                lanes[connection] = asyncio.create_task(_send_all(incident_id, connection, batches))
            if lanes:
                # Telling thousands takes its time; what is decided meanwhile need not wait for its end.
                ended, _ = await asyncio.wait(
                    lanes.values(), timeout=_LOOK_EVERY, return_when=asyncio.FIRST_COMPLETED
                )
                lanes = {name: lane for name, lane in lanes.items() if lane not in ended}
                for lane in ended:
                    lane.result()
                continue
            next_at = await next_due(incident_id, wanted)
            wait = (next_at - resources.utc_now()) if next_at is not None else None
            if wait is None or wait > patience(_PATIENCE):
                return
            await asyncio.sleep(max(wait.total_seconds(), 0.05))
    finally:
        for lane in lanes.values():
            lane.cancel()
        await asyncio.gather(*lanes.values(), return_exceptions=True)


async def _send_all(incident_id: int | None, connection: str, batches: Sequence[DueEffects]) -> None:
    ways: list[Coroutine[Any, Any, object]] = [
        send(connection, batch.kind.value, list(batch.ids))
        for batch in batches
        if batch.kind not in _TICKET_KINDS and batch.kind is not EffectKind.OUTBOUND_MESSAGE
    ]
    outsiders = [one for batch in batches if batch.kind is EffectKind.OUTBOUND_MESSAGE for one in batch.ids]
    if outsiders:
        ways.append(tell_outsiders(incident_id, connection, outsiders, send))
    elif len(ways) < len(batches):
        ways.append(fan_out(incident_id, connection, send))
    for outcome in await asyncio.gather(*ways, return_exceptions=True):
        # A postponed batch is the ledger's business; any other failure is a defect and must be seen.
        if isinstance(outcome, BaseException) and not isinstance(outcome, Postponed):
            raise outcome


async def find_due(incident_id: int | None, wanted: Wanted) -> Sequence[DueEffects]:
    """As `incidents.store.ledger.due.due_effects`, in a transaction of its own."""
    async with resources.transaction() as step:
        return await due_effects(step.connection, incident_id, now=step.now, wanted=wanted)


async def next_due(
    incident_id: int | None, wanted: Wanted, *, after: datetime | None = None
) -> datetime | None:
    """As `incidents.store.ledger.due.next_due_at`, as a task."""
    async with resources.database().transaction() as tx:
        return await next_due_at(tx, incident_id, wanted=wanted, after=after)


def _send_name() -> str:
    given = task_run.parameters
    count = len(given.get("ids", ()))
    times = f"{count} × " if count > 1 else ""
    return f"send {times}{given.get('kind', 'effect')} to {given.get('connection', '?')}"


@task(name="send", task_run_name=_send_name, **OUTSIDE_CALL)
async def send(connection: str, kind: str, ids: list[int]) -> str:
    """Send one change, to one object or to many of a kind, the first of `ids` first. Effects that another run took are
    left to it."""
    del connection
    leased = await _lease(ids)
    if not leased:
        return NOTHING_LEFT
    whose = leased[0].effect.incident_id
    told: dict[str, str | int] = {
        "liaison.connection": leased[0].effect.connection,
        "liaison.effects": len(leased),
    }
    with (
        about(None if whose is None else f"INC-{whose}"),
        span(f"send {kind}", attributes=told, follows=[item.trace for item in leased]),
        team_reads(resources.policy().language.team),
    ):
        async with kept(lambda tx: keep_effects(tx, leased), lease=LEASE):
            leased = await as_they_may_depart(leased)
            settled = await _dispatch(leased)
        await _settle(leased, settled)
    postponed = [item for item in settled if item.state.is_open]
    if postponed and len(postponed) == len(settled):
        raise Postponed(f"{len(postponed)} of {len(leased)} {kind} postponed: {postponed[0].detail}")
    later = f", {len(postponed)} later: {postponed[0].detail}" if postponed else ""
    return f"{sum(item.state is EffectState.DONE for item in settled)} done{later}"


async def _lease(ids: list[int]) -> Sequence[Leased]:
    async with resources.transaction() as step:
        leased = await lease_effects(step.connection, now=step.now, ids=ids)
    place = {one: number for number, one in enumerate(ids)}
    return sorted(leased, key=lambda item: place[item.id])


async def _dispatch(leased: Sequence[Leased]) -> Sequence[Settled]:
    kind = leased[0].effect.kind
    if kind in _TICKET_KINDS:
        return await send_to_tickets(leased)
    one_by_one = _ONE_BY_ONE.get(kind, send_to_chat)
    return [await one_by_one(item) for item in leased]


async def _settle(leased: Sequence[Leased], settled: Sequence[Settled]) -> None:
    effect = leased[0].effect
    incident_id = effect.incident_id
    async with resources.transaction() as step:
        if incident_id is not None and (
            effect.is_about_a_ticket or effect.kind is EffectKind.OUTBOUND_MESSAGE
        ):
            # Merged while it was on its way: its tickets and customers are the other one's.
            incident_id = await where_it_goes_on(step.connection, incident_id)
        await _keep_promises(step, incident_id, leased, settled)
        await _tell_of_exposures(step, incident_id, leased, settled)
        await _tell_of_outcomes(step, leased, settled)
        await settle_effects(step.connection, settled, now=step.now)
        await record_done(step.connection, leased, settled)
        if incident_id is not None:
            await append_entries(step, incident_id, _entries(leased, settled))


async def _tell_of_exposures(
    step: Step, incident_id: int | None, leased: Sequence[Leased], settled: Sequence[Settled]
) -> None:
    """Customers could read what was for colleagues. Without an incident nobody can be paged: it is held, and logged."""
    whys = {item.id: item.detail for item in settled if item.is_exposed}
    exposed = [item.effect for item in leased if item.id in whys]
    if not exposed:
        return
    first = exposed[0]
    found = Exposure(
        once=first.once,
        connection=first.connection,
        targets=tuple(effect.target for effect in exposed),
        why=next(iter(whys.values())),
    )
    if incident_id is None:
        run_logger().error("%s: %s", first.key, found.why)
        return
    await decide(step, incident_id, partial(tell_of_exposure, found=found, basis=step.basis))


async def _tell_of_outcomes(step: Step, leased: Sequence[Leased], settled: Sequence[Settled]) -> None:
    """What came of an action is told where engineers may wait for it."""
    for item, end in zip(leased, settled, strict=True):
        if item.effect.kind is EffectKind.ACTION and end.state is EffectState.DONE and end.result is not None:
            told = partial(
                tell_of_outcome,
                key=item.effect.key,
                action=item.effect.target,
                result=end.result,
                detail=end.detail,
                basis=step.basis,
            )
            await decide(step, item.effect.its_incident, told)


async def _keep_promises(
    step: Step, incident_id: int | None, leased: Sequence[Leased], settled: Sequence[Settled]
) -> None:
    """Customers who have had a message of ours were kept informed, as the SLA promises."""
    done = {item.id for item in settled if item.state is EffectState.DONE}
    sent = [item.effect for item in leased if item.id in done and item.effect.kind is _MESSAGE]
    if not sent or incident_id is None:
        return
    # The incident first: it is always locked before its tickets' clocks.
    told = partial(customers_were_told, marks={effect.once for effect in sent}, basis=step.basis)
    await decide(step, incident_id, told, customers_told_at=step.now)
    refs = [effect.ticket for effect in sent]
    await keep_customers_told(step, refs)


_WORDS = {
    EffectKind.PAGE: (EntryKind.SENT_PAGE, sentence("Paged by {connection}")),
    EffectKind.CHAT_ROOM: (EntryKind.SENT_CHAT_ROOM, sentence("Opened a room at {connection}: {detail}")),
    EffectKind.CUSTOMER_MESSAGE: (
        EntryKind.SENT_CUSTOMER_MESSAGE,
        sentence("Customers told by {connection}: {count}"),
    ),
    EffectKind.TICKET_STATUS: (
        EntryKind.SENT_TICKET_STATUS,
        sentence("Tickets settled at {connection}: {count}"),
    ),
    EffectKind.STATUS_PAGE_OPEN: (
        EntryKind.SENT_STATUS_PAGE,
        sentence("Public incident opened at {connection}: {detail}"),
    ),
    EffectKind.STATUS_PAGE_UPDATE: (
        EntryKind.SENT_STATUS_PAGE,
        sentence("The public was told at {connection}: {detail}"),
    ),
    EffectKind.OUTBOUND_MESSAGE: (
        EntryKind.SENT_OUTBOUND_MESSAGE,
        sentence("Messages by {connection} to customers who have not written: {count}"),
    ),
    EffectKind.ISSUE_OPEN: (
        EntryKind.SENT_ISSUE,
        sentence("Issue for the lasting fix at {connection}: {detail}"),
    ),
    EffectKind.ISSUE_COMMENT: (EntryKind.SENT_ISSUE, sentence("What it came to is below the issue {detail}")),
    EffectKind.ACTION: (EntryKind.SENT_ACTION, sentence("Action '{target}': {detail}")),
}
_GIVEN_UP = {EffectState.HELD: EntryKind.EFFECT_HELD, EffectState.DEAD: EntryKind.EFFECT_DEAD}


def _entries(leased: Sequence[Leased], settled: Sequence[Settled]) -> list[Entry]:
    """What people want to read later: what reached somebody, and what never will without them."""
    effect = leased[0].effect
    finished = [item for item in settled if item.state is EffectState.DONE and not item.is_overtaken]
    entries: list[Entry] = []
    if finished and effect.kind in _WORDS:
        kind, words = _WORDS[effect.kind]
        text = worded_as(
            words,
            count=len(finished),
            connection=effect.connection,
            target=effect.target,
            detail=finished[0].detail,
        )
        entries.append(Entry(kind=kind, text=text))
    entries += [entry for item in settled for entry in item.also]
    by_id = {item.id: item.effect.target for item in leased}
    ends: dict[tuple[EntryKind, str], list[str]] = {}
    for item in settled:
        if item.is_overtaken:
            ends.setdefault((EntryKind.TICKETS, item.detail), []).append(by_id[item.id])
        elif item.state in _GIVEN_UP:
            ends.setdefault((_GIVEN_UP[item.state], f"{item.state}: {item.detail}"), []).append(
                by_id[item.id]
            )
    # Two hundred notes that end for one reason are one line.
    for (kind, detail), targets in ends.items():
        over = len(targets) - _TARGETS
        more = worded(" and {more} more", more=over) if over > 0 else ""
        text = f"{effect.kind} {', '.join(targets[:_TARGETS])}{more} {detail}"
        entries.append(Entry(kind=kind, text=text))
    return entries
