"""What an operator says about writing back to a helpdesk: one HTTP call a change, as its API has it."""

from __future__ import annotations

import json
import re
from typing import Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator, model_validator

from connectors.http.fields import TicketFields
from connectors.http.urls import HEADER_NAME, HEADER_VALUE, Address
from connectors.kit.addresses import over_https
from connectors.kit.paths.grammar import Source
from incidents.models import TicketStatus

PLACEHOLDER = re.compile(r"\{(id|text|status|once|note)\}")


class WriteCall(BaseModel):
    """One call. `{id}`, `{text}`, `{status}` and `{once}` stand for the change's, `{note}` for the note to hide.
    Nothing else is filled in."""

    method: Literal["POST", "PUT", "PATCH"] = Field(default="POST", description="How to send it.")
    path: str = Field(
        pattern=r"^/[^\s?#]*(\?[^\s#]*)?$", description="Path at the helpdesk, such as /api/v2/tickets/{id}."
    )
    body: dict[str, Any] = Field(
        default_factory=dict, description="The JSON body, such as {body: '{text}', private: true}."
    )


class ReadCall(BaseModel):
    """How one ticket is read."""

    path: str = Field(
        pattern=r"^/[^\s?#]*(\?[^\s#]*)?$", description="Path of one ticket, such as /api/v2/tickets/{id}."
    )
    ticket: TicketFields = Field(
        default_factory=TicketFields,
        description="Where our fields are in the answer; id and status at least.",
    )
    root: Source | None = Field(
        default=None, description="Where the ticket is in the answer, if not at its top: data.ticket."
    )

    @model_validator(mode="after")
    def _finds_a_ticket(self) -> Self:
        if self.ticket.id is None or self.ticket.status is None:
            raise ValueError("ticket needs id and status: say where they are in the answer")
        if "{id}" not in self.path:
            raise ValueError("path must have {id} in it")
        return self


class NoteRead(BaseModel):
    """How the notes of one ticket are read, to see who reads the one that was just written."""

    path: str = Field(
        pattern=r"^/[^\s?#]*(\?[^\s#]*)?$",
        description="Path of a ticket's notes, the newest among them: /api/v2/tickets/{id}/conversations.",
    )
    notes: Source | None = Field(
        default=None,
        description="Where the list is in the answer, if not at its top: data.notes. Oldest first.",
    )
    id: Source = Field(default="id", description="A note's id, for note_hide.")
    text: Source = Field(description="A note's words: body_text.")
    public: Source = Field(
        description="Whether customers read it: public, or private for a field that says so of agents."
    )

    @model_validator(mode="after")
    def _is_of_a_ticket(self) -> Self:
        if "{id}" not in self.path:
            raise ValueError("path must have {id} in it")
        return self


class Outbound(BaseModel):
    """The calls that make a helpdesk without a connector a two-way one. What has no call ends, and says so."""

    # Else a mistake in one secret would print all of them.
    model_config = ConfigDict(hide_input_in_errors=True)

    base_url: Address = Field(description="Where the helpdesk's API lives, without a path.")
    headers: dict[str, SecretStr] = Field(
        default_factory=dict, description="Headers to send along, such as Authorization; kept as secrets."
    )
    reply: WriteCall | None = Field(default=None, description="Tells the customer {text}.")
    note: WriteCall | None = Field(default=None, description="Leaves {text} for agents only.")
    note_read: NoteRead | None = Field(
        default=None, description="Reads a note back just after it was written: is it for agents only?"
    )
    note_hide: WriteCall | None = Field(
        default=None, description="Hides the note {note} from customers, should it be public."
    )
    status: WriteCall | None = Field(default=None, description="Sets the ticket's status to {status}.")
    status_words: dict[TicketStatus, str | int] = Field(
        default_factory=dict, description="Our statuses to the helpdesk's words or numbers."
    )
    read: ReadCall | None = Field(
        default=None, description="Reads a ticket: a message's recipient is checked just before it is sent."
    )
    text_form: Literal["plain", "html"] = Field(
        default="plain", description="html where the helpdesk takes a text for HTML: ours is escaped then."
    )
    calls_per_minute: float = Field(default=60, ge=1, description="All calls a minute.")

    @field_validator("base_url")
    @classmethod
    def _is_safe(cls, url: str) -> str:
        return over_https(url, local="a sandbox")

    @model_validator(mode="after")
    def _can_be_sent(self) -> Self:
        for name, value in self.headers.items():
            if (
                HEADER_NAME.fullmatch(name) is None
                or HEADER_VALUE.fullmatch(value.get_secret_value()) is None
            ):
                raise ValueError(f"header {name[:40]!r} cannot be sent")
        for name, call, needed in (
            ("reply", self.reply, "{text}"),
            ("note", self.note, "{text}"),
            ("status", self.status, "{status}"),
        ):
            if call is None:
                continue
            if "{id}" not in call.path + json.dumps(call.body):
                raise ValueError(f"{name} must have {{id}} in its path or body")
            if needed not in json.dumps(call.body) and not (needed == "{status}" and needed in call.path):
                raise ValueError(f"{name} must have {needed} in its body")
        if self.reply is not None and self.read is None:
            raise ValueError("reply needs read: whom it would reach is looked up just before it is sent")
        if self.status is not None and not self.status_words:
            raise ValueError("status needs status_words, such as {solved: 4}")
        return self

    @model_validator(mode="after")
    def _can_hide(self) -> Self:
        if self.note_hide is None:
            return self
        if "{note}" not in self.note_hide.path + json.dumps(self.note_hide.body):
            raise ValueError("note_hide must have {note} in its path or body")
        if self.note_read is None:
            raise ValueError("note_hide needs note_read: whether a note is public is seen by reading it")
        return self
