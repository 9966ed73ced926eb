"""One IMAP connection, used from a thread: looks at folders, reads mail without marking it, finds a mail again.

IMAP4rev1: RFC 3501; IDLE: RFC 2177; SPECIAL-USE: RFC 6154. Seen on Dovecot 2.3: `UID n:*` past the end answers the last
message; `BODY[]` marks as read where `BODY.PEEK[]` does not; HEADER searches for a part of the text.
"""

from __future__ import annotations

import contextlib
import imaplib
import re
import socket
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from email.utils import parsedate_to_datetime
from functools import partial
from typing import Any

from imap_tools import (
    AND,
    BaseMailBox,
    Header,
    MailBox,
    MailBoxFolderStatusOptions,
    MailBoxStartTls,
    MailBoxUnencrypted,
)
from imap_tools.errors import ImapToolsError, MailboxLoginError

from connectors.kit.mailbox.access import MailSecurity, WatchedMailbox
from connectors.kit.mailbox.oauth import MailTokens
from connectors.kit.mailbox.reasons import reason
from connectors.kit.mailbox.threads import in_thread
from incidents.errors import NotAllowed, NotFound, Refused, Unreachable

_UID = re.compile(rb"\bUID (\d+)")
_SIZE = re.compile(rb"\bRFC822\.SIZE (\d+)")
_ARRIVED = re.compile(rb'\bINTERNALDATE "([^"]{1,40})"')
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
# Response codes (RFC 5530) of a login that may do well later.
_NOT_NOW = re.compile(r"\[(UNAVAILABLE|INUSE|LIMIT|SERVERBUG)\]", re.IGNORECASE)
# What is in memory at once, whatever the folder holds.
BATCH_BYTES, BATCH_MAILS = 4 * 1_048_576, 50
_SENT = "\\sent"


@dataclass(frozen=True, kw_only=True, slots=True)
class FolderState:
    """A folder as the server has it: UIDs mean something only together with `validity`."""

    validity: int
    next_uid: int
    mails: int


@dataclass(frozen=True, kw_only=True, slots=True)
class FetchedMail:
    """A mail as it lies on the server: `data` is at most as much as was asked for, `size` the whole of it in bytes."""

    uid: int
    size: int
    arrived_at: datetime | None
    data: bytes


class ImapSession:
    """An open connection. Every call may block up to the settings' time-out; raises `incidents.errors`."""

    def __init__(self, settings: WatchedMailbox, token: str | None = None) -> None:
        self._settings = settings
        self._token = token
        self._where = f"imap {settings.imap_host}:{settings.imap_port}"
        with self._told():
            self._box = self._connected()

    def _connected(self) -> BaseMailBox:
        wanted = self._settings
        host, port, timeout = wanted.imap_host, wanted.imap_port, wanted.timeout_seconds
        box: BaseMailBox
        if wanted.imap_security is MailSecurity.TLS:
            box = MailBox(host, port, timeout=timeout, ssl_context=wanted.tls)
        elif wanted.imap_security is MailSecurity.STARTTLS:
            box = MailBoxStartTls(host, port, timeout=timeout, ssl_context=wanted.tls)
        else:
            box = MailBoxUnencrypted(host, port, timeout=timeout)
        password = wanted.password.get_secret_value()
        try:
            if self._token is not None:
                _show_token(box, wanted.user, self._token)
            elif wanted.user.isascii() and password.isascii():
                box.login(wanted.user, password, initial_folder=None)
            else:
                box.login_utf8(wanted.user, password, initial_folder=None)
            # Some servers tell more after the login than before.
            box.client._get_capabilities()  # noqa: SLF001
        except BaseException:
            with contextlib.suppress(OSError, imaplib.IMAP4.error):
                box.client.shutdown()
            raise
        return box

    @property
    def capabilities(self) -> frozenset[str]:
        """What the server says it can, in capitals."""
        return frozenset(str(one).upper() for one in self._box.client.capabilities)

    @property
    def socket(self) -> socket.socket:
        """What becomes readable when the server says something during IDLE."""
        sock: socket.socket = self._box.client.sock
        return sock

    def folders(self) -> Sequence[tuple[str, bool]]:
        """The folders' names, and whether it is where sent mail is kept."""
        with self._told():
            return [
                (one.name, _SENT in {flag.casefold() for flag in one.flags})
                for one in self._box.folder.list()
            ]

    def open(self, folder: str, *, readonly: bool = True) -> FolderState:
        """Look into a folder. Raises `NotFound`, with the folders there are."""
        with self._told():
            try:
                status = self._box.folder.status(
                    folder,
                    [
                        MailBoxFolderStatusOptions.UIDVALIDITY,
                        MailBoxFolderStatusOptions.UIDNEXT,
                        MailBoxFolderStatusOptions.MESSAGES,
                    ],
                )
                self._box.folder.set(folder, readonly=readonly)
            except ImapToolsError as error:
                raise self._no_folder(folder) from error
        return FolderState(
            validity=status["UIDVALIDITY"], next_uid=status["UIDNEXT"], mails=status["MESSAGES"]
        )

    def uids_after(self, uid: int) -> list[int]:
        """The UIDs above this one in the open folder, rising."""
        found = self._search(f"UID {uid + 1}:*")
        return [one for one in found if one > uid]

    def uids_since(self, day: date) -> list[int]:
        """The UIDs of what arrived on this day or later, rising."""
        return self._search(f"SINCE {day.day}-{_MONTHS[day.month - 1]}-{day.year}")

    def fetch(self, uids: Sequence[int]) -> Iterator[Sequence[FetchedMail]]:
        """The mails, in order and in batches of bounded size; what is gone meanwhile is left out."""
        sizes = self._sizes(uids)
        batch: list[int] = []
        weight = 0
        for uid in uids:
            if uid not in sizes:
                continue
            part = min(sizes[uid], self._settings.most_bytes)
            if batch and (weight + part > BATCH_BYTES or len(batch) >= BATCH_MAILS):
                yield self._mails(batch, sizes)
                batch, weight = [], 0
            batch.append(uid)
            weight += part
        if batch:
            yield self._mails(batch, sizes)

    def has(self, message_id: str) -> bool:
        """Whether a mail with this Message-ID is in the open folder."""
        # A part of the header matches as well; ours end in a long digest and the domain.
        return bool(self._search(str(AND(header=Header("Message-ID", message_id)))))

    def mark_read(self, uids: Sequence[int]) -> None:
        """In a folder that was opened for writing."""
        with self._told():
            self._answer(self._box.client.uid("STORE", _set(uids), "+FLAGS.SILENT", "(\\Seen)"))

    def start_idle(self) -> None:
        """From now on the server speaks up; nothing else may be asked until `stop_idle`."""
        client = self._box.client
        with self._told():
            tag = client._command("IDLE")  # noqa: SLF001
            # What the server has to say may come before the word that we may wait.
            while client._get_response() is not None:  # noqa: SLF001
                if client.tagged_commands[tag] is not None:
                    raise Refused(f"{self._where} offers IDLE and refuses it")
            self._box.idle._idle_tag = tag  # noqa: SLF001

    def has_news(self) -> bool:
        """Whether the server has spoken already: what was read along with another line makes no socket readable."""
        client = self._box.client
        lines = getattr(client, "file", None) or client._file  # noqa: SLF001
        timeout = self.socket.gettimeout()
        self.socket.settimeout(0)
        try:
            return bool(lines.peek(1))
        except OSError:
            return False
        finally:
            self.socket.settimeout(timeout)

    def stop_idle(self) -> None:
        """Commands may be given again."""
        with self._told():
            self._box.idle.stop()  # type: ignore[no-untyped-call]

    def close(self) -> None:
        """Say goodbye as far as the server listens."""
        with contextlib.suppress(OSError, imaplib.IMAP4.error, ImapToolsError):
            self._box.logout()
        with contextlib.suppress(OSError, imaplib.IMAP4.error):
            self._box.client.shutdown()

    def wake(self) -> None:
        """End the connection under whoever waits for an answer on it; `close` is still to be called."""
        with contextlib.suppress(OSError):
            self.socket.shutdown(socket.SHUT_RDWR)

    def _search(self, criteria: str) -> list[int]:
        with self._told():
            (words,) = self._answer(self._box.client.uid("SEARCH", criteria))[:1] or [b""]
        return sorted(int(word) for word in (words or b"").split() if word.isdigit())

    def _sizes(self, uids: Sequence[int]) -> dict[int, int]:
        sizes: dict[int, int] = {}
        for start in range(0, len(uids), 500):
            with self._told():
                lines = self._answer(
                    self._box.client.uid("FETCH", _set(uids[start : start + 500]), "(UID RFC822.SIZE)")
                )
            for line in lines:
                if isinstance(line, bytes) and (uid := _UID.search(line)) and (size := _SIZE.search(line)):
                    sizes[int(uid[1])] = int(size[1])
        return sizes

    def _mails(self, uids: Sequence[int], sizes: dict[int, int]) -> Sequence[FetchedMail]:
        with self._told():
            parts = self._answer(
                self._box.client.uid(
                    "FETCH", _set(uids), f"(UID INTERNALDATE BODY.PEEK[]<0.{self._settings.most_bytes}>)"
                )
            )
        found: dict[int, FetchedMail] = {}
        for number, part in enumerate(parts):
            if not isinstance(part, tuple):
                continue
            # What the server tells of a mail may stand before the mail or after it.
            after = parts[number + 1] if number + 1 < len(parts) else b""
            facts = part[0] + b" " + (after if isinstance(after, bytes) else b"")
            uid = _UID.search(facts)
            if uid is not None:
                found[int(uid[1])] = FetchedMail(
                    uid=int(uid[1]),
                    size=sizes.get(int(uid[1]), len(part[1])),
                    arrived_at=_arrival(facts),
                    data=part[1],
                )
        return [found[uid] for uid in uids if uid in found]

    def _answer(self, answer: tuple[str, list[Any]]) -> list[Any]:
        kind, data = answer
        if kind != "OK":
            raise Refused(f"{self._where} says {kind} to a command of ours")
        return [part for part in data if part is not None]

    def _no_folder(self, folder: str) -> NotFound:
        try:
            names = ", ".join(name for name, _ in self.folders()[:20])
        except (Unreachable, Refused):
            names = "none that we may list"
        return NotFound(f"{self._where}: there is no folder {folder!r}; there is: {names}")

    @contextlib.contextmanager
    def _told(self) -> Iterator[None]:
        """The libraries' errors in our words; what a server wrote stays out of them."""
        try:
            yield
        except MailboxLoginError as error:
            if _NOT_NOW.search(str(error)):
                raise Unreachable(f"{self._where} lets nobody in at the moment") from error
            if self._token is not None:
                raise NotAllowed(
                    f"{self._where} takes no access token for {self._settings.user}: check user, scope, and that the"
                    " client may use this mailbox"
                ) from error
            raise NotAllowed(
                f"{self._where} does not let {self._settings.user} in: check user and password (many providers want an"
                " app password, or IMAP to be switched on)"
            ) from error
        except imaplib.IMAP4.abort as error:
            raise Unreachable(f"{self._where} broke the connection off") from error
        except imaplib.IMAP4.error as error:
            raise Refused(f"{self._where} refused a command, or does not speak IMAP") from error
        except ImapToolsError as error:
            raise Refused(f"{self._where} refused a command: {type(error).__name__}") from error
        except (OSError, EOFError) as error:
            raise Unreachable(f"{self._where} cannot be reached: {reason(error)}") from error


async def open_session(settings: WatchedMailbox, tokens: MailTokens) -> ImapSession:
    """Open one in a thread; raises as it does, and as buying a token does."""
    return await tokens.log_in(partial(in_thread, ImapSession, settings))


def _show_token(box: BaseMailBox, user: str, token: str) -> None:
    # A server that refuses says why in another challenge, and waits for an empty answer before it says no.
    answers = iter([f"user={user}\1auth=Bearer {token}\1\1".encode()])
    try:
        box.client.authenticate("XOAUTH2", lambda _: next(answers, b""))
    except imaplib.IMAP4.abort:
        raise
    except imaplib.IMAP4.error as error:
        raise MailboxLoginError(("NO", [str(error).encode()]), "OK") from error


def _set(uids: Sequence[int]) -> str:
    return ",".join(str(uid) for uid in uids)


def _arrival(facts: bytes) -> datetime | None:
    found = _ARRIVED.search(facts)
    if found is None:
        return None
    try:
        return parsedate_to_datetime(found[1].decode("ascii", "replace").strip()).astimezone(UTC)
    except ValueError:
        return None
