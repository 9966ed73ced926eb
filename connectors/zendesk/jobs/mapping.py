"""What a change of tickets is as JSON, and what an update's answer or a finished job says of each.

Shape: https://developer.zendesk.com/api-reference/ticketing/ticket-management/job_statuses/
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from connectors.kit.fields import any_text, items, record, utc_time
from connectors.zendesk.mapping import ONCE, PRIVATE, inert, status_word, ticket_id_from, version_of
from incidents.errors import Unrecognised
from incidents.models import ChangeOutcome, TicketChange, TicketOutcome


def outcomes_from(job: Any, ids: Sequence[str]) -> list[TicketOutcome]:
    """How a finished job ended for each id; what its results do not mention is unknown."""
    message = f"job {any_text(job.get('status'))}: {any_text(job.get('message'))[:200]}"
    outcomes: dict[str, TicketOutcome] = {}
    for position, result in enumerate(items(job.get("results"))):
        if not isinstance(result, dict):
            continue
        index = result.get("index", position)
        ticket_id = ticket_id_from(result.get("id"))
        if ticket_id is None and isinstance(index, int) and 0 <= index < len(ids):
            ticket_id = ids[index]
        if ticket_id is not None:
            outcomes[ticket_id] = _outcome(ticket_id, result)
    return [
        outcomes.get(ticket_id, TicketOutcome(id=ticket_id, outcome=ChangeOutcome.UNKNOWN, detail=message))
        for ticket_id in ids
    ]


def _outcome(ticket_id: str, result: Any) -> TicketOutcome:
    error = result.get("error")
    if not error:
        # A failure without a reason is as unknown as no answer: `success` alone decides.
        done = result.get("success") is True or result.get("status") == "Updated"
        return TicketOutcome(id=ticket_id, outcome=ChangeOutcome.DONE if done else ChangeOutcome.UNKNOWN)
    detail = f"{error}: {any_text(result.get('details'))}"[:300]
    gone = "notfound" in str(error).lower()
    return TicketOutcome(
        id=ticket_id, outcome=ChangeOutcome.GONE if gone else ChangeOutcome.REFUSED, detail=detail
    )


def version_from(data: Any) -> int | None:
    """The version of a ticket as an update's answer has it; None where it has none."""
    try:
        return version_of(utc_time(record(data).get("updated_at"), of="zendesk"))
    except Unrecognised:
        return None


def change_body(change: TicketChange, *, once: str) -> dict[str, Any]:
    """The `ticket` object of an update.

    `once` travels as audit metadata, which customers never see ("Setting metadata" in the Tickets page:
    up to 1 KB, kept only when the update changes something). Privacy is always said: Zendesk's default
    for a comment is public.
    """
    ticket: dict[str, Any] = {"metadata": {ONCE: once}}
    if change.public_reply is not None:
        ticket["comment"] = {"body": inert(change.public_reply), "public": True}
    if change.private_note is not None:
        ticket["metadata"][PRIVATE] = True
        ticket["comment"] = {"body": inert(change.private_note), "public": False}
    if change.status is not None:
        ticket["status"] = status_word(change.status)
    if change.add_tags:
        ticket["additional_tags"] = list(change.add_tags)
    return ticket
