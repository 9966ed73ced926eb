"""What keeps an incident that works again from being closed: a customer whose last message has not surely arrived, or a
change that is still on its way."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta

from incidents.basis import Basis
from incidents.case import Case, Entry, EntryKind, Plan, UntoldCustomer
from incidents.decisions.closing.farewell import ASKED, farewell
from incidents.decisions.departures import gone_words
from incidents.decisions.posts import tell_room
from incidents.effects import ticket_note
from incidents.models import Stage, Ticket, TicketStatus
from incidents.notes.notes import and_more
from incidents.policy.process import NotTold
from incidents.texts.messages import internal
from incidents.texts.team import worded, worded_count

_SOON, _OUTSTANDING_AGAIN = timedelta(seconds=5), timedelta(seconds=30)
"""Most of what is on its way, such as a post that a chat paces, is there in some seconds."""
_JUST_NOW = timedelta(minutes=1)
_ASKED_AGAIN = timedelta(minutes=5)
"""Once a person was asked, only they change anything."""
PATIENCE = timedelta(minutes=10)
"""So long changes may be on their way before somebody is asked."""
WAITS_FOR_EFFECTS = timedelta(days=3)
"""With `when_not_told: close`: what is due to a helpdesk that has been away for longer is sent when it is back."""
_NAMED = 20
_NAMED_LEFT_OUT = 10
_REASONS = 300  # characters


@dataclass(frozen=True, kw_only=True, slots=True)
class Outstanding:
    """What is missing. `untold` wait for a person, `unsaid` have no last message in the ledger that arrived or failed,
    `open_effects` counts changes that may still go out."""

    untold: tuple[UntoldCustomer, ...] = ()
    unsaid: tuple[Ticket, ...] = ()
    open_effects: int = 0

    @property
    def is_nothing(self) -> bool:
        """Whether it may be closed."""
        return not (self.untold or self.unsaid or self.open_effects)


def outstanding(case: Case) -> Outstanding:
    """What the ledger does not show as done."""
    own = sum(line.state.is_open for line in case.ledger)
    by_hand = {one.ref for one in case.untold}
    unsaid = () if case.told is None else tuple(t for t in _must_hear(case) if t.ref not in by_hand)
    return Outstanding(untold=case.untold, unsaid=unsaid, open_effects=case.open_ticket_effects + own)


def _must_hear(case: Case) -> list[Ticket]:
    """Whom a last message can reach and has not. Who is content had one before."""
    told = case.told or frozenset()
    return [
        item.ticket
        for item in case.present
        if item.ticket.is_reachable
        and item.ticket.ref not in told
        and item.ticket.status is not TicketStatus.CLOSED
        and not case.is_content(item.ticket)
    ]


def wait(case: Case, missing: Outstanding, basis: Basis) -> Plan | None:
    """What is done until nothing is missing; None where the policy lets it be closed all the same."""
    incident, waited = case.incident, basis.now - case.incident.state_since
    is_on_its_way = missing.open_effects > 0
    if basis.policy.closure.when_not_told is NotTold.CLOSE:
        is_given_up = waited >= WAITS_FOR_EFFECTS
        return _look_again(case, basis) if is_on_its_way and not is_given_up else None
    if missing.unsaid and not is_on_its_way and waited < PATIENCE:
        # Joined while the others were told; a message that was planned before is not planned twice.
        said = farewell(case, missing.unsaid, basis)
        return replace(_look_again(case, basis), effects=said.effects, updates=said.updates)
    if (is_on_its_way and waited < PATIENCE) or incident.checks & ASKED:
        return _look_again(case, basis)
    return _ask(case, missing, basis)


def _look_again(case: Case, basis: Basis) -> Plan:
    is_new = basis.now - case.incident.state_since < _JUST_NOW
    again = _SOON if is_new else _OUTSTANDING_AGAIN
    if case.incident.checks & ASKED:
        again = _ASKED_AGAIN
    incident = replace(case.incident, next_stage=Stage.CLOSURE, next_stage_at=basis.now + again)
    return Plan(incident=incident)


def _ask(case: Case, missing: Outstanding, basis: Basis) -> Plan:
    """Once in a generation: the room, and the agents of those who were not told."""
    name = case.incident.name
    why = missing_words(case, missing)
    how = worded(
        "When they know, say `close {name} <reason>` in its room, by Prefect's form `close`, or "
        '`liaison close {name} --by NAME --why "REASON"`',
        name=name,
    )
    refs = {one.ref for one in missing.untold} | {ticket.ref for ticket in missing.unsaid}
    note = internal(
        worded(
            "{name} works again, but this customer has not surely had our last message. Please tell "
            "them. {how}.",
            name=name,
            how=how,
        )
    )
    notes = [
        ticket_note(case.incident.id, item.ticket.ref, case.once("not-closed"), note)
        for item in case.present
        if item.ticket.ref in refs
    ]
    incident = replace(case.incident, checks=case.incident.checks | ASKED)
    plan = _look_again(replace(case, incident=incident), basis)
    text = worded("{name} works again and is not closed yet: {why}. {how}.", name=name, why=why, how=how)
    return replace(
        plan,
        effects=(*notes, *tell_room(case, basis.policy, "not-closed", text)),
        entries=(Entry(kind=EntryKind.PROOF, text=f"Not closed yet: {why}; a person must say so"),),
    )


def missing_words(case: Case, missing: Outstanding) -> str:
    """What is missing, for whoever must see to it; "" if nothing is."""
    words: list[str] = []
    if missing.untold:
        names = ", ".join(str(one.ref) for one in missing.untold[:_NAMED])
        words.append(
            worded_count(
                "{count} customer must be told by hand: {tickets} ({why})",
                "{count} customers must be told by hand: {tickets} ({why})",
                len(missing.untold),
                tickets=names + and_more(len(missing.untold), _NAMED),
                why="; ".join(dict.fromkeys(one.why for one in missing.untold))[:_REASONS],
            )
        )
    elif case.unsent_messages:
        words.append(
            worded_count(
                "{count} message to customers did not go out",
                "{count} messages to customers did not go out",
                case.unsent_messages,
            )
        )
    if missing.unsaid:
        names = ", ".join(str(ticket.ref) for ticket in missing.unsaid[:_NAMED])
        words.append(
            worded_count(
                "{count} customer had no last message: {tickets}",
                "{count} customers had no last message: {tickets}",
                len(missing.unsaid),
                tickets=names + and_more(len(missing.unsaid), _NAMED),
            )
        )
    if missing.open_effects:
        words.append(
            worded_count(
                "{count} change is still to be made",
                "{count} changes are still to be made",
                missing.open_effects,
            )
        )
    return "; ".join(words)


def who_was_told(case: Case) -> str:
    """Everybody; or who was not, and what is still on its way."""
    words = [missing_words(case, outstanding(case)), *_left_out(case)]
    return "; ".join(filter(None, words)) or worded("every linked customer was told")


def _left_out(case: Case) -> list[str]:
    """Linked tickets that had no last message for a reason of their own. Who is content had one before."""
    if case.told is None:
        return []
    by_hand = {one.ref for one in case.untold} | {ticket.ref for ticket in _must_hear(case)}
    found: list[str] = []
    for item in case.tickets:
        ticket = item.ticket
        is_known = ticket.ref in case.told or case.is_content(ticket)
        if ticket.gone is not None:
            found.append(f"{ticket.ref} ({gone_words(ticket.gone)})")
        elif not ticket.is_reachable:
            found.append(
                worded(
                    "{ticket} (no reply reaches the customer; the agent was asked to tell them)",
                    ticket=ticket.ref,
                )
            )
        elif not is_known and ticket.ref not in by_hand:
            found.append(worded("{ticket} (closed at the helpdesk before)", ticket=ticket.ref))
    if not found:
        return []
    named = ", ".join(found[:_NAMED_LEFT_OUT]) + and_more(len(found), _NAMED_LEFT_OUT)
    return [
        worded(
            "{count} of {all} linked customers were not told: {tickets}",
            count=len(found),
            all=len(case.tickets),
            tickets=named,
        )
    ]
