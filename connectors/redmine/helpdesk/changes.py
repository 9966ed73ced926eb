"""One change of one ticket: all of it in one call, believed when it is read back.

Redmine answers 204 to what it does not do: a status that the workflow forbids, a field we may not edit, and to a
private note that it stores as public. A note that may have been written is never written again in place.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from connectors.kit.fields import any_text, record, records, whole
from connectors.kit.marks import marked
from connectors.kit.read_back import read_back
from connectors.redmine.api import RedmineApi
from connectors.redmine.helpdesk.conversation import RedmineConversation
from connectors.redmine.helpdesk.people import RedminePeople
from connectors.redmine.helpdesk.words import field_of, status_id, status_of, tags_of
from connectors.redmine.mapping import inert, inert_but_links, own_note
from connectors.redmine.privacy import PRIVATE_NOTES, refuse_exposed, require_shown
from connectors.redmine.settings import RedmineSettings
from incidents.errors import LiaisonError, NotAllowed, NotFound, Refused, Unknown
from incidents.models import ChangeOutcome, TicketChange, TicketOutcome, TicketStatus

_CURE = "look at its workflow, its tracker and the rights of our role"


def note_key(once: str, *, is_private: bool) -> str:
    """What a note of ours is known by: so that a public one is never taken for the private one that was meant."""
    return f"{'note' if is_private else 'reply'}:{once}"


class RedmineChanges:
    """Changes tickets as one user, in the time of one call: rights are read once for each project.

    `own_id` is our user's number.
    """

    def __init__(
        self,
        api: RedmineApi,
        conversation: RedmineConversation,
        people: RedminePeople,
        settings: RedmineSettings,
        own_id: int,
    ) -> None:
        self._api = api
        self._conversation = conversation
        self._people = people
        self._settings = settings
        self._own_id = own_id
        self._rights: dict[int | None, frozenset[str] | None] = {}

    async def change(self, ticket: str, change: TicketChange, once: str) -> TicketOutcome:
        """Do it once. Raises `incidents.errors`; once a note may have been written, `Unknown` or `Refused` only."""
        issue = await self._api.issue(ticket)
        fields = self._tag_fields(issue, change)
        note, key = self._note(change, once)
        if note and (written := own_note(issue, key, self._own_id)) is not None:
            await self._require_as_meant(ticket, written, change)
            note = {}
        if note.get("private_notes"):
            await self._require_private(issue)
        wanted, problem = await self._status(issue, change)
        if wanted is not None:
            fields["status_id"] = wanted
        problem = await self._write(ticket, issue, note, fields) or problem
        if note:
            seen = await self._seen_note(ticket, key)
            await self._require_as_meant(ticket, seen, change)
        try:
            if problem:
                raise Refused(f"redmine: ticket {ticket}: {problem}")
            await self._read_back(ticket, fields, change)
        except LiaisonError as error:
            if not note:
                raise
            # What was said was said, whatever became of the rest.
            told = f"the message was written, the rest was not done: {error}"
            raise Refused(told) if isinstance(error, Refused) else Unknown(told) from error
        return TicketOutcome(id=ticket, outcome=ChangeOutcome.DONE)

    def _note(self, change: TicketChange, once: str) -> tuple[dict[str, Any], str]:
        is_private = change.private_note is not None
        key = note_key(once, is_private=is_private)
        text = inert(change.private_note) if change.private_note is not None else None
        if change.public_reply is not None:
            text = inert_but_links(change.public_reply)
        return ({} if text is None else {"notes": marked(text, key), "private_notes": is_private}), key

    async def _require_as_meant(self, ticket: str, note: Mapping[str, Any], change: TicketChange) -> None:
        if change.private_note is not None:
            await refuse_exposed(self._api, ticket, note)
        else:
            require_shown(ticket, note)

    async def _write(
        self, ticket: str, issue: Mapping[str, Any], note: Mapping[str, Any], fields: Mapping[str, Any]
    ) -> str:
        """Send it; what of it Redmine would not have beside the note, in words, "" for nothing."""
        if not note and not fields:
            return ""
        try:
            await self._api.change(ticket, {**note, **fields}, is_state=not note)
        except NotAllowed:
            await self._explain(ticket, issue)
            raise
        except Refused as error:
            if isinstance(error, NotFound) or not note or not fields:
                raise
            # 422 is for all of it, and nothing was done: a customer is told, whatever field is amiss.
            await self._api.change(ticket, note)
            return f"its status or tags were refused: {error}"
        return ""

    async def _explain(self, ticket: str, issue: Mapping[str, Any]) -> None:
        """A 403 that concerns this ticket alone keeps no other one waiting: `Refused`."""
        if await self._is_elsewhere(issue):
            raise Refused(
                f"redmine: ticket {ticket} was moved to a project in which our role may not change it"
            )

    async def _require_private(self, issue: Mapping[str, Any]) -> None:
        """By the rights in the issue's own project: it may have been moved to another one."""
        rights = await self._rights_in(issue)
        if rights is None or PRIVATE_NOTES in rights:
            return
        told = "redmine: a private note would be stored as public: give our role 'Set notes as private'"
        if await self._is_elsewhere(issue):
            raise Refused(f"{told} in the project to which this ticket was moved")
        raise NotAllowed(told)

    async def _status(self, issue: Mapping[str, Any], change: TicketChange) -> tuple[int | None, str]:
        """The status to set, None for none, and what is in the way of it."""
        if change.status is None:
            return None, ""
        now = status_of(issue.get("status"), self._settings)
        if now is change.status:
            # One that its customer has reopened by a word is settled anew by our reply, or by leaving and coming back.
            is_settled = not now.is_settled or change.public_reply is not None
            if is_settled or not await self._is_reopened(issue):
                return None, ""
            issue = await self._opened(issue)
        allowed = records(issue.get("allowed_statuses"))
        wanted = status_id(allowed, change.status, self._settings)
        if wanted is None:
            words = ", ".join(any_text(one.get("name")) for one in allowed) or "none"
            return None, f"no status that means {change.status.value!r} can be reached; from here: {words}"
        return (None if wanted == record(issue.get("status")).get("id") else wanted), ""

    async def _is_reopened(self, issue: Mapping[str, Any]) -> bool:
        customer = await self._people.customer(issue)
        return await self._conversation.is_reopened(issue, customer.contact.id)

    async def _opened(self, issue: Mapping[str, Any]) -> dict[str, Any]:
        ticket = any_text(issue.get("id"))
        opened = status_id(records(issue.get("allowed_statuses")), TicketStatus.OPEN, self._settings)
        if opened is None:
            raise Refused(f"redmine: ticket {ticket} cannot be opened, so it cannot be settled anew; {_CURE}")
        await self._api.change(ticket, {"status_id": opened}, is_state=True)
        return await read_back(
            lambda: self._api.issue(ticket),
            lambda seen: record(seen.get("status")).get("id") == opened,
            what=f"redmine: ticket {ticket} to be opened, so that it can be settled anew",
            cure=_CURE,
        )

    def _tag_fields(self, issue: Mapping[str, Any], change: TicketChange) -> dict[str, Any]:
        if not change.add_tags or not self._settings.tag_field:
            return {}
        name = self._settings.tag_field
        field = field_of(issue, name)
        if field is None:
            raise Refused(f"redmine: ticket {any_text(issue.get('id'))} has no custom field {name!r}")
        known = tags_of(issue, name)
        missing = [tag for tag in change.add_tags if tag not in known]
        if not missing:
            return {}
        tags = [*known, *missing]
        value = tags if isinstance(field.get("value"), list) else ", ".join(tags)
        return {"custom_fields": [{"id": whole(field.get("id")), "value": value}]}

    async def _seen_note(self, ticket: str, key: str) -> dict[str, Any]:
        seen = await read_back(
            lambda: self._api.issue(ticket, "journals"),
            lambda issue: own_note(issue, key, self._own_id) is not None,
            what=f"redmine: note on ticket {ticket}",
            cure=_CURE,
        )
        return own_note(seen, key, self._own_id) or {}

    async def _read_back(self, ticket: str, fields: Mapping[str, Any], change: TicketChange) -> None:
        if not fields:
            return

        def shows(seen: dict[str, Any]) -> bool:
            has_status = fields.get("status_id") in (None, record(seen.get("status")).get("id"))
            has_tags = "custom_fields" not in fields or set(change.add_tags) <= set(
                tags_of(seen, self._settings.tag_field)
            )
            return has_status and has_tags

        await read_back(
            lambda: self._api.issue(ticket),
            shows,
            what=f"redmine: status and tags of ticket {ticket}",
            cure=_CURE,
        )

    async def _rights_in(self, issue: Mapping[str, Any]) -> frozenset[str] | None:
        project = whole(record(issue.get("project")).get("id"))
        if project not in self._rights:
            self._rights[project] = await self._api.rights(project)
        return self._rights[project]

    async def _is_elsewhere(self, issue: Mapping[str, Any]) -> bool:
        return record(issue.get("project")).get("id") != (await self._api.project()).get("id")
