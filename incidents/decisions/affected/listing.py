"""Who is known to use what is broken and has not written, and asking a person whether they may be told."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from incidents.approval import Approval, ApprovalState, ApprovalSubject
from incidents.basis import Basis
from incidents.case import AffectedCustomer, Case, Entry, EntryKind, Plan
from incidents.decisions.participants.approval import answer_buttons, ask_room, how_to_answer
from incidents.decisions.telling import note_owner
from incidents.decisions.updates.saying import said_to
from incidents.lifecycle import WITH_ENGINEERS
from incidents.models import ChatMessage, Contact, PublicText
from incidents.service_catalog.services import CatalogService
from incidents.texts.messages import internal
from incidents.texts.team import worded, worded_count
from incidents.texts.times import clock

SUBJECT = ApprovalSubject.AFFECTED
_LISTED = 50
"""So many stand in the note; `liaison affected` lists all."""


@dataclass(frozen=True, kw_only=True, slots=True)
class UsedService:
    """A service that is hit, why, and who is known to use it, by which directory."""

    why: str
    users: Sequence[Contact]


def services_hit(
    service: str, basis: Basis, catalogue: Sequence[CatalogService] = ()
) -> Sequence[tuple[str, str]]:
    """The broken one and whatever cannot do without it, each with why its users are hit: by the policy first, then by
    the catalogue as well, which the reason names. What the policy's `catalog.ignore` names needs nothing by the
    catalogue."""
    policy = basis.policy
    title = policy.service(service).title
    hit = {service: worded("uses {title}", title=title)}
    ours = [(name, other.title, other.depends_on) for name, other in policy.services.items()]
    _spread(hit, ours, worded("which needs {title}", title=title))
    theirs = [
        (
            name,
            policy.services[name].title if name in policy.services else other.title,
            [one.casefold() for one in other.depends_on],
        )
        for other in catalogue
        if (name := other.name.casefold()) not in policy.catalog.ignore
    ]
    _spread(
        hit,
        [*ours, *theirs],
        worded("which needs {title} by {connection}", title=title, connection=policy.catalog.connection),
    )
    return list(hit.items())


def _spread(hit: dict[str, str], services: Sequence[tuple[str, str, Sequence[str]]], why: str) -> None:
    """Adds each service (name, title, what it needs) that cannot do without one that is hit, however far away."""
    found = True
    while found:
        found = False
        for name, title, needed in services:
            if name not in hit and any(one in hit for one in needed):
                hit[name] = worded("uses {title}, {why}", title=title, why=why)
                found = True


def may_list(case: Case, basis: Basis) -> bool:
    """Whether it is time to look who uses it: engineers have it, it is bad enough, and nobody was asked before."""
    rules, incident = basis.policy.affected, case.incident
    is_asked = any(one.subject is SUBJECT for one in case.approvals)
    return (
        rules.by is not None
        and basis.policy.customers.directory is not None
        and incident.state in WITH_ENGINEERS
        and incident.severity <= rules.severity
        and not is_asked
    )


def list_affected(case: Case, used: Sequence[UsedService], basis: Basis) -> Plan:
    """Those who have not written and wish to be told, listed and asked for; once in an incident's life."""
    unchanged = Plan(incident=case.incident)
    if not may_list(case, basis):
        return unchanged
    rules = basis.policy.affected
    known = _known(case.incident.id, used)
    # Listed before: in an incident that was merged into this one, and told there.
    done = wrote(case) | {one.address for one in case.affected}
    silent = [one for one in known if one.address not in done]
    listed = [one for one in silent if not rules.wishes_none(one.address)]
    left_out = (
        worded_count(
            "; {count} wishes no such message", "; {count} wish no such message", len(silent) - len(listed)
        )
        if len(silent) > len(listed)
        else ""
    )
    if not listed:
        return unchanged
    if len(listed) > rules.most:
        text = worded_count(
            "{count} customer uses it and has not written: more than is told one by one{left_out}",
            "{count} customers use it and have not written: more than are told one by one{left_out}",
            len(listed),
            left_out=left_out,
        )
        entry = Entry(kind=EntryKind.AFFECTED, text=text)
        refused = replace(
            _asked(case, basis), state=ApprovalState.EXPIRED, decided_at=basis.now, why=worded("too many")
        )
        return replace(unchanged, entries=(entry,), approvals=(refused,))
    return _question(case, listed, left_out, basis)


def wrote(case: Case) -> frozenset[str]:
    """The addresses of those who have."""
    return frozenset(
        item.ticket.requester.email.strip().casefold() for item in case.tickets if item.ticket.requester.email
    )


def _known(incident: int, used: Iterable[UsedService]) -> list[AffectedCustomer]:
    """Each once, with the first reason."""
    found: dict[str, AffectedCustomer] = {}
    for service in used:
        for user in service.users:
            address = user.email.strip().casefold()
            if address and not user.wishes_no_news:
                found.setdefault(
                    address,
                    AffectedCustomer(incident=incident, address=address, name=user.name, reason=service.why),
                )
    return list(found.values())


def affected_preview(case: Case, basis: Basis) -> PublicText:
    """What they would read first, in the language of whoever has none of their own."""
    return said_to(
        basis.policy.language.of_public,
        basis.policy.affected.opening_text,
        case.incident,
        basis,
        next_by=None,
    )


def _asked(case: Case, basis: Basis) -> Approval:
    expires_after = basis.policy.affected.expires_after
    return Approval.asked(case.incident, SUBJECT, now=basis.now, expires_after=expires_after)


def _question(case: Case, listed: Sequence[AffectedCustomer], left_out: str, basis: Basis) -> Plan:
    name = case.incident.name
    approval = _asked(case, basis)
    reasons = ", ".join(
        f"{count} {reason}" for reason, count in Counter(one.reason for one in listed).items()
    )
    preview = affected_preview(case, basis)
    until = clock(approval.expires_at)
    how = worded(
        "{how_to_answer} Without an answer by {until} nobody is told.",
        how_to_answer=how_to_answer(approval, name, basis.policy),
        until=until,
    )
    ask = worded_count(
        "{count} customer is known to use it and has not written ({reasons}){left_out}. May "
        "we tell them? It would say:\n\n{preview}\n\n{how}",
        "{count} customers are known to use it and have not written ({reasons}){left_out}. May "
        "we tell them? It would say:\n\n{preview}\n\n{how}",
        len(listed),
        reasons=reasons,
        left_out=left_out,
        preview=preview,
        how=how,
    )
    no_name = worded("no name")
    shown = "\n".join(f"- {one.name or no_name} <{one.address}>: {one.reason}" for one in listed[:_LISTED])
    more = (
        worded("\nand {more} more: `liaison affected {name}`", more=len(listed) - _LISTED, name=name)
        if len(listed) > _LISTED
        else ""
    )
    entry = Entry(
        kind=EntryKind.AFFECTED,
        text=worded_count(
            "{count} customer uses it and has not written ({reasons}){left_out}; asked if they may be told",
            "{count} customers use it and have not written ({reasons}){left_out}; asked if they may be told",
            len(listed),
            reasons=reasons,
            left_out=left_out,
        ),
    )
    unasked = Plan(incident=case.incident)
    in_room = ChatMessage(
        text=f"{name}: {ask}", buttons=answer_buttons(approval, name, yes=worded("Approve: tell them"))
    )
    return Plan(
        incident=case.incident,
        effects=(
            # Who they are stays at the helpdesk: the room reads how many, and why.
            *note_owner(case, f"approval:{SUBJECT}", internal(f"{name}: {ask}\n\n{shown}{more}")),
            *ask_room(case, unasked, approval, in_room, basis.policy),
        ),
        entries=(entry,),
        approvals=(approval,),
        affected=tuple(listed),
    )
