"""Tests that people may see: a note, a mail, a page, a message. Each says that it is one, and that nothing is wrong."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Sequence
from typing import cast

from deployments.commands.checks.uses import looks
from deployments.commands.first_hour.questions import mail_address
from deployments.commands.first_hour.trials.seen import Trial, TriedConnection, seen_within
from incidents.errors import NotFound, Refused, Unknown
from incidents.models import (
    ChangeOutcome,
    ChatMessage,
    Contact,
    Page,
    PageState,
    PageStatus,
    PublicText,
    Severity,
    TicketChange,
)
from incidents.ports import ChatRoom, Helpdesk, Mailbox, Pager
from incidents.status_page import PublicFiles, StatusPage
from incidents.store.roster.woken import WokenPerson, who_was_woken
from incidents.texts.messages import internal

TEST = "This is a test by Liaison (`liaison try`): nothing is wrong, and there is nothing to do."
_ROOM = "liaison-test"
"""One room for all tests; a second one finds it again."""


async def note_on_ticket(tried: TriedConnection) -> Trial:
    """A note for colleagues on the ticket that was named; its customer cannot read it, and the helpdesk is asked."""
    desk, ticket = cast(Helpdesk, tried.connector), tried.wishes.ticket
    what = "note for colleagues"
    if not ticket:
        return Trial(
            what=what, is_well=None, seen="nothing was written: name a ticket of yours with --ticket ID"
        )
    found = await desk.read([ticket])
    if not found:
        raise NotFound(f"there is no ticket {ticket[:60]!r}")
    change = TicketChange(private_note=internal(TEST))
    (outcome,) = await desk.update([ticket], change, once=tried.once)
    if outcome.outcome is ChangeOutcome.EXPOSED:
        raise Refused(
            f"CUSTOMERS COULD READ the note on {ticket}: {outcome.detail}. Mend that before all else"
        )
    if outcome.outcome is not ChangeOutcome.DONE:
        raise Refused(f"ticket {ticket}: {outcome.outcome}: {outcome.detail}")
    is_there = await seen_within(lambda: desk.was_done(ticket, tried.once))
    seen = f"written on ticket {ticket} for colleagues alone; {'read back there' if is_there else 'not found there'}"
    return Trial(what=what, is_well=is_there, seen=seen)


async def mail_to(tried: TriedConnection) -> Trial:
    """A mail to the address that was named, or a ticket of the helpdesk's own for it."""
    if not tried.wishes.to:
        seen = "nothing was sent: name an address of yours with --to ana@acme.example"
        return Trial(what="mail", is_well=None, seen=seen)
    try:
        address = mail_address(tried.wishes.to)
    except ValueError as error:
        raise Refused(f"--to: {error}") from None
    contact = Contact(id=address, email=address)
    ticket = await cast(Mailbox, tried.connector).send(
        contact, PublicText("Test by Liaison"), PublicText(TEST), once=tried.once
    )
    taken = f"ticket {ticket} was opened" if ticket else "the server took it"
    return Trial(what="mail", is_well=True, seen=f"{taken} for {address}: look there whether it arrived")


async def page_and_resolve(tried: TriedConnection) -> Trial:
    """Somebody is woken and told at once that it is over. Whatever goes wrong, the page is resolved."""
    pager, target = cast(Pager, tried.connector), tried.wishes.target or _target(tried)
    if obstacle := await pager.obstacle(target):
        raise Refused(f"nobody was woken: {obstacle}")
    page = Page(
        summary=f"TEST, nothing is wrong ({tried.name})",
        source="liaison try",
        severity=Severity.LOW,
        details=(("What to do", TEST),),
        target=target,
    )
    state: PageState | None = None
    try:
        # The look below says whether it was made.
        with contextlib.suppress(Unknown):
            await pager.page(page, once=tried.once)

        async def is_made() -> bool:
            nonlocal state
            state = await pager.read(tried.once)
            return state is not None and await _woken(tried) != []

        await seen_within(is_made)
    finally:
        await asyncio.shield(pager.resolve(tried.once, once=f"{tried.once}-over"))
    if state is None:
        raise Refused(
            "the page was taken, and made nothing: is the service disabled, or does a rule swallow it?"
        )

    async def is_over() -> bool:
        now = await pager.read(tried.once)
        return now is not None and now.status is PageStatus.RESOLVED

    if not await seen_within(is_over):
        raise Refused(f"page {state.page_id} STAYS OPEN: resolve it by hand, and look why it was not")
    woken = await _woken(tried) or []
    failed = [one for one in woken if one.trouble]
    names = ", ".join(_words(one) for one in woken)
    whom = names or ", ".join(state.responders) or f"whoever is on call for {target or 'the default target'}"
    return Trial(
        what="page", is_well=not failed, seen=f"woken as a test: {whom}; resolved, and seen as resolved"
    )


def _words(one: WokenPerson) -> str:
    return f"{one.name} by {one.way}" + (f" FAILED: {one.trouble}" if one.trouble else "")


async def _woken(tried: TriedConnection) -> Sequence[WokenPerson] | None:
    async with tried.database.transaction() as tx:
        return await who_was_woken(tx, tried.name, tried.once)


def _target(tried: TriedConnection) -> str:
    """The first team's that is paged by it."""
    teams = tried.policy.teams.values()
    return next((team.pager_target for team in teams if team.pager == tried.name), "")


async def say_in_room(tried: TriedConnection) -> Trial:
    """A message in a room of its own, or in the one room for all incidents; found again there."""
    chat = cast(ChatRoom, tried.connector)
    room = await chat.open_room(_ROOM, "Tests by Liaison", once=_ROOM)
    await chat.post(room.id, ChatMessage(text=TEST), once=tried.once)

    async def is_there() -> bool:
        return await chat.find_post(room.id, tried.once) is not None

    found = await seen_within(is_there)
    where = f"{room.name or room.id} ({room.url})" if room.url else room.name or room.id
    seen = f"said in {where}; {'read back there' if found else 'NOT found there'}"
    return Trial(what="message", is_well=found, seen=seen)


async def look_at_page(tried: TriedConnection) -> Trial:
    """A dry look: the public reads nothing new. Where the gateway serves the page, whether it does."""
    page = cast(StatusPage, tried.connector)
    mended = await page.restore()
    served = isinstance(page, PublicFiles) and page.is_served
    first = await page.public_file("") if isinstance(page, PublicFiles) and served else None
    where = f"{tried.gateway_url}/status/{tried.name.partition('/')[2]}/"
    if served and first is None:
        raise Refused("its first page is not there: `liaison check` writes it")
    seen = "nothing was published; the page is as it should be" + (
        ", after it was written anew" if mended else ""
    )
    return Trial(what="status page", is_well=True, seen=seen + (f"; open it at {where}" if served else ""))


async def probe(tried: TriedConnection) -> Trial:
    """One look at each service that the policy has it for, or at the one that was named."""
    keys = [f"services.{tried.wishes.service}.probes"] if tried.wishes.service else tried.uses()
    if tried.wishes.service and tried.wishes.service not in tried.policy.services:
        raise NotFound(f"the policy has no service {tried.wishes.service!r}")
    found = await looks(tried.connector, keys)
    if not found:
        return Trial(
            what="probe", is_well=None, seen="no service has it as a probe: name one with --service NAME"
        )
    doubtful = any("cannot tell" in line or "not asked" in line for line in found)
    return Trial(what="probe", is_well=not doubtful, seen="\n".join(found))


async def leave_action(tried: TriedConnection) -> Trial:
    """A remedy is never run for a test."""
    return Trial(what="action", is_well=None, seen="not run: what it does is real")
