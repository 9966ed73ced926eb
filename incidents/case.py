"""What a decision sees and what it says: the case on the table, and the plan for it.

The store loads a `Case` under a row lock, hands it to a pure decision and writes the `Plan` in the same
transaction; so a decision is never made on a state that somebody else has moved on.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from typing import NewType

from incidents.approval import Approval, ApprovalSubject
from incidents.effects import Effect, EffectKind, EffectState
from incidents.models import Incident, Ticket, TicketRef
from incidents.promises.updates import CustomerUpdate
from incidents.sla.clock import SlaClock

NewerWord = NewType("NewerWord", str)
"""A kind, as it is written in the store, that this version does not know: it was planned or told by a newer one beside
us. It is kept and shown, and left to that version."""

PROGRESS = "progress"
"""What marks the first message to a customer in a generation."""
FAREWELL = "fixed"
"""What marks the last message to a customer in a generation."""
OPENING = "opening"
"""What marks the first message to a customer who has not written."""
NOBODY = "Nobody (a time-out, or an integration by itself)"
"""What older lines of the timeline begin with where a page was resolved without a person's word; newer ones say so by
their actor."""
ACTION_AGAIN = ":again:"
"""Between an action's key and how often it was planned before and not started."""
LAPSED = "lapsed:"
"""What marks the question about a page that ended without a person's word."""
OWNERS_LEAD = "owners-lead"
"""What marks a page to the lead of those who are accountable (`ownership.lead`), who is no engineer."""


def is_owners_lead_page(key: str) -> bool:
    """Whether this page wakes the owners' lead: it says nothing about the engineers, so it never moves an incident."""
    return f":page:{OWNERS_LEAD}" in key


@dataclass(frozen=True, kw_only=True, slots=True)
class LinkedTicket:
    """A ticket of this incident. `reason` says why it was joined, for people."""

    ticket: Ticket
    linked_at: datetime
    reason: str


@dataclass(frozen=True, kw_only=True, slots=True)
class LedgerLine:
    """What became of one of this incident's own effects (those about tickets are only counted)."""

    key: str
    kind: EffectKind | NewerWord
    state: EffectState
    connection: str
    target: str
    result: str = ""
    detail: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class PageSighting:
    """What the on-call tool has of a page that it took: the page's id there; or None, and why, for nothing at all."""

    key: str
    page_id: str | None
    why: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class UntoldCustomer:
    """Whose last message of ours did not go out, and why: somebody must tell them by hand."""

    ref: TicketRef
    state: EffectState
    why: str


@dataclass(frozen=True, kw_only=True, slots=True)
class AffectedCustomer:
    """Who is known to use what is broken and has not written. `address` is in small letters; `reason` is for people."""

    incident: int
    address: str
    name: str
    reason: str

    @property
    def mark(self) -> str:
        """Names them in keys and lanes."""
        return hashed_address(self.address)


@dataclass(frozen=True, kw_only=True, slots=True)
class Case:
    """An incident with everything a decision may look at.

    `instance` is this installation's short id, so that keys at a vendor never meet those of another one.
    `open_ticket_effects` counts effects about tickets that are not settled yet, `unsent_messages` the messages to
    customers that wait for a person or were given up, and `untold` those whose customers have heard nothing since.
    `told` are tickets whose customers have had the last message of this generation; only known while it is closing.
    `farewells` are tickets whose customers have heard that it works again, here or in an incident that was merged into
    this one, in whatever generation; or whose agent was asked to tell them.
    `clocks` are the incident's own SLA clocks, `updates` what its customers were told in public, the oldest first,
    `approvals` what a person was asked to allow, `affected` who was listed as hit without having written.
    Where not `has_all_tickets`, there is one of each kind of ticket only: enough for whoever looks at new tickets.
    """

    incident: Incident
    tickets: tuple[LinkedTicket, ...] = ()
    ledger: tuple[LedgerLine, ...] = ()
    open_ticket_effects: int = 0
    unsent_messages: int = 0
    untold: tuple[UntoldCustomer, ...] = ()
    instance: str = "local"
    clocks: tuple[SlaClock, ...] = ()
    has_all_tickets: bool = True
    told: frozenset[TicketRef] | None = None
    farewells: frozenset[TicketRef] = frozenset()
    updates: tuple[CustomerUpdate, ...] = ()
    approvals: tuple[Approval, ...] = ()
    affected: tuple[AffectedCustomer, ...] = ()

    @property
    def present(self) -> tuple[LinkedTicket, ...]:
        """Its tickets that are not gone: there is somebody to tell, and something to note on."""
        return tuple(item for item in self.tickets if item.ticket.gone is None)

    def is_content(self, ticket: Ticket) -> bool:
        """Whether its customer has heard that it works again, and nobody has opened it since."""
        return ticket.status.is_settled and ticket.ref in self.farewells

    @property
    def page_keys(self) -> tuple[str, ...]:
        """Keys of the engineers' pages that are out now: since the team itself (level 0) was last paged.

        Engineers who open their page again start a generation without a new one; it stays the one that is out.
        Pages to the owners' lead are none of them.
        """
        pages = [
            line.key
            for line in self.ledger
            if line.kind is EffectKind.PAGE and not is_owners_lead_page(line.key)
        ]
        starts = [index for index, key in enumerate(pages) if key.endswith(":0")]
        return tuple(pages[starts[-1] :]) if starts else ()

    @property
    def pages(self) -> tuple[LedgerLine, ...]:
        """The ledger's lines of those pages."""
        keys = set(self.page_keys)
        return tuple(line for line in self.ledger if line.key in keys)

    @property
    def owners_lead_pages(self) -> tuple[LedgerLine, ...]:
        """The ledger's lines of all pages to the owners' lead, of any generation."""
        return tuple(
            line for line in self.ledger if line.kind is EffectKind.PAGE and is_owners_lead_page(line.key)
        )

    def once(self, what: str) -> str:
        """A marker for something that happens once in this generation of the incident."""
        return f"liaison:{self.instance}:{self.incident.name}:g{self.incident.generation}:{what}"

    def approval(self, subject: ApprovalSubject, which: str = "") -> Approval | None:
        """The question about this in this generation of the incident, if it was asked."""
        asked = (self.incident.generation, subject, which)
        return next((one for one in self.approvals if one.mark == asked), None)

    def after(self, plan: Plan) -> Case:
        """The case with the incident and the questions as the plan leaves them."""
        changed = {one.mark: one for one in (*self.approvals, *plan.approvals)}
        return replace(self, incident=plan.incident, approvals=tuple(changed.values()))

    def action_lines(self, action: str) -> list[LedgerLine]:
        """What the ledger has of the action in this generation, the newest last."""
        key = self.once(f"action:{action}")
        return [
            line
            for line in self.ledger
            if line.kind is EffectKind.ACTION
            and (line.key == key or line.key.startswith(f"{key}{ACTION_AGAIN}"))
        ]

    def line(self, key: str) -> LedgerLine | None:
        """The ledger's line with this key, or None if no such effect was planned."""
        return next((line for line in self.ledger if line.key == key), None)


class EntryKind(StrEnum):
    """What a line of the timeline tells of. Kept in the store: a member is never renamed, only migrated."""

    OPENED = "opened"
    JOINED = "joined"
    VERDICT = "verdict"
    SEVERITY = "severity"
    ALERT_FIRES = "alert_fires"
    ALERT_ENDED = "alert_ended"
    ALERT_SILENCED = "alert_silenced"
    SURGE = "surge"
    SIMILAR = "similar"
    OWNER = "owner"
    """Who is accountable, found or handed over."""
    ORPHANED = "orphaned"
    """Nobody is accountable, or nobody was heard of for too long."""
    ACTION = "action"
    FIXED_BY_ACTION = "fixed_by_action"
    ESCALATED = "escalated"
    ACKNOWLEDGED = "acknowledged"
    COMMAND = "command"
    COMMAND_REFUSED = "command_refused"
    NOTE = "note"
    """What an engineer wrote, on the page or in the room."""
    TICKET_NOTE = "ticket_note"
    """What an agent wrote on a ticket."""
    TICKETS = "tickets"
    UPDATE = "update"
    PROMISE_BROKEN = "promise_broken"
    """An update that customers were promised and that did not come in time."""
    STATE = "state"
    RESOLVED = "resolved"
    HANDED_ON = "handed_on"
    """Whose the page is was changed at the on-call tool."""
    NOT_US = "not_us"
    """Who was woken says that it is not theirs, and why."""
    SNOOZED = "snoozed"
    NOBODY_WOKEN = "nobody_woken"
    """A page that the on-call tool took and made nothing of."""
    ROOM = "room"
    """The room was renamed, taken away or replaced."""
    LAPSED = "lapsed"
    """A page that ended without a person's word."""
    DOUBT = "doubt"
    """A complaint that was left to an agent to read."""
    NO_TICKET_LEFT = "no_ticket_left"
    PROOF = "proof"
    MERGED = "merged"
    """It was merged into another incident, or another one into it."""
    HELD = "held"
    """Its page waits, and until when."""
    SPLIT = "split"
    """A ticket that did not belong to it was split off, or came from where it did not."""
    CLOSED = "closed"
    REOPENED = "reopened"
    APPROVAL_ASKED = "approval_asked"
    APPROVED = "approved"
    DENIED = "denied"
    APPROVAL_EXPIRED = "approval_expired"
    SLA_WARNED = "sla_warned"
    SLA_BREACHED = "sla_breached"
    SLA_TICKETS = "sla_tickets"
    SENT_PAGE = "sent_page"
    SENT_CHAT_ROOM = "sent_chat_room"
    SENT_CUSTOMER_MESSAGE = "sent_customer_message"
    SENT_TICKET_STATUS = "sent_ticket_status"
    SENT_ACTION = "sent_action"
    SENT_STATUS_PAGE = "sent_status_page"
    AFFECTED = "affected"
    """Who uses it and has not written: listed, or not known."""
    SENT_OUTBOUND_MESSAGE = "sent_outbound_message"
    SENT_ISSUE = "sent_issue"
    ISSUE_MOVED = "issue_moved"
    """The tracker has another word for how the issue for the lasting fix stands."""
    EXPOSED = "exposed"
    """Customers could read what was for colleagues."""
    EFFECT_HELD = "effect_held"
    EFFECT_DEAD = "effect_dead"


def customers_to_tell(case: Case) -> Iterator[tuple[UntoldCustomer, str]]:
    """Who must be told by hand, with the customer's name and the ticket's address as far as they are known."""
    tickets = {item.ticket.ref: item.ticket for item in case.tickets}
    for customer in case.untold:
        ticket = tickets.get(customer.ref)
        known = (ticket.requester.name or ticket.requester.email, ticket.url or "") if ticket else ()
        yield customer, " ".join(filter(None, known))


class Actor:
    """Names for who did it, where it was no person."""

    LIAISON = "Liaison"
    ON_CALL_TOOL = "On-call tool"
    """It went on by time, by a rule, or by another tool's integration: nobody acted."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Entry:
    """One line of the timeline. `text` is for people and holds no customer's words that were not redacted."""

    kind: EntryKind
    text: str
    actor: str = Actor.LIAISON


@dataclass(frozen=True, kw_only=True, slots=True)
class Plan:
    """What shall be true after the commit: the incident as it will be, what to send, what to remember.

    `told_clocks` are SLA clocks, its own or its tickets', with the moments marked that the effects tell of.
    `sightings` are what has become of its pages: one that is not there is given up in the ledger. `updates` are those
    to its customers that are new or have changed, `approvals` those that are asked for, decided or expired, `affected`
    customers who are listed now.
    """

    incident: Incident
    effects: tuple[Effect, ...] = ()
    entries: tuple[Entry, ...] = field(default=())
    told_clocks: tuple[SlaClock, ...] = ()
    sightings: tuple[PageSighting, ...] = ()
    updates: tuple[CustomerUpdate, ...] = ()
    approvals: tuple[Approval, ...] = ()
    affected: tuple[AffectedCustomer, ...] = ()

    def with_question(self, then: Plan) -> Plan:
        """This one, and what another one does for a question to a person; the incident stays as it is here."""
        return replace(
            self,
            effects=(*self.effects, *then.effects),
            entries=(*self.entries, *then.entries),
            approvals=(*self.approvals, *then.approvals),
        )


def hashed_address(address: str) -> str:
    """What an address in small letters is known by where nobody need read it."""
    return hashlib.sha256(address.encode("utf-8", "replace")).hexdigest()[:20]


def outbound_key(case: Case, mark: str, what: str) -> str:
    """Marks a message to a customer who has not written; without a generation: once in an incident's life."""
    return f"liaison:{case.instance}:{case.incident.name}:affected:{what}:{mark}"


def outbound_lines(case: Case, mark: str, what: str) -> tuple[LedgerLine, ...]:
    """What was planned to tell this customer, also in an incident that was merged into this one."""
    return tuple(
        line
        for line in case.ledger
        if line.kind is EffectKind.OUTBOUND_MESSAGE and line.key.endswith(f":affected:{what}:{mark}")
    )


def was_told_unasked(case: Case, one: AffectedCustomer) -> bool:
    """Whether this customer was told that it is broken, or is being told."""
    return any(line.state is not EffectState.DEAD for line in outbound_lines(case, one.mark, OPENING))


def is_told_unasked(case: Case, address: str) -> bool:
    """Whether the customer with this address was told before they wrote, or is being told."""
    known = next((one for one in case.affected if one.address == address.strip().casefold()), None)
    return known is not None and was_told_unasked(case, known)
