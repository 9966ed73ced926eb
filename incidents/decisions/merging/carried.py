"""What was promised in an incident that is merged goes on in the other: updates to customers, and SLA clocks."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime

from incidents.case import Case
from incidents.promises.updates import CustomerUpdate, PromiseState, open_promises
from incidents.sla.clock import Moment, SlaClock, Told


def said_in_this_generation(case: Case) -> list[CustomerUpdate]:
    """What all who waited were told since it was opened, or opened again."""
    return [update for update in case.updates if update.generation == case.incident.generation]


def carried_updates(loser: Case, survivor: Case) -> tuple[CustomerUpdate, ...]:
    """The survivor's updates that are new or have changed: of two promises that are open, the earlier time counts for
    all; where only the loser's customers were told something, that is what was said in both."""
    theirs, promised = said_in_this_generation(loser), open_promises(loser.updates)[-1:]
    if said_in_this_generation(survivor):
        ours = open_promises(survivor.updates)[-1:]
        if ours and promised:
            return (_the_earlier(ours[0], promised[0]),)
        theirs = promised
    number = max((update.number for update in survivor.updates), default=0)
    open_ones = set(promised)
    return tuple(
        replace(
            update if update in open_ones else _without_promise(update),
            incident=survivor.incident.id,
            number=number + place,
            generation=survivor.incident.generation,
        )
        for place, update in enumerate(theirs, start=1)
    )


def _the_earlier(ours: CustomerUpdate, theirs: CustomerUpdate) -> CustomerUpdate:
    first = min(ours, theirs, key=lambda update: update.said_by)
    return replace(
        ours,
        next_by=first.next_by,
        warn_at=first.warn_at,
        warned_at=first.warned_at,
        answered=tuple(dict.fromkeys((*ours.answered, *theirs.answered))),
    )


def _without_promise(update: CustomerUpdate) -> CustomerUpdate:
    """That it was said; what became of its promise is counted where it was made."""
    return replace(
        update, next_by=None, warn_at=None, warned_at=None, state=None, settled_at=None, kept_by=None
    )


def withdrawn(updates: Iterable[CustomerUpdate], *, now: datetime) -> tuple[CustomerUpdate, ...]:
    """Promises that are open, as they are left behind: another row stands for them."""
    return tuple(
        replace(update, state=PromiseState.WITHDRAWN, settled_at=now) for update in open_promises(updates)
    )


def carried_clocks(loser: Case, survivor: Case) -> tuple[SlaClock, ...]:
    """The survivor's open clocks whose promise the loser's customers have waited for longer: they count from then, and
    what the loser's clock told is not told again."""
    theirs = {clock.metric: clock for clock in loser.clocks if not clock.is_over}
    found = []
    for ours in survivor.clocks:
        longer = None if ours.is_over else theirs.get(ours.metric)
        if longer is not None and longer.started_at < ours.started_at:
            found.append(_since(ours, longer))
    return tuple(found)


def _since(ours: SlaClock, longer: SlaClock) -> SlaClock:
    told: dict[Moment, Told] = {one.moment: one for one in longer.told}
    return replace(
        ours,
        started_at=longer.started_at,
        running_since=longer.running_since,
        paused_because=longer.paused_because,
        stretches=longer.stretches,
        told=tuple(
            sorted((told | {one.moment: one for one in ours.told}).values(), key=lambda one: one.moment)
        ),
    )
