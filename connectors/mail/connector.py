"""A mailbox as a helpdesk: what arrives becomes tickets on a desk of our own, and replies go out into their threads.

IMAP and SMTP honour no idempotency key. The Message-ID is made of `once` and written down before the mail is sent, and
a copy of each mail comes back to the mailbox: what was sent is there, whatever became of the answer.
"""

from __future__ import annotations

import contextlib
import json
import logging
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from typing import ClassVar

from connectors.kit.fields import any_text, record, utc_time
from connectors.kit.pacing import Pace
from connectors.kit.strict_json import parse_json
from connectors.mail.incoming.imap import FetchedMail, ImapSession
from connectors.mail.incoming.listening import MailBatch, MailboxListener, MailCursor, folders_of
from connectors.mail.incoming.threads import in_thread
from connectors.mail.mapping import mail_from, unreadable, url_of_ticket
from connectors.mail.outgoing.compose import Outgoing, mail_id, plain_mail, reply
from connectors.mail.outgoing.smtp import SmtpSender
from connectors.mail.settings import MailSettings
from incidents.desk import Arrival, DeskTicket, ReplyState, TicketDesk
from incidents.errors import LiaisonError, Refused, StoreFault, Unknown, Unrecognised
from incidents.events import Event, Heard, Lane, TicketEvent, Verified
from incidents.models import (
    ChangeOutcome,
    Comment,
    Contact,
    PublicText,
    Ticket,
    TicketChange,
    TicketOutcome,
    TicketRef,
)
from incidents.ports import Helpdesk, ListeningSource, Mailbox

PAGE = 200

logger = logging.getLogger("liaison.mail")


def utc_now() -> datetime:
    """The clock of this machine."""
    return datetime.now(UTC)


class Mail(Helpdesk, Mailbox, ListeningSource):
    """One mailbox. `name` is the connection's (`mail/support`), `desk` where its tickets are kept."""

    vendor: ClassVar[str] = "mail"
    lane = Lane.INTAKE
    # A copy of what was sent takes its way through the servers.
    index_lag = 30.0

    def __init__(
        self, name: str, settings: MailSettings, *, desk: TicketDesk, clock: Callable[[], datetime] = utc_now
    ) -> None:
        self.name = name
        self._settings = settings
        self._desk = desk
        self._clock = clock
        self._smtp = SmtpSender(settings)
        self._pace = Pace(settings.mails_per_minute, 60)

    async def check(self) -> str:
        """What is there: the folders, what the server can, whether we may send, and what is on the desk."""
        looked_at = await in_thread(_look, self._settings)
        await self._smtp.check()
        counts = await self._desk.counts()
        return (
            f"{looked_at}; sends as {self._settings.address} by {self._settings.smtp_host}; {counts.tickets} tickets"
            f" ({counts.unsettled} unsettled), {counts.aside} mails set aside"
        )

    async def aclose(self) -> None:
        await self._smtp.aclose()

    async def listen(self, cursor: str | None) -> AsyncGenerator[Heard, None]:
        """Mail that belongs to no ticket is kept aside; copies of our own prove what was sent, and are no news."""
        batches = MailboxListener(self._settings, self._clock).batches(MailCursor.parse(cursor))
        async with contextlib.aclosing(batches):
            async for batch in batches:
                yield await self._hear(batch)

    async def hear_once(self, cursor: str | None) -> AsyncIterator[Heard]:
        """What has arrived by now, and then an end: for who cannot wait for more."""
        batches = MailboxListener(self._settings, self._clock).batches(MailCursor.parse(cursor), once=True)
        async with contextlib.aclosing(batches):
            async for batch in batches:
                yield await self._hear(batch)

    def events(self, verified: Verified) -> Sequence[Event]:
        """The ticket that a mail was put on; its comments are to be read."""
        document = record(parse_json(verified.body))
        ticket, at = any_text(document.get("ticket")), utc_time(document.get("at"), of="mail heard")
        if not ticket:
            raise Unrecognised("mail: a delivery that names no ticket")
        return [TicketEvent(ref=TicketRef(connection=self.name, id=ticket), at=at, comments_to_read=True)]

    async def read(self, ids: Sequence[str]) -> Sequence[Ticket]:
        return [self._told(found) for found in await self._desk.tickets(ids)]

    async def changed_since(self, since: datetime) -> AsyncIterator[Ticket]:
        """Of what we know: mail that nobody has listened to yet is not among it."""
        after = 0
        while page := await self._desk.changed_since(since, after=after, limit=PAGE):
            for found in page:
                yield self._told(found)
            since, after = page[-1].ticket.updated_at, page[-1].token.number

    async def comments(self, ticket: Ticket, since: datetime) -> Sequence[Comment]:
        return await self._desk.comments(ticket.ref.id, since)

    async def update(self, ids: Sequence[str], change: TicketChange, *, once: str) -> Sequence[TicketOutcome]:
        """A reply is a mail a ticket. When only some of them went out, the others come back `later` or `unknown` rather
        than the whole call failing; a note never leaves the desk."""
        if change.public_reply is None:
            return await self._desk.change(ids, change, once=once, now=self._clock())
        tickets = {found.ticket.ref.id: found for found in await self._desk.tickets(ids)}
        outcomes: dict[str, TicketOutcome] = {}
        failures: list[LiaisonError] = []
        for one in dict.fromkeys(ids):
            if one not in tickets:
                outcomes[one] = _outcome(one, ChangeOutcome.GONE, f"there is no ticket {one!r}"[:200])
            elif failures and not isinstance(failures[-1], Unknown):
                # The server that just refused or did not answer is not asked a hundred times more.
                outcomes[one] = _outcome(one, ChangeOutcome.LATER, str(failures[-1]))
            else:
                outcomes[one] = await self._reply(tickets[one], change, change.public_reply, once, failures)
        _raise_if_nothing_was_done(list(outcomes.values()), failures)
        return [outcomes[one] for one in ids]

    async def was_done(self, id: str, once: str) -> bool:
        """What was begun and whose answer was lost is looked for in the mailbox."""
        found = await self._desk.reply_message(id, once)
        if found is None:
            return False
        state, message_id = found
        return state is ReplyState.SENT or await self._prove(message_id)

    async def send(self, to: Contact, subject: str, text: str, *, once: str) -> None:
        outgoing = plain_mail(self._settings, to, subject, text, once=once, now=self._clock())
        state = await self._desk.begin_mail(
            to, text, once=once, message_id=outgoing.message_id, now=self._clock()
        )
        if state is ReplyState.SENT:
            return
        if state is ReplyState.SENDING and await self._is_done_or_undone(outgoing.message_id):
            return
        await self._send(outgoing)

    async def mail_was_sent(self, to: Contact, once: str) -> bool:
        """Whether the mail that `send` was called for is in the mailbox as sent."""
        return await self._prove(mail_id(self._settings, to, once))

    async def _reply(
        self,
        found: DeskTicket,
        change: TicketChange,
        text: PublicText,
        once: str,
        failures: list[LiaisonError],
    ) -> TicketOutcome:
        """One reply's outcome; what says something about the server, and not about this ticket, joins the failures."""
        ticket = found.ticket.ref.id
        try:
            return await self._reply_to(found, change, text, once)
        except LiaisonError as error:
            if type(error) is Refused:
                return _outcome(ticket, ChangeOutcome.REFUSED, str(error))
            failures.append(error)
            is_open = isinstance(error, Unknown)
            return _outcome(ticket, ChangeOutcome.UNKNOWN if is_open else ChangeOutcome.LATER, str(error))

    async def _reply_to(
        self, found: DeskTicket, change: TicketChange, text: PublicText, once: str
    ) -> TicketOutcome:
        ticket = found.ticket.ref.id
        outgoing = reply(self._settings, found, text, once=once, now=self._clock())
        begin = partial(
            self._desk.begin_reply,
            ticket,
            change,
            once=once,
            message_id=outgoing.message_id,
        )
        begun = await begin(now=self._clock())
        if begun is not None and begun.outcome is ChangeOutcome.UNKNOWN:
            if await self._is_done_or_undone(outgoing.message_id):
                return _outcome(ticket, ChangeOutcome.DONE)
            begun = await begin(now=self._clock())
        if begun is not None:
            return begun
        await self._send(outgoing)
        return _outcome(ticket, ChangeOutcome.DONE)

    async def _send(self, outgoing: Outgoing) -> None:
        """Send what was written down as begun, and write down how it ended."""
        await self._pace.wait()
        copy_to = self._settings.address if self._settings.copy_to_mailbox else None
        try:
            await self._smtp.send(outgoing, copy_to=copy_to)
        except Unknown:
            raise
        except LiaisonError:
            await self._desk.reply_failed(outgoing.message_id)
            raise
        try:
            await self._desk.reply_sent(outgoing.message_id, now=self._clock())
        except StoreFault as error:
            raise Unknown("mail: it was sent, and the store could not write that down") from error

    async def _is_done_or_undone(self, message_id: str) -> bool:
        """Whether an attempt that was left open got through; False if it did not, and may be begun anew.

        Raises `Unknown` where no copy of our mail comes back, so that its absence proves nothing.
        """
        if await self._prove(message_id):
            return True
        if not self._settings.copy_to_mailbox:
            raise Unknown("mail: an earlier attempt may have got through, and no copies are kept to prove it")
        await self._desk.reply_failed(message_id)
        return False

    async def _prove(self, message_id: str) -> bool:
        if not message_id or not await in_thread(_is_in_mailbox, self._settings, message_id):
            return False
        await self._desk.reply_sent(message_id, now=self._clock())
        return True

    async def _hear(self, batch: MailBatch) -> Heard:
        deliveries = [await self._take_in(mail, is_sent=batch.is_sent) for mail in batch.mails]
        return Heard(
            deliveries=tuple(one for one in deliveries if one is not None), cursor=batch.cursor.text()
        )

    async def _take_in(self, fetched: FetchedMail, *, is_sent: bool) -> Verified | None:
        now = self._clock()
        arrival = await self._understood(fetched, is_sent=is_sent, now=now)
        if arrival is None:
            return None
        taken = await self._desk.take_in(arrival, now=now)
        if taken.ticket is None:
            if taken.is_new:
                logger.info("%s: set aside: %s", self.name, taken.why)
            return None
        # Also for one known already: it may not have been left in the inbox yet, where a second one is known again.
        body = json.dumps({"ticket": taken.ticket, "message": taken.message, "at": arrival.at.isoformat()})
        return Verified(headers=(), body=body.encode(), identity=f"mail:{taken.message}")

    async def _understood(self, fetched: FetchedMail, *, is_sent: bool, now: datetime) -> Arrival | None:
        """None for what we sent ourselves."""
        try:
            found = await in_thread(mail_from, fetched, self._settings, is_sent=is_sent, now=now)
        except Exception:  # a mail that our reading fails on is kept as it is, and holds up no other
            logger.exception("%s: a mail of %d bytes could not be read", self.name, fetched.size)
            return unreadable(fetched, now=now)
        is_ours = found.is_own_copy and found.arrival.message_id
        if is_ours and await self._desk.reply_sent(found.arrival.message_id, now=now):
            return None
        return found.arrival

    def _told(self, found: DeskTicket) -> Ticket:
        return replace(found.ticket, url=url_of_ticket(self._settings, found))


def _look(settings: MailSettings) -> str:
    session = ImapSession(settings)
    try:
        folders = folders_of(session, settings)
        mails = session.open(folders[0]).mails
        for sent in folders[1:]:
            session.open(sent)
        tells = "tells of new mail at once (IDLE)" if "IDLE" in session.capabilities else "no IDLE: is polled"
    finally:
        session.close()
    sent_folder = f", sent mail in {folders[1]!r}" if len(folders) > 1 else ", no folder of sent mail"
    return f"{settings.user} at {settings.imap_host}: {mails} mails in {folders[0]!r}{sent_folder}; {tells}"


def _is_in_mailbox(settings: MailSettings, message_id: str) -> bool:
    session = ImapSession(settings)
    try:
        for folder in folders_of(session, settings):
            session.open(folder)
            if session.has(message_id):
                return True
    finally:
        session.close()
    return False


def _outcome(id: str, outcome: ChangeOutcome, detail: str = "") -> TicketOutcome:
    return TicketOutcome(id=id, outcome=outcome, detail=detail)


def _raise_if_nothing_was_done(outcomes: Sequence[TicketOutcome], failures: Sequence[LiaisonError]) -> None:
    """What failed as a whole is told as an error; that it may have been done outweighs that it was not."""
    failed = (ChangeOutcome.LATER, ChangeOutcome.UNKNOWN)
    if failures and all(one.outcome in failed for one in outcomes):
        raise next((error for error in failures if isinstance(error, Unknown)), failures[-1])
