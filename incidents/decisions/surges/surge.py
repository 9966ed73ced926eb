"""What a surge of reports comes to: a candidate incident with its evidence, or a word to the one that is open."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from incidents.case import Case, Entry, EntryKind, Plan
from incidents.decisions.intake import Join, Opening
from incidents.decisions.posts import tell_engineers
from incidents.decisions.surges.surge_name import SOURCE, SurgeName
from incidents.models import Evidence, JoinOrigin, Ticket
from incidents.policy.policy import Policy
from incidents.texts.team import worded


@dataclass(frozen=True, kw_only=True, slots=True)
class SeenSurge:
    """A surge as it was found: its dimensions (`service`, `product`, `tier`), its beginning, and what speaks for it."""

    group: tuple[tuple[str, str], ...]
    since: datetime
    count: int
    evidence: tuple[str, ...]

    @property
    def name(self) -> str:
        """Names it for ever: `surge service=checkout 2026-11-22T14:30`."""
        return str(SurgeName(group=self.group, since=self.since))


def service_of(surge: SeenSurge, policy: Policy) -> str | None:
    """The service whose incident it is; where none is known, that of the policy for such surges, if there is one."""
    named = dict(surge.group).get("service")
    return named if named in policy.services else policy.insights.surge.service


def candidate(surge: SeenSurge, service: str, tickets: Sequence[Ticket], policy: Policy) -> Opening:
    """The incident it may be. It is validated like any other before anybody is woken."""
    title = worded(
        "{service}: surge of {count} reports", service=policy.service(service).title, count=surge.count
    )
    reason = (
        worded("part of a surge: {evidence}", evidence=surge.evidence[0])
        if surge.evidence
        else worded("part of a surge")
    )
    return Opening(
        service=service,
        title=title,
        severity=policy.service(service).severity,
        joins=tuple(Join(ticket=ticket, origin=JoinOrigin.SURGE, reason=reason) for ticket in tickets),
    )


def evidence_of(surge: SeenSurge) -> tuple[Evidence, ...]:
    """What the reports of a surge say for the customers' claim."""
    return tuple(
        Evidence(source=SOURCE, text=text, at=surge.since, speaks_for=True, about=surge.name)
        for text in surge.evidence
    )


def opened_by(case: Case, surge: SeenSurge) -> Plan:
    """The candidate with the surge as its first evidence."""
    incident = replace(case.incident, evidence=(*case.incident.evidence, *evidence_of(surge)))
    entry = Entry(
        kind=EntryKind.SURGE,
        text=worded("Opened as a candidate: {evidence}", evidence="; ".join(surge.evidence)),
    )
    return Plan(incident=incident, entries=(entry,))


def tell(case: Case, surge: SeenSurge, policy: Policy) -> Plan:
    """What the open incident's people hear of it, once."""
    text = worded("Surge: {evidence}", evidence="; ".join(surge.evidence))
    return Plan(
        incident=replace(case.incident, evidence=(*case.incident.evidence, *evidence_of(surge))),
        effects=tuple(tell_engineers(case, policy, surge.name, text)),
        entries=(Entry(kind=EntryKind.SURGE, text=text),),
    )


def members(surge: SeenSurge, tickets: Iterable[tuple[Ticket, Mapping[str, str]]]) -> list[Ticket]:
    """Of tickets with their dimensions, those that are part of the surge and still open."""
    wanted = dict(surge.group)
    return [
        ticket
        for ticket, keys in tickets
        if ticket.created_at >= surge.since
        and not ticket.status.is_settled
        and all(keys.get(dimension) == value for dimension, value in wanted.items())
    ]
