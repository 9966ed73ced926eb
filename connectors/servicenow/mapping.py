"""Records of ServiceNow and our words, both ways; plain functions.

States of incidents and of cases: the pages c_IncidentManagementStateModel and r_CustomerServiceCaseStates of
https://www.servicenow.com/docs. Their numbers are those of a new instance; another one may have others (`statuses`).
"""

from __future__ import annotations

import re
from datetime import UTC, datetime

from connectors.kit.fields import utc_time
from connectors.servicenow.settings import ServiceNowSettings
from connectors.servicenow.table.api import Row, columns
from connectors.servicenow.table.queries import id_from
from incidents.errors import Refused, Unrecognised
from incidents.models import Contact, Ticket, TicketRef, TicketStatus

ON_HOLD, AWAITING_CALLER, AWAITING_VENDOR = "3", "1", "4"
"""Of an incident: a state, and two of its reasons. Awaiting a change or a problem are 5 and 3."""
_INCIDENT = {
    "1": TicketStatus.NEW,
    "2": TicketStatus.OPEN,
    ON_HOLD: TicketStatus.WAITING_FOR_VENDOR,
    "6": TicketStatus.SOLVED,
    "7": TicketStatus.CLOSED,
    "8": TicketStatus.CLOSED,
}
_CASE = {
    "1": TicketStatus.NEW,
    "10": TicketStatus.OPEN,
    "18": TicketStatus.WAITING_FOR_CUSTOMER,
    "6": TicketStatus.SOLVED,
    "3": TicketStatus.CLOSED,
    "7": TicketStatus.CLOSED,
}
_SET_INCIDENT = {
    TicketStatus.NEW: {"state": "1"},
    TicketStatus.OPEN: {"state": "2"},
    TicketStatus.WAITING_FOR_CUSTOMER: {"state": ON_HOLD, "hold_reason": AWAITING_CALLER},
    TicketStatus.WAITING_FOR_VENDOR: {"state": ON_HOLD, "hold_reason": AWAITING_VENDOR},
    TicketStatus.SOLVED: {"state": "6"},
    TicketStatus.CLOSED: {"state": "7"},
}
# A case waits for its customer or not at all: one that waits for a vendor stays open.
_SET_CASE = {
    TicketStatus.NEW: {"state": "1"},
    TicketStatus.OPEN: {"state": "10"},
    TicketStatus.WAITING_FOR_CUSTOMER: {"state": "18"},
    TicketStatus.WAITING_FOR_VENDOR: {"state": "10"},
    TicketStatus.SOLVED: {"state": "6"},
    TicketStatus.CLOSED: {"state": "3"},
}
# `[code]` makes HTML of what stands in a journal entry (https://www.servicenow.com/docs/r/platform-administration/
# render-journal-field-entries-as-html.html), and `@[` names a person.
_CODE = re.compile(r"\[(?=\s*/?\s*code\s*\])", re.I)
_MENTION = re.compile(r"(?<=@)\[")
_JOINER = "\u2060"


def customer_column(settings: ServiceNowSettings) -> str:
    """The column that names whose ticket it is."""
    return "contact" if settings.is_of_cases else "caller_id"


def ticket_columns(settings: ServiceNowSettings) -> str:
    """What is asked of a ticket."""
    customer = customer_column(settings)
    return columns(
        "sys_id,number,short_description,description,state,priority,active,sys_created_on,sys_updated_on",
        "sys_mod_count,resolved_at,closed_at,reassignment_count,due_date,contact_type",
        "assigned_to.name,assignment_group.name",
        () if settings.is_of_cases else ("hold_reason", "reopen_count"),
        [customer, *(f"{customer}.{name}" for name in ("name", "email", "user_name"))],
        [settings.tag_field, settings.tier_field, settings.product_field],
    )


def status_of(row: Row, settings: ServiceNowSettings) -> TicketStatus:
    """What its state means. One that nobody told us of is not taken for an ending: the ticket counts as open."""
    state = row.get("state", "")
    if state in settings.statuses:
        return settings.statuses[state]
    if settings.is_of_cases:
        return _CASE.get(state, TicketStatus.OPEN)
    if state == ON_HOLD and row.get("hold_reason") == AWAITING_CALLER:
        return TicketStatus.WAITING_FOR_CUSTOMER
    return _INCIDENT.get(state, TicketStatus.OPEN)


def state_for(status: TicketStatus, settings: ServiceNowSettings) -> dict[str, str]:
    """The columns to set for a status, with what a resolution must have: the operator's own number comes first."""
    own = next((number for number, meaning in settings.statuses.items() if meaning is status), None)
    known = _SET_CASE if settings.is_of_cases else _SET_INCIDENT
    fields = {"state": own} if own is not None else dict(known[status])
    if status.is_settled:
        column = "resolution_code" if settings.is_of_cases else "close_code"
        code = settings.resolution_code or ("" if settings.is_of_cases else "Solution provided")
        fields |= {"close_notes": settings.resolution_notes} | ({column: code} if code else {})
    return fields


def ticket_from(row: Row, connection: str, settings: ServiceNowSettings, status: TicketStatus) -> Ticket:
    """A record as a ticket. Raises `Unrecognised` without an id, a version or a time."""
    sys_id, version = id_from(row.get("sys_id")), _count(row.get("sys_mod_count"))
    if sys_id is None or version is None:
        raise Unrecognised("servicenow: a record without its sys_id or its sys_mod_count")
    requester = requester_of(row, settings)
    due = row.get("due_date", "")
    return Ticket(
        ref=TicketRef(connection=connection, id=sys_id),
        subject=row.get("short_description", ""),
        body=row.get("description", ""),
        status=status,
        source_status=row.get("state", ""),
        requester=requester,
        version=version,
        created_at=time_of(row.get("sys_created_on")),
        updated_at=time_of(row.get("sys_updated_on")),
        assignee=row.get("assigned_to.name") or None,
        group=row.get("assignment_group.name") or None,
        priority=row.get("priority") or None,
        product=row.get(settings.product_field) or None,
        channel=row.get("contact_type") or None,
        tier=row.get(settings.tier_field) or None,
        tags=tags_of(row, settings),
        url=f"{settings.base_url}/{settings.records_of}.do?sys_id={sys_id}",
        reassignments=_count(row.get("reassignment_count")) or 0,
        reopens=_count(row.get("reopen_count")) or 0,
        due_at=time_of(due) if due else None,
        # ServiceNow tells the caller or contact of a comment; of a ticket that has none, nobody.
        is_reachable=bool(requester.id),
    )


def requester_of(row: Row, settings: ServiceNowSettings) -> Contact:
    """Whose ticket it is; without an id nobody's."""
    customer = customer_column(settings)
    return Contact(
        id=row.get(customer, ""),
        name=row.get(f"{customer}.name", ""),
        email=row.get(f"{customer}.email", ""),
    )


def tags_of(row: Row, settings: ServiceNowSettings) -> tuple[str, ...]:
    """The tags in the column of the operator's."""
    words = row.get(settings.tag_field, "") if settings.tag_field else ""
    return tuple(word for one in words.split(",") if (word := one.strip()))


def with_tags(row: Row, tags: tuple[str, ...], settings: ServiceNowSettings) -> dict[str, str]:
    """The column to set so that these tags join the old ones; nothing where they are there. Raises `Refused`."""
    if not settings.tag_field:
        return {}
    if settings.tag_field not in row:
        raise Refused(
            f"servicenow: {settings.records_of} has no column {settings.tag_field!r} that we may read; correct"
            " tag_field"
        )
    if any("," in tag for tag in tags):
        raise Refused("servicenow: a tag with a comma cannot be kept")
    known = tags_of(row, settings)
    missing = [tag for tag in tags if tag not in known]
    return {settings.tag_field: ",".join([*known, *missing])} if missing else {}


def time_of(value: object) -> datetime:
    """A time of the database: UTC, to the second, without a zone. Raises `Unrecognised`."""
    return utc_time(value, of="servicenow", zone=UTC)


def inert(words: str) -> str:
    """A text of which nothing becomes HTML or a mention in a journal entry; read, it is the same."""
    return _MENTION.sub(f"{_JOINER}[", _CODE.sub(f"[{_JOINER}", words))


def _count(value: str | None) -> int | None:
    return int(value) if value is not None and value.isdecimal() and len(value) < 16 else None
