"""The last message of a generation: it works again, told to each customer once, and their tickets solved."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from incidents.basis import Basis
from incidents.case import FAREWELL, Case, Entry, EntryKind, Plan
from incidents.decisions.posts import change_pages, tell_room
from incidents.decisions.updates.said import ToldCustomers, say
from incidents.effects import EffectKind, ticket_status
from incidents.lifecycle import move
from incidents.models import Incident, IncidentState, Stage, Ticket, TicketStatus
from incidents.promises.updates import UpdateKind
from incidents.texts.team import worded_count

ASKED, ON_A_WORD = 1, 2
"""What `checks` says of an incident that is closing: a person was asked to see to it; it is taken as fixed on a word,
whatever probes there are."""


def tell_everybody(
    case: Case, proof: str, basis: Basis, *, on_word_of: str | None = None, said: str = ""
) -> Plan:
    """It is over: customers, room and pages hear it. `on_word_of` is who says so, where no look of ours has proven it,
    and `said` what they said."""
    incident = move(case.incident, IncidentState.CLOSING, now=basis.now)
    checks = 0 if on_word_of is None else ON_A_WORD
    incident = replace(incident, checks=checks, next_stage=Stage.CLOSURE, next_stage_at=basis.now)
    seen = replace(case, incident=incident)
    tickets = _waiting_for_word(case)
    farewells = farewell(seen, tickets, basis)
    effects = list(farewells.effects)
    effects += change_pages(seen, EffectKind.PAGE_RESOLVE, "proven")
    effects += tell_room(
        seen,
        basis.policy,
        "fixed",
        worded_count(
            "{proof}. {count} customer is told now.",
            "{proof}. {count} customers are told now.",
            len(tickets),
            proof=proof,
        ),
    )
    text = worded_count(
        "{said}; telling {count} customer",
        "{said}; telling {count} customers",
        len(tickets),
        said=said or proof,
    )
    entry = Entry(kind=EntryKind.PROOF, text=text)
    if on_word_of is not None:
        entry = replace(entry, actor=on_word_of)
    return Plan(incident=incident, effects=tuple(effects), entries=(entry,), updates=farewells.updates)


def farewell(case: Case, tickets: Sequence[Ticket], basis: Basis) -> ToldCustomers:
    """It works again: told to each customer, and the ticket solved.

    The message goes before the status: a reply to a settled ticket opens it again at some helpdesks.
    """
    policy = basis.policy
    wording = policy.templates.customer.fixed_text(is_checked=is_checked(case.incident, basis))
    said = say(case, tickets, basis, wording=wording, what=FAREWELL, kind=UpdateKind.FIXED)
    solved = policy.closure.solved_status
    statuses = [
        ticket_status(case.incident.id, ticket, case.once(f"status:{solved}"), solved)
        for ticket in tickets
        if not ticket.status.is_settled
    ]
    return replace(said, effects=(*said.effects, *statuses))


def is_checked(incident: Incident, basis: Basis) -> bool:
    """Whether looks of ours have proven it. With a probe nobody comes so far without healthy looks, unless a person
    says so; without one, nothing was checked."""
    return bool(basis.policy.service(incident.service).probes) and not incident.checks & ON_A_WORD


def _waiting_for_word(case: Case) -> list[Ticket]:
    """Everybody but those who were told that it works again, and are content."""
    return [
        item.ticket
        for item in case.present
        if item.ticket.status is not TicketStatus.CLOSED and not case.is_content(item.ticket)
    ]
