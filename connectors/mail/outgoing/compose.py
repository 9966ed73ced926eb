"""A mail of ours: in the customer's thread, known again by its Message-ID, and marked so that no machine answers it.

Threads: RFC 5322, section 3.6.4. `Auto-Submitted`: RFC 3834. `X-Auto-Response-Suppress` is Exchange's own:
https://learn.microsoft.com/openspecs/exchange_server_protocols/ms-oxcmail. `Precedence` is of no standard, and old
programs heed it.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime

from connectors.kit.mailbox.access import ADDRESS
from connectors.mail.mapping import address_of_ticket, subject_of_reply
from connectors.mail.settings import MailSettings
from incidents.desk import DeskTicket
from incidents.errors import Refused
from incidents.models import Contact, PublicText
from incidents.texts.plain_text import one_line, printable

# What a header of ids may hold: one line of RFC 5322 is 998 characters, and some servers cut longer ones.
_MOST_IDS = 12


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
    mail = _mail(settings, ticket.ticket.requester, subject_of_reply(ticket), text, now=now)
    message_id = reply_id(settings, ticket, once)
    mail["Message-ID"] = f"<{message_id}>"
    if address != settings.address:
        mail["Reply-To"] = Address(settings.sender_name, addr_spec=address)
    if ticket.references:
        ids = ticket.references
        ids = ids if len(ids) <= _MOST_IDS else (ids[0], *ids[1 - _MOST_IDS :])
        mail["In-Reply-To"] = f"<{ids[-1]}>"
        mail["References"] = " ".join(f"<{one}>" for one in ids)
    mail["Auto-Submitted"] = "auto-replied"
    return _outgoing(mail, message_id, sender=address, recipient=ticket.ticket.requester.email)


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
    mail = _mail(settings, to, subject, text, now=now)
    mail["Message-ID"] = f"<{message_id}>"
    if in_reply_to:
        mail["In-Reply-To"] = mail["References"] = f"<{in_reply_to}>"
    mail["Auto-Submitted"] = "auto-generated"
    return _outgoing(mail, message_id, sender=settings.address, recipient=to.email)


def _mail(settings: MailSettings, to: Contact, subject: str, text: str, *, now: datetime) -> EmailMessage:
    if ADDRESS.fullmatch(to.email) is None:
        raise Refused(
            f"mail: the customer has no address that mail can be sent to ({len(to.email)} characters)"
        )
    mail = EmailMessage(policy=SMTP)
    mail["From"] = Address(settings.sender_name, addr_spec=settings.address)
    mail["To"] = Address(one_line(to.name)[:100], addr_spec=to.email)
    mail["Subject"] = one_line(subject)
    mail["Date"] = format_datetime(now)
    mail["X-Auto-Response-Suppress"] = "All"
    mail["Precedence"] = "auto_reply"
    mail.set_content(printable(text))
    return mail


def _message_id(settings: MailSettings, key: str) -> str:
    digest = hashlib.sha256(key.encode("utf-8", "replace")).hexdigest()[:40]
    return f"liaison.{digest}@{settings.domain}"


def _outgoing(mail: EmailMessage, message_id: str, *, sender: str, recipient: str) -> Outgoing:
    data = mail.as_bytes()
    return Outgoing(message_id=message_id, sender=sender, recipient=recipient, data=data)
