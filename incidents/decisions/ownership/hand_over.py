"""Who is accountable changes: with a note, told to both, and written into the story."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from incidents.basis import Basis
from incidents.case import Actor, Case, Entry, EntryKind, Plan
from incidents.decisions.customers import owners_ticket
from incidents.decisions.posts import tell_room
from incidents.decisions.telling import digest
from incidents.effects import ticket_note
from incidents.errors import Refused
from incidents.lifecycle import UNSETTLED
from incidents.models import Incident, Ticket
from incidents.notes.states import state_words
from incidents.policy.ownership import LONGEST_NAME
from incidents.promises.updates import open_promises
from incidents.texts.messages import internal
from incidents.texts.plain_text import cut, one_line
from incidents.texts.team import worded

_NOTE = 1_000


@dataclass(frozen=True, kw_only=True, slots=True)
class HandOver:
    """To whom, by whom, and what they should know. `by` is a person's name, or Liaison's."""

    to: str
    by: str
    note: str = ""


def hand_over(case: Case, wanted: HandOver, basis: Basis) -> Plan:
    """The incident is theirs from now on; nothing happens if it is already. Both read it on their tickets, and the
    room does.

    Raises `Refused` for nobody's name, and for an incident that is over.
    """
    to = named(case, wanted.to)
    incident = case.incident
    if not to:
        raise Refused(worded("say who is to have it: their name as the helpdesk shows it"))
    if incident.state not in UNSETTLED:
        raise Refused(
            worded(
                "{incident} is {state}: nobody need have it any more",
                incident=incident.name,
                state=state_words(incident.state),
            )
        )
    if to == incident.owner:
        return Plan(incident=incident)
    after = replace(incident, owner=to, owner_seen_at=basis.now, owner_asked_at=None)
    seen = replace(case, incident=after)
    what = f"owner:{digest(to, basis.now.isoformat())}"
    text = _words(case, to, wanted)
    note = internal(f"{incident.name}: {text}")
    tickets = {ticket.ref for ticket in (owners_ticket(case), owners_ticket(seen)) if ticket is not None}
    effects = [ticket_note(incident.id, ref, seen.once(what), note) for ref in sorted(tickets, key=str)]
    effects += tell_room(seen, basis.policy, what, text)
    return Plan(
        incident=after,
        effects=tuple(effects),
        entries=(Entry(kind=EntryKind.OWNER, text=text, actor=wanted.by),),
        updates=tuple(replace(update, owner=to) for update in open_promises(case.updates)),
    )


def _words(case: Case, to: str, wanted: HandOver) -> str:
    before = worded(", after {owner}", owner=case.incident.owner) if case.incident.owner else ""
    by = "" if wanted.by in (Actor.LIAISON, to) else worded(" (handed over by {by})", by=wanted.by)
    note = cut(one_line(wanted.note), _NOTE)
    return worded("Accountable from now on: {to}{before}{by}", to=to, before=before, by=by) + (
        worded(". Note: {note}", note=note) if note else ""
    )


def named(case: Case, words: str) -> str:
    """The agent who is meant: whom the tickets know by that name, or by that first name alone; else as it was said."""
    name = cut(one_line(words).removeprefix("@").strip(), LONGEST_NAME)
    known = dict.fromkeys(item.ticket.assignee for item in case.tickets if item.ticket.assignee)
    same = [one for one in known if one.casefold() == name.casefold()]
    same = same or [one for one in known if one.split()[0].casefold() == name.casefold()]
    return same[0] if len(same) == 1 else name


def taken_on(
    incident: Incident, tickets: Iterable[Ticket], *, now: datetime
) -> tuple[Incident, Sequence[Entry]]:
    """An incident that nobody has yet is whoever's has taken one of its tickets."""
    if incident.owner is not None or incident.state not in UNSETTLED:
        return incident, ()
    taken = [ticket for ticket in tickets if ticket.assignee and ticket.gone is None]
    if not taken:
        return incident, ()
    first = min(taken, key=lambda ticket: ticket.created_at)
    after = replace(incident, owner=first.assignee, owner_seen_at=now, owner_asked_at=None)
    text = worded(
        "Accountable: {assignee}, who has taken #{ticket}", assignee=first.assignee, ticket=first.ref.id
    )
    return after, (Entry(kind=EntryKind.OWNER, text=text),)
