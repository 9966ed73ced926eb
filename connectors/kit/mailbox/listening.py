"""Listening to a mailbox: what arrived since the cursor, then IDLE until something arrives, and so on for ever.

The calls block, so they run in threads; nobody holds a thread while the mailbox is silent.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta

from connectors.kit.mailbox.access import WatchedMailbox
from connectors.kit.mailbox.imap import FetchedMail, FolderState, ImapSession, open_session
from connectors.kit.mailbox.oauth import MailTokens
from connectors.kit.mailbox.threads import in_thread
from connectors.kit.strict_json import parse_json
from incidents.errors import Unrecognised

# Of a folder whose UIDs mean nothing any more, this much before the last mail is read again: what is known is known.
OVERLAP = timedelta(days=2)

logger = logging.getLogger("liaison.mail")


@dataclass(frozen=True, kw_only=True, slots=True)
class FolderPlace:
    """How far one folder was read, under which UIDVALIDITY, and on which day that was."""

    validity: int
    uid: int
    day: date


@dataclass(frozen=True, kw_only=True, slots=True)
class MailCursor:
    """How far each folder was read."""

    places: Mapping[str, FolderPlace] = field(default_factory=dict)

    @classmethod
    def parse(cls, text: str | None) -> MailCursor:
        """Whatever cannot be read counts as never read, which costs a second look and loses nothing."""
        document = {}
        if text is not None:
            with contextlib.suppress(Unrecognised):
                document = parse_json(text.encode())
        places: dict[str, FolderPlace] = {}
        for folder, place in document.items() if isinstance(document, dict) else ():
            with contextlib.suppress(TypeError, ValueError, KeyError):
                places[folder] = FolderPlace(
                    validity=int(place["validity"]),
                    uid=int(place["uid"]),
                    day=date.fromisoformat(place["day"]),
                )
        return cls(places=places)

    def text(self) -> str:
        """As the store keeps it."""
        return json.dumps(
            {
                folder: {"validity": place.validity, "uid": place.uid, "day": place.day.isoformat()}
                for folder, place in sorted(self.places.items())
            }
        )

    def at(self, folder: str, place: FolderPlace) -> MailCursor:
        """The cursor with this folder read so far."""
        return replace(self, places={**self.places, folder: place})


@dataclass(frozen=True, kw_only=True, slots=True)
class MailBatch:
    """Some mails of one folder, and the cursor for when they are kept. Without mails it is only a new cursor."""

    folder: str
    is_sent: bool
    mails: Sequence[FetchedMail]
    cursor: MailCursor


class MailboxListener:
    """Reads the folders in turn over one connection. `clock` says what day it is."""

    def __init__(
        self, settings: WatchedMailbox, clock: Callable[[], datetime], tokens: MailTokens | None = None
    ) -> None:
        self._settings = settings
        self._tokens = tokens or MailTokens(settings.oauth)
        self._clock = clock

    async def batches(self, cursor: MailCursor, *, once: bool = False) -> AsyncGenerator[MailBatch, None]:
        """Each batch counts as kept when the next is asked for. `once` ends where it would begin to wait."""
        session = await open_session(self._settings, self._tokens)
        try:
            folders = await in_thread(folders_of, session, self._settings)
            while True:
                for folder in folders:
                    async for batch in self._read(session, folder, cursor, is_sent=folder != folders[0]):
                        cursor = batch.cursor
                        yield batch
                        if batch.mails and self._settings.mark_read and not batch.is_sent:
                            await in_thread(session.mark_read, [mail.uid for mail in batch.mails])
                if once:
                    return
                await self._wait(session, folders[0], cursor)
        finally:
            # A thread that is still at it ends at once when its connection does.
            session.wake()
            await in_thread(session.close)

    async def _read(
        self, session: ImapSession, folder: str, cursor: MailCursor, *, is_sent: bool
    ) -> AsyncIterator[MailBatch]:
        readonly = is_sent or not self._settings.mark_read
        state = await in_thread(session.open, folder, readonly=readonly)
        today = self._clock().astimezone(UTC).date()
        before = cursor.places.get(folder)
        if before is not None and before.validity == state.validity:
            uids = await in_thread(session.uids_after, before.uid)
        else:
            uids = await in_thread(session.uids_since, self._first_day(folder, before, today))
            if before is None and self._settings.first_days == 0:
                uids = []
            # What arrives from now on is read from here, also if nothing does for long.
            before = FolderPlace(validity=state.validity, uid=_before(uids, state), day=today)
            cursor = cursor.at(folder, before)
            yield MailBatch(folder=folder, is_sent=is_sent, mails=(), cursor=cursor)
        batches = session.fetch(uids)
        while (mails := await in_thread(next, batches, None)) is not None:
            last = max((mail.uid for mail in mails), default=before.uid)
            cursor = cursor.at(folder, FolderPlace(validity=state.validity, uid=last, day=today))
            yield MailBatch(folder=folder, is_sent=is_sent, mails=mails, cursor=cursor)

    def _first_day(self, folder: str, before: FolderPlace | None, today: date) -> date:
        if before is None:
            return today - timedelta(days=self._settings.first_days)
        logger.warning(
            "the folder %r was made anew (UIDVALIDITY): reading again from %s", folder, before.day - OVERLAP
        )
        return before.day - OVERLAP

    async def _wait(self, session: ImapSession, folder: str, cursor: MailCursor) -> None:
        """Until the server speaks up or it is time for a look."""
        seconds = self._settings.look_seconds
        if "IDLE" not in session.capabilities:
            await asyncio.sleep(seconds)
            return
        state = await in_thread(session.open, folder)
        place = cursor.places.get(folder)
        if place is not None:
            # What arrived until the folder was opened is told by nobody: the server counts it among what was there.
            if state.validity != place.validity:
                return
            arrived = await in_thread(session.uids_after, place.uid)
            if arrived:
                return
        await in_thread(session.start_idle)
        if not await in_thread(session.has_news):
            await _readable(session, seconds)
        await in_thread(session.stop_idle)


def folders_of(session: ImapSession, settings: WatchedMailbox) -> Sequence[str]:
    """The folder where mail arrives, and that of sent mail where there is one to be read."""
    if settings.sent_folder is None:
        return [settings.folder]
    if settings.sent_folder:
        return [settings.folder, settings.sent_folder]
    sent = [name for name, is_sent in session.folders() if is_sent and name != settings.folder]
    return [settings.folder, *sent[:1]]


def _before(uids: Sequence[int], state: FolderState) -> int:
    """Just before the first of these, or the end of the folder."""
    return uids[0] - 1 if uids else state.next_uid - 1


async def _readable(session: ImapSession, seconds: float) -> None:
    """Return when the server has said something, or after so many seconds."""
    loop = asyncio.get_running_loop()
    said = asyncio.Event()
    number = session.socket.fileno()
    loop.add_reader(number, said.set)
    try:
        async with asyncio.timeout(seconds):
            await said.wait()
    except TimeoutError:
        pass
    finally:
        loop.remove_reader(number)
