"""A desk for pages of our own: what an on-call tool would keep, where there are only ways to reach people.

Pages, whom each of them wakes next, notes, what people did, and the calendars that rotas are read from. The connector
is given one for its connection and knows nothing of the store.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Protocol

from incidents.events import PageChange
from incidents.models import PageState
from incidents.rotas.page_replies import ReplyVerdict, ReplyWord
from incidents.rotas.wakes import Wake


class NoticeKind(StrEnum):
    """What a notice says: wake up, that it is over, or what became of an answer by mail."""

    WAKE = "wake"
    OVER = "over"
    ANSWER = "answer"


class NoticeState(StrEnum):
    """`sending` may have arrived or not; when its lease is over, it is sent again."""

    WAITING = "waiting"
    SENDING = "sending"
    SENT = "sent"
    FAILED = "failed"
    DROPPED = "dropped"


@dataclass(frozen=True, kw_only=True, slots=True)
class PageWords:
    """What a page says: its first line, the rest as tickets have it, and our links, a line each."""

    summary: str
    text: str
    links: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class DueNotice:
    """One attempt to reach one person by one way, leased to whoever sends it. `attempts` counts this one; `said` is
    what an answer says. `reached` are those of several recipients who got it before, by their hashed addresses."""

    id: int
    page_id: int
    kind: NoticeKind
    person: str
    name: str
    way: str
    attempts: int
    words: PageWords
    changed_by: str
    wait: timedelta
    said: str = ""
    reached: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class PageAct:
    """What a person did to a page by its link or by mail: took it, said that it is over, or passed it on to whom `text`
    names. `id` rises."""

    id: int
    page_id: int
    key: str
    change: PageChange
    actor: str
    at: datetime
    text: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class AskedNotice:
    """A notice that went out and may be answered: to whom, by which way, and when."""

    id: int
    page_id: int
    name: str
    way: str
    sent_at: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class FeedCopy:
    """A calendar as it was last read, None at `fetched_at` if it never was. `trouble`: why the last try failed."""

    content: str
    fetched_at: datetime | None
    tried_at: datetime
    trouble: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class PageCounts:
    """What is kept, for `liaison check`: pages that ring, and ways that failed within the last week, each with why."""

    ringing: int
    failures: tuple[tuple[str, str], ...]


class PageDesk(Protocol):
    """The pages of one connection. Fails only with `incidents.errors`; what is asked twice is done once."""

    async def open_page(
        self, key: str, *, target: str, words: PageWords, wakes: Sequence[Wake], now: datetime
    ) -> int:
        """Keep the page with everybody it wakes, the first of them now, and return its id; one with this key that is
        there already stays as it is."""
        ...

    async def read(self, key: str) -> PageState | None:
        """The page with this key."""
        ...

    async def read_by_id(self, page_id: int) -> PageState | None:
        """The same by its id."""
        ...

    async def acknowledge(self, key: str, *, by: str, now: datetime) -> None:
        """Somebody has it: nobody further is woken."""
        ...

    async def resolve(self, key: str, *, now: datetime) -> None:
        """It is over: nobody further is woken, and whoever was is told so, by the way that reached them last."""
        ...

    async def add_note(self, key: str, text: str, *, once: str, now: datetime) -> bool:
        """Keep a note, once; False if there is no such page."""
        ...

    async def lease_due(
        self, *, now: datetime, lease: timedelta, page_id: int | None = None, limit: int = 50
    ) -> Sequence[DueNotice]:
        """Take what is to be sent now, each for one sender and for so long; of one page, or of all."""
        ...

    async def notice_sent(self, notice: DueNotice, *, now: datetime) -> None:
        """It arrived as far as can be told: the next one of the page comes after its wait."""
        ...

    async def notice_failed(
        self,
        notice: DueNotice,
        why: str,
        *,
        again: timedelta | None,
        reached: Sequence[str] = (),
        now: datetime,
    ) -> None:
        """It surely did not arrive: the next one of the page comes at once, and this one `again` after so long.
        Those of its recipients whom it has `reached` get it no second time, and the next one comes after its wait."""
        ...

    async def acts_after(self, last: int, *, limit: int = 200) -> Sequence[PageAct]:
        """What people did since the act with this id, in order; none is passed over."""
        ...

    async def asked(self, notice: int) -> AskedNotice | None:
        """The notice with this id, if it is one of this connection's that may be answered."""
        ...

    async def take_reply(
        self,
        notice: AskedNotice,
        verdict: ReplyVerdict,
        word: ReplyWord | None,
        *,
        why: str = "",
        fingerprint: str,
        now: datetime,
    ) -> None:
        """Do what the mail's word says, and tell back what became of it, in one transaction; a mail with this
        fingerprint that was known already changes nothing. The word counts only with the verdict `WORD`; `why` is the
        reason beside it."""
        ...

    async def last_act(self) -> int:
        """The id of the newest act, 0 where there is none."""
        ...

    async def feeds(self) -> Mapping[str, FeedCopy]:
        """The calendars as they were last read, by name."""
        ...

    async def keep_feed(self, name: str, content: str, *, now: datetime) -> None:
        """A calendar that was read now."""
        ...

    async def feed_failed(self, name: str, why: str, *, now: datetime) -> None:
        """A calendar that could not be read now: the last copy stays."""
        ...

    async def counts(self, *, now: datetime) -> PageCounts:
        """What is kept, for `liaison check`."""
        ...
