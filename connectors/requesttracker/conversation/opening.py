"""Tickets as a customer's own, for drills on a sandbox: https://docs.bestpractical.com/rt/5.0.3/RT/REST2.html."""

from __future__ import annotations

from email.utils import quote

from connectors.kit.mailbox.access import ADDRESS
from connectors.requesttracker.api import RtApi
from connectors.requesttracker.settings import RequestTrackerSettings
from incidents.errors import NotAllowed, Refused
from incidents.models import Contact
from incidents.texts.plain_text import cut, one_line, printable

_LONGEST_SUBJECT = 150
"""RT keeps 200 characters."""


async def open_as_customer(
    api: RtApi, settings: RequestTrackerSettings, customer: Contact, subject: str, text: str, *, tag: str
) -> str:
    """The new ticket's id. Raises `incidents.errors`; `Unknown` where the ticket may be there all the same."""
    if not settings.queues:
        raise NotAllowed("requesttracker: name the sandbox's queue in the connection's queues")
    if ADDRESS.fullmatch(customer.email) is None:
        raise Refused(f"requesttracker: the customer has no mail address ({len(customer.email)} characters)")
    ticket = {
        "Queue": settings.queues[0],
        "Subject": cut(one_line(subject), _LONGEST_SUBJECT),
        # Quoted, and never encoded: RT takes an encoded word (RFC 2047) for the name itself.
        "Requestor": f'"{quote(one_line(customer.name))}" <{customer.email}>',
        "Content": printable(text),
        "ContentType": "text/plain",
    }
    tagged = {"CustomFields": {settings.tag_field: [tag]}} if settings.tag_field else {}
    return await api.add_ticket({**ticket, **tagged})
