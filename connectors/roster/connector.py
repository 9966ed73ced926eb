"""Pages by the policy's own rotas: whoever is on call is woken by one way after the other, then the next person.

Pages and what they wake stand on a desk of our own (`incidents.rotas.page_desk`). A page is kept first and sent then;
from there on the gateway, which listens to this connection, looks every few seconds whether somebody is to be woken
next. It needs no Prefect for that, and goes on where it was after a restart: a notice that was being sent when its
sender died is sent again when its lease is over, so one may come twice, and none is lost.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import ClassVar

from connectors.roster import feeds, mapping
from connectors.roster.answering.answers import MailAnswers
from connectors.roster.answering.mailing import reached_in_spite_of
from connectors.roster.answering.places import RosterCursor
from connectors.roster.settings import RosterSettings
from connectors.roster.ways import Ways
from incidents.errors import Busy, LiaisonError, NotAllowed, Unrecognised
from incidents.events import Event, Heard, Lane, Verified
from incidents.models import Page, PageState
from incidents.ports import ListeningSource, Pager
from incidents.rotas.page_desk import DueNotice, FeedCopy, NoticeKind, PageDesk
from incidents.rotas.page_links import PATH, link_token
from incidents.rotas.rota import FeedTurns, Roster, Rota, Turn
from incidents.rotas.wakes import (
    CHECKED_AHEAD,
    LOOKED_AHEAD,
    gap_lines,
    gap_words,
    span_words,
    target_of,
    wakes,
)
from incidents.texts.catalogue import ENGLISH
from incidents.texts.team import team_reads, worded
from incidents.texts.times import duration

LEASE = timedelta(seconds=90)
"""Longer than any notice takes."""
AGAIN_AFTER = timedelta(seconds=30)
MOST_ATTEMPTS = 5
AT_ONE_LOOK = 50
"""Notices taken to be sent at most; what is left is taken by the next look."""
AT_ONCE = timedelta(days=2)
"""Further ahead nobody is woken by one page."""
_PATIENCE = 15.0
"""Seconds in which `page` goes on from a way that fails to the next; then the listener does."""
_LOOK_AT_FEEDS = 60.0

logger = logging.getLogger("liaison.roster")


def utc_now() -> datetime:
    """The clock of this machine."""
    return datetime.now(UTC)


class RosterPager(Pager, ListeningSource):
    """One roster. `name` is the connection's (`roster/main`), `desk` where its pages are kept, `roster` who is on call
    by the policy in force, and `key` the operator's, by which links are signed ("" for none)."""

    vendor: ClassVar[str] = "roster"
    lane = Lane.STATUS_SYNC
    index_lag = 0.0

    def __init__(
        self,
        name: str,
        settings: RosterSettings,
        *,
        desk: PageDesk,
        roster: Callable[[], Roster],
        key: str = "",
        clock: Callable[[], datetime] = utc_now,
    ) -> None:
        self.name = name
        self._settings = settings
        self._desk = desk
        self._roster = roster
        self._key = key
        self._clock = clock
        self._ways = Ways(
            settings.ways, per_minute=settings.notices_per_minute, timeout=settings.timeout_seconds
        )
        self._answers: MailAnswers | None = None
        if settings.replies is not None and key:
            self._answers = MailAnswers(
                name, settings.replies, desk=desk, ways=self._ways, key=key, clock=clock
            )
        # Two who look at the pace at once would both take what it has left.
        self._leasing = asyncio.Lock()

    # The pager

    async def page(self, page: Page, *, once: str) -> None:
        """Wake whoever is on call behind `page.target`, a rota or a person; "" is the only rota there is.

        Where nobody is on call, nothing is made of it, and `obstacle` says so. A way that fails is no failure of the
        page: the next one is tried, and this one again.
        """
        if await self._desk.read(once) is not None:
            return
        roster, now = self._roster(), self._clock()
        target = target_of(roster, page.target)
        if target is None:
            raise NotAllowed(
                f"roster: the policy has no rota or person {page.target!r} to page by {self.name}; correct pager_target"
            )
        turns = await self._turns(roster, now=now, ahead=AT_ONCE)
        planned = wakes(roster, target, turns, at=now)
        if not planned:
            with team_reads(ENGLISH):
                logger.warning("%s: %s", self.name, gap_words(roster, target, turns, at=now))
            return
        page_id = await self._desk.open_page(
            once,
            target=target,
            words=mapping.words_of(page),
            wakes=planned,
            now=now,
        )
        until = asyncio.get_running_loop().time() + _PATIENCE
        while asyncio.get_running_loop().time() < until and (due := await self._lease(page_id)):
            await asyncio.gather(*(self._send(notice) for notice in due))

    async def read(self, key: str) -> PageState | None:
        return await self._desk.read(key)

    async def read_by_id(self, page_id: str) -> PageState | None:
        is_ours = page_id.isascii() and page_id.isdigit() and len(page_id) < 19
        return await self._desk.read_by_id(int(page_id)) if is_ours else None

    async def obstacle(self, target: str) -> str:
        """Whether nobody is on call behind the target now, and until when."""
        roster, now = self._roster(), self._clock()
        found = target_of(roster, target)
        if found is None:
            return worded("the policy has no rota or person '{target}'", target=target)
        turns = await self._turns(roster, now=now, ahead=LOOKED_AHEAD)
        return "" if wakes(roster, found, turns, at=now) else gap_words(roster, found, turns, at=now)

    async def acknowledge(self, key: str, *, once: str) -> None:
        await self._desk.acknowledge(key, by="", now=self._clock())

    async def resolve(self, key: str, *, once: str) -> None:
        """Whoever was woken is told, by the way that reached them last."""
        await self._desk.resolve(key, now=self._clock())

    async def add_note(self, key: str, text: str, *, once: str) -> None:
        """Kept on the page, where its link shows it; nobody is woken by a note."""
        if not await self._desk.add_note(key, text, once=once, now=self._clock()):
            raise Busy("roster: there is no page with this key yet", retry_after=5.0)

    # Time goes by

    async def listen(self, cursor: str | None) -> AsyncGenerator[Heard, None]:
        """What people did by their links and mails; and, in between, whoever is next is woken and calendars are read
        anew."""
        place = RosterCursor.parse(cursor)
        yield Heard(deliveries=(), cursor=place.text())
        under_way: set[asyncio.Task[None]] = set()
        answers = self._answers
        if answers is not None:
            answers.place = place.mail
            under_way.update(_begin([answers.listen()]))
        feeds_at = float("-inf")
        try:
            while True:
                for done in [task for task in under_way if task.done()]:
                    under_way.discard(done)
                    done.result()
                under_way.update(_begin(self._send(notice) for notice in await self._lease(None)))
                if asyncio.get_running_loop().time() - feeds_at > _LOOK_AT_FEEDS:
                    feeds_at = asyncio.get_running_loop().time()
                    under_way.update(_begin([self.refresh_feeds()]))
                # Read before the acts: what these mails did is among them.
                mail = place.mail if answers is None else answers.place
                acts = await self._desk.acts_after(place.act)
                heard = RosterCursor(act=acts[-1].id if acts else place.act, mail=mail)
                if heard != place:
                    place = heard
                    deliveries = tuple(mapping.delivery_of(act) for act in acts)
                    yield Heard(deliveries=deliveries, cursor=place.text())
                await asyncio.sleep(self._settings.look_seconds)
        finally:
            for task in under_way:
                task.cancel()
            await asyncio.gather(*under_way, return_exceptions=True)

    def events(self, verified: Verified) -> Sequence[Event]:
        return mapping.events_of(self.name, verified)

    async def send_due(self) -> int:
        """Send what is to be sent now, and return how many notices that were: one look of the listener."""
        due = await self._lease(None)
        await asyncio.gather(*(self._send(notice) for notice in due))
        return len(due)

    async def refresh_feeds(self, *, all_of_them: bool = False) -> None:
        """Read the calendars whose time has come. One that is away keeps its last copy, and why."""
        kept, every = await self._desk.feeds(), timedelta(minutes=self._settings.feed_minutes)
        for name, address in self._settings.feeds.items():
            copy = kept.get(name)
            if not all_of_them and copy is not None and self._clock() - copy.tried_at < every:
                continue
            try:
                content = await feeds.fetch(address.get_secret_value())
            except LiaisonError as error:
                await self._desk.feed_failed(name, str(error), now=self._clock())
                logger.warning("%s: calendar %s is away, its last copy serves on: %s", self.name, name, error)
            else:
                await self._desk.keep_feed(name, content, now=self._clock())

    # What the operator asks

    async def check(self) -> str:
        """Ways and calendars that the policy needs, gaps of the next four weeks, what failed lately; wakes nobody."""
        roster, now = self._roster(), self._clock()
        missing = [
            f"{person.name} is reached by {way.name!r}, which the block has not under ways"
            for person in roster.people.values()
            for way in person.ways
            if way.name not in self._ways.names
        ]
        missing += [
            f"rota {rota.name!r} is kept in calendar {rota.feed!r}, which the block has not under feeds"
            for rota in roster.rotas.values()
            if rota.feed and rota.feed not in self._settings.feeds
        ]
        if missing:
            raise NotAllowed(f"roster: {'; '.join(missing)}: edit the block, or correct the policy")
        await self.refresh_feeds(all_of_them=True)
        counts = await self._desk.counts(now=now)
        what = f"{len(roster.people)} people, {len(roster.rotas)} rotas, {len(self._ways.names)} ways"
        lines = [f"{what}; {counts.ringing} pages ring now"]
        if not (self._settings.gateway_url and self._key):
            missing_one = "LIAISON_KEY" if self._settings.gateway_url else "gateway_url in the block"
            lines.append(f"notices have no link to acknowledge by: set {missing_one}")
        if self._answers is not None:
            lines.append(await self._answers.check())
        elif self._settings.replies is not None:
            lines.append("answers by mail are not heard: set LIAISON_KEY")
        lines += [f"way {way!r} failed lately: {why}" for way, why in counts.failures]
        lines += await asyncio.to_thread(self._remarks, roster, await self._desk.feeds(), now)
        return "\n".join(lines)

    async def aclose(self) -> None:
        """Nothing is kept open."""

    def _remarks(self, roster: Roster, kept: Mapping[str, FeedCopy], now: datetime) -> list[str]:
        lines: list[str] = []
        turns: dict[str, Sequence[Turn]] = {}
        for rota in roster.rotas.values():
            if rota.feed:
                found, remarks = _read_feed(rota, kept.get(rota.feed), roster, now, CHECKED_AHEAD)
                turns[rota.feed] = found
                lines += remarks
            lines += gap_lines(rota, turns, begin=now)
        return lines

    async def _turns(self, roster: Roster, *, now: datetime, ahead: timedelta) -> FeedTurns:
        """What the calendars' last copies say; one that was never read is read now."""
        with_feeds = [rota for rota in roster.rotas.values() if rota.feed]
        if not with_feeds:
            return {}
        kept = await self._desk.feeds()
        if any(rota.feed not in kept for rota in with_feeds):
            await self.refresh_feeds()
            kept = await self._desk.feeds()
        read = await asyncio.to_thread(
            lambda: {
                rota.feed: _read_feed(rota, kept.get(rota.feed), roster, now, ahead) for rota in with_feeds
            }
        )
        return {name: turns for name, (turns, _) in read.items()}

    async def _lease(self, page_id: int | None) -> Sequence[DueNotice]:
        """No more than the pace lets through now: what waited here would outlive its lease, and be sent twice."""
        async with self._leasing:
            limit = min(AT_ONE_LOOK, self._ways.pace.free())
            if limit == 0:
                return ()
            due = await self._desk.lease_due(now=self._clock(), lease=LEASE, page_id=page_id, limit=limit)
            for _ in due:
                self._ways.pace.take()
            return due

    async def _send(self, notice: DueNotice) -> None:
        link = ""
        if notice.kind is NoticeKind.WAKE and self._key and self._settings.gateway_url:
            token = link_token(self._key, notice.id, now=self._clock())
            link = f"{self._settings.gateway_url}{PATH}{token}"
        reply_to = None if self._answers is None else await self._answers.reply_to(notice)
        title, text = mapping.notice_of(notice, link, by_mail=reply_to is not None)
        try:
            await self._ways.send(notice.way, title, text, reply_to, but=notice.reached)
        except LiaisonError as error:
            logger.warning("%s: %s was not reached: %s", self.name, notice.name, error)
            # Also what may have arrived: better woken twice than never.
            again = None if notice.attempts >= MOST_ATTEMPTS else AGAIN_AFTER * notice.attempts
            why, reached = str(error), reached_in_spite_of(error)
            await self._desk.notice_failed(notice, why, again=again, reached=reached, now=self._clock())
        else:
            await self._desk.notice_sent(notice, now=self._clock())


def _read_feed(
    rota: Rota, copy: FeedCopy | None, roster: Roster, now: datetime, ahead: timedelta
) -> tuple[Sequence[Turn], list[str]]:
    """The turns, and what to say about the calendar."""
    what = f"calendar {rota.feed!r} of rota {rota.name!r}"
    if copy is None or copy.fetched_at is None:
        return (), [f"{what} was never read: {copy.trouble if copy else 'it was not asked for yet'}"]
    lines = []
    if copy.trouble:
        lines.append(
            f"{what} is away ({copy.trouble}); its copy of {duration(now - copy.fetched_at)} ago serves on"
        )
    try:
        found = feeds.turns_of(
            copy.content, rota.zone, roster.people, begin=now - timedelta(days=1), end=now + ahead
        )
    except Unrecognised as error:
        return (), [*lines, f"{what}: {error}"]
    lines += [
        f"{what} has {stranger!r}, who is nobody of the policy; add it to somebody's known_as"
        for stranger in found.strangers
    ]
    lines += [
        f"{what} has two people at once {span_words(start, end, rota)}; the one whose event begins later has it"
        for start, end in found.overlaps
    ]
    return found.turns, lines


def _begin(work: Iterator[Awaitable[None]] | list[Awaitable[None]]) -> Iterator[asyncio.Task[None]]:
    for one in work:
        yield asyncio.ensure_future(one)
