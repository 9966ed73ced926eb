"""What a finished job says of each ticket.

Shape: https://developer.zendesk.com/api-reference/ticketing/ticket-management/job_statuses/
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from connectors.kit.fields import any_text, items
from connectors.zendesk.mapping import ticket_id_from
from incidents.models import ChangeOutcome, TicketOutcome


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
