"""Which column of the log is which of our fields, in the words of a plain HTTP connection's settings."""

from __future__ import annotations

from pydantic import SecretStr

from connectors.http.fields import TicketFields
from connectors.http.settings import WebhookMapping
from incidents.models import TicketStatus

FIELDS = TicketFields(
    id="number",
    status="incident_state",
    # The log has three columns that look like an order; why it is this one: `deployments.replay.log`.
    version="event_no",
    subject="category",
    created_at="opened_at",
    updated_at="sys_updated_at",
    requester_id="caller_id",
    assignee="assigned_to",
    group="assignment_group",
    priority="priority",
    product="cmdb_ci",
    channel="contact_type",
    reassignments="reassignment_count",
    reopens="reopen_count",
)
REQUIRED: tuple[str, ...] = tuple(FIELDS.model_dump(exclude_none=True).values())

STATUSES = {
    "New": TicketStatus.NEW,
    "Active": TicketStatus.OPEN,
    "Awaiting User Info": TicketStatus.WAITING_FOR_CUSTOMER,
    "Awaiting Evidence": TicketStatus.WAITING_FOR_CUSTOMER,
    "Awaiting Vendor": TicketStatus.WAITING_FOR_VENDOR,
    "Awaiting Problem": TicketStatus.WAITING_FOR_VENDOR,
    "Resolved": TicketStatus.SOLVED,
    "Closed": TicketStatus.CLOSED,
}


def mapping(secret: str) -> WebhookMapping:
    """How to read the log's rows; `secret` is what their webhooks are signed with."""
    return WebhookMapping(signing_secrets=[SecretStr(secret)], ticket=FIELDS, status_map=dict(STATUSES))
