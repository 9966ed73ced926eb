"""Are customers really hit? Probes and the tickets themselves give a verdict, always with its evidence."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from incidents.alerts.episodes import Episode
from incidents.alerts.telling import evidence_of
from incidents.basis import Basis
from incidents.case import Case, Entry, EntryKind, Plan
from incidents.decisions.posts import end_pages
from incidents.decisions.similar import SOURCE as SIMILAR
from incidents.decisions.surges.surge_name import SOURCE as SURGE
from incidents.effects import ticket_note
from incidents.lifecycle import move
from incidents.models import Evidence, IncidentState, ProbeResult, Stage, Verdict
from incidents.notes.notes import customers_counted, verdict_note, verdict_words
from incidents.texts.team import worded
from incidents.texts.times import duration

_OPEN_QUESTION = frozenset({IncidentState.REPORTED, IncidentState.VALIDATING, IncidentState.NOT_AN_INCIDENT})


def decide(
    case: Case,
    looks: Sequence[ProbeResult],
    dependency_looks: Sequence[ProbeResult],
    basis: Basis,
    *,
    alerts: Sequence[Episode] = (),
) -> Plan:
    """The next state of an incident whose claim is being checked; any other incident is left as it is.

    `alerts` are those that are told in it.
    """
    if case.incident.state not in _OPEN_QUESTION:
        return Plan(incident=case.incident)
    verdict, evidence = judge(case, looks, dependency_looks, basis, alerts=alerts)
    incident = move(case.incident, IncidentState.VALIDATING, now=basis.now)
    # What a surge or the past showed stays: nobody looks for it again.
    standing = tuple(item for item in incident.evidence if item.source in (SURGE, SIMILAR))
    evidence = (*standing, *evidence)
    incident = replace(incident, verdict=verdict, evidence=evidence, checks=incident.checks + 1)
    if verdict in basis.policy.escalation.on:
        incident = move(incident, IncidentState.CONFIRMED, now=basis.now)
        incident = replace(incident, next_stage=Stage.ESCALATION, next_stage_at=basis.now, checks=0)
    elif incident.next_stage is Stage.ESCALATION:
        pass  # the response target was missed meanwhile: engineers get it, whatever we see
    elif incident.checks > basis.policy.validation.rechecks:
        incident = move(incident, IncidentState.NOT_AN_INCIDENT, now=basis.now)
        incident = replace(incident, next_stage=None, next_stage_at=None, checks=0)
    else:
        again = basis.now + basis.policy.validation.recheck_after
        incident = replace(incident, next_stage=Stage.VALIDATION, next_stage_at=again)
    seen = replace(case, incident=incident)
    note = verdict_note(seen, basis.policy)
    once = case.once(f"verdict:{verdict}")
    notes = [ticket_note(incident.id, item.ticket.ref, once, note) for item in case.present]
    is_over = incident.state is IncidentState.NOT_AN_INCIDENT
    return Plan(
        incident=incident,
        effects=(*notes, *(end_pages(case) if is_over else ())),
        entries=(Entry(kind=EntryKind.VERDICT, text=_summary(verdict, evidence)), *_ending(incident.state)),
    )


def judge(
    case: Case,
    looks: Sequence[ProbeResult],
    dependency_looks: Sequence[ProbeResult],
    basis: Basis,
    *,
    alerts: Sequence[Episode] = (),
) -> tuple[Verdict, tuple[Evidence, ...]]:
    """Weigh what the probes saw, what alerts fire, and how many customers complain.

    A failing probe confirms. Many customers, or an alert beside a customer's word, outweigh a green probe: it may look
    at the wrong thing. A single complaint against a green probe is contradicted, not dismissed: it is looked at again.
    """
    evidence = [_from_probe(look) for look in (*looks, *dependency_looks)]
    fired = evidence_of(case, alerts, basis)
    crowd = _from_tickets(case, basis)
    evidence += (*fired, crowd)
    health = [look.is_healthy for look in looks if look.is_healthy is not None]
    if False in health:
        verdict = Verdict.CONFIRMED
    elif any(item.speaks_for for item in (crowd, *fired)) or any(
        look.is_healthy is False for look in dependency_looks
    ):
        verdict = Verdict.LIKELY
    elif health:
        verdict = Verdict.CONTRADICTED
    elif looks:
        verdict = Verdict.CANNOT_TELL
    else:
        verdict = Verdict.UNCONFIRMED
    return verdict, tuple(evidence)


def _from_probe(look: ProbeResult) -> Evidence:
    speaks_for = None if look.is_healthy is None else not look.is_healthy
    return Evidence(
        source=look.probe,
        text=f"{look.probe}: {look.summary}",
        at=look.at,
        speaks_for=speaks_for,
        url=look.url,
    )


def _from_tickets(case: Case, basis: Basis) -> Evidence:
    """How many customers complained, in the window that counts. The helpdesk's clock may run ahead."""
    since = basis.now - basis.policy.validation.within
    recent = [item.ticket for item in case.present if item.ticket.created_at >= since]
    customers = {(ticket.ref.connection, ticket.requester.id) for ticket in recent}
    span = duration(basis.policy.validation.within)
    return Evidence(
        source="tickets",
        text=worded(
            "{customers} in {span} ({enough} make it likely)",
            customers=customers_counted(len(customers)),
            span=span,
            enough=basis.policy.validation.tickets,
        ),
        at=basis.now,
        speaks_for=True if len(customers) >= basis.policy.validation.tickets else None,
    )


def _summary(verdict: Verdict, evidence: Sequence[Evidence]) -> str:
    return f"{verdict_words(verdict)} [{'; '.join(item.text for item in evidence)}]"


def _ending(state: IncidentState) -> tuple[Entry, ...]:
    if state is IncidentState.NOT_AN_INCIDENT:
        return (Entry(kind=EntryKind.STATE, text=worded("Not an incident: no proof after the last check")),)
    return ()
