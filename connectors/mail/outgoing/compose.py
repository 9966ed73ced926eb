"""A mail of ours: in the customer's thread, known again by its Message-ID, and marked so that no machine answers it.

The headers are written as Python's `email.policy.SMTP` writes them, but what that would leave as it is does not go
through it: it makes a class for each header that it reads, and to clear those away was most of what a mail took.

Threads: RFC 5322, section 3.6.4. `Auto-Submitted`: RFC 3834. `X-Auto-Response-Suppress` is Exchange's own:
https://learn.microsoft.com/openspecs/exchange_server_protocols/ms-oxcmail. `Precedence` is of no standard, and old
programs heed it.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from functools import lru_cache

from connectors.kit.mailbox.access import ADDRESS
from connectors.mail.mapping import address_of_ticket, subject_of_reply
from connectors.mail.settings import MailSettings
from incidents.desk import DeskTicket
from incidents.errors import Refused
from incidents.models import Contact, PublicText
from incidents.texts.plain_text import one_line, printable

# What a header of ids may hold: one line of RFC 5322 is 998 characters, and some servers cut longer ones.
_MOST_IDS = 12
# What the policy would leave as it is: short, plain words. RFC 2047's encoded words begin with =?.
_PLAIN = re.compile(r"(?!.*=\?)[!-~]+( [!-~]+)*")
_LINE = 78


@dataclass(frozen=True, kw_only=True, slots=True)
class Outgoing:
    """A mail ready to be sent, and to whom. `sender` is where a report of its failure goes."""

    message_id: str
    sender: str
    recipient: str
    data: bytes


def reply_id(settings: MailSettings, ticket: DeskTicket, once: str) -> str:
    """The Message-ID that a change with this key has, each time; without the ticket's secret nobody can make it."""
    return _message_id(settings, f"{ticket.token.number}\0{ticket.token.secret}\0{once}")


def mail_id(settings: MailSettings, secret: str, to: Contact, once: str) -> str:
    """The Message-ID of a mail about no ticket. `secret` is the desk's, so that a new password makes no second mail of
    one that is in doubt."""
    return _message_id(settings, f"{secret}\0{to.email.casefold()}\0{once}")


def reply(
    settings: MailSettings, ticket: DeskTicket, text: PublicText, *, once: str, now: datetime
) -> Outgoing:
    """The answer to a ticket. Raises `Refused` for a recipient that cannot stand in a header."""
    address = address_of_ticket(settings, ticket.token)
    headers = _headers(settings, ticket.ticket.requester, subject_of_reply(ticket), now=now)
    message_id = reply_id(settings, ticket, once)
    headers.append(_header("Message-ID", f"<{message_id}>"))
    if address != settings.address:
        headers.append(_address("Reply-To", settings.sender_name, address))
    if ticket.references:
        ids = ticket.references
        ids = ids if len(ids) <= _MOST_IDS else (ids[0], *ids[1 - _MOST_IDS :])
        headers.append(_header("In-Reply-To", f"<{ids[-1]}>"))
        headers.append(_header("References", " ".join(f"<{one}>" for one in ids)))
    headers.append(_header("Auto-Submitted", "auto-replied"))
    data = b"".join(headers) + _content(text)
    return Outgoing(message_id=message_id, sender=address, recipient=ticket.ticket.requester.email, data=data)


def plain_mail(
    settings: MailSettings,
    to: Contact,
    subject: PublicText,
    text: PublicText,
    *,
    message_id: str,
    now: datetime,
    in_reply_to: str = "",
) -> Outgoing:
    """A mail about no ticket, in the thread of an earlier one of ours if its Message-ID is given. Raises `Refused` for
    a recipient that cannot stand in a header."""
    headers = _headers(settings, to, subject, now=now)
    headers.append(_header("Message-ID", f"<{message_id}>"))
    if in_reply_to:
        headers += [_header(name, f"<{in_reply_to}>") for name in ("In-Reply-To", "References")]
    headers.append(_header("Auto-Submitted", "auto-generated"))
    data = b"".join(headers) + _content(text)
    return Outgoing(message_id=message_id, sender=settings.address, recipient=to.email, data=data)


def _headers(settings: MailSettings, to: Contact, subject: str, *, now: datetime) -> list[bytes]:
    if ADDRESS.fullmatch(to.email) is None:
        raise Refused(
            f"mail: the customer has no address that mail can be sent to ({len(to.email)} characters)"
        )
    return [
        _address("From", settings.sender_name, settings.address),
        _address("To", one_line(to.name)[:100], to.email),
        _header("Subject", one_line(subject)),
        _header("Date", format_datetime(now)),
        _header("X-Auto-Response-Suppress", "All"),
        _header("Precedence", "auto_reply"),
    ]


def _header(name: str, value: str) -> bytes:
    if len(name) + len(value) + 2 <= _LINE and _PLAIN.fullmatch(value):
        return f"{name}: {value}\r\n".encode("ascii")
    return SMTP.fold_binary(*SMTP.header_store_parse(name, value))


@lru_cache(maxsize=64)
def _address(name: str, person: str, address: str) -> bytes:
    whole = Address(person, addr_spec=address)
    if _PLAIN.fullmatch(str(whole)):
        return _header(name, str(whole))
    return SMTP.fold_binary(*SMTP.header_store_parse(name, whole))


@lru_cache(maxsize=8)
def _content(text: str) -> bytes:
    """The headers of the content, and the content; one text goes to many."""
    mail = EmailMessage(policy=SMTP)
    mail.set_content(printable(text))
    return mail.as_bytes()


def _message_id(settings: MailSettings, key: str) -> str:
    digest = hashlib.sha256(key.encode("utf-8", "replace")).hexdigest()[:40]
    return f"liaison.{digest}@{settings.domain}"
