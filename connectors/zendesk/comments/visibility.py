"""Who reads what we wrote, read back just after: a trigger or an app of the account may publish what was private.

One look at a hundred tickets shows the last audit of each
(https://developer.zendesk.com/documentation/ticketing/using-the-zendesk-api/side_loading/, `last_audits`); of one that
has changed again since, or where Zendesk does not show it, the ticket's own audits are read. An audit keeps saying how
a comment was stored, also once it was made private
(https://developer.zendesk.com/api-reference/ticketing/tickets/ticket_comments/#make-comment-private).
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass, field, replace
from typing import Any

from connectors.kit.fields import any_text, records
from connectors.kit.private_notes import exposed
from connectors.kit.read_back import read_back
from connectors.zendesk.calls import Call, Get
from connectors.zendesk.comments.audits import audit_pages, carries, comment_of, is_of_a_note
from connectors.zendesk.mapping import ticket_id_from
from incidents.errors import Exposed, LiaisonError, NotShown
from incidents.models import ChangeOutcome, TicketChange, TicketOutcome

AT_ONCE = 100
"""Tickets of one look."""
GATHERED = 2.0
"""Seconds for which a look waits at most for other changes that are under way, to be a look at them, too. Longer than
an account in the middle of an outage takes for a change: else each has a look of its own, and calls run out."""


class Visibility:
    """Reads back whether notes are private and replies public; hides what is not private."""

    def __init__(self, get: Get, call: Call) -> None:
        self._get = get
        self._call = call
        self._looks = _SharedLooks(get)

    def change(self) -> AbstractContextManager[None]:
        """A change is under way until the end of the block; then it may want to be looked at."""
        return self._looks.change()

    async def checked(
        self, outcomes: Sequence[TicketOutcome], change: TicketChange, once: str
    ) -> list[TicketOutcome]:
        """The outcomes of a change with words in it, as they are once the flag was read. A look that fails leaves
        `unknown`: the change is looked up later, and its flag with it."""
        done = {one.id: one for one in outcomes if one.outcome is ChangeOutcome.DONE}
        if not done or (change.private_note is None and change.public_reply is None):
            return list(outcomes)
        seen: dict[str, TicketOutcome] = {}
        for start in range(0, len(done), AT_ONCE):
            some = list(done)[start : start + AT_ONCE]
            try:
                audits = await self._last_audits(some, once)
            except LiaisonError as error:
                seen |= {one: _unknown(one, error) for one in some}
                continue
            for one in some:
                seen[one] = await self._judged(done[one], audits.get(one), change, once)
        return [seen.get(one.id, one) for one in outcomes]

    async def find(self, ticket: str, once: str) -> Mapping[str, Any] | None:
        """The audit of the change with this key. Raises `NotFound` for a ticket that is not there."""
        async for page in audit_pages(self._get, ticket):
            for audit in records(page.get("audits")):
                if carries(audit, once):
                    return audit
        return None

    async def require_private(self, ticket: str, audit: Mapping[str, Any]) -> None:
        """Raises `Exposed` if it is the audit of a note that was stored as public, hidden again since or not."""
        comment = comment_of(audit)
        if is_of_a_note(audit) and comment and comment.get("public") is not False:
            raise await self._exposed(ticket, comment)

    def require_shown(self, ticket: str, audit: Mapping[str, Any]) -> None:
        """Raises `NotShown` if it is the audit of a reply that was stored as a note."""
        comment = comment_of(audit)
        if comment and not is_of_a_note(audit) and comment.get("public") is not True:
            raise NotShown(_not_shown(ticket))

    async def _last_audits(self, tickets: Sequence[str], once: str) -> dict[str, Mapping[str, Any]]:
        seen = await self._looks.last_audits(tickets)
        return {ticket: audit for ticket, audit in seen.items() if ticket in tickets and carries(audit, once)}

    async def _judged(
        self, done: TicketOutcome, audit: Mapping[str, Any] | None, change: TicketChange, once: str
    ) -> TicketOutcome:
        ticket = done.id
        try:
            found = audit
            if found is None:
                found = await read_back(
                    lambda: self.find(ticket, once),
                    lambda seen: seen is not None,
                    what=f"zendesk: comment on ticket {ticket}",
                )
            if change.private_note is not None:
                await self.require_private(ticket, found or {})
        except Exposed as error:
            return TicketOutcome(id=ticket, outcome=ChangeOutcome.EXPOSED, detail=str(error))
        except LiaisonError as error:
            return _unknown(ticket, error)
        if change.public_reply is not None and comment_of(found or {}).get("public") is not True:
            return replace(done, outcome=ChangeOutcome.REFUSED, detail=_not_shown(ticket))
        return done

    async def _exposed(self, ticket: str, comment: Mapping[str, Any]) -> Exposed:
        comment_id = ticket_id_from(comment.get("id"))

        async def hide() -> bool:
            path = f"tickets/{ticket}/comments/{comment_id}/make_private.json"
            await self._call("PUT", path, is_repeatable=True)
            data = await self._get(f"tickets/{ticket}/comments.json", sort_order="desc")
            seen = (one for one in records(data.get("comments")) if any_text(one.get("id")) == comment_id)
            return any(one.get("public") is False for one in seen)

        return await exposed(
            f"zendesk: the note on ticket {ticket}",
            None if comment_id is None else hide,
            cure="look at the account's triggers and apps: something publishes notes",
        )


@dataclass(slots=True)
class _Look:
    """One that is not under way yet, and the tickets that it will be at."""

    tickets: dict[str, None] = field(default_factory=dict)
    task: asyncio.Task[dict[str, Mapping[str, Any]]] | None = None


class _SharedLooks:
    """One look at a time, at all that were changed in the same moment: a hundred tickets that are told one by one would
    else cost as many looks as changes, half of what an account may ask in a minute."""

    def __init__(self, get: Get) -> None:
        self._get = get
        self._one_at_a_time = asyncio.Lock()
        self._next: _Look | None = None
        self._under_way = 0
        self._none_under_way = asyncio.Event()
        self._none_under_way.set()

    @contextmanager
    def change(self) -> Iterator[None]:
        self._under_way += 1
        self._none_under_way.clear()
        try:
            yield
        finally:
            self._under_way -= 1
            if not self._under_way:
                self._none_under_way.set()

    async def last_audits(self, tickets: Sequence[str]) -> Mapping[str, Mapping[str, Any]]:
        """The last audit of each ticket, and of others that were looked at with them."""
        look = self._next
        if look is None or len({*look.tickets, *tickets}) > AT_ONCE:
            look = self._next = _Look()
            look.task = asyncio.create_task(self._look(look))
            # Whoever asked may have given up.
            look.task.add_done_callback(lambda task: task.cancelled() or task.exception())
        look.tickets |= dict.fromkeys(tickets)
        assert look.task is not None  # noqa: S101 - it was begun with the first tickets
        return await asyncio.shield(look.task)

    async def _look(self, look: _Look) -> dict[str, Mapping[str, Any]]:
        async with self._one_at_a_time:
            with suppress(TimeoutError):
                async with asyncio.timeout(GATHERED):
                    await self._none_under_way.wait()
            # Those whose change has just ended have their turn to come along.
            await asyncio.sleep(0)
            if self._next is look:
                self._next = None
            data = await self._get(
                "tickets/show_many.json", ids=",".join(look.tickets), include="last_audits"
            )
        return {
            ticket: audit
            for audit in records(data.get("last_audits"))
            if (ticket := ticket_id_from(audit.get("ticket_id"))) is not None
        }


def _not_shown(ticket: str) -> str:
    return (
        f"zendesk: the reply on ticket {ticket} was stored as a note that its customer cannot read: look at the"
        " account's triggers and apps, and tell the customer by hand"
    )


def _unknown(ticket: str, error: LiaisonError) -> TicketOutcome:
    told = f"done, and whether only colleagues see it is not known: {error}"
    return TicketOutcome(id=ticket, outcome=ChangeOutcome.UNKNOWN, detail=told)
