"""Tickets as a customer's own, for drills on a sandbox: https://developers.freshdesk.com/api/#create_ticket.

Whose address is given as `email` is the requester, made a contact where there is none. `source` 1 is e-mail, `status` 2
open and `priority` 1 low, all of which Freshdesk wants to be told.
"""

from __future__ import annotations

from connectors.freshdesk.api import FreshdeskApi
from connectors.freshdesk.conversation.written import escaped
from connectors.kit.mailbox.access import ADDRESS
from incidents.errors import Refused
from incidents.models import Contact
from incidents.texts.plain_text import cut, one_line, printable

_LONGEST = 150


async def open_as_customer(api: FreshdeskApi, customer: Contact, subject: str, text: str, *, tag: str) -> str:
    """The new ticket's id. Raises `incidents.errors`; `Unknown` where the ticket may be there all the same."""
    if ADDRESS.fullmatch(customer.email) is None:
        raise Refused(f"freshdesk: the customer has no mail address ({len(customer.email)} characters)")
    return await api.add_ticket(
        {
            "name": cut(one_line(customer.name) or customer.email, _LONGEST),
            "email": customer.email,
            "subject": cut(one_line(subject), _LONGEST),
            "description": escaped(printable(text)),
            "source": 1,
            "status": 2,
            "priority": 1,
            "tags": [tag],
        }
    )
