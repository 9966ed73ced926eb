"""One change of one case: its fields in one call, then the message, each believed when it is read back.

A flow, trigger or validation rule of the house runs on each of them, and may refuse it or change it again.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from connectors.kit.fields import text
from connectors.kit.marks import carries_mark, marked
from connectors.kit.private_notes import exposed
from connectors.kit.read_back import read_back
from connectors.salesforce.conversation.written import CaseWords, is_published
from connectors.salesforce.mapping import (
    case_columns,
    is_told,
    newest_of,
    status_of,
    status_word,
    tags_of,
    with_tags,
)
from connectors.salesforce.rest.api import Row, SalesforceApi
from connectors.salesforce.rest.ids import COMMENT, case_id, id_of
from connectors.salesforce.rest.soql import quoted, select
from connectors.salesforce.settings import SalesforceSettings
from incidents.errors import Exposed, NotAllowed, NotFound, NotShown, Refused, Unknown
from incidents.models import ChangeOutcome, TicketChange, TicketOutcome

MOST_BYTES = 4_000
"""Of a comment, in UTF-8 as Salesforce counts it: an umlaut is two."""
_CURE = "look at the flows, triggers and validation rules that run when a case or its comment is saved"


def note_key(once: str, *, is_private: bool) -> str:
    """A note and a reply of the same key have different marks: what is public is never taken for the note."""
    return f"{once}/{'note' if is_private else 'reply'}"


class CaseChanges:
    """Changes cases as one user. All raise `incidents.errors`."""

    def __init__(self, api: SalesforceApi, conversation: CaseWords, settings: SalesforceSettings) -> None:
        self._api = api
        self._conversation = conversation
        self._settings = settings

    async def change(self, case: str, change: TicketChange, once: str) -> TicketOutcome:
        """Do it once. Once a message may have been written, `Unknown`, `Refused` or `Exposed` only."""
        before = await self._read(case)
        # Before anything is changed: a reply that cannot be sent must not leave a solved case behind.
        message, key = self._message(before, change, once)
        fields = self._fields(before, change)
        problem, version = "", newest_of(before)
        if fields:
            try:
                version = await self._set(case, fields, change)
            except Refused as error:
                if isinstance(error, NotFound | NotAllowed) or not message:
                    raise
                # A customer is told, whatever rule stands in the status's way.
                problem = f"the message was written, its status or tags were refused: {error}"
        if message:
            comment = await self._api.add_comment({"ParentId": case, **message})
            await self._prove(case, comment, key, is_private=change.private_note is not None)
        if problem:
            raise Refused(problem)
        version_told = None if message else int(version.timestamp() * 1000)
        return TicketOutcome(id=case, outcome=ChangeOutcome.DONE, version=version_told)

    async def was_done(self, case: str, once: str) -> bool:
        """Whether what was written with this key is there. Raises `Exposed` for a note that customers could read, and
        `NotShown` for a reply that they cannot."""
        note, reply = note_key(once, is_private=True), note_key(once, is_private=False)
        found = await self._conversation.own(case, (note, reply))
        if found is None:
            return False
        await self._require_as_meant(
            case, found, is_private=carries_mark(text(found.get("CommentBody")), note)
        )
        return True

    async def _read(self, case: str) -> Row:
        soql = select(case_columns(self._settings), "Case", f"Id = {quoted(case)}")
        rows = await self._api.rows(soql)
        if not rows or case_id(rows[0].get("Id")) != case:
            raise NotFound(
                f"salesforce: there is no case {case} that we may see; it may be deleted or merged"
            )
        return rows[0]

    def _fields(self, before: Mapping[str, Any], change: TicketChange) -> dict[str, str]:
        fields: dict[str, str] = (
            dict(with_tags(before, change.add_tags, self._settings)) if change.add_tags else {}
        )
        if change.status is not None:
            word, meaning = status_word(change.status, self._settings)
            # A status of the house's own stays where it means the same.
            if status_of(before, self._settings) is not meaning:
                fields["Status"] = word
        return fields

    async def _set(self, case: str, fields: Mapping[str, str], change: TicketChange) -> Any:
        await self._api.change_case(case, fields)
        seen = await read_back(
            lambda: self._read(case),
            lambda row: (
                ("Status" not in fields or text(row.get("Status")) == fields["Status"])
                and (
                    self._settings.tag_field not in fields
                    or set(change.add_tags) <= set(tags_of(row, self._settings))
                )
            ),
            what=f"salesforce: {' and '.join(sorted(fields))} of case {case}",
            cure=_CURE,
        )
        return newest_of(seen)

    def _message(
        self, before: Mapping[str, Any], change: TicketChange, once: str
    ) -> tuple[dict[str, Any], str]:
        """The comment's fields and its key; no fields where nothing is said. Raises `Refused`."""
        is_private = change.private_note is not None
        words = change.private_note if is_private else change.public_reply
        key = note_key(once, is_private=is_private)
        if words is None:
            return {}, key
        if not words.strip():
            raise Refused("salesforce: an empty message would tell nobody anything")
        if not is_private and not is_told(before):
            raise Refused(
                "salesforce: this case has no contact with an e-mail address, so a comment is told to nobody: name its"
                " contact there"
            )
        body = marked(words, key)
        if len(body.encode()) > MOST_BYTES:
            raise Refused(
                f"salesforce: a comment holds {MOST_BYTES:,} bytes, letters beyond ASCII count as two or more; shorten"
                " the template"
            )
        # The last one asks for the mail to the contact, and always reads back as null.
        return {
            "CommentBody": body,
            "IsPublished": not is_private,
            "IsNotificationSelected": not is_private,
        }, key

    async def _prove(self, case: str, comment: str, key: str, *, is_private: bool) -> None:
        async def written() -> Row:
            try:
                return await self._api.comment(comment)
            except NotFound as error:
                raise Unknown(
                    f"salesforce: comment {comment} went from our sight just after it was written: {error}"
                ) from error

        seen = await read_back(
            written,
            lambda row: carries_mark(text(row.get("CommentBody")), key),
            what=f"salesforce: {'note' if is_private else 'reply'} on case {case}",
            cure=_CURE,
        )
        await self._require_as_meant(case, seen, is_private=is_private)

    async def _require_as_meant(self, case: str, comment: Mapping[str, Any], *, is_private: bool) -> None:
        if is_private and is_published(comment):
            raise await self._exposed(case, comment)
        if not is_private and not is_published(comment):
            raise NotShown(
                f"salesforce: the reply on case {case} was stored as private, so its customer cannot read it: {_CURE},"
                " and tell the customer by hand"
            )

    async def _exposed(self, case: str, comment: Mapping[str, Any]) -> Exposed:
        own_id = id_of(comment.get("Id"), COMMENT)

        async def hide() -> bool:
            if own_id is None:
                return False
            await self._api.hide_comment(own_id)
            try:
                return not is_published(await self._api.comment(own_id))
            except NotFound:
                return True

        return await exposed(f"salesforce: the note on case {case}", hide, cure=_CURE)
