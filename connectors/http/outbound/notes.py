"""A note read back just after it was written, where the settings say how, and hidden if customers could read it."""

from __future__ import annotations

from collections.abc import Awaitable, Mapping
from typing import Any, Protocol

from connectors.http.outbound.settings import NoteRead
from connectors.kit.fields import items
from connectors.kit.paths.places import Payload, Place
from connectors.kit.private_notes import exposed
from incidents.errors import Exposed, LiaisonError, Refused
from incidents.models import ChangeOutcome, InternalText, TicketOutcome
from incidents.texts.markup import looks_like_markup, text_of_markup


class Read(Protocol):
    """The notes' answer of one ticket. Raises `incidents.errors`."""

    def __call__(self, ticket: str) -> Awaitable[Any]: ...


class HideNote(Protocol):
    """Sends the configured call that hides a note. Raises `incidents.errors`."""

    def __call__(self, ticket: str, note: str) -> Awaitable[None]: ...


class NoteCheck:
    """`hide` is None where the settings have no call for it."""

    def __init__(self, name: str, settings: NoteRead, read: Read, hide: HideNote | None) -> None:
        self._name = name
        self._read = read
        self._hide = hide
        self._notes = Place(settings.notes) if settings.notes is not None else None
        self._id, self._text, self._public = (
            Place(one) for one in (settings.id, settings.text, settings.public)
        )

    async def checked(self, ticket: str, words: InternalText) -> TicketOutcome:
        """How the note that was just written ended. One that cannot be seen is `refused`: it must not be sent again."""
        try:
            note = await self._find(ticket, words)
            if self._public.flag(Payload(note, note)) is not False:
                raise await self._exposed(ticket, note, words)
        except Exposed as error:
            return TicketOutcome(id=ticket, outcome=ChangeOutcome.EXPOSED, detail=str(error))
        except LiaisonError as error:
            told = (
                f"{self._name}: the note was sent, and whether only colleagues see it is not known: {error}"
            )
            return TicketOutcome(id=ticket, outcome=ChangeOutcome.REFUSED, detail=told)
        return TicketOutcome(id=ticket, outcome=ChangeOutcome.DONE)

    async def _find(self, ticket: str, words: InternalText) -> Any:
        """The newest note with these words: the last in the list that has them."""
        data = await self._read(ticket)
        listed = data if self._notes is None else self._notes.find(Payload(data, data))
        for note in reversed(items(listed)):
            if isinstance(note, Mapping) and _plain(words) in _plain(self._text.text(Payload(note, note))):
                return note
        raise Refused("it is not among the ticket's notes; look there, and at outbound.note_read")

    async def _exposed(self, ticket: str, note: Any, words: InternalText) -> Exposed:
        note_id, hide_note = self._id.text(Payload(note, note)), self._hide

        async def hide() -> bool:
            if note_id is None or hide_note is None:
                return False
            await hide_note(ticket, note_id)
            seen = await self._find(ticket, words)
            return self._public.flag(Payload(seen, seen)) is False

        return await exposed(
            f"{self._name}: the note on ticket {ticket[:40]}",
            hide if note_id is not None and hide_note is not None else None,
            cure="correct outbound.note, or whatever publishes notes at the helpdesk",
        )


def _plain(text: str | None) -> str:
    found = text or ""
    return " ".join((text_of_markup(found) if looks_like_markup(found) else found).split())
