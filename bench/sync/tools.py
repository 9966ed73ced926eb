"""The tools of a history, each as its vendor behaves towards whoever listens: how it orders, signs and shows things.

They are far smaller than the wire fakes of `connectors/*/fake`, and quick: what counts here is what a vendor tells of
what was done by whom, and when.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from textwrap import wrap

from incidents.effects import Effect, EffectKind, StatusChange
from incidents.events import PageChange, PageEvent, TicketEvent
from incidents.models import Author, Comment, Contact, PageState, PageStatus, Ticket, TicketRef, TicketStatus

SECOND = timedelta(seconds=1)


@dataclass(frozen=True, kw_only=True)
class DeskManner:
    """How a helpdesk tells. `names_us`: an event says that we did it. `knows_us`: our own comments are told from an
    agent's. `tells_comments`: an event has the comment in it. `tells_version`: a write's answer has it. `shows` is how
    it gives words back, `reply_opens` whether a reply to a settled ticket opens it."""

    vendor: str
    names_us: bool = True
    knows_us: bool = True
    tells_comments: bool = False
    tells_version: bool = False
    shows: Callable[[str], str] = str
    reply_opens: bool = False


def _as_html(words: str) -> str:
    return f'<div class="zd-comment"><p>{words}</p></div>'


def _in_lines(words: str) -> str:
    return "\r\n".join(wrap(words, 60))


DESKS = (
    DeskManner(vendor="zendesk", tells_comments=True, tells_version=True, shows=_as_html),
    DeskManner(vendor="zammad", tells_version=True),
    DeskManner(vendor="requesttracker", shows=_in_lines, reply_opens=True),
    # A helpdesk whose webhooks do not say who did it, before our own user is known.
    DeskManner(vendor="http", names_us=False, knows_us=False),
)


@dataclass
class Desk:
    """A helpdesk with its tickets; `told` are its webhooks that nobody has heard yet."""

    name: str
    manner: DeskManner
    clock: Callable[[], datetime]
    tickets: dict[str, Ticket] = field(default_factory=dict)
    comments: dict[str, list[Comment]] = field(default_factory=dict)
    told: list[TicketEvent] = field(default_factory=list)
    done: set[str] = field(default_factory=set)
    writes: int = 0

    def open(self, number: int) -> Ticket:
        """A new ticket, of which nothing is told."""
        at = self.clock()
        ref = TicketRef(connection=self.name, id=str(number))
        self.comments[ref.id] = []
        self.tickets[ref.id] = Ticket(
            ref=ref, subject="Checkout fails", status=TicketStatus.OPEN, source_status="open",
            requester=Contact(id=f"c{number}", name="Ada"), version=_version(at), created_at=at, updated_at=at,
        )  # fmt: skip
        return self.tickets[ref.id]

    def say(self, ticket: str, author: Author, words: str, *, is_public: bool) -> None:
        """A comment of somebody's; a customer opens the ticket again by it, and so does anybody where replies do."""
        at = self._touch(ticket)
        seen_as = Author.AGENT if author is Author.LIAISON and not self.manner.knows_us else author
        number = len(self.comments[ticket]) + 1
        said = Comment(
            id=f"{ticket}-{number}", author=seen_as, author_name=author.value, is_public=is_public,
            text=self.manner.shows(words), at=at,
        )  # fmt: skip
        self.comments[ticket].append(said)
        self._tell(ticket, at, author is Author.LIAISON, said)
        opens = author is Author.CUSTOMER or (is_public and self.manner.reply_opens)
        if opens and self.tickets[ticket].status is TicketStatus.SOLVED:
            # By the helpdesk itself, in nobody's name.
            self.set_status(ticket, TicketStatus.OPEN, by_us=False)

    def set_status(self, ticket: str, status: TicketStatus, *, by_us: bool) -> None:
        """A status of somebody's; the one it has is no change."""
        if self.tickets[ticket].status is status:
            return
        at = self._touch(ticket)
        self.tickets[ticket] = replace(self.tickets[ticket], status=status, source_status=status.value)
        self._tell(ticket, at, by_us, None)

    def do(self, effect: Effect) -> int | None:
        """A write of ours, once; returns the version where the vendor tells it."""
        if effect.key not in self.done:
            self.done.add(effect.key)
            self.writes += 1
            if isinstance(effect.payload, StatusChange):
                self.set_status(effect.target, effect.payload.status, by_us=True)
            else:
                is_public = effect.kind is EffectKind.CUSTOMER_MESSAGE
                self.say(effect.target, Author.LIAISON, effect.payload.text, is_public=is_public)  # type: ignore[union-attr]
        return self.tickets[effect.target].version if self.manner.tells_version else None

    def changed(self, since: datetime) -> Sequence[Ticket]:
        """What the poll finds."""
        return [ticket for ticket in self.tickets.values() if ticket.updated_at >= since]

    def since(self, ticket: str, moment: datetime) -> Sequence[Comment]:
        """What was said on the ticket since then."""
        return [said for said in self.comments[ticket] if said.at >= moment]

    def _touch(self, ticket: str) -> datetime:
        at = self.clock()
        self.tickets[ticket] = replace(self.tickets[ticket], updated_at=at, version=_version(at))
        return at

    def _tell(self, ticket: str, at: datetime, by_us: bool, said: Comment | None) -> None:
        self.told.append(
            TicketEvent(
                ref=self.tickets[ticket].ref,
                at=at,
                comment=said if self.manner.tells_comments else None,
                comments_to_read=said is not None and not self.manner.tells_comments,
                by_us=by_us and self.manner.names_us,
            )
        )


def _version(at: datetime) -> int:
    return int(at.timestamp() * 1000)


@dataclass(frozen=True, kw_only=True)
class PagerManner:
    """How a pager tells. `knows_us`: our acts and notes are known as ours. `slow`: what we ask for is seen later."""

    vendor: str
    knows_us: bool = True
    slow: bool = False


PAGERS = (
    PagerManner(vendor="pagerduty", slow=True),
    PagerManner(vendor="roster"),
    # One that cuts a note's end, and our mark with it.
    PagerManner(vendor="marksless", knows_us=False),
)


@dataclass
class OnCall:
    """An on-call tool with its pages. `asked` are acts of ours that it has taken and not done yet."""

    name: str
    manner: PagerManner
    clock: Callable[[], datetime]
    pages: dict[str, PageState] = field(default_factory=dict)
    notes: dict[str, list[PageEvent]] = field(default_factory=dict)
    told: list[PageEvent] = field(default_factory=list)
    asked: list[Effect] = field(default_factory=list)
    done: set[str] = field(default_factory=set)
    writes: int = 0

    def do(self, effect: Effect) -> str | None:
        """A write of ours, once; returns the page's id for a page."""
        if effect.key not in self.done:
            self.done.add(effect.key)
            self.writes += 1
            if self.manner.slow and effect.kind in (EffectKind.PAGE_ACKNOWLEDGE, EffectKind.PAGE_RESOLVE):
                self.asked.append(effect)
            else:
                self._do(effect)
        return self.pages[effect.target].page_id if effect.kind is EffectKind.PAGE else None

    def catch_up(self) -> None:
        """Do what was asked for."""
        asked, self.asked = self.asked, []
        for effect in asked:
            self._do(effect)

    def person(self, key: str, change: PageChange, who: str, words: str = "") -> None:
        """What an engineer does to a page, if it can be done to it as it is."""
        page = self.pages[key]
        is_over = page.status is PageStatus.RESOLVED
        if change is PageChange.NOTED:
            self._tell(key, change, who, words, by_us=False)
        elif change is PageChange.ACKNOWLEDGED and page.status is PageStatus.TRIGGERED:
            self._set(key, PageStatus.ACKNOWLEDGED, change, who, by_us=False)
        elif change is PageChange.UNACKNOWLEDGED and page.status is PageStatus.ACKNOWLEDGED:
            self._set(key, PageStatus.TRIGGERED, change, who, by_us=False)
        elif change is PageChange.RESOLVED and not is_over:
            self._set(key, PageStatus.RESOLVED, change, who, by_us=False)
        elif change is PageChange.REOPENED and is_over:
            self._set(key, PageStatus.TRIGGERED, change, who, by_us=False)

    def _do(self, effect: Effect) -> None:
        key = effect.target
        if effect.kind is EffectKind.PAGE:
            self.pages[key] = PageState(
                key=key, page_id=f"P{len(self.pages) + 1}", status=PageStatus.TRIGGERED
            )
            self.notes[key] = []
        elif effect.kind is EffectKind.PAGE_NOTE:
            words: str = effect.payload.text  # type: ignore[union-attr]
            self._tell(key, PageChange.NOTED, "Liaison", words, by_us=True)
        elif effect.kind is EffectKind.PAGE_ACKNOWLEDGE and self.pages[key].status is PageStatus.TRIGGERED:
            self._set(key, PageStatus.ACKNOWLEDGED, PageChange.ACKNOWLEDGED, "", by_us=True)
        elif effect.kind is EffectKind.PAGE_RESOLVE and self.pages[key].status is not PageStatus.RESOLVED:
            self._set(key, PageStatus.RESOLVED, PageChange.RESOLVED, "", by_us=True)

    def _set(self, key: str, status: PageStatus, change: PageChange, who: str, *, by_us: bool) -> None:
        is_taken = status is PageStatus.ACKNOWLEDGED
        responders = (who,) if is_taken and who else () if not is_taken else self.pages[key].responders
        self.pages[key] = replace(self.pages[key], status=status, responders=responders, changed_by=who)
        self._tell(key, change, who, "", by_us=by_us)

    def _tell(self, key: str, change: PageChange, who: str, words: str, *, by_us: bool) -> None:
        event = PageEvent(
            connection=self.name, page_id=self.pages[key].page_id, key=key, change=change, at=self.clock(),
            actor=who if not by_us or not self.manner.knows_us else "", text=words,
            by_us=by_us and self.manner.knows_us,
            note_id=f"N{len(self.notes[key]) + 1}" if change is PageChange.NOTED else "",
        )  # fmt: skip
        if change is PageChange.NOTED:
            self.notes[key].append(event)
        self.told.append(event)


@dataclass
class Chat:
    """A chat with the incident's room: what we post is not heard again, what people command is."""

    name: str
    vendor: str
    posts: list[str] = field(default_factory=list)
    done: set[str] = field(default_factory=set)
    writes: int = 0

    def do(self, effect: Effect) -> None:
        """A write of ours, once."""
        if effect.key not in self.done:
            self.done.add(effect.key)
            self.writes += 1
            if effect.kind is EffectKind.CHAT_POST:
                self.posts.append(effect.payload.text)  # type: ignore[union-attr]


CHATS = ("slack", "matrix")
