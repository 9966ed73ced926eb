"""What was written on a ticket, and whether a customer had the last word on one that was settled.

Redmine leaves a settled issue settled when its customer writes again. To us it is then unsolved, until somebody of the
house answers in public or sets a status.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from connectors.kit.fields import any_text, record, records, utc_time, whole
from connectors.kit.marks import unmarked
from connectors.redmine.api import RedmineApi
from connectors.redmine.helpdesk.people import RedminePeople
from connectors.redmine.helpdesk.words import plain, status_of
from connectors.redmine.settings import RedmineSettings
from incidents.models import Author, Comment, Ticket, TicketStatus


class RedmineConversation:
    """Reads an issue's journals."""

    def __init__(self, api: RedmineApi, people: RedminePeople, settings: RedmineSettings) -> None:
        self._api = api
        self._people = people
        self._settings = settings

    async def status(self, issue: Mapping[str, Any], customer: str) -> TicketStatus:
        """How the ticket of an issue out of a list stands."""
        known = status_of(issue.get("status"), self._settings)
        if not known.is_settled or _is_as_it_was_closed(issue):
            return known
        whole_issue = await self._api.issue(any_text(issue.get("id")), "journals")
        return TicketStatus.OPEN if await self.is_reopened(whole_issue, customer) else known

    async def is_reopened(self, issue: Mapping[str, Any], customer: str) -> bool:
        """Whether the customer's is the last word after the last status and after the house's last answer."""
        is_reopened = False
        for journal in records(issue.get("journals")):
            if any(one.get("name") == "status_id" for one in records(journal.get("details"))):
                is_reopened = False
            elif _is_public_word(journal):
                is_reopened = await self._author(journal, customer) is Author.CUSTOMER
        return is_reopened

    async def comments(self, ticket: Ticket, since: datetime, own_id: int | None) -> Sequence[Comment]:
        """From the issue's journals, oldest first; Redmine's whole seconds count."""
        issue = await self._api.issue(ticket.ref.id, "journals")
        since = since.replace(microsecond=0)
        return [
            await self._comment(journal, ticket.requester.id, own_id)
            for journal in records(issue.get("journals"))
            if any_text(journal.get("notes")).strip() and _time(journal) >= since
        ]

    async def _comment(self, journal: Mapping[str, Any], customer: str, own_id: int | None) -> Comment:
        user = record(journal.get("user"))
        is_own = own_id is not None and whole(user.get("id")) == own_id
        return Comment(
            id=any_text(journal.get("id")),
            author=Author.LIAISON if is_own else await self._author(journal, customer),
            author_name=any_text(user.get("name")),
            is_public=journal.get("private_notes") is not True,
            text=unmarked(plain(journal.get("notes"))),
            at=_time(journal),
            author_id=any_text(user.get("id")),
            # Redmine does not tell a note that came by mail, as an answer to a private one, from one that was typed.
            is_signed_in=None,
        )

    async def _author(self, journal: Mapping[str, Any], customer: str) -> Author:
        """A colleague may report a ticket himself: then his public words are the customer's. Ours never are."""
        user = record(journal.get("user"))
        if journal.get("private_notes") is True or await self._people.is_us(user):
            return Author.AGENT
        if any_text(user.get("id")) == customer:
            return Author.CUSTOMER
        return Author.AGENT if await self._people.is_colleague(user) else Author.CUSTOMER


def _is_as_it_was_closed(issue: Mapping[str, Any]) -> bool:
    """Nothing happened to it since: its journals need not be read."""
    return issue.get("closed_on") is not None and issue.get("closed_on") == issue.get("updated_on")


def _is_public_word(journal: Mapping[str, Any]) -> bool:
    return bool(any_text(journal.get("notes")).strip()) and journal.get("private_notes") is not True


def _time(journal: Mapping[str, Any]) -> datetime:
    return utc_time(journal.get("created_on"), of="redmine")
