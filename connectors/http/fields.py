"""Where in a stranger's JSON our ticket's fields are."""

from __future__ import annotations

from pydantic import BaseModel, Field

from connectors.kit.paths.grammar import Source


class TicketFields(BaseModel):
    """A path or a constant for each of our fields; one that is left out stays empty, or as the preset has it."""

    id: Source | None = Field(default=None, description="The ticket's id; required in every payload.")
    status: Source | None = Field(
        default=None, description="The source's status word; required in every payload."
    )
    subject: Source | None = Field(default=None, description="One line that names the problem.")
    body: Source | None = Field(default=None, description="The customer's first message.")
    version: Source | None = Field(
        default=None, description="A whole number that grows with each change; without one the update time."
    )
    created_at: Source | None = Field(default=None, description="A time; without one the update time.")
    updated_at: Source | None = Field(default=None, description="A time; without one the time of sending.")
    due_at: Source | None = Field(default=None, description="When the source itself says it is due.")
    requester_id: Source | None = Field(default=None, description="The customer's id; else the e-mail.")
    requester_name: Source | None = Field(default=None, description="The customer's name.")
    requester_email: Source | None = Field(default=None, description="The customer's e-mail address.")
    requester_language: Source | None = Field(
        default=None, description="The language that the customer has chosen, such as de-AT."
    )
    requester_time_zone: Source | None = Field(
        default=None, description="The customer's time zone, such as Europe/Vienna."
    )
    assignee: Source | None = Field(default=None, description="The agent who has the ticket.")
    group: Source | None = Field(default=None, description="The team that has the ticket.")
    priority: Source | None = Field(default=None, description="The source's own priority word.")
    product: Source | None = Field(default=None, description="What the ticket is about.")
    channel: Source | None = Field(default=None, description="How the customer wrote: mail, phone, ...")
    tier: Source | None = Field(default=None, description="The customer's contract tier.")
    tags: Source | None = Field(
        default=None, description="A list, one text with commas, or all of a list's names: labels.*.name."
    )
    url: Source | None = Field(default=None, description="Where people read the ticket; http or https only.")
    reassignments: Source | None = Field(default=None, description="How often it changed hands.")
    reopens: Source | None = Field(default=None, description="How often it was reopened.")
    comment_id: Source | None = Field(default=None, description="The new comment's id, if there is one.")
    comment_text: Source | None = Field(default=None, description="The new comment's text.")
    comment_at: Source | None = Field(
        default=None, description="When it was written; without one when we first saw a comment of this id."
    )
    comment_public: Source | None = Field(
        default=None,
        description="Whether customers see the comment (!article.internal); without one it is private.",
    )
    comment_author_kind: Source | None = Field(
        default=None, description="Who wrote it: customer, agent or liaison, or a word of author_map."
    )
    comment_author_name: Source | None = Field(default=None, description="The comment's author's name.")
    comment_origin: Source | None = Field(
        default=None,
        description="How it was made: person, automatic, bounce, survey or list, or a word of origin_map.",
    )
    comment_headers: Source | None = Field(
        default=None,
        description="The comment's mail headers: an object, or a list of name and value; they tell an absence notice.",
    )
