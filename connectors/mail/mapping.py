"""A mail and our words; plain functions."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from email import message_from_bytes
from email.message import Message
from urllib.parse import quote

from connectors.kit.mail_headers import origin_of
from connectors.kit.mailbox.body import body_text
from connectors.kit.mailbox.headers import contacts, header_text, header_texts, message_ids, raw_headers
from connectors.kit.mailbox.imap import FetchedMail
from connectors.mail.incoming.attachments import attachments_of, told_attachments
from connectors.mail.incoming.reports import DeliveryReport, delivery_report
from connectors.mail.settings import MailSettings
from incidents.desk import Arrival, DeskTicket, TicketToken
from incidents.models import Author, Contact, Origin
from incidents.rotas.page_replies import answers_a_page
from incidents.texts.plain_text import storable
from incidents.texts.tongues import language_tag

NO_SUBJECT = "(no subject)"
NO_TEXT = "(no text)"
_RECIPIENTS = ("To", "Cc", "Delivered-To", "X-Original-To", "Envelope-To")
_IN_ADDRESS = re.compile(r"\+(\d{1,9})-([a-z2-7]{8})@")
_IN_SUBJECT = re.compile(r"\s*\[#(\d{1,9})-([a-z2-7]{8})\]")


@dataclass(frozen=True, kw_only=True, slots=True)
class ReadMail:
    """A mail, understood. `is_own_copy`: it claims to be one that we sent, which its message id will prove.
    `is_for_the_roster`: it answers a page of our own pager, whose mailbox this is as well."""

    arrival: Arrival
    is_own_copy: bool
    is_for_the_roster: bool = False


def mail_from(fetched: FetchedMail, settings: MailSettings, *, is_sent: bool, now: datetime) -> ReadMail:
    """Never fails for what a mail holds. `is_sent`: it lay in the folder of sent mail, so that an agent wrote it."""
    mail = message_from_bytes(fetched.data)
    sender = next(iter(contacts(mail, "From", "Sender", "Return-Path")), Contact(id=""))
    # RFC 3282: the language of who the mail is meant for, which is that of its text.
    sender = replace(sender, language=language_tag(header_text(mail, "Content-Language")))
    ids = message_ids(raw_headers(mail, "Message-ID"))
    own_id = ids[0] if ids else ""
    origin = _origin(mail, settings)
    report = delivery_report(mail) if origin is Origin.BOUNCE else DeliveryReport(about=(), unreachable=())
    references = message_ids(
        value for name in ("References", "In-Reply-To") for value in raw_headers(mail, name)
    )
    is_agent = is_sent or settings.is_own(sender.email) or settings.is_agent(sender.email)
    text = body_text(mail)
    whole = header_text(mail, "Subject")
    subject = _IN_SUBJECT.sub("", whole).strip() or NO_SUBJECT
    is_whole = fetched.size <= len(fetched.data) or fetched.size <= settings.most_bytes
    attached = told_attachments(attachments_of(mail, is_whole=is_whole))
    arrival = Arrival(
        fingerprint=_fingerprint(own_id, mail, sender, text),
        message_id=own_id,
        references=tuple(dict.fromkeys([*references, *report.about])),
        tokens=_tokens(mail, whole),
        sender=sender,
        author=Author.AGENT if is_agent else Author.CUSTOMER,
        is_public=not is_agent or _has_customers(mail, settings),
        origin=Origin.PERSON if is_sent else origin,
        subject=subject,
        text="\n\n".join(one for one in (_told_if_cut(text, fetched, settings), attached) if one),
        at=min(fetched.arrived_at or now, now),
        unreachable=report.unreachable,
    )
    return ReadMail(
        arrival=arrival,
        is_own_copy=settings.is_own(sender.email),
        is_for_the_roster=_is_for_the_roster(mail, settings),
    )


def unreadable(fetched: FetchedMail, *, now: datetime) -> Arrival:
    """What is kept of a mail that our own reading failed on: all that can be shown of it, and nothing guessed."""
    return Arrival(
        fingerprint=hashlib.sha256(fetched.data).hexdigest(),
        message_id="",
        references=(),
        tokens=(),
        sender=Contact(id=""),
        author=Author.CUSTOMER,
        is_public=True,
        origin=Origin.PERSON,
        subject="(a mail that could not be read: see the mailbox)",
        text=storable(fetched.data[:10_000].decode("latin-1")),
        at=min(fetched.arrived_at or now, now),
    )


def subject_of_reply(ticket: DeskTicket) -> str:
    """`Re: Cannot pay [#17-k3f9q2xa]`: mail programs keep the subject where they lose the references."""
    subject = ticket.ticket.subject
    answered = subject if subject.casefold().startswith("re:") else f"Re: {subject}"
    return f"{answered[:200]} [#{ticket.token.number}-{ticket.token.secret}]"


def address_of_ticket(settings: MailSettings, token: TicketToken) -> str:
    """`support+17-k3f9q2xa@acme.example`, where the server delivers that to the mailbox; else the plain address."""
    if not settings.plus_addressing:
        return settings.address
    local, _, domain = settings.address.rpartition("@")
    return f"{local}+{token.number}-{token.secret}@{domain}"


def url_of_ticket(settings: MailSettings, ticket: DeskTicket) -> str:
    """Opens a mail program on a mail that joins the ticket: a private note, as long as no customer is added."""
    address = address_of_ticket(settings, ticket.token)
    return f"mailto:{quote(address)}?subject={quote(subject_of_reply(ticket))}"


def _origin(mail: Message, settings: MailSettings) -> Origin:
    headers = [(name, str(value)) for name, value in mail.items()]
    found = origin_of(headers)
    if found is Origin.LIST and settings.lists_are_customers:
        return Origin.PERSON
    return found


def _is_for_the_roster(mail: Message, settings: MailSettings) -> bool:
    """Whether it came to us by the address of a page alone."""
    ours = [one.email for one in contacts(mail, *_RECIPIENTS) if settings.is_own(one.email)]
    return bool(ours) and all(answers_a_page(address) for address in ours)


def _has_customers(mail: Message, settings: MailSettings) -> bool:
    """Whether anybody but ourselves and agents was written to."""
    return any(
        not (settings.is_own(one.email) or settings.is_agent(one.email)) for one in contacts(mail, "To", "Cc")
    )


def _tokens(mail: Message, subject: str) -> tuple[TicketToken, ...]:
    shown: list[tuple[str, str]] = []
    for name in _RECIPIENTS:
        for value in header_texts(mail, name):
            shown += _IN_ADDRESS.findall(value)
    shown += _IN_SUBJECT.findall(subject)
    return tuple(
        TicketToken(number=int(number), secret=secret) for number, secret in dict.fromkeys(shown[:50])
    )


def _fingerprint(message_id: str, mail: Message, sender: Contact, text: str) -> str:
    """Of what the sender made, not of the way it took; a Message-ID alone is used twice by some programs."""
    said: Sequence[str] = (
        message_id,
        sender.id,
        header_text(mail, "Date"),
        header_text(mail, "Subject"),
        *raw_headers(mail, "In-Reply-To"),
        text,
    )
    return hashlib.sha256("\0".join(said).encode("utf-8", "replace")).hexdigest()


def _told_if_cut(text: str, fetched: FetchedMail, settings: MailSettings) -> str:
    text = text or NO_TEXT
    if fetched.size <= len(fetched.data) or fetched.size <= settings.most_bytes:
        return text
    return (
        f"{text}\n\n(This mail has {fetched.size / 1_048_576:.1f} MB, of which the first"
        f" {settings.most_bytes / 1_048_576:.1f} MB were read. The whole of it is in the mailbox.)"
    )
