"""The fake's IMAP: what our connector asks, answered as Dovecot does.

RFC 3501 with IDLE (RFC 2177) and SPECIAL-USE (RFC 6154). As seen on Dovecot: `UID n:*` past the end answers the last
mail, HEADER looks for a part of the text, `BODY[]` marks as read and `BODY.PEEK[]` does not.
"""

from __future__ import annotations

import asyncio
import base64
import re
import ssl
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from email import message_from_bytes
from typing import Protocol

from connectors.kit.fakes.faults import FaultKind, Faults
from connectors.mail.fake.mailbox import FakeFolder, FakeMail, FakeMailbox
from connectors.mail.fake.tokens import TOKEN_REFUSED, shown_token

_QUOTED = re.compile(r'"((?:[^"\\]|\\.)*)"|(\S+)')
_PARTIAL = re.compile(r"BODY(?P<peek>\.PEEK)?\[\](?:<0\.(?P<size>\d+)>)?", re.IGNORECASE)
_LITERAL = re.compile(r"\{(\d{1,8})\}$")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


class ImapAccount(Protocol):
    """What the protocol needs of the fake around it."""

    mailbox: FakeMailbox
    faults: Faults
    capabilities: tuple[str, ...]
    commands: list[str]

    starttls: ssl.SSLContext | None

    def lets_in(self, user: str, password: str) -> bool:
        """Whether these are the account's."""
        ...

    def lets_in_with(self, user: str, token: str) -> bool:
        """Whether this is the account's access token."""
        ...


class ImapConversation:
    """One client, from the greeting to the end."""

    def __init__(
        self, account: ImapAccount, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        self._account = account
        self._reader = reader
        self._writer = writer
        self._folder: FakeFolder | None = None
        self._told = 0
        self._is_readonly = True
        self._is_in = False
        self._is_open = account.starttls is not None

    async def run(self) -> None:
        """Until the client leaves, or a fault ends it."""
        fault = self._account.faults.take("imap/connect")
        if fault is not None and fault[0] in (FaultKind.OUTAGE, FaultKind.CRASH):
            return
        if fault is not None and fault[0] is FaultKind.HTML:
            self._say("<html><body>Please log in</body></html>")
            return
        self._say(f"* OK [CAPABILITY {self._capabilities}] ready")
        while line := await self._reader.readline():
            words = line.decode("latin-1").rstrip("\r\n").split(" ", 2)
            if len(words) < 2:
                self._say("* BAD what?")
                continue
            tag, command, rest = words[0], words[1].upper(), words[2] if len(words) > 2 else ""
            self._account.commands.append(f"{command} {rest}".strip())
            if not await self._obey(tag, command, rest):
                return

    @property
    def _capabilities(self) -> str:
        more = ("STARTTLS", "LOGINDISABLED") if self._is_open else ("AUTH=PLAIN", "AUTH=XOAUTH2")
        return " ".join(("IMAP4rev1", *more, *self._account.capabilities))

    async def _obey(self, tag: str, command: str, rest: str) -> bool:
        if command == "LOGOUT":
            self._say("* BYE")
            self._say(f"{tag} OK done")
            return False
        if command == "IDLE":
            return await self._idle(tag)
        if command == "APPEND":
            await self._append(tag, rest)
            return True
        if command in ("STARTTLS", "AUTHENTICATE") or (self._is_open and command == "LOGIN"):
            await self._begin(tag, command, rest)
            return True
        answers: dict[str, Callable[[str, str], None]] = {
            "CAPABILITY": self._capability,
            "LOGIN": self._login,
            "NOOP": self._ok,
            "LIST": self._list,
            "STATUS": self._status,
            "SELECT": lambda tag, rest: self._select(tag, rest, readonly=False),
            "EXAMINE": lambda tag, rest: self._select(tag, rest, readonly=True),
            "UID": self._uid,
        }
        answer = answers.get(command)
        if answer is None or not (self._is_in or command in ("CAPABILITY", "LOGIN", "NOOP")):
            self._say(f"{tag} BAD not here")
        else:
            answer(tag, rest)
        await self._writer.drain()
        return True

    async def _begin(self, tag: str, command: str, rest: str) -> None:
        if command == "STARTTLS" and self._account.starttls is not None and self._is_open:
            self._say(f"{tag} OK begin")
            await self._writer.drain()
            await self._writer.start_tls(self._account.starttls)
            self._is_open = False
        elif self._is_open or command == "STARTTLS":
            self._say(f"{tag} NO [PRIVACYREQUIRED] not in clear")
        elif rest.upper() == "XOAUTH2":
            await self._take_token(tag)
        else:
            await self._authenticate(tag)

    async def _append(self, tag: str, rest: str) -> None:
        """A client puts a mail into a folder: the literal comes when it has been told to go ahead."""
        found, literal = _QUOTED.match(rest), _LITERAL.search(rest)
        name = "" if found is None else found[1] or found[2]
        folder = self._account.mailbox.folders.get(name) if self._is_in else None
        if folder is None or literal is None:
            self._say(f"{tag} NO [TRYCREATE] no such folder")
        else:
            self._say("+ go ahead")
            await self._writer.drain()
            data = await self._reader.readexactly(int(literal[1]))
            await self._reader.readline()
            folder.add(data, self._account.mailbox.clock())
            self._say(f"{tag} OK done")
        await self._writer.drain()

    def _say(self, line: str) -> None:
        self._writer.write(line.encode("latin-1", "replace") + b"\r\n")

    def _ok(self, tag: str, rest: str) -> None:
        del rest
        self._say(f"{tag} OK done")

    def _capability(self, tag: str, rest: str) -> None:
        self._say(f"* CAPABILITY {self._capabilities}")
        self._ok(tag, rest)

    def _login(self, tag: str, rest: str) -> None:
        words = _words(rest)
        self._let_in(tag, words[0], words[1]) if len(words) == 2 else self._say(f"{tag} BAD login")

    async def _authenticate(self, tag: str) -> None:
        self._say("+ ")
        await self._writer.drain()
        answer = base64.b64decode(await self._reader.readline() or b"").decode("utf-8", "replace").split("\0")
        self._let_in(tag, *(answer[-2:] if len(answer) > 2 else ("", "")))

    async def _take_token(self, tag: str) -> None:
        self._say("+ ")
        await self._writer.drain()
        user, token = shown_token((await self._reader.readline()).decode("latin-1").strip())
        if self._account.lets_in_with(user, token):
            self._is_in = True
            self._say(f"{tag} OK [CAPABILITY {self._capabilities}] Logged in")
            return
        # Why, for the client; it says no only when that was answered.
        self._say(f"+ {base64.b64encode(TOKEN_REFUSED).decode()}")
        await self._writer.drain()
        await self._reader.readline()
        self._say(f"{tag} NO [AUTHENTICATIONFAILED] Invalid credentials")

    def _let_in(self, tag: str, user: str, password: str) -> None:
        fault = self._account.faults.take("imap/login")
        refused = fault is not None and fault[0] is FaultKind.UNAUTHORIZED
        if refused or not self._account.lets_in(user, password):
            self._say(f"{tag} NO [AUTHENTICATIONFAILED] Authentication failed.")
            return
        self._is_in = True
        self._say(f"{tag} OK [CAPABILITY {self._capabilities}] Logged in")

    def _list(self, tag: str, rest: str) -> None:
        del rest
        for folder in self._account.mailbox.folders.values():
            self._say(f'* LIST (\\HasNoChildren{" " + folder.use if folder.use else ""}) "/" "{folder.name}"')
        self._say(f"{tag} OK done")

    def _status(self, tag: str, rest: str) -> None:
        folder = self._account.mailbox.folders.get(_words(rest)[0])
        if folder is None:
            self._say(f"{tag} NO [NONEXISTENT] no such mailbox")
            return
        self._say(
            f'* STATUS "{folder.name}" (MESSAGES {len(folder.mails)} UIDNEXT {folder.next_uid}'
            f" UIDVALIDITY {folder.validity})"
        )
        self._say(f"{tag} OK done")

    def _select(self, tag: str, rest: str, *, readonly: bool) -> None:
        folder = self._account.mailbox.folders.get(_words(rest)[0])
        if folder is None:
            self._say(f"{tag} NO [NONEXISTENT] no such mailbox")
            return
        self._folder, self._is_readonly = folder, readonly
        self._tell_count(folder)
        self._say(f"* OK [UIDVALIDITY {folder.validity}] valid")
        self._say(f"* OK [UIDNEXT {folder.next_uid}] next")
        self._say(f"{tag} OK [{'READ-ONLY' if readonly else 'READ-WRITE'}] done")

    def _tell_count(self, folder: FakeFolder) -> None:
        """How many mails there are; what is more than that is told when the client waits."""
        self._told = len(folder.mails)
        self._say(f"* {self._told} EXISTS")

    def _uid(self, tag: str, rest: str) -> None:
        command, _, rest = rest.partition(" ")
        folder = self._folder
        if folder is None:
            self._say(f"{tag} BAD no folder")
        elif command.upper() == "SEARCH":
            found = _found(folder.mails, rest.strip("()"))
            self._say("* SEARCH" + "".join(f" {mail.uid}" for mail in found))
            self._say(f"{tag} OK done")
        elif command.upper() == "FETCH":
            numbers, _, what = rest.partition(" ")
            self._fetch(folder, numbers, what)
            self._say(f"{tag} OK done")
        elif command.upper() == "STORE" and not self._is_readonly:
            numbers, _, flags = rest.partition(" ")
            for mail in _in_set(folder.mails, numbers):
                mail.flags |= set(re.findall(r"\\\w+", flags))
            self._say(f"{tag} OK done")
        else:
            self._say(f"{tag} NO not now")

    def _fetch(self, folder: FakeFolder, numbers: str, what: str) -> None:
        for mail in _in_set(folder.mails, numbers):
            number = folder.mails.index(mail) + 1
            facts = [f"UID {mail.uid}"]
            if "RFC822.SIZE" in what.upper():
                facts.append(f"RFC822.SIZE {len(mail.data)}")
            if "INTERNALDATE" in what.upper():
                facts.append(f'INTERNALDATE "{_date(mail.arrived_at)}"')
            self._writer.write(f"* {number} FETCH ({' '.join(facts)}".encode())
            body = _PARTIAL.search(what)
            if body is not None:
                data = mail.data if body["size"] is None else mail.data[: int(body["size"])]
                self._writer.write(f" BODY[]<0> {{{len(data)}}}\r\n".encode() + data)
                if body["peek"] is None and not self._is_readonly:
                    mail.flags.add("\\Seen")
            self._writer.write(b")\r\n")

    async def _idle(self, tag: str) -> bool:
        if self._folder is None:
            self._say(f"{tag} BAD no folder")
            return True
        news = asyncio.Event()
        self._folder.watchers.append(news)
        self._say("+ idling")
        if len(self._folder.mails) != self._told:
            self._tell_count(self._folder)
        await self._writer.drain()
        line = asyncio.create_task(self._reader.readline())
        try:
            while not line.done():
                woken = asyncio.create_task(news.wait())
                await asyncio.wait({line, woken}, return_when=asyncio.FIRST_COMPLETED)
                woken.cancel()
                if news.is_set():
                    news.clear()
                    self._tell_count(self._folder)
                    await self._writer.drain()
        finally:
            self._folder.watchers.remove(news)
            line.cancel()
        if not line.result():
            return False
        self._say(f"{tag} OK Idle completed.")
        return True


def _words(text: str) -> list[str]:
    return [
        re.sub(r"\\(.)", r"\1", quoted) if quoted or not bare else bare
        for quoted, bare in _QUOTED.findall(text)
    ] or [""]


def _in_set(mails: Sequence[FakeMail], numbers: str) -> list[FakeMail]:
    found: list[FakeMail] = []
    for part in numbers.split(","):
        first, _, last = part.partition(":")
        top = mails[-1].uid if mails else 0
        low = int(first)
        high = low if not last else top if last == "*" else int(last)
        # A star is the last mail, whichever that is.
        low, high = (min(low, high), max(low, high)) if last == "*" else (low, high)
        found += [mail for mail in mails if low <= mail.uid <= high and mail not in found]
    return found


def _found(mails: Sequence[FakeMail], criteria: str) -> list[FakeMail]:
    words = _words(criteria)
    key = words[0].upper()
    if key == "UID":
        return _in_set(mails, words[1])
    if key == "SINCE":
        day, month, year = words[1].split("-")
        since = datetime(int(year), _MONTHS.index(month) + 1, int(day), tzinfo=UTC).date()
        return [mail for mail in mails if mail.arrived_at.date() >= since]
    if key == "HEADER":
        return [
            mail
            for mail in mails
            if words[2].casefold() in str(message_from_bytes(mail.data).get(words[1], "")).casefold()
        ]
    return list(mails)


def _date(moment: datetime) -> str:
    return f"{moment.day:2d}-{_MONTHS[moment.month - 1]}-{moment:%Y %H:%M:%S} +0000"
