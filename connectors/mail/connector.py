"""A mailbox as a helpdesk: what arrives becomes tickets on a desk of our own, and replies go out into their threads.

IMAP and SMTP honour no idempotency key. The Message-ID is made of `once` and written down before the mail is sent, and
a copy of each mail comes back to the mailbox: what was sent is there, whatever became of the answer.
"""

from __future__ import annotations

import contextlib
import json
import logging
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from typing import ClassVar

from connectors.kit.fields import any_text, record, utc_time
from connectors.kit.mailbox.imap import open_session
from connectors.kit.mailbox.listening import MailBatch, MailboxListener, MailCursor
from connectors.kit.mailbox.oauth import MailTokens
from connectors.kit.mailbox.threads import in_thread
from connectors.kit.pacing import Pace
from connectors.kit.strict_json import parse_json
from connectors.mail.mapping import ReadMail, mail_from, unreadable, url_of_ticket
from connectors.mail.outgoing.compose import Outgoing, mail_id, plain_mail, reply
from connectors.mail.outgoing.proof import is_in_mailbox
from connectors.mail.outgoing.smtp import MOST_WAIT, SmtpSender
from connectors.mail.servers import look_at_servers
from connectors.mail.settings import MailSettings
from incidents.desk import BegunReply, DeskTicket, ReplyState, TicketDesk
from incidents.errors import LiaisonError, Refused, StoreFault, Unknown, Unrecognised
from incidents.events import Event, Heard, Lane, TicketEvent, Verified
from incidents.fan_out.budget import Budget, Budgeted
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
BEGUN_AT_ONCE = 50
"""Replies written down together before they are sent: so many are looked up in the mailbox if we die meanwhile. What is
written down before and after takes as long as ten mails."""

logger = logging.getLogger("liaison.mail")


def utc_now() -> datetime:
    """The clock of this machine."""
    return datetime.now(UTC)


class Mail(Helpdesk, Budgeted, Mailbox, ListeningSource):
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
        self._tokens = MailTokens(settings.oauth)
        self._smtp = SmtpSender(settings, self._tokens)
        self._listener = MailboxListener(settings, clock, self._tokens)
        self._pace = Pace(settings.mails_per_minute, 60)

    async def check(self) -> str:
        """What is there: the folders, what the server can, whether we may send, and what is on the desk."""
        servers = await look_at_servers(self._settings, self._tokens, self._smtp)
        counts = await self._desk.counts()
        return f"{servers}; {counts.tickets} tickets ({counts.unsettled} unsettled), {counts.aside} mails set aside"

    async def aclose(self) -> None:
        await self._smtp.aclose()

    async def listen(self, cursor: str | None) -> AsyncGenerator[Heard, None]:
        """Mail that belongs to no ticket is kept aside; copies of our own prove what was sent, and are no news."""
        batches = self._listener.batches(MailCursor.parse(cursor))
        async with contextlib.aclosing(batches):
            async for batch in batches:
                yield await self._hear(batch)

    async def hear_once(self, cursor: str | None) -> AsyncIterator[Heard]:
        """What has arrived by now, and then an end: for who cannot wait for more."""
        batches = self._listener.batches(MailCursor.parse(cursor), once=True)
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
        wanted = list(dict.fromkeys(ids))
        for one in wanted:
            if one not in tickets:
                outcomes[one] = _outcome(one, ChangeOutcome.GONE, f"there is no ticket {one!r}"[:200])
        there = [tickets[one] for one in wanted if one in tickets]
        for start in range(0, len(there), BEGUN_AT_ONCE):
            some = there[start : start + BEGUN_AT_ONCE]
            if _is_pointless(failures):
                outcomes |= _later(some, failures[-1])
            else:
                outcomes |= await self._reply_to_some(some, change, change.public_reply, once, failures)
        _raise_if_nothing_was_done(list(outcomes.values()), failures)
        return [outcomes[one] for one in ids]

    def budget(self) -> Budget:
        """Mails; what never leaves the desk is counted as one, too."""
        return Budget(limits=(self._pace.limit(),), alone=(1,), most=1)

    async def was_done(self, id: str, once: str) -> bool:
        """What was begun and whose answer was lost is looked for in the mailbox."""
        found = await self._desk.reply_message(id, once)
        if found is None:
            return False
        state, message_id = found
        return state is ReplyState.SENT or await self._prove(message_id)

    async def send(
        self, to: Contact, subject: PublicText, text: PublicText, *, once: str, ends: str = ""
    ) -> str:
        secret = await self._desk.secret()
        message_id = mail_id(self._settings, secret, to, once)
        first = mail_id(self._settings, secret, to, ends) if ends else ""
        outgoing = plain_mail(
            self._settings, to, subject, text, message_id=message_id, now=self._clock(), in_reply_to=first
        )
        # One begun before may have another id, of an older version of ours or an older address.
        while begun := await self._desk.begin_mail(
            to, text, once=once, message_id=message_id, now=self._clock()
        ):
            if begun.state is ReplyState.SENT or await self._is_done_or_undone(begun.message_id):
                return ""
        await self._send(outgoing)
        return ""

    async def mail_was_sent(self, to: Contact, once: str) -> bool:
        """Whether the mail that `send` was called for is in the mailbox as sent."""
        begun = await self._desk.begun_mail(to, once)
        if begun is not None:
            return begun.state is ReplyState.SENT or await self._prove(begun.message_id)
        # The store is an older backup, and does not know of it.
        for secret in (await self._desk.secret(), self._settings.former_secret):
            if await self._prove(mail_id(self._settings, secret, to, once)):
                return True
        return False

    async def _reply_to_some(
        self,
        tickets: Sequence[DeskTicket],
        change: TicketChange,
        text: PublicText,
        once: str,
        failures: list[LiaisonError],
    ) -> dict[str, TicketOutcome]:
        """Begun together, sent one by one, and noted as sent together; what says something about the server, and not
        about a ticket, joins the failures."""
        outcomes: dict[str, TicketOutcome] = {}
        mails: dict[str, Outgoing] = {}
        for found in tickets:
            try:
                mails[found.ticket.ref.id] = reply(self._settings, found, text, once=once, now=self._clock())
            except Refused as error:
                outcomes[found.ticket.ref.id] = _refused(found.ticket.ref.id, error)
        begun = await self._begin(mails, change, once, outcomes, failures)
        unsent = {one: mails[one] for one in begun}
        sent: list[str] = []
        try:
            for one in begun:
                if _is_pointless(failures):
                    break
                # While it is under way it is neither sent nor unsent; if we are stopped then, it is looked up.
                under_way = unsent.pop(one)
                try:
                    await self._post(under_way)
                except LiaisonError as error:
                    if not isinstance(error, Unknown):
                        unsent[one] = under_way
                    outcomes[one] = _failed(one, error, failures)
                else:
                    sent.append(one)
        finally:
            # Also when we are stopped in between: what was not begun surely was not sent.
            outcomes |= await self._note_sent(sent, mails, failures)
            if unsent:
                # If the store is away they are looked up in the mailbox before they are begun anew.
                with contextlib.suppress(StoreFault):
                    await self._desk.replies_failed([mail.message_id for mail in unsent.values()])
        left = [found for found in tickets if found.ticket.ref.id not in outcomes]
        return outcomes | (_later(left, failures[-1]) if left else {})

    async def _begin(
        self,
        mails: Mapping[str, Outgoing],
        change: TicketChange,
        once: str,
        outcomes: dict[str, TicketOutcome],
        failures: list[LiaisonError],
    ) -> Sequence[str]:
        """The tickets whose replies are to be sent now; how the others stand joins the outcomes."""
        begun: list[str] = []
        begin = partial(self._desk.begin_replies, change=change, once=once)
        replies = [BegunReply(one, mail.message_id) for one, mail in mails.items()]
        try:
            said_of_each = await begin(replies, now=self._clock())
        except LiaisonError as error:
            outcomes |= {one: _failed(one, error, failures) for one in mails}
            return []
        for one, outcome in zip(mails, said_of_each, strict=True):
            said = outcome
            if said is not None and said.outcome is ChangeOutcome.UNKNOWN:
                try:
                    if await self._is_done_or_undone(mails[one].message_id):
                        said = _outcome(one, ChangeOutcome.DONE)
                    else:
                        (said,) = await begin([BegunReply(one, mails[one].message_id)], now=self._clock())
                except LiaisonError as error:
                    said = _failed(one, error, failures)
            if said is None:
                begun.append(one)
            else:
                outcomes[one] = said
        return begun

    async def _note_sent(
        self, sent: Sequence[str], mails: Mapping[str, Outgoing], failures: list[LiaisonError]
    ) -> dict[str, TicketOutcome]:
        if not sent:
            return {}
        try:
            await self._desk.replies_sent([mails[one].message_id for one in sent], now=self._clock())
        except StoreFault:
            lost = Unknown("mail: it was sent, and the store could not write that down")
            return {one: _failed(one, lost, failures) for one in sent}
        return {one: _outcome(one, ChangeOutcome.DONE) for one in sent}

    async def _send(self, outgoing: Outgoing) -> None:
        """Send what was written down as begun, and write down how it ended."""
        try:
            await self._post(outgoing, at_most=MOST_WAIT)
        except Unknown:
            raise
        except LiaisonError:
            await self._desk.replies_failed([outgoing.message_id])
            raise
        try:
            await self._desk.replies_sent([outgoing.message_id], now=self._clock())
        except StoreFault as error:
            raise Unknown("mail: it was sent, and the store could not write that down") from error

    async def _post(self, outgoing: Outgoing, *, at_most: float | None = None) -> None:
        await self._pace.wait(at_most=at_most)
        copy_to = self._settings.address if self._settings.copy_to_mailbox else None
        await self._smtp.send(outgoing, copy_to=copy_to)

    async def _is_done_or_undone(self, message_id: str) -> bool:
        """Whether an attempt that was left open got through; False if it did not, and may be begun anew.

        Raises `Unknown` where no copy of our mail comes back, so that its absence proves nothing.
        """
        if await self._prove(message_id):
            return True
        if not self._settings.copy_to_mailbox:
            raise Unknown("mail: an earlier attempt may have got through, and no copies are kept to prove it")
        await self._desk.replies_failed([message_id])
        return False

    async def _prove(self, message_id: str) -> bool:
        if not message_id:
            return False
        session = await open_session(self._settings, self._tokens)
        if not await in_thread(is_in_mailbox, session, self._settings, message_id):
            return False
        await self._desk.replies_sent([message_id], now=self._clock())
        return True

    async def _hear(self, batch: MailBatch) -> Heard:
        now = self._clock()
        arrivals = [
            found for found in await in_thread(self._understood, batch, now) if not found.is_for_the_roster
        ]
        copies = [
            found.arrival.message_id for found in arrivals if found.is_own_copy and found.arrival.message_id
        ]
        ours = await self._desk.replies_sent(copies, now=now) if copies else frozenset()
        theirs = [
            found.arrival
            for found in arrivals
            if not (found.is_own_copy and found.arrival.message_id in ours)
        ]
        deliveries: list[Verified] = []
        for arrival, taken in zip(theirs, await self._desk.take_in(theirs, now=now), strict=True):
            if taken.ticket is not None:
                # Also for one known already: it may not have been left in the inbox yet, where a second one is known
                # again.
                told = {"ticket": taken.ticket, "message": taken.message, "at": arrival.at.isoformat()}
                body = json.dumps(told).encode()
                deliveries.append(Verified(headers=(), body=body, identity=f"mail:{taken.message}"))
            elif taken.is_new:
                logger.info("%s: set aside: %s", self.name, taken.why)
        return Heard(deliveries=tuple(deliveries), cursor=batch.cursor.text())

    def _understood(self, batch: MailBatch, now: datetime) -> Sequence[ReadMail]:
        found: list[ReadMail] = []
        for fetched in batch.mails:
            try:
                found.append(mail_from(fetched, self._settings, is_sent=batch.is_sent, now=now))
            except Exception:  # a mail that our reading fails on is kept as it is, and holds up no other
                logger.exception("%s: a mail of %d bytes could not be read", self.name, fetched.size)
                found.append(ReadMail(arrival=unreadable(fetched, now=now), is_own_copy=False))
        return found

    def _told(self, found: DeskTicket) -> Ticket:
        return replace(found.ticket, url=url_of_ticket(self._settings, found))


def _is_pointless(failures: Sequence[LiaisonError]) -> bool:
    """The server that just refused or did not answer is not asked a hundred times more."""
    return bool(failures) and not isinstance(failures[-1], Unknown)


def _later(tickets: Iterable[DeskTicket], error: LiaisonError) -> dict[str, TicketOutcome]:
    ids = [found.ticket.ref.id for found in tickets]
    return {one: _outcome(one, ChangeOutcome.LATER, str(error)) for one in ids}


def _failed(id: str, error: LiaisonError, failures: list[LiaisonError]) -> TicketOutcome:
    if type(error) is Refused:
        return _refused(id, error)
    failures.append(error)
    is_open = isinstance(error, Unknown)
    return _outcome(id, ChangeOutcome.UNKNOWN if is_open else ChangeOutcome.LATER, str(error))


def _refused(id: str, error: Refused) -> TicketOutcome:
    return _outcome(id, ChangeOutcome.REFUSED, str(error))


def _outcome(id: str, outcome: ChangeOutcome, detail: str = "") -> TicketOutcome:
    return TicketOutcome(id=id, outcome=outcome, detail=detail)


def _raise_if_nothing_was_done(outcomes: Sequence[TicketOutcome], failures: Sequence[LiaisonError]) -> None:
    """What failed as a whole is told as an error; that it may have been done outweighs that it was not."""
    failed = (ChangeOutcome.LATER, ChangeOutcome.UNKNOWN)
    if failures and all(one.outcome in failed for one in outcomes):
        raise next((error for error in failures if isinstance(error, Unknown)), failures[-1])
