"""What is said to all who wait, and the promise in it of when they hear from us next."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from incidents.basis import Basis
from incidents.case import PROGRESS, Case
from incidents.decisions import customers
from incidents.effects import Effect, EffectKind
from incidents.lifecycle import standing_of
from incidents.models import Ticket
from incidents.promises.updates import (
    CustomerUpdate,
    PromiseState,
    UpdateKind,
    open_promises,
)
from incidents.texts.tongues import Wording


@dataclass(frozen=True, kw_only=True, slots=True)
class ToldCustomers:
    """The messages, and the update that they are; none if nobody was to be told."""

    effects: tuple[Effect, ...]
    updates: tuple[CustomerUpdate, ...] = ()


def say(
    case: Case,
    tickets: Iterable[Ticket],
    basis: Basis,
    *,
    wording: Wording,
    what: str,
    kind: UpdateKind,
    words: str = "",
) -> ToldCustomers:
    """Tell them, once for `what` in this generation, and write down what was promised with it.

    The case's incident is as it will be, `next_update_at` with it; `words` are an agent's.
    """
    effects = tuple(customers.tell(case, tickets, basis, wording=wording, what=what, words=words))
    is_told = any(effect.kind is EffectKind.CUSTOMER_MESSAGE for effect in effects)
    if not is_told or is_said(case, what):
        return ToldCustomers(effects=effects)
    incident = case.incident
    next_by = None if kind is UpdateKind.FIXED else incident.next_update_at
    update = CustomerUpdate(
        incident=incident.id,
        number=max((one.number for one in case.updates), default=0) + 1,
        generation=incident.generation,
        kind=kind,
        standing=standing_of(incident.state),
        once=case.once(what),
        said_at=basis.now,
        owner=incident.owner,
        next_by=next_by,
        warn_at=None if next_by is None else _warn_at(next_by, basis),
        state=None if next_by is None else PromiseState.OPEN,
    )
    return ToldCustomers(effects=effects, updates=(update,))


def is_said(case: Case, what: str) -> bool:
    """Whether all who waited have been told that in this generation: the ledger sends it to nobody twice."""
    if any(update.once == case.once(what) for update in case.updates):
        return True
    # In one that was merged into it: those customers were told there, under another mark.
    return what == PROGRESS and any(
        update.kind is UpdateKind.PROGRESS and update.generation == case.incident.generation
        for update in case.updates
    )


def promised_for(case: Case, basis: Basis) -> datetime | None:
    """When customers hear from us next: what they were told, else by the cadence; None where that is off."""
    told = open_promises(case.updates)
    return told[-1].next_by if told else customers.next_update_at(case.incident, basis)


def still_promised(case: Case) -> datetime | None:
    """What customers were told of when they hear from us next, whatever has happened since."""
    told = open_promises(case.updates)
    return told[-1].next_by if told else None


def with_updates(
    updates: Sequence[CustomerUpdate], changed: Iterable[CustomerUpdate]
) -> tuple[CustomerUpdate, ...]:
    """All of them, the changed ones as they are now."""
    known = {update.number: update for update in (*updates, *changed)}
    return tuple(known[number] for number in sorted(known))


def seen_with(case: Case, changed: Iterable[CustomerUpdate]) -> Case:
    """The case with these updates as they are now."""
    return replace(case, updates=with_updates(case.updates, changed))


def _warn_at(next_by: datetime, basis: Basis) -> datetime | None:
    before = basis.policy.cadence.warn_before
    if before is None or next_by <= basis.now:
        return None
    return max(next_by - before, basis.now + (next_by - basis.now) / 2)
