"""Over only when proven: look again, tell every customer once, settle the tickets, then close."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

from incidents.alerts.episodes import Episode
from incidents.alerts.telling import proof_words
from incidents.basis import Basis
from incidents.case import FAREWELL, Case, Entry, EntryKind, Plan
from incidents.decisions.departures import GONE_WORDS
from incidents.decisions.posts import change_pages, end_pages, tell_engineers, tell_room
from incidents.decisions.updates.said import ToldCustomers, say
from incidents.effects import EffectKind, EffectState, ticket_status
from incidents.lifecycle import move, reopen
from incidents.models import IncidentState, ProbeResult, Stage, Ticket, TicketStatus
from incidents.promises.updates import UpdateKind

# A deployment needs a moment to reach every machine; a look that is red for longer is a failed fix.
MAX_RED_LOOKS = 3
_OUTSTANDING_AGAIN = timedelta(seconds=30)
_NAMED = 10
_BLIND_FOR = timedelta(minutes=5)
# A helpdesk that has been away for longer gets what is due to it when it is back; the incident does not wait on.
_WAITS_FOR_EFFECTS = timedelta(days=3)
_NAMED = 20
_REASONS = 300  # characters


def decide(case: Case, looks: Sequence[ProbeResult], basis: Basis, *, alerts: Sequence[Episode] = ()) -> Plan:
    """The next step of an incident that is said to be fixed; any other incident is left as it is.

    `alerts` are those that are told in it: their end is no proof, and is told beside what probes saw.
    """
    if case.incident.state is IncidentState.RESOLVED:
        return _prove(case, looks, basis, alerts)
    if case.incident.state is IncidentState.CLOSING:
        return _close(case, basis)
    return Plan(incident=case.incident)


def _prove(case: Case, looks: Sequence[ProbeResult], basis: Basis, alerts: Sequence[Episode]) -> Plan:
    """`checks` counts healthy looks in a row upwards and red ones downwards."""
    red = [look for look in looks if look.is_healthy is False]
    incident = case.incident
    nobody_looked = not looks and bool(basis.policy.service(incident.service).probes)
    blind = not red and (nobody_looked or any(look.is_healthy is None for look in looks))
    if red:
        checks = min(incident.checks, 0) - 1
        if -checks >= MAX_RED_LOOKS:
            return _not_fixed(case, red, basis)
        return _look_again(case, checks, f"Still failing: {_say(red)}", basis)
    if blind:
        return _cannot_see(case, _say(looks) or "nobody looked", basis)
    checks = max(incident.checks, 0) + 1
    if looks and checks < basis.policy.closure.proofs:
        return _look_again(
            case, checks, f"Healthy ({checks} of {basis.policy.closure.proofs}): {_say(looks)}", basis
        )
    proof = (
        f"Proven fixed ({_say(looks)}{proof_words(alerts)})"
        if looks
        else "Taken as fixed on the engineers' word: no probe is configured"
    )
    return _tell_everybody(case, proof, basis)


def _look_again(case: Case, checks: int, text: str, basis: Basis) -> Plan:
    again = basis.now + basis.policy.closure.proof_interval
    incident = replace(case.incident, checks=checks, next_stage=Stage.CLOSURE, next_stage_at=again)
    return Plan(incident=incident, entries=(Entry(kind=EntryKind.PROOF, text=text),))


def _cannot_see(case: Case, seen: str, basis: Basis) -> Plan:
    """Without eyes there is no proof; after a while somebody must know, and looking every few seconds is noise."""
    plan = _look_again(case, case.incident.checks, f"No proof yet: {seen}", basis)
    if basis.now - case.incident.state_since < _BLIND_FOR:
        return plan
    again = replace(plan.incident, next_stage_at=basis.now + _BLIND_FOR)
    text = f"{case.incident.name} is said to be fixed, but it cannot be proven ({seen}); please look yourself"
    return replace(plan, incident=again, effects=tuple(tell_engineers(case, basis.policy, "no-proof", text)))


def _not_fixed(case: Case, red: Sequence[ProbeResult], basis: Basis) -> Plan:
    incident = reopen(case.incident, now=basis.now)
    text = f"Said to be fixed, but {_say(red)}: opened again"
    effects = tell_engineers(replace(case, incident=incident), basis.policy, "not-fixed", text)
    return Plan(
        incident=incident, effects=tuple(effects), entries=(Entry(kind=EntryKind.REOPENED, text=text),)
    )


def _tell_everybody(case: Case, proof: str, basis: Basis) -> Plan:
    incident = move(case.incident, IncidentState.CLOSING, now=basis.now)
    incident = replace(incident, checks=0, next_stage=Stage.CLOSURE, next_stage_at=basis.now)
    seen = replace(case, incident=incident)
    tickets = _waiting_for_word(case)
    farewells = farewell(seen, tickets, basis)
    effects = list(farewells.effects)
    effects += change_pages(seen, EffectKind.PAGE_RESOLVE, "proven")
    effects += tell_room(seen, basis.policy, "fixed", f"{proof}. {len(tickets)} customers are told now.")
    entry = Entry(kind=EntryKind.PROOF, text=f"{proof}; telling {len(tickets)} customer(s)")
    return Plan(incident=incident, effects=tuple(effects), entries=(entry,), updates=farewells.updates)


def farewell(case: Case, tickets: Sequence[Ticket], basis: Basis) -> ToldCustomers:
    """It works again: told to each customer, and the ticket solved.

    The message goes before the status: a reply to a settled ticket opens it again at some helpdesks.
    """
    policy = basis.policy
    # With a probe nobody comes here without healthy looks; without one, nothing was checked.
    is_checked = bool(policy.service(case.incident.service).probes)
    template = policy.templates.customer.fixed_text(is_checked=is_checked)
    said = say(case, tickets, basis, template=template, what=FAREWELL, kind=UpdateKind.FIXED)
    solved = policy.closure.solved_status
    statuses = [
        ticket_status(case.incident.id, ticket.ref, case.once(f"status:{solved}"), solved)
        for ticket in tickets
        if not ticket.status.is_settled
    ]
    return replace(said, effects=(*said.effects, *statuses))


def _waiting_for_word(case: Case) -> list[Ticket]:
    """Everybody the first time; after a reopening those who wait: the others were told and are content."""
    return [
        item.ticket
        for item in case.present
        if item.ticket.status is not TicketStatus.CLOSED
        and (case.incident.generation == 1 or not item.ticket.status.is_settled)
    ]


def _close(case: Case, basis: Basis) -> Plan:
    is_given_up = basis.now - case.incident.state_since >= _WAITS_FOR_EFFECTS
    if case.open_ticket_effects and not is_given_up:
        incident = replace(
            case.incident, next_stage=Stage.CLOSURE, next_stage_at=basis.now + _OUTSTANDING_AGAIN
        )
        return Plan(incident=incident)
    incident = move(case.incident, IncidentState.CLOSED, now=basis.now)
    incident = replace(incident, next_stage=None, next_stage_at=None, next_update_at=None)
    given_up = sum(line.state in (EffectState.DEAD, EffectState.HELD) for line in case.ledger)
    given_up += case.unsent_messages
    rest = f" ({given_up} effects need a person, see `liaison show {incident.name}`)" if given_up else ""
    all_told = _who_was_told(case)
    seen = replace(case, incident=incident)
    return Plan(
        incident=incident,
        effects=(
            *end_pages(seen),
            *tell_room(seen, basis.policy, "closed", f"{incident.name} is closed: {all_told}."),
        ),
        entries=(Entry(kind=EntryKind.CLOSED, text=f"Closed: {all_told}{rest}"),),
    )


def _who_was_told(case: Case) -> str:
    """Everybody; or who was not, and what is still on its way, for whoever must see to it."""
    told: list[str] = []
    if case.untold:
        names = ", ".join(str(one.ref) for one in case.untold[:_NAMED])
        more = f" and {len(case.untold) - _NAMED} more" if len(case.untold) > _NAMED else ""
        why = "; ".join(dict.fromkeys(one.why for one in case.untold))[:_REASONS]
        told.append(f"{len(case.untold)} customer(s) must be told by hand: {names}{more} ({why})")
    elif case.unsent_messages:
        told.append(f"{case.unsent_messages} message(s) to customers did not go out")
    told += _left_out(case)
    if case.open_ticket_effects:
        told.append(f"{case.open_ticket_effects} change(s) to tickets are still to be made")
    return "; ".join(told) or "every linked customer was told"


def _left_out(case: Case) -> list[str]:
    """Linked tickets that had no last message for a reason of their own. Who was content before a reopening had one."""
    if case.told is None:
        return []
    by_hand = {one.ref for one in case.untold}
    found: list[str] = []
    for item in case.tickets:
        ticket = item.ticket
        is_known = ticket.ref in case.told or (case.incident.generation > 1 and ticket.status.is_settled)
        if ticket.gone is not None:
            found.append(f"{ticket.ref} ({GONE_WORDS[ticket.gone]})")
        elif not ticket.is_reachable:
            found.append(f"{ticket.ref} (no reply reaches the customer; the agent was asked to tell them)")
        elif not is_known and ticket.ref not in by_hand:
            found.append(f"{ticket.ref} (closed at the helpdesk before)")
    if not found:
        return []
    more = f" and {len(found) - _NAMED} more" if len(found) > _NAMED else ""
    return [
        f"{len(found)} of {len(case.tickets)} linked customers were not told: {', '.join(found[:_NAMED])}{more}"
    ]


def _say(looks: Sequence[ProbeResult]) -> str:
    return "; ".join(f"{look.probe}: {look.summary}" for look in looks)
