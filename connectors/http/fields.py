"""Where in a stranger's JSON our ticket's fields are."""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import AfterValidator, BaseModel, Field

_STEP = re.compile(r"(?:[^.\\]|\\.)+", re.DOTALL)


def steps(path: str) -> tuple[str, ...]:
    r"""The keys along a dotted path; `\.` is a dot inside a key."""
    return tuple(re.sub(r"\\(.)", r"\1", step, flags=re.DOTALL) for step in _STEP.findall(path))


def _readable(path: str) -> str:
    if path.startswith("="):
        return path
    if re.fullmatch(rf"{_STEP.pattern}(?:\.{_STEP.pattern})*", path, re.DOTALL) is None:
        raise ValueError(f"{path!r} is no path: write keys with dots between them, such as data.ticket.id")
    return path


Source = Annotated[str, AfterValidator(_readable)]
"""A dotted path (`data.ticket.id`, `comments.0.text`), or a constant behind an equals sign (`=phone`)."""


class TicketFields(BaseModel):
    """A path or a constant for each of our fields; one that is left out stays empty."""

    id: Source = Field(description="The ticket's id; required in every payload.")
    status: Source = Field(description="The source's status word; required in every payload.")
    subject: Source | None = Field(default=None, description="One line that names the problem.")
    body: Source | None = Field(default=None, description="The customer's first message.")
    version: Source | None = Field(
        default=None, description="A whole number that grows with each change; without one the update time."
    )
    created_at: Source | None = Field(default=None, description="ISO 8601; without one the update time.")
    updated_at: Source | None = Field(default=None, description="ISO 8601; without one the time of sending.")
    due_at: Source | None = Field(
        default=None, description="ISO 8601: when the source itself says it is due."
    )
    requester_id: Source | None = Field(default=None, description="The customer's id; else the e-mail.")
    requester_name: Source | None = Field(default=None, description="The customer's name.")
    requester_email: Source | None = Field(default=None, description="The customer's e-mail address.")
    assignee: Source | None = Field(default=None, description="The agent who has the ticket.")
    group: Source | None = Field(default=None, description="The team that has the ticket.")
    priority: Source | None = Field(default=None, description="The source's own priority word.")
    product: Source | None = Field(default=None, description="What the ticket is about.")
    channel: Source | None = Field(default=None, description="How the customer wrote: mail, phone, ...")
    tier: Source | None = Field(default=None, description="The customer's contract tier.")
    tags: Source | None = Field(default=None, description="A list, or one text with commas.")
    url: Source | None = Field(default=None, description="Where people read the ticket; http or https only.")
    reassignments: Source | None = Field(default=None, description="How often it changed hands.")
    reopens: Source | None = Field(default=None, description="How often it was reopened.")
    comment_id: Source | None = Field(default=None, description="The new comment's id, if there is one.")
    comment_text: Source | None = Field(default=None, description="The new comment's text.")
    comment_public: Source | None = Field(
        default=None, description="Whether customers see the comment; without one it is private."
    )
    comment_author_kind: Source | None = Field(
        default=None, description="Who wrote it: customer, agent or liaison, or a word of author_map."
    )
    comment_author_name: Source | None = Field(default=None, description="The comment's author's name.")
