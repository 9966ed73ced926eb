"""`link` and `split`: which incident a ticket belongs to, on a person's word. No rule and no model undoes that."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from sqlalchemy.ext.asyncio import AsyncConnection

from incidents.case import Case, EntryKind, Plan
from incidents.commands.asked import Asked
from incidents.commands.words import LinkTo, TakeOut
from incidents.decisions.intake import Join, tickets_joined
from incidents.decisions.merging.merge import Merging
from incidents.decisions.merging.split import Splitting
from incidents.errors import NotFound, Refused
from incidents.lifecycle import UNSETTLED
from incidents.models import IncidentRef, JoinOrigin
from incidents.notes.states import state_words
from incidents.policy.policy import Policy
from incidents.process.deciding import PendingDecision, decide_all
from incidents.process.obeying.done import Done
from incidents.process.opening import link_joins
from incidents.process.splitting import keep_its_promises, split
from incidents.redaction.redaction import safe_excerpt
from incidents.step import Step
from incidents.store.cases import load_cases
from incidents.store.inbox.drains import take_turns
from incidents.store.merging.handing import where_it_goes_on
from incidents.store.tickets import KnownTicket, known_tickets, tickets_called
from incidents.texts.team import worded

_WHY = 300


async def link_as_asked(step: Step, asked: Asked, command: LinkTo) -> Done:
    """Raises `NotFound`, and `Refused` with what to say instead."""
    if asked.incident is None:
        raise Refused(worded("which incident? Say for example `link INC-42`"))
    ticket = await ticket_of(step, asked, command.ticket)
    await take_turns(step.connection)
    into = await where_it_goes_on(step.connection, asked.incident)
    if ticket.incident_id is None:
        return await _join(step, ticket, into, asked, command)
    source = await where_it_goes_on(step.connection, ticket.incident_id)
    name = f"#{ticket.ticket.ref.id}"
    if source == into:
        return Done(
            said=worded("{name} belongs to {incident} already.", name=name, incident=IncidentRef(number=into))
        )
    splitting = Splitting(
        ticket=str(ticket.ticket.ref), said=Merging(by=asked.by, why=command.why), into=into
    )
    done = await split(step, source, splitting)
    return Done(said=done.said, incidents=(done.source, done.target))


async def split_as_asked(step: Step, asked: Asked, command: TakeOut) -> Done:
    """Raises `NotFound`, and `Refused` with what to say instead."""
    name, source = command.ticket, asked.incident
    if name is None or source is None:
        ticket = await ticket_of(step, asked, name)
        name, source = str(ticket.ticket.ref), ticket.incident_id
        if source is None:
            raise Refused(
                worded(
                    "#{ticket} belongs to no incident; `link INC-42` joins it to one",
                    ticket=ticket.ticket.ref.id,
                )
            )
    splitting = Splitting(
        ticket=name,
        said=Merging(by=asked.by, why=command.why),
        into=command.into,
        service=command.service,
    )
    done = await split(step, source, splitting)
    return Done(said=done.said, incidents=(done.source, done.target))


async def ticket_of(step: Step, asked: Asked, name: str | None) -> KnownTicket:
    """The ticket that is named, else the one that it was said on. Raises `Refused` for none, or several."""
    if name is None:
        if asked.ticket is None:
            raise Refused(worded("which ticket? Name its number"))
        known = (await known_tickets(step.connection, [asked.ticket])).get(asked.ticket)
        found = [] if known is None else [known]
        shown = f"#{asked.ticket.id}"
    else:
        return await ticket_called(step, name)
    return _only(found, shown)


async def ticket_called(step: Step, name: str) -> KnownTicket:
    """The ticket that is named, by its number or whole name. Raises `Refused` for none, or several."""
    found = await tickets_named(step.connection, name, step.policy)
    return _only(found, safe_excerpt(name, 60) or worded("of that name"))


async def tickets_named(tx: AsyncConnection, name: str, policy: Policy) -> Sequence[KnownTicket]:
    """All that people may mean by a number or a whole name, except those that are gone."""
    found = await tickets_called(tx, policy.helpdesks, name.strip().removeprefix("#"))
    return [one for one in found if not one.is_forgotten and one.ticket.gone is None]


def _only(found: Sequence[KnownTicket], shown: str) -> KnownTicket:
    found = [one for one in found if not one.is_forgotten and one.ticket.gone is None]
    if len(found) > 1:
        names = worded(" or ").join(str(one.ticket.ref) for one in found[:5])
        raise Refused(
            worded("there are several tickets {shown}: name it in full, {names}", shown=shown, names=names)
        )
    if not found:
        raise Refused(worded("there is no ticket {shown} that we know, or it is gone", shown=shown))
    return found[0]


async def _join(step: Step, known: KnownTicket, into: int, asked: Asked, command: LinkTo) -> Done:
    cases = await load_cases(step.connection, [into], lock=True)
    if into not in cases:
        raise NotFound(worded("there is no {incident}", incident=IncidentRef(number=into)))
    incident, ticket = cases[into].incident, known.ticket
    if incident.state not in UNSETTLED:
        raise Refused(
            worded(
                "{incident} is {state}: name an open incident, or say `escalate <service>`",
                incident=incident.name,
                state=state_words(incident.state),
            )
        )
    why = safe_excerpt(command.why, _WHY)
    reason = worded("linked by {by} {where}", by=asked.by, where=asked.where) + (f": {why}" if why else "")
    join = Join(ticket=ticket, origin=JoinOrigin.AGENT, reason=reason)

    def joined(case: Case) -> Plan:
        plan = tickets_joined(case, [join], step.basis)
        told = [
            replace(entry, text=f"{entry.text} ({reason})", actor=asked.by)
            if entry.kind is EntryKind.JOINED
            else entry
            for entry in plan.entries
        ]
        return replace(plan, entries=tuple(told))

    question = PendingDecision(incident_id=into, decision=joined, joining=[ticket])
    await decide_all(step, [question], has_all_tickets=False)
    await link_joins(step, {into: [join]})
    await keep_its_promises(step, ticket, incident)
    said = worded(
        "#{ticket} belongs to {incident} now: {title}.",
        ticket=ticket.ref.id,
        incident=incident.name,
        title=safe_excerpt(incident.title, 100),
    )
    return Done(said=said, incidents=(into,))
