"""A promised update that nobody has given: its owner is warned, then the safe text goes out or the lead is told."""

from __future__ import annotations

from dataclasses import dataclass, replace

from incidents.basis import Basis
from incidents.case import PROGRESS, Case, Entry, EntryKind, Plan
from incidents.decisions import customers
from incidents.decisions.escalation import person_page
from incidents.decisions.ownership.lead import owners_lead_page
from incidents.decisions.posts import notes_on, page_notes, tell_room
from incidents.decisions.telling import note_owner
from incidents.decisions.updates.said import say, seen_with
from incidents.effects import Effect
from incidents.lifecycle import OWES_UPDATES, IncidentProgress, standing_of
from incidents.models import IncidentState, Ticket
from incidents.notes.notes import customers_counted
from incidents.policy.cadence import OnLapse
from incidents.promises.updates import (
    CustomerUpdate,
    KeptBy,
    PromiseState,
    UpdateKind,
    open_promises,
    settled,
)
from incidents.texts.messages import internal
from incidents.texts.team import worded
from incidents.texts.times import clock
from incidents.texts.tongues import Wording


@dataclass(frozen=True, slots=True)
class UpdateText:
    """What is sent at the moment, and what marks it."""

    wording: Wording
    what: str
    kind: UpdateKind


def sweep_updates(case: Case, basis: Basis) -> Plan:
    """What is due of the updates promised to this incident's customers: the owner warned, broken ones written down, and
    at its moment the next one sent, or the lead told."""
    plan = Plan(incident=case.incident, updates=_withdrawn(case, basis))
    for beat in (_answered, _warnings, _broken, _due):
        plan = _then(plan, beat(_after(case, plan), basis))
    return plan


def _after(case: Case, plan: Plan) -> Case:
    return replace(seen_with(case, plan.updates), incident=plan.incident)


def _then(first: Plan, then: Plan) -> Plan:
    changed = {update.number: update for update in (*first.updates, *then.updates)}
    return replace(
        then,
        effects=(*first.effects, *then.effects),
        entries=(*first.entries, *then.entries),
        updates=tuple(changed[number] for number in sorted(changed)),
    )


def _withdrawn(case: Case, basis: Basis) -> tuple[CustomerUpdate, ...]:
    """Nobody waits any more, so nobody is kept waiting; but what an update on its way was to keep, it keeps or not."""
    if any(customers.waiting(case)):
        return ()
    return tuple(
        replace(update, state=PromiseState.WITHDRAWN, settled_at=basis.now)
        for update in open_promises(case.updates[-1:])
        if update.next_look_at is not None and update.next_look_at <= basis.now
    )


def _answered(case: Case, basis: Basis) -> Plan:
    """All who still wait have had an agent's word: whoever had none has gone since, and that is no reply to hear of."""
    incident = case.incident
    waiting = {ticket.ref for ticket in customers.waiting(case)}
    promised = open_promises(case.updates)
    kept = [update for update in promised if waiting and update.answered and waiting <= set(update.answered)]
    if kept and kept[-1] is promised[-1] and incident.state in OWES_UPDATES:
        incident = replace(incident, next_update_at=customers.next_update_at(incident, basis))
    return Plan(
        incident=incident,
        # However late the sweep: only words that came in time are in `answered`.
        updates=tuple(
            replace(settled(update, KeptBy.AGENT, at=basis.now), state=PromiseState.KEPT) for update in kept
        ),
    )


def _warnings(case: Case, basis: Basis) -> Plan:
    """Told once; not at all where the moment has come meanwhile."""
    plan = Plan(incident=case.incident)
    now = basis.now
    for update in open_promises(case.updates):
        if update.warned_at is not None or update.warn_at is None or update.warn_at > now:
            continue
        plan = replace(plan, updates=(*plan.updates, replace(update, warned_at=now)))
        is_owed = case.incident.state in OWES_UPDATES and update.next_by is not None and now < update.next_by
        if is_owed:
            what = f"promise-due:{update.number}"
            text = worded(
                "Customers were promised an update by {time}. {what_then}",
                time=clock(update.said_by),
                what_then=_what_then(basis),
            )
            note = internal(f"{case.incident.name}: {text}")
            effects = (*note_owner(case, what, note), *tell_room(case, basis.policy, what, text))
            plan = replace(plan, effects=(*plan.effects, *effects))
    return plan


def _what_then(basis: Basis) -> str:
    if basis.policy.cadence.on_lapse is OnLapse.TELL_LEAD:
        return worded("A public reply on their tickets keeps it; if there is none by then, the lead is told.")
    return worded(
        "A public reply on their tickets keeps it; who has had none by then reads that it is being worked on."
    )


def _broken(case: Case, basis: Basis) -> Plan:
    """Those whose minute is over, with nothing that has reached the customers."""
    late = [update for update in open_promises(case.updates) if update.broken_at <= basis.now]
    entries = []
    for update in late:
        owner = update.owner or worded("nobody's")
        by = clock(update.said_by)
        text = worded(
            "Promise broken: customers were to hear from us by {time}, and have not (owner: {owner})",
            time=by,
            owner=owner,
        )
        entries.append(Entry(kind=EntryKind.PROMISE_BROKEN, text=text))
    return Plan(
        incident=case.incident,
        entries=tuple(entries),
        updates=tuple(
            replace(settled(update, KeptBy.NOTHING, at=basis.now), state=PromiseState.BROKEN)
            for update in late
        ),
    )


def _due(case: Case, basis: Basis) -> Plan:
    incident = case.incident
    is_due = incident.next_update_at is not None and incident.next_update_at <= basis.now
    if not is_due or incident.state not in OWES_UPDATES:
        return Plan(incident=incident)
    incident = replace(incident, next_update_at=customers.next_update_at(incident, basis))
    case = replace(case, incident=incident)
    waiting = _unanswered(case)
    if not waiting:
        return Plan(incident=incident)
    if basis.policy.cadence.on_lapse is OnLapse.TELL_LEAD:
        return Plan(incident=incident, effects=tuple(_tell_lead(case, basis)))
    incident = replace(incident, updates_sent=incident.updates_sent + 1)
    case = replace(case, incident=incident)
    chosen = text_now(case, basis)
    said = say(case, waiting, basis, wording=chosen.wording, what=chosen.what, kind=chosen.kind)
    text = worded(
        "Update {number} to {customers}",
        number=incident.updates_sent,
        customers=customers_counted(len(waiting)),
    )
    entry = Entry(kind=EntryKind.UPDATE, text=text)
    return Plan(incident=incident, effects=said.effects, entries=(entry,), updates=said.updates)


def _unanswered(case: Case) -> list[Ticket]:
    """Who waits and has had no agent's word since we last said when they would."""
    promised = open_promises(case.updates)
    spared = set(promised[-1].answered) if promised else set()
    return [ticket for ticket in customers.waiting(case) if ticket.ref not in spared]


def text_now(case: Case, basis: Basis) -> UpdateText:
    """The text for all who wait, by how it stands; the update is counted in `updates_sent` already."""
    incident, texts = case.incident, basis.policy.templates.customer
    is_first = not any(update.generation == incident.generation for update in case.updates)
    if is_first and incident.state is IncidentState.ESCALATED and incident.updates_sent == 1:
        # "Still" would be odd from somebody who has said nothing yet.
        return UpdateText(texts.first_text(is_again=incident.generation > 1), PROGRESS, UpdateKind.PROGRESS)
    is_watched = standing_of(incident.state) is IncidentProgress.MONITORING
    wording = texts.monitoring_text if is_watched else texts.update_text
    return UpdateText(wording, f"update:{incident.updates_sent}", UpdateKind.UPDATE)


def _tell_lead(case: Case, basis: Basis) -> list[Effect]:
    """The owners' lead is paged, else the team's, once in a generation; on the pages that are out, in the room and at
    the owner's ticket it is said each time."""
    incident = case.incident
    promised = open_promises(case.updates)
    by = worded(" by {time}", time=clock(promised[-1].said_by)) if promised else ""
    owner = incident.owner or worded("nobody")
    text = worded(
        "Customers were to hear from us{by}, and nobody has written to them. Accountable: {owner}.",
        by=by,
        owner=owner,
    )
    what = f"promise-lapsed:{basis.now.isoformat()}"
    effects = [
        *note_owner(case, what, internal(f"{incident.name}: {text}")),
        *tell_room(case, basis.policy, what, text),
        *page_notes(case, what, text),
    ]
    owners_lead, teams_lead = basis.policy.ownership.lead, basis.policy.team_of(incident.service).lead
    if owners_lead is not None:
        page = owners_lead_page(case, owners_lead, "promise-lapsed", text, basis)
        line = case.line(page.key)
        effects += [page] if line is None else notes_on(case, [line], what, text)
    elif teams_lead is not None:
        effects.append(person_page(case, "lead", teams_lead, basis))
    return effects
