"""What a look at a source has found that no webhook had told: of each ticket what differed, since when, and what became
of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from incidents.models import Ticket, TicketRef
from incidents.process.alerts import TakenAlerts
from incidents.store.tickets import KnownTicket

ON_ITS_WAY = timedelta(minutes=2)
"""What changed later than that may yet be told."""


@dataclass(frozen=True, kw_only=True, slots=True)
class MissedChange:
    """One thing that was not told. `since` is when it happened at the source, None where it does not say."""

    what: str
    subject: str
    since: datetime | None
    done: str


@dataclass(frozen=True, kw_only=True, slots=True)
class LookedAt:
    """A connection that was looked at; `why_not` where it could not be. `looked` counts what was compared."""

    connection: str
    looked: int = 0
    missed: tuple[MissedChange, ...] = ()
    why_not: str = ""


def missed_changes(
    before: Mapping[TicketRef, KnownTicket],
    after: Mapping[TicketRef, KnownTicket],
    seen: Sequence[Ticket],
    ours: frozenset[TicketRef] | set[TicketRef],
    *,
    now: datetime,
) -> list[MissedChange]:
    """What differs between the store before and after the tickets that were `seen` were taken in.

    `ours` are those whose last change was a write of ours: the helpdesk's clock moved, and nothing was missed. What was
    changed a moment ago may yet be told, and is left out.
    """
    found: list[MissedChange] = []
    for ticket in {one.ref: one for one in seen}.values():
        known, taken = before.get(ticket.ref), after.get(ticket.ref)
        if taken is None or taken.is_forgotten or now - ticket.updated_at < ON_ITS_WAY:
            continue
        what = "new" if known is None else _difference(known.ticket, taken.ticket, is_ours=ticket.ref in ours)
        if what:
            done = _done(None if known is None else known.incident_id, taken.incident_id)
            found.append(
                MissedChange(what=what, subject=str(ticket.ref), since=taken.ticket.updated_at, done=done)
            )
    return found


def _difference(before: Ticket, after: Ticket, *, is_ours: bool) -> str:
    if after.version == before.version and after.gone is before.gone:
        return ""
    if after.gone is not before.gone:
        return f"gone: {after.gone}" if after.gone is not None else "back again"
    if after.status is not before.status:
        return f"{_words(before.status)} → {_words(after.status)}"
    if after.requester.id != before.requester.id:
        return "another customer"
    return "" if is_ours else "written on, or changed otherwise"


def _done(before: int | None, after: int | None) -> str:
    if after is None:
        return "taken in"
    return f"INC-{after} was told" if before == after else f"joined to INC-{after}"


def _words(status: str) -> str:
    return str(status).replace("_", " ")


def alerts_looked_at(connection: str, alerts: TakenAlerts) -> LookedAt:
    """A look at a monitor: what began or ended there, and was never told."""
    missed = [
        MissedChange(what=what, subject=f"{count} alert(s)", since=None, done=done)
        for what, count, done in (
            ("alerts that fire", alerts.began, f"{alerts.opened} incident(s) opened"),
            ("alerts that ended", alerts.ended, "their incidents were told"),
        )
        if count
    ]
    return LookedAt(connection=connection, missed=tuple(missed))
