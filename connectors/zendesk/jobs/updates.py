"""Changes of tickets: on one in place, on many by a job; tags where Zendesk adds them, statuses only where they differ.

- Updating one ticket replaces its tags and knows no `additional_tags`: `PUT tickets/{id}/tags` adds.
  https://developer.zendesk.com/documentation/ticketing/managing-tickets/adding-tags-to-tickets-without-overwriting-existing-tags/
- `status` names a category. Writing it sets the category's default status, so that a ticket in a custom status of the
  same category would lose that one: it is left out where the ticket has it.
  https://developer.zendesk.com/api-reference/ticketing/tickets/custom_ticket_statuses/
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from connectors.kit.fields import any_text, record, records
from connectors.kit.pacing import Pace
from connectors.zendesk.calls import Call, Get
from connectors.zendesk.jobs.bulk import BULK, BulkUpdate
from connectors.zendesk.jobs.mapping import change_body, version_from
from connectors.zendesk.mapping import status_word, ticket_id_from
from incidents.errors import LiaisonError, NotAllowed, NotFound, Refused
from incidents.fan_out.budget import Limit
from incidents.models import ChangeOutcome, TicketChange, TicketOutcome, TicketStatus


class Updates:
    """`pace` is how many updates of single tickets the account takes."""

    def __init__(self, get: Get, call: Call, bulk: BulkUpdate, pace: Pace) -> None:
        self._get = get
        self._call = call
        self._bulk = bulk
        self._pace = pace

    def limit(self) -> Limit:
        """How many updates of single tickets the account takes; a job is none."""
        return self._pace.limit()

    async def update(self, ids: Sequence[str], change: TicketChange, *, once: str) -> list[TicketOutcome]:
        """An outcome for each id. Raises `incidents.errors` when nothing at all is known to have been done."""
        kept: list[str] = []
        if change.status is not None:
            kept = await self._with_status(ids, change.status)
        moved = [one for one in ids if one not in kept]
        outcomes = await self._update(moved, change, once) if moved else []
        rest = replace(change, status=None)
        if rest == TicketChange():
            return outcomes + [TicketOutcome(id=one, outcome=ChangeOutcome.DONE) for one in kept]
        return outcomes + (await self._after(outcomes, kept, rest, once) if kept else [])

    async def _after(
        self, done: Sequence[TicketOutcome], ids: Sequence[str], change: TicketChange, once: str
    ) -> list[TicketOutcome]:
        """The second of two updates must not make the first one forgotten."""
        try:
            return await self._update(ids, change, once)
        except LiaisonError as error:
            if not done:
                raise
            return [TicketOutcome(id=one, outcome=ChangeOutcome.UNKNOWN, detail=str(error)) for one in ids]

    async def _with_status(self, ids: Sequence[str], status: TicketStatus) -> list[str]:
        """Those that have a status of this category."""
        found: set[str | None] = set()
        for start in range(0, len(ids), BULK):
            data = await self._get("tickets/show_many.json", ids=",".join(ids[start : start + BULK]))
            found |= {
                ticket_id_from(ticket.get("id"))
                for ticket in records(data.get("tickets"))
                if any_text(ticket.get("status")).lower() == status_word(status)
            }
        return [one for one in ids if one in found]

    async def _update(self, ids: Sequence[str], change: TicketChange, once: str) -> list[TicketOutcome]:
        if len(ids) == 1:
            return [await self._update_one(ids[0], change, once)]
        return await self._bulk.update(ids, {"ticket": change_body(change, once=once)})

    async def _update_one(self, id: str, change: TicketChange, once: str) -> TicketOutcome:
        version: int | None = None
        try:
            if change.add_tags:
                # First, because they may be sent again: what comes after may not.
                await self._put(f"tickets/{id}/tags.json", {"tags": list(change.add_tags)}, is_state=True)
            rest = replace(change, add_tags=())
            if rest != TicketChange():
                # A status is a state, a comment is an act: only states may be sent twice.
                is_state = change.public_reply is None and change.private_note is None
                answer = await self._put(
                    f"tickets/{id}.json", {"ticket": change_body(rest, once=once)}, is_state=is_state
                )
                version = version_from(record(record(answer).get("ticket")))
        except NotAllowed:
            raise
        except NotFound as error:
            return TicketOutcome(id=id, outcome=ChangeOutcome.GONE, detail=str(error))
        except Refused as error:
            return TicketOutcome(id=id, outcome=ChangeOutcome.REFUSED, detail=str(error))
        return TicketOutcome(id=id, outcome=ChangeOutcome.DONE, version=version)

    async def _put(self, path: str, body: dict[str, Any], *, is_state: bool) -> Any:
        await self._pace.wait()
        return await self._call("PUT", path, json=body, is_repeatable=is_state)
