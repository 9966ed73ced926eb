"""Tickets, comments and notes as they came in, less the echoes of what we wrote."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TypeGuard

from incidents.decisions.sync import PageNews
from incidents.decisions.ticket_change import TicketNews
from incidents.decisions.written.judging import (
    FieldOwner,
    Incoming,
    Judgement,
    is_our_doing,
    judge_state,
    judge_words,
)
from incidents.effects import Written, value_hash
from incidents.events import Event, PageChange, PageEvent, TicketEvent
from incidents.models import Author, Comment, Ticket, TicketRef
from incidents.policy.sync import SyncRules

ByObject = Mapping[tuple[str, str], Sequence[Written]]
"""What we wrote, by connection and object."""
_OWNERS = {
    "helpdesk": FieldOwner.THE_TOOL,
    "liaison": FieldOwner.LIAISON,
    "newer": FieldOwner.THE_NEWER,
}
_STRANGERS = {"echo": Judgement.ECHO, "change": Judgement.ACCEPTED}


@dataclass(frozen=True, kw_only=True, slots=True)
class OurWrites:
    """What we wrote on tickets, and the policy's word on whose what is."""

    statuses: Mapping[TicketRef, Sequence[Written]]
    words: Mapping[TicketRef, Sequence[Written]]
    rules: SyncRules

    def of_status(self, ticket: Ticket, known: Ticket) -> Judgement:
        """Whether the ticket's status is our own doing, as against how we knew the ticket."""
        written = self.statuses.get(ticket.ref, ())
        return judge_state(_incoming(ticket), _incoming(known), written, owner_of_status(self.rules))

    def up_to_date(self, ticket: Ticket, known: Ticket | None) -> Ticket:
        """The ticket with the status that we have given it since it was read: one that was read before is old."""
        if known is None or ticket.status is known.status:
            return ticket
        ours = self.statuses.get(ticket.ref, ())
        is_value_ours = any(write.hash == value_hash(ticket.status) for write in ours[-1:])
        if is_value_ours or self.of_status(ticket, known) is not Judgement.ECHO:
            return ticket
        return replace(ticket, status=known.status, source_status=known.source_status)

    def news(
        self, known: Ticket, ticket: Ticket, comments: Sequence[Comment], *, customer_told_at: datetime | None
    ) -> TicketNews:
        """What has become of a ticket that we knew; of two equal versions the one just read counts."""
        status = self.of_status(ticket, known)
        return TicketNews(
            before=known,
            after=max(ticket, known, key=lambda one: one.version),
            comments=tuple(comments),
            status_is_ours=status is Judgement.ECHO,
            status_is_refused=status is Judgement.REFUSED,
            our_statuses=self.statuses.get(ticket.ref, ()),
            customer_told_at=customer_told_at,
        )

    def heard(self, ref: TicketRef, comment: Comment) -> Comment:
        """The comment as ours where we wrote it, by whichever user it stands; a customer's word is a customer's."""
        if comment.author is Author.CUSTOMER:
            return comment
        told = Incoming(hash=value_hash(comment.text), at=comment.at, by_us=comment.author is Author.LIAISON)
        found = judge_words(
            told, self.words.get(ref, ()), strangers_in_our_name=_STRANGERS[self.rules.in_our_name]
        )
        return replace(comment, author=Author.LIAISON if found is Judgement.ECHO else Author.AGENT)


def owner_of_status(rules: SyncRules) -> FieldOwner:
    """Whose a ticket's status is, by the policy."""
    return _OWNERS[rules.ticket_status]


def our_doings(events: Sequence[Event]) -> set[tuple[str, str]]:
    """The tickets, by connection and id, of which a helpdesk says that we changed them."""
    return {(event.ref.connection, event.ref.id) for event in events if _is_by_us(event)}


def less_echoes(events: Sequence[Event], written: ByObject, *, now: datetime) -> tuple[Event, ...]:
    """Those of the events that may be news: what a helpdesk says that we did is none, if there is a write of ours."""
    return tuple(
        event
        for event in events
        if not _is_by_us(event)
        or not is_our_doing(event.at, written.get((event.ref.connection, event.ref.id), ()), now=now)
    )


def noted_on(pages: Sequence[PageNews]) -> set[tuple[str, str]]:
    """The pages, by connection and key, with notes that are not known to be ours."""
    return {(event.connection, news.key) for news in pages for event in news.events if _is_a_note(event)}


def with_our_notes(pages: Sequence[PageNews], written: ByObject) -> list[PageNews]:
    """The news of pages, with those notes marked as ours that we wrote, also where the on-call tool does not say so."""
    return [
        replace(news, events=tuple(_by_whom(event, news.key, written) for event in news.events))
        for news in pages
    ]


def _by_whom(event: PageEvent, key: str, written: ByObject) -> PageEvent:
    if not _is_a_note(event):
        return event
    told = Incoming(hash=value_hash(event.text), at=event.at)
    found = judge_words(told, written.get((event.connection, key), ()))
    return replace(event, by_us=found is Judgement.ECHO)


def _is_a_note(event: PageEvent) -> bool:
    return event.change is PageChange.NOTED and not event.by_us


def _is_by_us(event: Event) -> TypeGuard[TicketEvent]:
    return isinstance(event, TicketEvent) and event.by_us


def _incoming(ticket: Ticket) -> Incoming:
    return Incoming(hash=value_hash(ticket.status), at=ticket.updated_at, version=ticket.version)
