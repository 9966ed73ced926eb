"""A ticket does not belong: it is split off, to an incident that is named or to one of its own."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from incidents.basis import Basis
from incidents.case import Case, Entry, EntryKind, Plan
from incidents.decisions.departures import nothing_left
from incidents.decisions.intake import Join, Opening
from incidents.decisions.merging.merge import Merging
from incidents.decisions.posts import tell_engineers
from incidents.effects import Effect, ticket_note
from incidents.errors import Refused
from incidents.lifecycle import UNSETTLED
from incidents.models import Incident, JoinOrigin, Ticket
from incidents.notes.notes import and_more
from incidents.notes.states import state_words
from incidents.policy.policy import Policy
from incidents.redaction.redaction import safe_excerpt
from incidents.texts.messages import internal
from incidents.texts.team import worded

_TITLE_LIMIT = 100
_NAMED = 5


@dataclass(frozen=True, kw_only=True, slots=True)
class Splitting:
    """Which ticket, as people write it, and where it goes: to this incident, else to a new one of this service, else of
    the same. Who says so, and why, is as for a merge."""

    ticket: str
    said: Merging
    into: int | None = None
    service: str | None = None


def ticket_meant(case: Case, words: str) -> Ticket:
    """The incident's ticket of that number (`4711`, `#4711`) or whole name. Raises `Refused` for none, or several."""
    wanted, name = words.strip(), case.incident.name
    tickets = [item.ticket for item in case.tickets]
    found = [one for one in tickets if wanted == str(one.ref) or wanted.removeprefix("#") == one.ref.id]
    if len(found) == 1:
        return found[0]
    if found:
        names = worded(" or ").join(str(one.ref) for one in found)
        raise Refused(
            worded(
                "{name} has several tickets {wanted}: name it in full, {names}",
                name=name,
                wanted=wanted,
                names=names,
            )
        )
    listed = ", ".join(f"#{one.ref.id}" for one in tickets[:_NAMED]) or worded("none")
    listed += and_more(len(tickets), _NAMED)
    raise Refused(
        worded(
            "{name} has no ticket {wanted}; it has {listed}",
            name=name,
            wanted=safe_excerpt(wanted, 60) or worded("of that name"),
            listed=listed,
        )
    )


def check_split(
    case: Case, ticket: Ticket, splitting: Splitting, target: Incident | None, policy: Policy
) -> None:
    """Raises `Refused`, with what to do instead, where it makes no sense."""
    name, number = case.incident.name, f"#{ticket.ref.id}"
    if ticket.gone is not None:
        raise Refused(
            worded(
                "{number} is gone from its helpdesk: nothing is done about it in {name} any more",
                number=number,
                name=name,
            )
        )
    if target is not None:
        if target.id == case.incident.id:
            raise Refused(
                worded(
                    "{number} is of {name} already: name another incident, or none for a new one",
                    number=number,
                    name=name,
                )
            )
        if target.state not in UNSETTLED:
            state = state_words(target.state)
            raise Refused(
                worded(
                    "{target} is {state}: name an open incident, or none for a new one",
                    target=target.name,
                    state=state,
                )
            )
        return
    if splitting.service is not None and splitting.service not in policy.services:
        known = ", ".join(sorted(policy.services)[:20])
        raise Refused(
            worded(
                "there is no service {service}; there are {known}",
                service=f"{safe_excerpt(splitting.service, 60)!r}",
                known=known,
            )
        )
    is_same = splitting.service in (None, case.incident.service)
    if is_same and len(case.present) == 1 and case.incident.state in UNSETTLED:
        raise Refused(
            worded(
                "{number} is the only ticket of {name}: a new incident would be the same; name another "
                "incident or service",
                number=number,
                name=name,
            )
        )


def opening_of(case: Case, ticket: Ticket, splitting: Splitting, policy: Policy) -> Opening:
    """The incident of its own. Reports that come meanwhile are still those of the one that it was split off."""
    name = splitting.service or case.incident.service
    service = policy.service(name)
    subject = safe_excerpt(ticket.subject, _TITLE_LIMIT)
    return Opening(
        service=name,
        title=f"{service.title}: {subject}" if subject else service.title,
        severity=service.severity,
        joins=(join_of(case, ticket, splitting),),
        split_from=case.incident.id if name == case.incident.service else None,
    )


def join_of(case: Case, ticket: Ticket, splitting: Splitting) -> Join:
    """An agent's word: no rule and no model joins it anywhere else."""
    reason = worded("split off {incident}{said}", incident=case.incident.name, said=splitting.said.words)
    return Join(ticket=ticket, origin=JoinOrigin.AGENT, reason=reason)


def split_off(case: Case, ticket: Ticket, to: Incident, splitting: Splitting, basis: Basis) -> Plan:
    """What the incident that it leaves makes of it. The case still has the ticket."""
    text = worded(
        "#{ticket} does not belong to it, and goes on in {to} (split off{said})",
        ticket=ticket.ref.id,
        to=to.name,
        said=splitting.said.words,
    )
    entries = [Entry(kind=EntryKind.SPLIT, text=text, actor=splitting.said.by)]
    effects: list[Effect] = list(
        tell_engineers(case, basis.policy, f"split:{ticket.ref}:{basis.now.isoformat()}", text)
    )
    left = replace(case, tickets=tuple(item for item in case.tickets if item.ticket.ref != ticket.ref))
    if not left.present and case.incident.state in UNSETTLED:
        entry, told = nothing_left(case, basis.policy, f"split:{ticket.ref}")
        entries.append(entry)
        effects += told
    return Plan(incident=case.incident, effects=tuple(effects), entries=tuple(entries))


def came_over(case: Case, ticket: Ticket, splitting: Splitting) -> Entry:
    """What the incident that takes it in has in its story."""
    text = worded(
        "#{ticket} came over from {incident} (split off{said})",
        ticket=ticket.ref.id,
        incident=case.incident.name,
        said=splitting.said.words,
    )
    return Entry(kind=EntryKind.SPLIT, text=text, actor=splitting.said.by)


def split_note(case: Case, to: Incident, ticket: Ticket, splitting: Splitting, *, now: datetime) -> Effect:
    """For the ticket's agent: where it goes on, and what its customer hears; each time it is said."""
    once = case.once(f"split:{ticket.ref}:{to.name}:{now.isoformat()}")
    note = internal(
        worded(
            "This ticket was split off {incident}{said}. It is {to} now; its customer hears "
            "nothing more about {incident} from us.",
            incident=case.incident.name,
            said=splitting.said.words,
            to=to.name,
        )
    )
    return ticket_note(to.id, ticket.ref, once, note)
