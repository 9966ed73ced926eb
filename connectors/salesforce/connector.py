"""Salesforce as a helpdesk and a directory of customers: cases, their comments and mails; told by outbound messages.

It honours no idempotency key, and a comment takes no field of ours: a comment has a mark as its last line, and is
looked up among what our own user wrote.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import ClassVar

import httpx

from connectors.kit.fields import records, text
from connectors.kit.one_by_one import one_by_one
from connectors.kit.ticket_ids import for_each, plausible
from connectors.kit.webhooks.trial import trial_webhook
from connectors.salesforce.conversation.changes import CaseChanges
from connectors.salesforce.conversation.written import CaseWords
from connectors.salesforce.directory.people import SalesforcePeople
from connectors.salesforce.mapping import case_columns, ticket_from
from connectors.salesforce.rest.api import PAGE, Row, SalesforceApi
from connectors.salesforce.rest.ids import ORGANIZATION, case_id, id_of
from connectors.salesforce.rest.soql import all_of, moment, one_of, select
from connectors.salesforce.settings import SalesforceSettings
from connectors.salesforce.webhook import SCHEME, events_from, verified_from
from incidents.errors import NotAllowed, Refused
from incidents.events import Event, Lane, TrialWebhook, Verified
from incidents.fan_out.budget import Budget, Budgeted
from incidents.models import Comment, Contact, Ticket, TicketChange, TicketOutcome
from incidents.ports import CustomerDirectory, Helpdesk, WebhookSource
from incidents.subscriptions import TriedByWebhook

OVERLAP = timedelta(seconds=2)
"""Times are whole seconds."""
CALLS_A_TICKET = 3
"""To read it, to write a message or a status, and to see what became of it."""


class Salesforce(Helpdesk, CustomerDirectory, Budgeted, TriedByWebhook, WebhookSource):
    """One organization. `name` is the connection's (`salesforce/support`)."""

    vendor: ClassVar[str] = "salesforce"
    lane = Lane.INTAKE
    index_lag = 1.0
    """Queries read the database itself; the search, which is behind, is not used."""

    def __init__(
        self, name: str, settings: SalesforceSettings, *, transport: httpx.AsyncBaseTransport | None = None
    ) -> None:
        self.name = name
        self._settings = settings
        self._secrets = settings.secrets
        self._api = SalesforceApi(settings, transport)
        self._conversation = CaseWords(self._api, settings)
        self._changes = CaseChanges(self._api, self._conversation, settings)
        self._people = SalesforcePeople(self._api, settings)

    async def check(self) -> str:
        """Who we are, where, and what of the day's calls is used. Raises `NotAllowed` for rights that are missing, and
        `Refused` for a setting that names what the organization has not."""
        user = await self._api.user()
        (*_, organization) = await self._api.rows(select("Id, Name, IsSandbox", "Organization")) or [{}]
        own_id = id_of(organization.get("Id"), ORGANIZATION)
        if self._settings.organization and own_id != self._settings.organization:
            raise NotAllowed(
                f"salesforce: this is organization {own_id}, and organization says {self._settings.organization}; its"
                " outbound messages would be refused; correct it"
            )
        await self._require_fields()
        await self._people.require_fields()
        kind = "sandbox" if organization.get("IsSandbox") is True else "organization"
        hears = "told by outbound messages" if self._secrets else "no signing secret: polled, not told"
        used = f"; {self._api.usage} calls of 24 hours used" if self._api.usage else ""
        where = f"{text(organization.get('Name'))} ({kind} {own_id}) at {self._settings.base_url}"
        return f"{text(user.get('Name'))} ({self._settings.user}) in {where}; {hears}{used}"

    async def aclose(self) -> None:
        await self._api.aclose()

    @property
    def actor(self) -> str:
        """Our user's id, once it is known."""
        return self._api.known_id

    def verify(self, headers: Sequence[tuple[str, str]], body: bytes, *, now: datetime) -> Verified:
        return verified_from(headers, body, secrets=self._secrets, now=now)

    def events(self, verified: Verified) -> Sequence[Event]:
        """The cases to read again; a message does not say whose change it tells."""
        return events_from(verified, connection=self.name, organization=self._settings.organization)

    def trial_webhook(self, *, now: datetime) -> TrialWebhook:
        if not self._secrets:
            raise NotAllowed(
                f"{self.name} has no signing_secrets; add the one in the outbound message's endpoint"
            )
        return trial_webhook(SCHEME, self._secrets[0], now=now)

    async def read(self, ids: Sequence[str]) -> Sequence[Ticket]:
        """Two hundred a call, and two more for those among them that are settled; deleted and merged ones are left
        out."""
        wanted = {one: own_id for one in dict.fromkeys(ids) if (own_id := case_id(one)) is not None}
        found = {ticket.ref.id: ticket for ticket in await self._read(dict.fromkeys(wanted.values()))}
        return [found[own_id] for own_id in dict.fromkeys(wanted.values()) if own_id in found]

    async def changed_since(self, since: datetime) -> AsyncIterator[Ticket]:
        """With those in the Recycle Bin, where merged ones lie too; what was taken out of it (after 15 days, or at once
        by hand) nothing tells."""
        start = since - OVERLAP
        where = all_of(f"SystemModstamp >= {moment(start)}", self._of_types())
        soql = select(case_columns(self._settings), "Case", where, order="SystemModstamp, Id")
        found: list[Ticket] = []
        async for page in self._api.pages(soql, with_deleted=True):
            found += await self._tickets(page)
        # Nothing says that a comment or a mail changes its case's own time.
        others = await self._conversation.touched(start) - {one.ref.id for one in found}
        found += await self._read(sorted(others), more=self._of_types())
        for ticket in sorted(found, key=lambda one: one.updated_at):
            yield ticket

    async def comments(self, ticket: Ticket, since: datetime) -> Sequence[Comment]:
        """Comments and mails; whole seconds count. Those of a deleted case lie in the Recycle Bin with it."""
        if ticket.gone is not None or case_id(ticket.ref.id) is None:
            return []
        return await self._conversation.comments(ticket, since)

    async def update(self, ids: Sequence[str], change: TicketChange, *, once: str) -> Sequence[TicketOutcome]:
        """One case after the other: of many in one call nothing would be known where its answer is lost."""
        done = await one_by_one(plausible(ids, case_id), partial(self._change, change=change, once=once))
        return for_each(ids, done, otherwise="not the id of a case")

    def budget(self) -> Budget:
        return Budget(limits=(self._api.limit(),), alone=(CALLS_A_TICKET,), most=1)

    async def was_done(self, id: str, once: str) -> bool:
        """A change without words leaves no mark and is answered False: repeating it is harmless."""
        own_id = case_id(id)
        return own_id is not None and await self._changes.was_done(own_id, once)

    async def tier(self, contact: Contact) -> str | None:
        return await self._people.tier(contact)

    async def users_of(self, service: str) -> Sequence[Contact]:
        return await self._people.users_of(service)

    async def _change(self, id: str, change: TicketChange, once: str) -> TicketOutcome:
        outcome = await self._changes.change(case_id(id) or id, change, once)
        return TicketOutcome(id=id, outcome=outcome.outcome, detail=outcome.detail, version=outcome.version)

    async def _read(self, ids: Iterable[str], *, more: str = "") -> list[Ticket]:
        wanted, found = list(ids), []
        for start in range(0, len(wanted), PAGE):
            where = all_of(f"Id IN {one_of(wanted[start : start + PAGE])}", more)
            rows = await self._api.rows(select(case_columns(self._settings), "Case", where))
            found += await self._tickets(rows)
        return found

    async def _tickets(self, rows: Sequence[Row]) -> list[Ticket]:
        reopened = await self._conversation.reopened(rows)
        return [
            ticket_from(row, self.name, self._settings, is_reopened=case_id(row.get("Id")) in reopened)
            for row in rows
        ]

    def _of_types(self) -> str:
        types = self._settings.record_types
        return f"RecordType.DeveloperName IN {one_of(types)}" if types else ""

    async def _require_fields(self) -> None:
        """Raises `Refused` that names the setting."""
        settings = self._settings
        fields = {
            text(one.get("name")): one for one in records((await self._api.describe_case()).get("fields"))
        }
        for name, setting in (("Status", "statuses"), (settings.tag_field, "tag_field")):
            if name and name not in fields:
                raise Refused(f"salesforce: Case has no field {name!r} that we may read; correct {setting}")
            if name and fields[name].get("updateable") is not True:
                raise Refused(
                    f"salesforce: our user may not change the case's {name}; give its permission set that right"
                    f" (field-level security), or correct {setting}"
                )
        values = {text(one.get("value")) for one in records(fields["Status"].get("picklistValues"))}
        for word in settings.statuses:
            if values and word not in values:
                raise Refused(f"salesforce: the case's Status has no value {word!r}; correct statuses")
        for setting in ("tier_field", "product_field"):
            if path := getattr(settings, setting):
                try:
                    await self._api.rows(select(f"Id, {path}", "Case", limit=1))
                except NotAllowed:
                    raise
                except Refused as error:
                    raise Refused(f"{error}: correct {setting}") from error
        await self._api.rows(select(case_columns(settings), "Case", order="CreatedDate DESC", limit=1))
