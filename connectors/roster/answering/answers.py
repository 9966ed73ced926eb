"""Answers to pages by mail: read from the mailbox of the block, understood, and acted upon at the desk.

What a mail may do is decided in `incidents.rotas.page_replies`; what it did is one transaction of the desk, which knows
each mail by its fingerprint. So a mail that is read twice, by whomever, is one answer.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import logging
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime, timedelta
from email import message_from_bytes
from email.message import Message

from connectors.kit.mail_headers import origin_of
from connectors.kit.mailbox.body import body_text
from connectors.kit.mailbox.headers import contacts, header_texts, message_ids, raw_headers
from connectors.kit.mailbox.imap import FetchedMail, ImapSession, open_session
from connectors.kit.mailbox.listening import MailboxListener, MailCursor
from connectors.kit.mailbox.oauth import MailTokens
from connectors.kit.mailbox.threads import in_thread
from connectors.roster.answering.mailbox import ReplyMailbox
from connectors.roster.answering.mailing import ReplyTo
from connectors.roster.ways import Ways
from incidents.errors import LiaisonError
from incidents.rotas.page_desk import DueNotice, NoticeKind, PageDesk
from incidents.rotas.page_replies import PageReply, judged, notice_of_reply, reply_token, why_in, word_in

_RECIPIENTS = ("To", "Cc", "Delivered-To", "X-Original-To", "Envelope-To")
RETRY, LONGEST_RETRY = 5.0, 300.0
"""Seconds until a mailbox that is away is asked again, then twice that, and so on; from the start again once it was
there for longer than the longest."""

logger = logging.getLogger("liaison.roster")


class MailAnswers:
    """The answers of one connection. `key` is the operator's, `place` how far the mailbox was read by now; `pause`
    waits so many seconds."""

    def __init__(
        self,
        name: str,
        mailbox: ReplyMailbox,
        *,
        desk: PageDesk,
        ways: Ways,
        key: str,
        clock: Callable[[], datetime],
        pause: Callable[[float], Awaitable[object]] = asyncio.sleep,
    ) -> None:
        self._name = name
        self._mailbox = mailbox
        self._tokens = MailTokens(mailbox.oauth)
        self._desk = desk
        self._ways = ways
        self._key = key
        self._clock = clock
        self._pause = pause
        self.place = MailCursor()

    async def reply_to(self, notice: DueNotice) -> ReplyTo | None:
        """What a notice carries so that its answer is known; None for one that is no mail, or is not to be answered."""
        if notice.kind is NoticeKind.OVER or not await self._ways.mail_addresses(notice.way):
            return None
        token = reply_token(self._key, notice.id)
        local, _, domain = self._mailbox.address.rpartition("@")
        address = f"{local}+{token}@{domain}" if self._mailbox.plus_addressing else self._mailbox.address
        return ReplyTo(address=address, message_id=f"{token}@{domain}")

    async def listen(self) -> None:
        """Read on from `place` for ever; a mailbox that is away is tried again, and holds up nobody's waking."""
        wait = RETRY
        while True:
            began = self._clock()
            try:
                async with contextlib.aclosing(
                    MailboxListener(self._mailbox, self._clock, self._tokens).batches(self.place)
                ) as batches:
                    async for batch in batches:
                        for mail in batch.mails:
                            await self._hear(mail)
                        self.place = batch.cursor
                        wait = RETRY
            except LiaisonError as error:
                logger.warning("%s: answers by mail are not heard: %s", self._name, error)
            except Exception:  # a defect here must not end the listening that wakes people
                logger.exception("%s: answers by mail are not heard", self._name)
            if self._clock() - began > timedelta(seconds=LONGEST_RETRY):
                # It was there, and quiet: no batch has said so.
                wait = RETRY
            await self._pause(wait)
            wait = min(2 * wait, LONGEST_RETRY)

    async def check(self) -> str:
        """Log in and look; raises as `ImapSession` does."""
        session = await open_session(self._mailbox, self._tokens)
        mails = await in_thread(_mails_in, session, self._mailbox.folder)
        return f"answers by mail: {self._mailbox.address}, {mails} mails in {self._mailbox.folder!r}"

    async def _hear(self, fetched: FetchedMail) -> None:
        try:
            mail = message_from_bytes(fetched.data)
            notice = notice_of_reply(self._key, _shown(mail))
            reply = None if notice is None else _reply(mail, fetched, now=self._clock())
        except Exception:  # a mail that our reading fails on does nothing, and holds up no other
            logger.exception("%s: a mail of %d bytes could not be read", self._name, fetched.size)
            return
        if notice is None or reply is None:
            return
        asked = await self._desk.asked(notice)
        if asked is None:
            return
        addresses = await self._ways.mail_addresses(asked.way)
        verdict = judged(reply, addresses=addresses, sent_at=asked.sent_at)
        logger.info("%s: a mail about the page of %s: %s", self._name, asked.name, verdict)
        await self._desk.take_reply(
            asked,
            verdict,
            word_in(reply.text),
            why=why_in(reply.text),
            fingerprint=_fingerprint(mail, reply),
            now=self._clock(),
        )


def _shown(mail: Message) -> Sequence[str]:
    """Where tokens stand: the addresses it was sent to, and the mails it refers to."""
    addresses = [value for name in _RECIPIENTS for value in header_texts(mail, name)]
    ids = message_ids(value for name in ("References", "In-Reply-To") for value in raw_headers(mail, name))
    return [*addresses[:50], *reversed(ids)]


def _reply(mail: Message, fetched: FetchedMail, *, now: datetime) -> PageReply:
    return PageReply(
        origin=origin_of((name, str(value)) for name, value in mail.items()),
        senders=tuple(one.id for one in contacts(mail, "From")),
        text=body_text(mail),
        at=min(fetched.arrived_at or now, now),
    )


def _fingerprint(mail: Message, reply: PageReply) -> str:
    """Of what the sender made, not of the way it took."""
    said = (*raw_headers(mail, "Message-ID"), *raw_headers(mail, "Date"), *reply.senders, reply.text)
    return hashlib.sha256("\0".join(said).encode("utf-8", "replace")).hexdigest()


def _mails_in(session: ImapSession, folder: str) -> int:
    try:
        return session.open(folder).mails
    finally:
        session.close()
