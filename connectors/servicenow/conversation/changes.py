"""One change of one ticket: all of it in one call, believed when it is read back.

ServiceNow answers 200 and leaves out what our user may not write, and drops what is written on a record that is closed.
A refusal (403, by a data policy, a business rule or an access control) is for all of the call, and nothing was done.
"""

from __future__ import annotations

from collections.abc import Mapping

from connectors.kit.marks import marked
from connectors.kit.read_back import read_back
from connectors.servicenow.conversation.journal import (
    COMMENTS,
    WORK_NOTES,
    Journal,
    OwnEntries,
    note_exposed,
    note_key,
    reply_not_shown,
)
from connectors.servicenow.mapping import (
    inert,
    requester_of,
    state_for,
    status_of,
    ticket_columns,
    with_tags,
)
from connectors.servicenow.settings import ServiceNowSettings
from connectors.servicenow.table.api import Row, ServiceNowApi
from incidents.errors import LiaisonError, NotAllowed, NotFound, Refused, Unknown
from incidents.models import ChangeOutcome, TicketChange, TicketOutcome

_CURE = "look at the record's state and at access controls on its columns"
_READ_BACK = ("state", "hold_reason")
"""What a status is read back by; codes and notes of a resolution are the instance's to change."""


class TicketChanges:
    """Changes tickets as one user. All raise `incidents.errors`."""

    def __init__(self, api: ServiceNowApi, journal: Journal, settings: ServiceNowSettings) -> None:
        self._api = api
        self._journal = journal
        self._settings = settings

    async def change(self, ticket: str, change: TicketChange, once: str) -> TicketOutcome:
        """Do it once. Once a message may have been written, `Unknown`, `Refused` or `Exposed` only."""
        row = await self._read(ticket)
        fields = with_tags(row, change.add_tags, self._settings) if change.add_tags else {}
        if change.status is not None and status_of(row, self._settings) is not change.status:
            fields |= state_for(change.status, self._settings)
        message, key = self._message(row, change, once)
        problem = await self._write(ticket, message, fields, key)
        if message:
            await self._require_as_meant(ticket, change, key)
        try:
            if problem:
                raise Refused(problem)
            version = await self._read_back(ticket, fields)
        except LiaisonError as error:
            if not message:
                raise
            # What was said was said, whatever became of the rest.
            told = f"the message was written, the rest was not done: {error}"
            raise Refused(told) if isinstance(error, Refused) else Unknown(told) from error
        return TicketOutcome(id=ticket, outcome=ChangeOutcome.DONE, version=None if message else version)

    async def _read(self, ticket: str) -> Row:
        return await self._api.one(self._settings.records_of, ticket, ticket_columns(self._settings))

    def _message(self, row: Row, change: TicketChange, once: str) -> tuple[dict[str, str], str]:
        is_private = change.private_note is not None
        words = change.private_note if is_private else change.public_reply
        key = note_key(once, is_private=is_private)
        if words is None:
            return {}, key
        if not words.strip():
            raise Refused("servicenow: an empty message would tell nobody anything")
        if not is_private and not requester_of(row, self._settings).id:
            raise Refused("servicenow: this ticket has no caller or contact, so a comment is told to nobody")
        return {WORK_NOTES if is_private else COMMENTS: marked(inert(words), key)}, key

    async def _write(
        self, ticket: str, message: Mapping[str, str], fields: Mapping[str, str], key: str
    ) -> str:
        """Send it; what of it was refused beside the message, in words, "" for nothing."""
        if not message and not fields:
            return ""
        table = self._settings.records_of
        try:
            # A state may be set twice.
            await self._api.change(table, ticket, {**message, **fields}, is_repeatable=not message)
        except Refused as error:
            if isinstance(error, NotFound | NotAllowed) or not message or not fields:
                raise
            # A customer is told, whatever column is amiss; unless a part of it was done all the same.
            found = await self._journal.own(ticket, (key,))
            if not (found.public or found.private or found.is_withheld):
                await self._api.change(table, ticket, message)
            return f"its state or tags were refused: {error}"
        return ""

    async def _require_as_meant(self, ticket: str, change: TicketChange, key: str) -> None:
        seen = await read_back(
            lambda: self._journal.own(ticket, (key,)),
            _is_there,
            what=f"servicenow: message on record {ticket}",
            cure=_CURE,
        )
        if seen.is_withheld:
            # Not "unknown": the look-up would not see it either, and it would be sent again.
            raise Refused(
                f"servicenow: the message on record {ticket} was written and the journal is not shown to us; give our"
                " user's role a read access control on sys_journal_field"
            )
        if change.private_note is not None and seen.public:
            raise await note_exposed(ticket)
        if change.private_note is None and not seen.public:
            raise reply_not_shown(ticket)

    async def _read_back(self, ticket: str, fields: Mapping[str, str]) -> int | None:
        """The version with these columns; None where none was set."""
        if not fields:
            return None
        kept = {name: fields[name] for name in (*_READ_BACK, self._settings.tag_field) if name in fields}
        seen = await read_back(
            lambda: self._read(ticket),
            lambda row: all(row.get(name) == value for name, value in kept.items()),
            what=f"servicenow: state or tags of record {ticket}",
            cure=_CURE,
        )
        version = seen.get("sys_mod_count", "")
        return int(version) if version.isdecimal() else None


def _is_there(found: OwnEntries) -> bool:
    return bool(found.public or found.private or found.is_withheld)
