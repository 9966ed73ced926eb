"""The end of a drill on accounts, however it ended: tickets solved, pages resolved, and what is left said."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from deployments.drill.accounts.admission import DrillDesk, DrillPager
from deployments.drill.accounts.journal import DrillJournal
from deployments.drill.accounts.patience import LOOK_EVERY, patiently
from deployments.drill.accounts.tickets import SHOWN_WITHIN, shown
from incidents.errors import LiaisonError
from incidents.models import ChangeOutcome, PageStatus, Ticket, TicketChange, TicketStatus

_LOOKS = 20
"""Looks at a page until it counts as not resolved."""


@dataclass(frozen=True, kw_only=True)
class CleanedUp:
    """`left` says what should not be there any more and is, `remains` what cannot be taken back."""

    tickets: int
    pages: int
    left: Sequence[str]
    remains: Sequence[str]


async def clean_up(
    desk: DrillDesk, pager: DrillPager, journal: DrillJournal, home: Path, say: Callable[[str], None]
) -> CleanedUp:
    """Solve and resolve all that the journal names, and keep the journal where something is left. Never raises
    `LiaisonError`: what went wrong is among what is left."""
    left: list[str] = []
    # Pages first: they wake people.
    pages = await _guarded("pages", left, lambda: _resolve_pages(pager, journal, left, say))
    tickets = await _guarded("tickets", left, lambda: _solve_tickets(desk, journal, left, say))
    remains = []
    if tickets:
        people = f"{journal.accounts.helpdesk}: solved tickets ({len(tickets)}) and their invented customers"
        remains.append(f"{people}, with {journal.tag} in the subject: {', '.join(tickets)}")
    if pages:
        remains.append(f"{journal.accounts.pager}: resolved pages ({len(pages)})")
    if left:
        left.append("once that is mended: liaison drill --clean-up")
        journal.keep(home)
    else:
        journal.drop(home)
    return CleanedUp(tickets=len(tickets), pages=len(pages), left=left, remains=remains)


async def _guarded(what: str, left: list[str], work: Callable[[], Awaitable[list[str]]]) -> list[str]:
    try:
        return await work()
    except LiaisonError as error:
        left.append(f"{what}: {error}")
        return []


async def _solve_tickets(
    desk: DrillDesk, journal: DrillJournal, left: list[str], say: Callable[[str], None]
) -> list[str]:
    ids = {one for one in journal.tickets.values() if one}
    if len(ids) < len(journal.tickets):
        say("  some tickets were asked for and not answered: looking for them")
        ids |= await _lost_ones(desk, journal, say)
    if not ids:
        return []
    asked = sorted(ids)
    for ticket in await patiently("tickets", partial(desk.read, asked), say):
        if _is_over(ticket):
            continue
        change = TicketChange(status=TicketStatus.SOLVED)
        (outcome,) = await patiently(
            f"ticket {ticket.ref.id}",
            partial(desk.update, [ticket.ref.id], change, once=f"{journal.tag}:end:{ticket.ref.id}"),
            say,
        )
        if outcome.outcome not in (ChangeOutcome.DONE, ChangeOutcome.GONE):
            say(f"  ticket {ticket.ref.id}: {outcome.outcome}: {outcome.detail}")
    seen = await patiently("tickets", partial(desk.read, asked), say)
    left += [f"ticket {one.ref.id} is {one.source_status}: {one.url}" for one in seen if not _is_over(one)]
    return [one.ref.id for one in seen]


async def _lost_ones(desk: DrillDesk, journal: DrillJournal, say: Callable[[str], None]) -> set[str]:
    """Those whose answers were lost, as far as they are there; the helpdesk shows them late."""
    looks = int(SHOWN_WITHIN / 3 / LOOK_EVERY)
    for _ in range(looks):
        found = await patiently("tickets", partial(shown, desk, journal), say)
        if len(found) >= len(journal.tickets):
            break
        await asyncio.sleep(LOOK_EVERY)
    return set(found)


async def _resolve_pages(
    pager: DrillPager, journal: DrillJournal, left: list[str], say: Callable[[str], None]
) -> list[str]:
    found: list[str] = []
    for key in journal.pages:
        state = await patiently("a page", partial(pager.read, key), say)
        if state is None or state.status is not PageStatus.RESOLVED:
            # One that does not show may still be on its way: the vendor passes over what it does not know.
            resolve = partial(pager.resolve, key, once=f"{key}:drill-end")
            await patiently("a page", resolve, say)
        for _ in range(_LOOKS):
            state = await patiently("a page", partial(pager.read, key), say)
            if state is None or state.status is PageStatus.RESOLVED:
                break
            await asyncio.sleep(LOOK_EVERY)
        else:
            left.append(f"page {key} is {state.status if state else 'not there'}")
        if state is not None:
            found.append(key)
    return found


def _is_over(ticket: Ticket) -> bool:
    return ticket.status.is_settled or ticket.gone is not None
