"""Jira Service Management, Cloud, as a helpdesk: the requests of one service project are customers' tickets.

It honours no idempotency key: a comment of ours has a mark as its last line, and is looked up among what our own user
wrote. Tickets are named by the number of their issue, which they keep when they are moved.
"""

from __future__ import annotations

import math
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any, ClassVar

import httpx
from pydantic import SecretStr

from connectors.jsm.changes import RequestChanges
from connectors.jsm.mapping import (
    comment_from,
    id_from,
    requester_of,
    settled_at,
    status_of,
    ticket_from,
)
from connectors.jsm.requests import Requests
from connectors.jsm.settings import ServiceManagementSettings
from connectors.jsm.webhook import NEEDED, events_from
from connectors.kit.atlassian.search import searched
from connectors.kit.atlassian.site import AtlassianSite
from connectors.kit.atlassian.subscriptions import JiraWebhooks
from connectors.kit.atlassian.webhooks import verified_from
from connectors.kit.fields import any_text, record, records, text
from connectors.kit.one_by_one import one_by_one
from connectors.kit.pacing import Pace
from connectors.kit.ticket_ids import for_each, plausible
from incidents.errors import NotAllowed, NotFound, Refused
from incidents.events import Event, Lane, Verified
from incidents.fan_out.budget import Budget, Budgeted
from incidents.models import (
    Author,
    Comment,
    Origin,
    Ticket,
    TicketChange,
    TicketOutcome,
    TicketStatus,
)
from incidents.ports import Helpdesk, WebhookSource, WebhookSubscriptions
from incidents.subscriptions import MadeSubscription, WebhookSubscription

OVERLAP = timedelta(seconds=2)
CLOCKS_DIFFER = timedelta(minutes=2)
"""A search says for how many minutes back, by Jira's clock."""
CALLS_A_TICKET = 4
"""To read it, to read it again before a comment, to write that, and to see what became of it; a status, which is a
change of its own, costs as many."""
RIGHTS = {
    "BROWSE_PROJECTS": "Browse Projects",
    "EDIT_ISSUES": "Edit Issues",
    "ADD_COMMENTS": "Add Comments",
    "TRANSITION_ISSUES": "Transition Issues",
}


def utc_now() -> datetime:
    """The clock of this machine."""
    return datetime.now(UTC)


class ServiceManagement(Helpdesk, Budgeted, WebhookSource, WebhookSubscriptions):
    """One service project. `name` is the connection's (`jsm/support`); ids are numbers of issues."""

    vendor: ClassVar[str] = "jsm"
    lane = Lane.INTAKE
    index_lag = 1.0
    """What was done is looked up on the request itself; only `changed_since` goes by the search."""

    def __init__(
        self,
        name: str,
        settings: ServiceManagementSettings,
        *,
        transport: httpx.AsyncBaseTransport | None = None,
        clock: Callable[[], datetime] = utc_now,
    ) -> None:
        self.name = name
        self._settings = settings
        self._clock = clock
        self._site = AtlassianSite(
            self.vendor, settings, Pace.of_helpdesk(settings.requests_per_minute), transport
        )
        self._requests = Requests(self._site, settings)
        self._changes = RequestChanges(self._requests, settings)
        self._webhooks = JiraWebhooks(
            self._site, settings, needed=NEEDED, jql=f'project = "{settings.project}"'
        )

    async def check(self) -> str:
        """Who we are. Raises `NotAllowed` where our user is no agent of the project, and `Refused` for a setting that
        names what the project has not."""
        user = await self._site.user()
        project = await self._project()
        await self._require_rights()
        await self._require_statuses()
        name, project_name = any_text(user.get("displayName")), any_text(project.get("name"))
        who = f"{name} (account {self._site.known_id})"
        return f"{who} at {self._settings.address}, requests of {project_name!r}"

    async def aclose(self) -> None:
        await self._site.aclose()

    @property
    def actor(self) -> str:
        """Our account's id, once it is known."""
        return self._site.known_id

    def verify(self, headers: Sequence[tuple[str, str]], body: bytes, *, now: datetime) -> Verified:
        return verified_from(headers, body, settings=self._settings)

    def events(self, verified: Verified) -> Sequence[Event]:
        """What we did is marked as ours once our account's id is known: by `check` or the first `read`."""
        return events_from(
            verified, connection=self.name, settings=self._settings, own_id=self._site.known_id
        )

    async def read(self, ids: Sequence[str]) -> Sequence[Ticket]:
        """One call each, as the search is behind; and one more for a ticket that is settled."""
        wanted = plausible(ids, id_from)
        if wanted:
            await self._site.own_id()
        found: list[Ticket] = []
        for one in wanted:
            try:
                issue = await self._requests.issue(one)
            except NotFound:
                continue
            found.append(await self._ticket(issue))
        return found

    async def changed_since(self, since: datetime) -> AsyncIterator[Ticket]:
        """By Jira's search, which is seconds to minutes behind: ask each time from a little before the last time.

        Deleted ones are in no list. By creation, not by change: what changes while pages are read must not take
        another one's place.
        """
        ago = math.ceil((self._clock() - since + CLOCKS_DIFFER) / timedelta(minutes=1))
        jql = f'project = "{self._settings.project}" AND updated >= "-{max(ago, 1)}m" ORDER BY created ASC'
        found: dict[str, Ticket] = {}
        async for page in searched(self._site, jql, self._requests.fields):
            for issue in page:
                ticket = await self._ticket(issue)
                if ticket.updated_at >= since - OVERLAP:
                    found[ticket.ref.id] = ticket
        if not found:
            # Nothing is what a token finds, too, that is no more good.
            await self._site.user()
        for ticket in sorted(found.values(), key=lambda one: (one.updated_at, int(one.ref.id))):
            yield ticket

    async def comments(self, ticket: Ticket, since: datetime) -> Sequence[Comment]:
        if ticket.gone is not None or id_from(ticket.ref.id) is None:
            return []
        try:
            return await self._said(ticket.ref.id, ticket.requester.id, since)
        except NotFound:
            return []

    async def update(self, ids: Sequence[str], change: TicketChange, *, once: str) -> Sequence[TicketOutcome]:
        """One ticket after the other; each write is read back."""
        wanted = plausible(ids, id_from)
        if wanted:
            await self._site.own_id()
        done = await one_by_one(wanted, partial(self._change, change=change, once=once))
        return for_each(ids, done, otherwise="not the number of a request")

    def budget(self) -> Budget:
        return Budget(limits=(self._site.limit(),), alone=(CALLS_A_TICKET,), most=1)

    async def was_done(self, id: str, once: str) -> bool:
        """A change without words leaves no mark and is answered False: repeating it is harmless."""
        if id_from(id) is None:
            return False
        try:
            return await self._changes.was_done(id, once)
        except NotFound:
            return False

    async def subscriptions(self) -> Sequence[WebhookSubscription]:
        return await self._webhooks.rows()

    async def subscribe(self, address: str, *, title: str, scope: str = "") -> MadeSubscription:
        return await self._webhooks.make(address, title, scope)

    async def mend_subscription(self, id: str, *, address: str) -> SecretStr | None:
        await self._webhooks.mend(id, address)
        return None

    async def unsubscribe(self, id: str) -> None:
        await self._webhooks.remove(id)

    async def _change(self, id: str, change: TicketChange, once: str) -> TicketOutcome:
        return await self._changes.change(id, change, once)

    async def _ticket(self, issue: Mapping[str, Any]) -> Ticket:
        status = status_of(issue, self._settings)
        if status.is_settled and await self._is_reopened(issue):
            status = TicketStatus.OPEN
        return ticket_from(issue, self.name, self._settings, status)

    async def _is_reopened(self, issue: Mapping[str, Any]) -> bool:
        """Whether the customer had the last public word after the request was settled. A rule of the project may reopen
        it then, or not; to us it is unsolved until the house answers in public or settles it anew."""
        own_id, since = text(issue.get("id")), settled_at(issue)
        fields = record(issue.get("fields"))
        # Nothing happened to it since.
        if since is None or fields.get("updated") == fields.get("statuscategorychangedate"):
            return False
        said = await self._said(own_id, requester_of(issue).id, since)
        # An automation's "we got your message" is no answer.
        public = [
            one for one in said if one.is_public and one.at > since and one.origin is not Origin.AUTOMATIC
        ]
        return bool(public) and public[-1].author is Author.CUSTOMER

    async def _said(self, ticket: str, customer: str, since: datetime) -> list[Comment]:
        own_id = await self._site.own_id()
        comments = await self._requests.comments(ticket)
        found = [comment_from(one, customer, own_id) for one in comments]
        # Jira tells milliseconds.
        since = since.replace(microsecond=since.microsecond // 1000 * 1000)
        return [one for one in found if one.at >= since]

    async def _project(self) -> dict[str, Any]:
        key = self._settings.project
        try:
            project = await self._requests.read(f"project/{key}")
        except NotFound as error:
            raise NotAllowed(
                f"jsm: no project {key!r}, or our user may not see it; correct project"
            ) from error
        if text(project.get("projectTypeKey")) != "service_desk":
            raise Refused(f"jsm: {key} is no service project; correct project, or use a connection of jira")
        try:
            await self._site.record(f"/rest/servicedeskapi/servicedesk/{key}")
        except NotFound as error:
            raise NotAllowed(
                f"jsm: our user is no agent of {key}; give it the role Service Desk Team and a licence"
            ) from error
        return project

    async def _require_rights(self) -> None:
        asked = {"projectKey": self._settings.project, "permissions": ",".join(RIGHTS)}
        known = record((await self._requests.read("mypermissions", asked)).get("permissions"))
        missing = [RIGHTS[one] for one in RIGHTS if record(known.get(one)).get("havePermission") is not True]
        if missing:
            raise NotAllowed(
                f"jsm: our user may not {', '.join(map(repr, missing))} in {self._settings.project}; give its role"
                " these in the project's permission scheme"
            )

    async def _require_statuses(self) -> None:
        if not self._settings.statuses:
            return
        path = f"{self._site.platform}/project/{self._settings.project}/statuses"
        types = [record(one) for one in await self._site.entries(path)]
        known = {
            text(status.get("name")).casefold() for one in types for status in records(one.get("statuses"))
        }
        for word in self._settings.statuses:
            if word.casefold() not in known:
                raise Refused(f"jsm: no status {word!r} in {self._settings.project}; correct statuses")
