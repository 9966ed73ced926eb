"""Changes to tickets by the calls that an operator wrote down: filled in as data, one ticket a call."""

from __future__ import annotations

import html
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import httpx

from connectors.http.mapping import TicketReader
from connectors.http.outbound.notes import NoteCheck
from connectors.http.outbound.settings import PLACEHOLDER, Outbound, WriteCall
from connectors.http.settings import WebhookMapping
from connectors.http.urls import filled
from connectors.kit.http import VendorHttp
from connectors.kit.pacing import Pace
from connectors.kit.paths.places import Payload, Place
from incidents.errors import Busy, NotAllowed, NotFound, Refused, Unknown, Unreachable, Unrecognised
from incidents.fan_out.budget import Budget
from incidents.models import ChangeOutcome, Ticket, TicketChange, TicketOutcome


class TicketCalls:
    """The outbound side of one connection."""

    def __init__(
        self,
        name: str,
        outbound: Outbound,
        mapping: WebhookMapping,
        transport: httpx.AsyncBaseTransport,
    ) -> None:
        self._name = name
        self._outbound = outbound
        self._http = VendorHttp(
            vendor=name,
            base_url=outbound.base_url,
            headers={key: value.get_secret_value() for key, value in outbound.headers.items()},
            transport=transport,
        )
        # Before the calls, not inside their deadline: waiting for one's turn is no time-out.
        self._pace = Pace(outbound.calls_per_minute, 60.0)
        read = outbound.read
        if read is not None:
            self._root = Place(read.root) if read.root is not None else None
            answers = mapping.with_preset().model_copy(update={"ticket": read.ticket, "each": None})
            self._reader = TicketReader(name, answers)

        self._note_check: NoteCheck | None = None
        if outbound.note_read is not None:
            hide = self._hide_note if outbound.note_hide is not None else None
            self._note_check = NoteCheck(name, outbound.note_read, self._read_notes, hide)

    def budget(self) -> Budget:
        """A ticket is read and written to, and a note is read back."""
        reads = (self._outbound.read, self._outbound.note_read)
        calls = 1 + sum(one is not None for one in reads)
        return Budget(limits=(self._pace.limit(),), alone=(calls,), most=1)

    async def read(self, ids: Sequence[str]) -> Sequence[Ticket]:
        """One call a ticket. Raises `Refused` where the connection says nothing of reading."""
        read = self._outbound.read
        if read is None:
            raise Refused(f"{self._name} has no outbound.read: its tickets cannot be read again")
        found = []
        for id_ in dict.fromkeys(ids):
            await self._pace.wait()
            try:
                answer = await self._http.call("GET", filled(read.path, "{id}", id_))
            except NotFound:
                continue
            found.append(self._ticket(answer.data, id_))
        return found

    def _ticket(self, data: Any, id_: str) -> Ticket:
        found = data if self._root is None else self._root.find(Payload(data, data))
        ticket = self._reader.ticket(found, sent_at=datetime.now(UTC))
        if ticket.ref.id != id_:
            # Request Tracker answers for a merged ticket with the one that lives on.
            raise Unrecognised(f"{self._name}: asked for ticket {id_[:40]}, the answer is of another")
        return ticket

    async def update(self, ids: Sequence[str], change: TicketChange, *, once: str) -> Sequence[TicketOutcome]:
        """A call for each ticket, one after the other. Raises only while nothing was sent."""
        call, given = self._call(change)
        outcomes: list[TicketOutcome] = []
        for number, id_ in enumerate(ids):
            try:
                sent = await self._send(call, {**given, "id": id_, "once": once})
            except (Busy, NotAllowed, Unreachable) as error:
                # The same would happen to the others, and to none of them has anything been done.
                if number == 0:
                    raise
                outcomes += [
                    TicketOutcome(id=rest, outcome=ChangeOutcome.LATER, detail=str(error))
                    for rest in ids[number:]
                ]
                break
            if change.private_note is not None and sent.outcome is ChangeOutcome.DONE and self._note_check:
                sent = await self._note_check.checked(id_, change.private_note)
            outcomes.append(sent)
        return outcomes

    async def _read_notes(self, ticket: str) -> Any:
        read = self._outbound.note_read
        if read is None:
            raise Refused(f"{self._name} has no outbound.note_read")
        await self._pace.wait()
        return (await self._http.call("GET", filled(read.path, "{id}", ticket))).data

    async def _hide_note(self, ticket: str, note: str) -> None:
        call = self._having(self._outbound.note_hide, "note_hide")
        path = filled(filled(call.path, "{id}", ticket), "{note}", note)
        await self._pace.wait()
        body = fill(call.body, {"id": ticket, "note": note})
        await self._http.call(call.method, path, json=body, is_repeatable=True)

    def _call(self, change: TicketChange) -> tuple[WriteCall, Mapping[str, str | int]]:
        """The configured call and what it is filled with. Raises `Refused` with the setting that is missing."""
        outbound = self._outbound
        if change.public_reply is not None:
            return self._having(outbound.reply, "reply"), {"text": self._text(change.public_reply)}
        if change.private_note is not None:
            return self._having(outbound.note, "note"), {"text": self._text(change.private_note)}
        if change.status is None:
            raise Refused(f"{self._name}: only replies, notes and statuses can be sent over plain HTTP")
        call = self._having(outbound.status, "status")
        word = outbound.status_words.get(change.status)
        if word is None:
            raise Refused(f"{self._name}: outbound.status_words has no word for {change.status}")
        return call, {"status": word}

    def _having(self, call: WriteCall | None, name: str) -> WriteCall:
        if call is None:
            raise Refused(f"{self._name} has no outbound.{name}; add the call, or do it at the helpdesk")
        return call

    def _text(self, text: str) -> str:
        if self._outbound.text_form == "plain":
            return text
        return html.escape(text).replace("\n", "<br>")

    async def _send(self, call: WriteCall, given: Mapping[str, str | int]) -> TicketOutcome:
        id_ = str(given["id"])
        path = call.path
        for name in ("id", "status", "once"):
            path = filled(path, f"{{{name}}}", str(given.get(name, "")))
        await self._pace.wait()
        try:
            await self._http.call(
                call.method,
                path,
                json=fill(call.body, given),
                headers={"Idempotency-Key": str(given["once"])},
                # A status is a state; a text sent twice would be there twice.
                is_repeatable="status" in given,
            )
        except NotAllowed:
            raise
        except NotFound as error:
            return TicketOutcome(id=id_, outcome=ChangeOutcome.GONE, detail=str(error))
        except Refused as error:
            return TicketOutcome(id=id_, outcome=ChangeOutcome.REFUSED, detail=str(error))
        except Unknown as error:
            return TicketOutcome(id=id_, outcome=ChangeOutcome.UNKNOWN, detail=str(error))
        return TicketOutcome(id=id_, outcome=ChangeOutcome.DONE)

    async def aclose(self) -> None:
        await self._http.aclose()


def fill(body: Any, given: Mapping[str, str | int]) -> Any:
    """The body with its placeholders' values, in one pass: a value that looks like a placeholder stays text.

    A text that is nothing but a placeholder becomes the value itself, so that a number stays a number.
    """
    if isinstance(body, dict):
        return {key: fill(value, given) for key, value in body.items()}
    if isinstance(body, list):
        return [fill(value, given) for value in body]
    if not isinstance(body, str):
        return body
    whole = PLACEHOLDER.fullmatch(body)
    if whole is not None and whole[1] in given:
        return given[whole[1]]
    return PLACEHOLDER.sub(lambda found: str(given.get(found[1], found[0])), body)
