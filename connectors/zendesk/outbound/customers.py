"""Tickets as a customer's own, for drills on a sandbox: the customer is their requester and writes their first words.

Whoever is the submitter is the author of the first comment
(https://developer.zendesk.com/api-reference/ticketing/tickets/tickets/, "Requesters and submitters"), and has to be a
user of the account by then; `skip_verify_email` keeps Zendesk from writing to an invented address
(https://developer.zendesk.com/api-reference/ticketing/users/users/#create-or-update-user).
"""

from __future__ import annotations

from connectors.kit.fields import record
from connectors.kit.mailbox.access import ADDRESS
from connectors.zendesk.calls import Call
from connectors.zendesk.mapping import inert, ticket_id_from
from incidents.errors import Refused, Unknown
from incidents.models import Contact
from incidents.texts.plain_text import cut, one_line, printable

_LONGEST_SUBJECT = 150


async def open_as_customer(call: Call, customer: Contact, subject: str, text: str, *, tag: str) -> str:
    """The new ticket's id. Raises `incidents.errors`; `Unknown` where the ticket may be there all the same."""
    if ADDRESS.fullmatch(customer.email) is None:
        raise Refused(f"zendesk: the customer has no mail address ({len(customer.email)} characters)")
    name = cut(one_line(customer.name) or customer.email, _LONGEST_SUBJECT)
    user = {"name": name, "email": customer.email, "role": "end-user", "skip_verify_email": True}
    # The same person twice is one, so that this call may be repeated.
    made = record(await call("POST", "users/create_or_update.json", json={"user": user}, is_repeatable=True))
    own_id = ticket_id_from(record(made.get("user")).get("id"))
    if own_id is None:
        raise Unknown("zendesk POST users/create_or_update: the answer names no user")
    ticket = {
        "subject": inert(cut(one_line(subject), _LONGEST_SUBJECT)),
        "comment": {"body": inert(printable(text)), "public": True},
        "requester_id": int(own_id),
        "submitter_id": int(own_id),
        "tags": [tag],
    }
    answer = record(await call("POST", "tickets.json", json={"ticket": ticket}, is_repeatable=False))
    found = ticket_id_from(record(answer.get("ticket")).get("id"))
    if found is None:
        raise Unknown("zendesk POST tickets: the answer names no ticket")
    return found
