"""Liaison in memory: its own decisions and its own judging of echoes, with lists where the store has tables.

What is here stands for `incidents.process` and `tasks`, step by step; `bench.sync.real` runs those themselves.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum

from bench.sync.tools import SECOND, Chat, Desk, OnCall
from incidents.basis import Basis
from incidents.case import Case, LedgerLine, LinkedTicket, Plan
from incidents.decisions import closure, escalation
from incidents.decisions.commands.chat import chat_command
from incidents.decisions.sync import PageNews, page_news
from incidents.decisions.ticket_news import ticket_news
from incidents.decisions.updates.said import seen_with
from incidents.decisions.written.echoes import OurWrites, less_echoes, owner_of_status, with_our_notes
from incidents.decisions.written.judging import is_overtaken
from incidents.effects import (
    Effect,
    EffectKind,
    EffectState,
    StatusChange,
    Written,
    WrittenField,
    written_by,
)
from incidents.events import ChatCommand, PageEvent, TicketEvent
from incidents.models import (
    Author,
    Comment,
    Incident,
    IncidentState,
    ProbeResult,
    Severity,
    Stage,
    Ticket,
    TicketRef,
)
from incidents.policy.policy import Policy

_SINCE = timedelta(minutes=1)
_ENDED = (EffectState.DONE, EffectState.DEAD)
_UNDER_WAY = (EffectState.SENDING, EffectState.UNKNOWN, EffectState.DONE, EffectState.HELD)


@dataclass
class _Line:
    """An effect in the ledger. It went out at `at`."""

    effect: Effect
    state: EffectState = EffectState.PENDING
    result: str = ""
    at: datetime | None = None
    until: datetime | None = None
    version: int | None = None
    row: Written | None = None
    kept: tuple[WrittenField, str] | None = field(init=False)
    lane: str = field(init=False)
    is_about_a_ticket: bool = field(init=False)

    def __post_init__(self) -> None:
        self.kept = written_by(self.effect)
        self.lane = self.effect.lane
        self.is_about_a_ticket = self.effect.is_about_a_ticket

    def written(self) -> Written:
        """Its row in the table `written`, once it has set out."""
        if self.kept is None or self.at is None:
            raise ValueError(f"{self.effect.key} has written nothing")
        known = self.row
        is_sending = self.state is EffectState.SENDING
        now = (self.at, self.until, self.version, is_sending)
        if known is None or (known.at, known.until, known.version, known.is_sending) != now:
            self.row = Written(
                connection=self.effect.connection, object=self.effect.target, field=self.kept[0], hash=self.kept[1],
                at=self.at, until=self.until, version=self.version, is_sending=is_sending,
            )  # fmt: skip
            return self.row
        return known


@dataclass(frozen=True)
class Reading:
    """What was read of a helpdesk, and not committed yet."""

    desk: Desk
    events: tuple[TicketEvent, ...]
    tickets: tuple[Ticket, ...]


class Arm(StrEnum):
    """What tells echoes from changes: the ledger; or, as controls, only who a vendor says that did it; or nothing."""

    LEDGER = "ledger"
    ACTOR = "actor"
    NOTHING = "nothing"


@dataclass
class Liaison:
    """One incident with its tickets, pages and room."""

    policy: Policy
    clock: Callable[[], datetime]
    desks: Mapping[str, Desk]
    pager: OnCall
    chat: Chat | None
    arm: Arm = Arm.LEDGER
    lines: dict[str, _Line] = field(default_factory=dict)
    tickets: dict[TicketRef, LinkedTicket] = field(default_factory=dict)
    heard: set[tuple[TicketRef, str]] = field(default_factory=set)
    noted: set[tuple[str, str]] = field(default_factory=set)
    obeyed: set[ChatCommand] = field(default_factory=set)
    story: list[str] = field(default_factory=list)
    decisions: int = 0

    def begin(self) -> None:
        """The incident as engineers get it: paged, with a room."""
        now = self.clock()
        for desk in self.desks.values():
            for ticket in desk.tickets.values():
                self.tickets[ticket.ref] = LinkedTicket(ticket=ticket, linked_at=now, reason="rule")
        incident = Incident(
            id=7, version=1, service="checkout", title="Checkout fails", state=IncidentState.CONFIRMED,
            severity=Severity.HIGH, opened_at=now, clock_from=now, state_since=now,
            next_stage=Stage.ESCALATION, next_stage_at=now,
        )  # fmt: skip
        self.case = Case(incident=incident, instance="bench")
        self.run_stage()

    # What comes in

    def read(self, desk: Desk, events: Iterable[TicketEvent]) -> Reading:
        """The intake's gathering: what is an echo is not read again."""
        told = tuple(events)
        if self.arm is Arm.ACTOR:
            told = tuple(event for event in told if not event.by_us)
        elif self.arm is Arm.LEDGER:
            told = less_echoes(
                told, self._written(WrittenField.TICKET_STATUS, WrittenField.TICKET_WORDS), now=self.clock()
            )
        refs = {event.ref for event in told}
        tickets = tuple(desk.tickets[ref.id] for ref in sorted(refs, key=str))
        to_read = {event.ref for event in told if event.comments_to_read} | {
            ticket.ref for ticket in tickets if self._is_against_us(ticket)
        }
        said = [
            TicketEvent(ref=ref, at=comment.at, comment=comment)
            for ref in sorted(to_read, key=str)
            for comment in desk.since(ref.id, self.tickets[ref].ticket.updated_at - _SINCE)
        ]
        return Reading(desk, (*told, *said), tickets)

    def poll(self, desk: Desk, since: datetime) -> Reading:
        """The reconciler's gathering: tickets that changed, and what was said on them, whoever changed them last."""
        changed = tuple(desk.changed(since))
        said = tuple(
            TicketEvent(ref=ticket.ref, at=comment.at, comment=comment)
            for ticket in changed
            for comment in desk.since(ticket.ref.id, since)
        )
        return Reading(desk, said, changed)

    def take_in(self, reading: Reading) -> None:
        """The intake's commit."""
        writes = self._our_writes()
        said: dict[TicketRef, list[Comment]] = {}
        for event in reading.events:
            if event.comment is not None and (event.ref, event.comment.id) not in self.heard:
                self.heard.add((event.ref, event.comment.id))
                said.setdefault(event.ref, []).append(self._heard(event.ref, event.comment, writes))
        news = []
        for read in reading.tickets:
            known = self.tickets[read.ref].ticket
            ticket = writes.up_to_date(read, known) if self.arm is Arm.LEDGER else read
            if ticket.version < known.version and ticket.ref not in said:
                continue
            found = writes.news(
                known, ticket, said.get(ticket.ref, ()), customer_told_at=self._told_at(ticket.ref)
            )
            if self.arm is not Arm.LEDGER:
                found = replace(found, status_is_ours=False, status_is_refused=False)
            if found.matters:
                news.append(found)
            if ticket.version >= known.version:
                self.tickets[ticket.ref] = replace(self.tickets[ticket.ref], ticket=ticket)
        if news:
            self._decide(lambda case: ticket_news(case, news, self._basis(), looks=self._looks()))

    def hear_page(self, events: Sequence[PageEvent]) -> None:
        """Status sync of a page: it is read again, whatever the order of its events."""
        key = events[0].key or ""
        ordered = tuple(sorted(events, key=lambda event: event.at))
        self._follow(PageNews(key=key, events=ordered, state=self.pager.pages[key]))

    def look_at_pages(self) -> None:
        """The reconciler's look: how each page stands, and what was written on it."""
        for key, page in self.pager.pages.items():
            self._follow(PageNews(key=key, events=tuple(self.pager.notes[key]), state=page))

    def obey(self, command: ChatCommand) -> None:
        """A command from the room; one that comes twice is one delivery of the inbox."""
        if command in self.obeyed:
            return
        self.obeyed.add(command)
        self._decide(lambda case: chat_command(case, command, self._basis()))

    # What goes out

    def due(self) -> list[str]:
        """Keys of the effects that can be sent now: the heads of their lanes."""
        heads: dict[str, str] = {}
        for key in self.open_effects():
            heads.setdefault(self.lines[key].lane, key)
        return list(heads.values())

    def open_effects(self) -> list[str]:
        """Keys of all that is still to be done."""
        return [key for key, line in self.lines.items() if line.state not in _ENDED]

    def set_out(self, key: str) -> None:
        """The call goes out; the tool does it, and its answer is not here yet."""
        line = self.lines[key]
        effect = line.effect
        if self._is_overtaken(effect):
            line.state = EffectState.DEAD
            return
        line.state, line.at = EffectState.SENDING, self.clock()
        if effect.connection in self.desks:
            line.version = self.desks[effect.connection].do(effect)
        elif effect.connection == self.pager.name:
            line.result = self.pager.do(effect) or ""
        elif self.chat is not None:
            self.chat.do(effect)
            line.result = "C1" if effect.kind is EffectKind.CHAT_ROOM else ""

    def settle(self, key: str, *, is_lost: bool = False) -> None:
        """The answer is here; or it is lost, and what became of the call is looked up later."""
        line = self.lines[key]
        if line.state is EffectState.DEAD:
            return
        if is_lost:
            line.state, line.version = EffectState.UNKNOWN, None
            return
        line.state, line.until = EffectState.DONE, self.clock() + SECOND
        if line.effect.kind is EffectKind.TICKET_STATUS:
            ref = line.effect.ticket
            linked = self.tickets[ref]
            status = line.effect.payload.status  # type: ignore[union-attr]
            self.tickets[ref] = replace(linked, ticket=replace(linked.ticket, status=status))

    def run_stage(self) -> None:
        """The stage that is due, if one is."""
        incident = self.case.incident
        if incident.next_stage_at is None or incident.next_stage_at > self.clock():
            return
        if incident.next_stage is Stage.ESCALATION:
            self._decide(lambda case: escalation.decide(case, self._looks(), self._basis()))
        elif incident.next_stage is Stage.CLOSURE:
            self._decide(lambda case: closure.decide(case, self._looks(), self._basis()))

    @property
    def writes(self) -> int:
        """How often we have changed something in a tool."""
        desks = sum(desk.writes for desk in self.desks.values())
        return desks + self.pager.writes + (self.chat.writes if self.chat else 0)

    def case_now(self) -> Case:
        """The case, as the store would load it."""
        own = [line for line in self.lines.values() if not line.is_about_a_ticket]
        about = [line for line in self.lines.values() if line.is_about_a_ticket]
        is_closing = self.case.incident.state is IncidentState.CLOSING
        told = [
            line.effect for line in about if is_closing and line.effect.kind is EffectKind.CUSTOMER_MESSAGE
        ]
        return replace(
            self.case,
            tickets=tuple(self.tickets.values()),
            ledger=tuple(
                LedgerLine(
                    key=line.effect.key, kind=line.effect.kind, state=line.state,
                    connection=line.effect.connection, target=line.effect.target, result=line.result,
                )
                for line in own
            ),
            open_ticket_effects=sum(line.state not in _ENDED for line in about),
            told=frozenset(effect.ticket for effect in told) if is_closing else None,
        )  # fmt: skip

    def _follow(self, news: PageNews) -> None:
        fresh = {event.note_id: event for event in news.events if (news.key, event.note_id) not in self.noted}
        self.noted |= {(news.key, note) for note in fresh if note}
        events = [
            event for event in news.events if not event.note_id or fresh.pop(event.note_id, None) is event
        ]
        if self.arm is Arm.NOTHING:
            events = [replace(event, by_us=False) for event in events]
        news = replace(news, events=tuple(events))
        if self.arm is Arm.LEDGER:
            (news,) = with_our_notes([news], self._written(WrittenField.PAGE_WORDS))
        self._decide(lambda case: page_news(case, news, self._basis()))

    def _heard(self, ref: TicketRef, comment: Comment, writes: OurWrites) -> Comment:
        if self.arm is Arm.LEDGER:
            return writes.heard(ref, comment)
        if self.arm is Arm.NOTHING and comment.author is Author.LIAISON:
            return replace(comment, author=Author.AGENT)
        return comment

    def _decide(self, decision: Callable[[Case], Plan]) -> None:
        plan = decision(self.case_now())
        new = [effect for effect in plan.effects if effect.key not in self.lines]
        self.decisions += bool(new)
        for effect in new:
            self.lines.setdefault(effect.key, _Line(effect))
        self.story += [f"{entry.kind}: {entry.text}" for entry in plan.entries]
        seen = seen_with(self.case, plan.updates)
        self.case = replace(seen, incident=plan.incident)

    def _our_writes(self) -> OurWrites:
        found = self._written(WrittenField.TICKET_STATUS, WrittenField.TICKET_WORDS)

        def of(kind: WrittenField) -> Mapping[TicketRef, Sequence[Written]]:
            return {
                TicketRef(connection=name, id=number): [write for write in written if write.field is kind]
                for (name, number), written in found.items()
            }

        return OurWrites(
            statuses=of(WrittenField.TICKET_STATUS),
            words=of(WrittenField.TICKET_WORDS),
            rules=self.policy.sync,
        )

    def _written(self, *fields: WrittenField) -> Mapping[tuple[str, str], Sequence[Written]]:
        """The table `written`."""
        found: dict[tuple[str, str], list[Written]] = {}
        for line in self.lines.values():
            kept = line.kept
            if kept is None or kept[0] not in fields or line.at is None or line.state not in _UNDER_WAY:
                continue
            place = (line.effect.connection, line.effect.target)
            found.setdefault(place, []).append(line.written())
        for rows in found.values():
            rows.sort(key=lambda row: row.at)
        return found

    def _is_against_us(self, ticket: Ticket) -> bool:
        known = self.tickets[ticket.ref].ticket
        is_ours = self.policy.sync.ticket_status != "helpdesk"
        return is_ours and known.status.is_settled and not ticket.status.is_settled

    def _is_overtaken(self, effect: Effect) -> bool:
        """The delivery's look just before it writes a status."""
        wanted, desk = effect.payload, self.desks.get(effect.connection)
        if desk is None or not isinstance(wanted, StatusChange):
            return False
        owner = owner_of_status(self.policy.sync)
        # No tool here sets a status because somebody was answered.
        return is_overtaken(wanted, desk.tickets[effect.target], owner, customer_told_at=None)

    def _told_at(self, ref: TicketRef) -> datetime | None:
        sent = [
            line.at
            for line in self.lines.values()
            if line.effect.kind is EffectKind.CUSTOMER_MESSAGE and line.state is EffectState.DONE
            and line.effect.ticket == ref and line.at is not None
        ]  # fmt: skip
        return max(sent, default=None)

    def _looks(self) -> list[ProbeResult]:
        return [ProbeResult(probe="http/checkout", is_healthy=True, summary="200", at=self.clock())]

    def _basis(self) -> Basis:
        return Basis(self.policy, self.clock())
