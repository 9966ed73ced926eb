"""Records of Salesforce and our words, both ways; plain functions.

Fields: https://developer.salesforce.com/docs/atlas.en-us.object_reference.meta/object_reference/sforce_api_objects_case.htm
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from connectors.kit.fields import any_text, record, records, text, utc_time
from connectors.salesforce.rest.ids import CONTACT, case_id, id_of
from connectors.salesforce.settings import SalesforceSettings
from incidents.errors import Refused, Unrecognised
from incidents.models import Contact, Departure, Ticket, TicketRef, TicketStatus

NAME = "salesforce"
_FIELDS = (
    "Id,Subject,Description,Status,IsClosed,ClosedDate,Priority,Origin,Owner.Name,Owner.Type,ContactId,Contact.Name,"
    "Contact.Email,SuppliedName,SuppliedEmail,CreatedDate,SystemModstamp,IsDeleted,MasterRecordId"
)
_NEWEST = "(SELECT SystemModstamp FROM {} ORDER BY SystemModstamp DESC LIMIT 1)"
_COMMENTS, _MAILS = "CaseComments", "EmailMessages"
_OTHERWISE: dict[TicketStatus, tuple[TicketStatus, ...]] = {
    TicketStatus.NEW: (TicketStatus.OPEN,),
    TicketStatus.OPEN: (TicketStatus.NEW,),
    # An organization without such a status has the case stay open.
    TicketStatus.WAITING_FOR_CUSTOMER: (TicketStatus.OPEN, TicketStatus.NEW),
    TicketStatus.WAITING_FOR_VENDOR: (TicketStatus.OPEN, TicketStatus.NEW),
    TicketStatus.SOLVED: (TicketStatus.CLOSED,),
    TicketStatus.CLOSED: (TicketStatus.SOLVED,),
}


def case_columns(settings: SalesforceSettings) -> str:
    """What is asked of a case: also when its newest comment and mail were made, since nothing says that these change
    the case's own time."""
    own = [settings.tag_field, settings.tier_field, settings.product_field]
    newest = [_COMMENTS, *([_MAILS] if settings.reads_emails else [])]
    names = [*_FIELDS.split(","), *own, *(_NEWEST.format(one) for one in newest)]
    return ", ".join(dict.fromkeys(one for one in names if one))


def value_at(row: Mapping[str, Any], path: str) -> str:
    """A field's value as text, also of what the record refers to; "" where there is none, or no path."""
    value: Any = row
    for name in path.split(".") if path else ():
        value = record(value).get(name)
    return any_text(value) if path and not isinstance(value, dict | list) else ""


def status_of(row: Mapping[str, Any], settings: SalesforceSettings) -> TicketStatus:
    """One that nobody told us of is open, unless Salesforce itself calls it closed."""
    known = settings.statuses.get(text(row.get("Status")))
    return known or (TicketStatus.CLOSED if row.get("IsClosed") is True else TicketStatus.OPEN)


def status_word(status: TicketStatus, settings: SalesforceSettings) -> tuple[str, TicketStatus]:
    """The value to set for a status, and what it means here: what comes nearest where there is none. Raises
    `Refused`."""
    for meaning in (status, *_OTHERWISE[status]):
        for word, known in settings.statuses.items():
            if known is meaning:
                return word, meaning
    raise Refused(f"salesforce: no value of the case's Status is said to mean {status}; add one to statuses")


def ticket_from(
    row: Mapping[str, Any], connection: str, settings: SalesforceSettings, *, is_reopened: bool = False
) -> Ticket:
    """One case. Raises `Unrecognised` without an id or a time."""
    own_id = case_id(row.get("Id"))
    if own_id is None:
        raise Unrecognised("salesforce: a case without an id")
    status = status_of(row, settings)
    requester = requester_of(row)
    survivor = case_id(row.get("MasterRecordId"))
    gone = row.get("IsDeleted") is True
    owner = value_at(row, "Owner.Name") or None
    is_queue = value_at(row, "Owner.Type") == "Queue"
    newest = newest_of(row)
    return Ticket(
        ref=TicketRef(connection=connection, id=own_id),
        subject=text(row.get("Subject")),
        body=text(row.get("Description")),
        status=TicketStatus.OPEN if is_reopened and status.is_settled else status,
        source_status=text(row.get("Status")),
        requester=requester,
        version=int(newest.timestamp() * 1000),
        created_at=time_of(row.get("CreatedDate")),
        updated_at=newest,
        assignee=None if is_queue else owner,
        group=owner if is_queue else None,
        priority=text(row.get("Priority")) or None,
        product=value_at(row, settings.product_field) or None,
        channel=text(row.get("Origin")) or None,
        tier=value_at(row, settings.tier_field) or None,
        tags=tags_of(row, settings),
        url=f"{settings.base_url}/lightning/r/Case/{own_id}/view",
        gone=(Departure.MERGED if survivor else Departure.DELETED) if gone else None,
        merged_into=survivor if gone else None,
        # A comment is mailed to the case's contact; who wrote by a form and is none is told nothing.
        is_reachable=is_told(row),
    )


def requester_of(row: Mapping[str, Any]) -> Contact:
    """Whose case it is: its contact, else who wrote by a form or a mail."""
    return Contact(
        id=id_of(row.get("ContactId"), CONTACT) or "",
        name=value_at(row, "Contact.Name") or text(row.get("SuppliedName")),
        email=value_at(row, "Contact.Email") or text(row.get("SuppliedEmail")),
    )


def is_told(row: Mapping[str, Any]) -> bool:
    """Whether a comment reaches anybody."""
    return bool(row.get("ContactId")) and bool(value_at(row, "Contact.Email"))


def tags_of(row: Mapping[str, Any], settings: SalesforceSettings) -> tuple[str, ...]:
    """The tags in the operator's field, separated as values of a multi-select picklist are."""
    words = value_at(row, settings.tag_field)
    return tuple(word for one in words.split(";") if (word := one.strip()))


def with_tags(row: Mapping[str, Any], tags: Sequence[str], settings: SalesforceSettings) -> dict[str, str]:
    """The field to set so that these tags join the old ones; nothing where they are there. Raises `Refused`."""
    if not settings.tag_field:
        return {}
    if any(";" in tag for tag in tags):
        raise Refused("salesforce: a tag with a semicolon cannot be kept")
    known = tags_of(row, settings)
    missing = [tag for tag in tags if tag not in known]
    return {settings.tag_field: ";".join([*known, *missing])} if missing else {}


def newest_of(row: Mapping[str, Any]) -> datetime:
    """When anything of it changed last: itself, a comment, a mail. Raises `Unrecognised` where its own time is
    missing."""
    return max([time_of(row.get("SystemModstamp")), *_times(row)])


def _times(row: Mapping[str, Any]) -> Iterable[datetime]:
    for relation in (_COMMENTS, _MAILS):
        for one in records(record(row.get(relation)).get("records")):
            yield time_of(one.get("SystemModstamp"))


def time_of(value: object) -> datetime:
    """A time: UTC, to the second. Raises `Unrecognised`."""
    return utc_time(value, of=NAME)
