"""Redmine as a helpdesk, polled: the issues of one project are customers' tickets.

It honours no idempotency key, so `once` stands as a mark at the end of what we write, and is looked up among our own
user's notes.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import Any, ClassVar

import httpx

from connectors.kit.fields import any_text, records, whole
from connectors.kit.one_by_one import one_by_one
from connectors.kit.ticket_ids import for_each, plausible
from connectors.redmine.api import PAGE, RedmineApi
from connectors.redmine.helpdesk.changes import RedmineChanges, note_key
from connectors.redmine.helpdesk.conversation import RedmineConversation
from connectors.redmine.helpdesk.people import RedminePeople
from connectors.redmine.helpdesk.words import field_of, ticket_from
from connectors.redmine.mapping import key_from, own_note
from connectors.redmine.polling import changed_issues
from connectors.redmine.privacy import require_private, require_shown
from connectors.redmine.settings import RedmineSettings
from incidents.errors import NotAllowed, NotFound, Refused
from incidents.models import Comment, Ticket, TicketChange, TicketOutcome
from incidents.ports import Helpdesk

ADD_NOTES = "add_issue_notes"


class RedmineHelpdesk(Helpdesk):
    """One project. `name` is the connection's (`redmine/support`); ids are numbers of issues."""

    vendor: ClassVar[str] = "redmine"
    index_lag = 1.0

    def __init__(
        self, name: str, settings: RedmineSettings, *, transport: httpx.AsyncBaseTransport | None = None
    ) -> None:
        self.name = name
        self._settings = settings
        self._api = RedmineApi(settings, transport)
        self._people = RedminePeople(self._api, settings)
        self._conversation = RedmineConversation(self._api, self._people, settings)

    async def check(self) -> str:
        """Who we are, and how many colleagues. Raises `NotAllowed` for a right that is missing, and `Refused` for a
        setting that names what the project has not."""
        user = await self._api.user()
        project = await self._api.project()
        number = whole(project.get("id"))
        await require_private(self._api, number, notes=True, issues=False)
        rights = await self._api.rights(number)
        if rights is not None and ADD_NOTES not in rights:
            raise NotAllowed("redmine: give our role 'Add notes' (Administration, Roles and permissions)")
        if rights is None and not await self._people.is_named(user):
            raise NotAllowed(
                "redmine: our user is an administrator and no colleague; make it a member of the project with a role"
                " that may 'View private notes', or name it in colleagues"
            )
        statuses = records((await self._api.get("issue_statuses.json")).get("issue_statuses"))
        words = {any_text(one.get("name")).casefold() for one in statuses}
        for word in self._settings.statuses:
            if word.casefold() not in words:
                raise Refused(f"redmine: no status {word!r}; correct statuses")
        await self._require_fields()
        colleagues = len(await self._people.colleagues())
        return (
            f"{any_text(user.get('login'))} at {self._settings.address}, tickets of project"
            f" {any_text(project.get('name'))!r}; {colleagues} colleagues may read private notes; polled"
        )

    async def aclose(self) -> None:
        await self._api.aclose()

    async def read(self, ids: Sequence[str]) -> Sequence[Ticket]:
        wanted = plausible(ids, key_from)
        if not wanted:
            return []
        await self._api.user()
        found: dict[str, Ticket] = {}
        for start in range(0, len(wanted), PAGE):
            params = {"issue_id": ",".join(wanted[start : start + PAGE]), "sort": "id"}
            async for page in self._api.issues(params):
                for issue in page:
                    found[any_text(issue.get("id"))] = await self._ticket(issue)
        return [found[one] for one in wanted if one in found]

    async def changed_since(self, since: datetime) -> AsyncIterator[Ticket]:
        """Deleted ones are in no list of Redmine's: `read` leaves them out."""
        async for issue in changed_issues(self._api, self._settings.project, since):
            yield await self._ticket(issue)

    async def comments(self, ticket: Ticket, since: datetime) -> Sequence[Comment]:
        if ticket.gone is not None or key_from(ticket.ref.id) is None:
            return []
        try:
            return await self._conversation.comments(ticket, since, await self._api.own_id())
        except NotFound:
            return []

    async def update(self, ids: Sequence[str], change: TicketChange, *, once: str) -> Sequence[TicketOutcome]:
        """One ticket after the other; each change is one call and is read back."""
        wanted = plausible(ids, key_from)
        done: list[TicketOutcome] = []
        if wanted:
            own_id = await self._api.own_id() or 0
            changes = RedmineChanges(self._api, self._conversation, self._people, self._settings, own_id)
            done = await one_by_one(wanted, partial(_change, changes=changes, change=change, once=once))
        return for_each(ids, done, otherwise="not the number of an issue")

    async def was_done(self, id: str, once: str) -> bool:
        """A change without words leaves no mark and is answered False: repeating it is harmless. So is a note that
        should be private and is public: `update` takes it back. Raises `NotShown` for a reply that is private."""
        if key_from(id) is None:
            return False
        own_id = await self._api.own_id()
        try:
            issue = await self._api.issue(id, "journals")
        except NotFound:
            return False
        note = own_note(issue, note_key(once, is_private=True), own_id)
        if note is not None and note.get("private_notes") is True:
            return True
        reply = own_note(issue, note_key(once, is_private=False), own_id)
        if reply is not None:
            require_shown(id, reply)
        return reply is not None

    async def _ticket(self, issue: Mapping[str, Any]) -> Ticket:
        customer = await self._people.customer(issue)
        return ticket_from(
            issue,
            self.name,
            self._settings,
            requester=customer.contact,
            is_reachable=customer.is_reachable,
            status=await self._conversation.status(issue, customer.contact.id),
        )

    async def _require_fields(self) -> None:
        """By the newest issue: only administrators may list custom fields."""
        settings = self._settings
        async for page in self._api.issues({"project_id": settings.project, "sort": "id:desc"}):
            for issue in page[:1]:
                for setting in ("email_field", "name_field", "tag_field", "tier_field", "product_field"):
                    name = getattr(settings, setting)
                    if name and field_of(issue, name) is None:
                        raise Refused(
                            f"redmine: the newest issue has no custom field {name!r}; correct {setting}"
                        )
            return


async def _change(id: str, changes: RedmineChanges, change: TicketChange, once: str) -> TicketOutcome:
    return await changes.change(id, change, once)
