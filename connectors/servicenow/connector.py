"""ServiceNow as a helpdesk: incidents, or cases of Customer Service Management; polled, and told by a business rule.

It honours no idempotency key: a comment or work note of ours has a mark as its last line, and is looked up in the
journal among what our own user wrote. Tickets are named by their sys_id.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import ClassVar

import httpx

from connectors.kit.one_by_one import one_by_one
from connectors.kit.ticket_ids import for_each, plausible
from connectors.servicenow.conversation.changes import TicketChanges
from connectors.servicenow.conversation.journal import Journal, note_key
from connectors.servicenow.directory.people import ServiceNowPeople
from connectors.servicenow.mapping import customer_column, status_of, ticket_columns, ticket_from, time_of
from connectors.servicenow.rules import RuleSeen, rule_of
from connectors.servicenow.settings import ServiceNowSettings
from connectors.servicenow.table.api import PAGE, Asked, Row, ServiceNowApi
from connectors.servicenow.table.queries import at_or_after, both, id_from, one_of
from connectors.servicenow.webhook import DELETE, BusinessRule
from incidents.errors import NotFound, Refused
from incidents.events import Event, Ignored, Lane, Ping, TicketEvent, TrialWebhook, Verified
from incidents.fan_out.budget import Budget, Budgeted
from incidents.models import (
    Comment,
    Contact,
    Departure,
    Ticket,
    TicketChange,
    TicketOutcome,
    TicketRef,
    TicketStatus,
)
from incidents.ports import CustomerDirectory, Helpdesk, WebhookSource
from incidents.subscriptions import TriedByWebhook

OVERLAP = timedelta(seconds=2)
CALLS_A_TICKET = 3
"""To read it, to write a message or a state, and to see what became of it."""


class ServiceNowHelpdesk(Helpdesk, CustomerDirectory, Budgeted, TriedByWebhook, WebhookSource):
    """One table. `name` is the connection's (`servicenow/support`)."""

    vendor: ClassVar[str] = "servicenow"
    lane = Lane.INTAKE
    index_lag = 1.0

    def __init__(
        self, name: str, settings: ServiceNowSettings, *, transport: httpx.AsyncBaseTransport | None = None
    ) -> None:
        self.name = name
        self._settings = settings
        self._api = ServiceNowApi(settings, transport)
        self._journal = Journal(self._api, settings)
        self._changes = TicketChanges(self._api, self._journal, settings)
        self._rule = BusinessRule(name, settings)
        self._people = ServiceNowPeople(self._api, settings)

    async def check(self) -> str:
        """Who we are, what tickets there are and how we hear of them. Raises `NotAllowed` for rights that are missing,
        and `Refused` for a setting that names what the table has not."""
        settings = self._settings
        user = await self._api.user()
        page = await self._api.page(
            settings.records_of,
            both(self._of_groups(), "ORDERBYDESCsys_created_on"),
            self._columns,
            self._asked,
            most=1,
        )
        if page.is_withheld:
            raise Refused(
                f"servicenow: {settings.records_of} has records, and {settings.user!r} is not shown the newest; give it"
                " a role that reads all of them, such as sn_incident_read, or correct groups"
            )
        self._require_columns(page.rows)
        await self._people.require_columns()
        await self._journal.require_readable()
        seen = (
            await rule_of(self._api, settings.records_of) if settings.signing_secrets else RuleSeen.NOT_ASKED
        )
        return (
            f"{user.get('name') or settings.user} at {settings.base_url}, {page.total or 0} records of"
            f" {settings.records_of}; {seen.value}"
        )

    async def aclose(self) -> None:
        await self._api.aclose()

    @property
    def actor(self) -> str:
        """Our user's name."""
        return self._settings.user

    def verify(self, headers: Sequence[tuple[str, str]], body: bytes, *, now: datetime) -> Verified:
        return self._rule.verify(headers, body, now=now)

    def events(self, verified: Verified) -> Sequence[Event]:
        call = self._rule.read(verified)
        if call is None:
            return [Ping(connection=self.name)]
        if call.table != self._settings.records_of:
            return [Ignored(connection=self.name, kind=f"of table {call.table}")]
        is_gone = call.operation == DELETE
        return [
            TicketEvent(
                ref=TicketRef(connection=self.name, id=call.sys_id),
                at=call.at,
                comments_to_read=not is_gone,
                gone=Departure.DELETED if is_gone else None,
                by_us=self._rule.is_by_us(call),
            )
        ]

    def trial_webhook(self, *, now: datetime) -> TrialWebhook:
        return self._rule.trial(now)

    async def read(self, ids: Sequence[str]) -> Sequence[Ticket]:
        """A hundred a call, and one more for those among them that are settled."""
        wanted = plausible(ids, id_from)
        found: dict[str, Ticket] = {}
        for start in range(0, len(wanted), PAGE):
            chunk = wanted[start : start + PAGE]
            query = both(one_of("sys_id", chunk), "ORDERBYsys_created_on^ORDERBYnumber")

            def asked(row: Row, chunk: Sequence[str] = chunk) -> bool:
                return row.get("sys_id") in chunk

            async for ticket in self._tickets(query, asked):
                found[ticket.ref.id] = ticket
        return [found[one] for one in wanted if one in found]

    async def changed_since(self, since: datetime) -> AsyncIterator[Ticket]:
        """Deleted ones are in no list: `read` leaves them out, and the rule tells of them.

        Asked for by creation, not by change: what changes while pages are read must not take another one's place.
        """
        start = since - OVERLAP
        query = both(
            at_or_after("sys_updated_on", start), self._of_groups(), "ORDERBYsys_created_on^ORDERBYnumber"
        )
        floor = start.replace(microsecond=0)

        def asked(row: Row) -> bool:
            return self._asked(row) and time_of(row.get("sys_updated_on")) >= floor

        found = {ticket.ref.id: ticket async for ticket in self._tickets(query, asked)}
        for ticket in sorted(found.values(), key=lambda one: one.updated_at):
            yield ticket

    async def comments(self, ticket: Ticket, since: datetime) -> Sequence[Comment]:
        """From the journal; whole seconds count."""
        if ticket.gone is not None:
            return []
        try:
            row = await self._api.one(self._settings.records_of, ticket.ref.id, self._columns)
        except NotFound:
            return []
        customer = row.get(f"{customer_column(self._settings)}.user_name", "")
        return await self._journal.comments(ticket.ref.id, customer, since)

    async def update(self, ids: Sequence[str], change: TicketChange, *, once: str) -> Sequence[TicketOutcome]:
        """One ticket after the other; each change is one call and is read back."""
        done = await one_by_one(plausible(ids, id_from), partial(self._change, change=change, once=once))
        return for_each(ids, done, otherwise="not the sys_id of a record")

    def budget(self) -> Budget:
        return Budget(limits=(self._api.limit(),), alone=(CALLS_A_TICKET,), most=1)

    async def was_done(self, id: str, once: str) -> bool:
        """A change without words leaves no mark and is answered False: repeating it is harmless."""
        if id_from(id) is None:
            return False
        note, reply = note_key(once, is_private=True), note_key(once, is_private=False)
        return await self._journal.was_done(id, note, reply)

    async def tier(self, contact: Contact) -> str | None:
        return await self._people.tier(contact)

    async def users_of(self, service: str) -> Sequence[Contact]:
        return await self._people.users_of(service)

    async def _change(self, id: str, change: TicketChange, once: str) -> TicketOutcome:
        return await self._changes.change(id, change, once)

    async def _tickets(self, query: str, asked: Asked) -> AsyncIterator[Ticket]:
        async for rows in self._api.rows(self._settings.records_of, query, self._columns, asked):
            customer = f"{customer_column(self._settings)}.user_name"
            settled = [
                (row["sys_id"], row.get(customer, ""), time_of(at))
                for row in rows
                if status_of(row, self._settings) in (TicketStatus.SOLVED, TicketStatus.CLOSED)
                and (at := row.get("resolved_at") or row.get("closed_at"))
            ]
            # A rule may reopen it when its customer writes, or not; to us it is unsolved until the house answers.
            reopened = await self._journal.reopened(settled)
            for row in rows:
                is_open = row.get("sys_id") in reopened
                status = TicketStatus.OPEN if is_open else status_of(row, self._settings)
                yield ticket_from(row, self.name, self._settings, status)

    @property
    def _columns(self) -> str:
        return ticket_columns(self._settings)

    def _of_groups(self) -> str:
        groups = self._settings.groups
        return one_of("assignment_group.name", groups) if groups else ""

    def _asked(self, row: Row) -> bool:
        return not self._settings.groups or row.get("assignment_group.name") in self._settings.groups

    def _require_columns(self, rows: Sequence[Row]) -> None:
        for setting in ("tag_field", "tier_field", "product_field"):
            column = getattr(self._settings, setting)
            if column and rows and column not in rows[0]:
                raise Refused(
                    f"servicenow: {self._settings.records_of} has no column {column!r} that we may read; correct"
                    f" {setting}"
                )
