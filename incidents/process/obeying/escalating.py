"""`escalate`: of an incident that there is, or of a ticket that belongs to none yet."""

from __future__ import annotations

from functools import partial

from incidents.commands.asked import Asked
from incidents.commands.words import Escalate
from incidents.decisions.commands.escalating import EscalationWord, escalation_words
from incidents.decisions.intake import Join, incident_for, opening_from, tickets_joined
from incidents.errors import Refused
from incidents.models import JoinOrigin
from incidents.process.deciding import PendingDecision, decide_all
from incidents.process.escalating import escalate
from incidents.process.obeying.done import Done
from incidents.process.obeying.linking import ticket_of
from incidents.process.opening import link_joins, open_with_tickets
from incidents.process.splitting import keep_its_promises
from incidents.redaction.redaction import safe_excerpt
from incidents.step import Step
from incidents.store.cases import load_case, open_incidents, read_incident
from incidents.store.inbox.drains import take_turns
from incidents.store.merging.handing import where_it_goes_on
from incidents.store.tickets import last_linked_at
from incidents.texts.team import worded

_WHY = 300
_SHOWN = 10


async def escalate_as_asked(step: Step, asked: Asked, command: Escalate) -> Done:
    """Raises `NotFound`, and `Refused` with what to say instead."""
    why = safe_excerpt(command.why, _WHY)
    word = EscalationWord(
        by=f"{asked.by} {asked.where}" + (f": {why}" if why else ""),
        severity=command.severity,
        mark=asked.mark,
        is_next=command.is_next,
        rung=command.mark,
    )
    opened = ""
    if asked.incident is None:
        incident_id, opened = await _taken_up(step, asked, command)
    else:
        incident_id = await where_it_goes_on(step.connection, asked.incident)
        incident = await read_incident(step.connection, incident_id)
        if command.service not in (None, incident.service):
            raise Refused(
                worded(
                    "this is {incident}, which is about {service}. If it is another fault, say `split "
                    "{wanted}` and then `escalate`; else leave the service out",
                    incident=incident.name,
                    service=incident.service,
                    wanted=command.service,
                )
            )
    before = await load_case(step.connection, incident_id)
    plan = await escalate(step, incident_id, (), word=word)
    said = escalation_words(before, plan, word, step.basis)
    return Done(said=f"{opened}{said}", incidents=(incident_id,), escalated=(incident_id,))


async def _taken_up(step: Step, asked: Asked, command: Escalate) -> tuple[int, str]:
    """The ticket becomes one of its service's open incident, or of a new one; says which."""
    known = ", ".join(sorted(step.policy.services)[:_SHOWN])
    if asked.ticket is None:
        raise Refused(worded("which incident? Say `escalate INC-7`, or write it on a ticket"))
    if command.service is None:
        raise Refused(
            worded(
                "this ticket belongs to no incident yet, so name the service: `escalate <service>`. "
                "There is: {known}",
                known=known,
            )
        )
    ticket = (await ticket_of(step, asked, None)).ticket
    await take_turns(step.connection)
    reason = worded("escalated by {by} {where}", by=asked.by, where=asked.where)
    join = Join(ticket=ticket, origin=JoinOrigin.AGENT, reason=reason, severity=command.severity)
    found = await open_incidents(step.connection, [command.service], lock=True)
    warm = await last_linked_at(step.connection, [one.id for one in found]) if found else {}
    incident = incident_for(command.service, [join], found, warm, step.basis)
    if incident is None:
        (incident,) = await open_with_tickets(step, [opening_from(command.service, [join], step.policy)])
        said = worded(
            "{incident} was opened for {service}. ", incident=incident.name, service=command.service
        )
    else:
        question = PendingDecision(
            incident_id=incident.id,
            decision=partial(tickets_joined, joins=[join], basis=step.basis),
            joining=[ticket],
        )
        await decide_all(step, [question], has_all_tickets=False)
        await link_joins(step, {incident.id: [join]})
        said = worded(
            "This ticket was joined to {incident}, which is open for {service}. ",
            incident=incident.name,
            service=command.service,
        )
    await keep_its_promises(step, ticket, incident)
    return incident.id, said
