"""The measures of a review, each a function of the facts. What each means, its unit and its source: docs/review.md.

Spans are `timedelta`s on the wall's clock; None where what they lead to has not happened. A clock of a helpdesk or a
monitor that runs ahead of ours makes none of them negative, but where the sign is the answer.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from statistics import median

from incidents.basis import Basis
from incidents.case import EntryKind
from incidents.promises.updates import UpdateKind
from incidents.review.facts import ReviewFacts

_NONE = timedelta(0)


def first_ticket_at(facts: ReviewFacts) -> datetime | None:
    """When the first of its customers wrote, by the helpdesk; None for an incident without tickets."""
    return min((item.ticket.created_at for item in facts.case.tickets), default=None)


def began_at(facts: ReviewFacts, basis: Basis) -> datetime:
    """The first sign: of the first ticket and the first alert the earlier; without either, when it was opened."""
    sights = [sight.at for sight in _alert_sights(facts, basis)]
    first = first_ticket_at(facts)
    return min([*sights, *([first] if first is not None else []), facts.case.incident.opened_at])


def time_to_detect(facts: ReviewFacts, basis: Basis) -> timedelta:
    """From the first sign until there was an incident."""
    return _span(began_at(facts, basis), facts.case.incident.opened_at) or _NONE


def time_to_acknowledge(facts: ReviewFacts) -> timedelta | None:
    """From paging the team until an engineer had it, the first time."""
    return _span(_first(facts, EntryKind.ESCALATED), _first(facts, EntryKind.ACKNOWLEDGED))


def time_to_mitigate(facts: ReviewFacts, basis: Basis) -> timedelta | None:
    """From the first sign until it was last said to be fixed."""
    return _span(began_at(facts, basis), facts.case.incident.resolved_at)


def time_to_resolve(facts: ReviewFacts, basis: Basis) -> timedelta | None:
    """From the first sign until that was proven, or a person said so, for the last time."""
    return _span(began_at(facts, basis), proven_at(facts))


def proven_at(facts: ReviewFacts) -> datetime | None:
    """When the last messages began to go out; where nobody was to be told, when it was closed."""
    if facts.case.incident.resolved_at is None:
        return None
    generation = facts.case.incident.generation
    said = [
        update.said_at
        for update in facts.case.updates
        if update.kind is UpdateKind.FIXED and update.generation == generation
    ]
    closed = [entry.at for entry in facts.story if entry.kind is EntryKind.CLOSED]
    closed = [at for at in closed if at >= facts.case.incident.resolved_at]
    return said[-1] if said else closed[-1] if closed else None


@dataclass(frozen=True, kw_only=True, slots=True)
class FirstAnswers:
    """How long customers waited for their first answer: in the middle, at the longest, and how many had none."""

    median: timedelta | None
    longest: timedelta | None
    answered: int
    unanswered: int


def first_answers(facts: ReviewFacts) -> FirstAnswers:
    """By ticket, from its writing to whatever reached its customer first: our message, or an agent's answer."""
    waited: list[timedelta] = []
    for item in facts.case.tickets:
        ref = item.ticket.ref
        answers = [said[ref] for said in (facts.first_told, facts.first_answered) if ref in said]
        if answers:
            waited.append(_span(item.ticket.created_at, min(answers)) or _NONE)
    return FirstAnswers(
        median=timedelta(seconds=median(span.total_seconds() for span in waited)) if waited else None,
        longest=max(waited, default=None),
        answered=len(waited),
        unanswered=len(facts.case.tickets) - len(waited),
    )


@dataclass(frozen=True, kw_only=True, slots=True)
class ToldCount:
    """Of so many linked tickets so many customers have had a last message."""

    told: int
    linked: int


def customers_told(facts: ReviewFacts) -> ToldCount:
    """By the ledger: what was delivered, whatever was planned."""
    refs = {item.ticket.ref for item in facts.case.tickets}
    return ToldCount(told=len(refs & facts.told_at_the_end), linked=len(refs))


@dataclass(frozen=True, kw_only=True, slots=True)
class MonitorSight:
    """When a machine first saw it, and which. `is_alert`: by itself; else a look of ours, taken as people wrote."""

    at: datetime
    by: str
    is_alert: bool


def first_monitor_sight(facts: ReviewFacts, basis: Basis) -> MonitorSight | None:
    """The first alert, or a red look if that was earlier; None where the monitors never saw it."""
    return min(
        [*_alert_sights(facts, basis), *_look_sights(facts, basis)],
        key=lambda sight: (sight.at, not sight.is_alert),
        default=None,
    )


def customers_ahead(facts: ReviewFacts, basis: Basis) -> timedelta | None:
    """By how much customers beat the monitors; less than nothing where the monitors were first, None where they never
    saw it or no customer wrote."""
    sight, first = first_monitor_sight(facts, basis), first_ticket_at(facts)
    return None if sight is None or first is None else sight.at - first


def _alert_sights(facts: ReviewFacts, basis: Basis) -> list[MonitorSight]:
    """Alerts that may be about this: one that had been firing for long before anybody wrote may be about another."""
    first = first_ticket_at(facts) or facts.case.incident.opened_at
    since = first - basis.policy.alerts.counts_for
    return [
        MonitorSight(at=alert.started_at, by=alert.connection, is_alert=True)
        for alert in facts.alerts
        if alert.started_at >= since
    ]


def _look_sights(facts: ReviewFacts, basis: Basis) -> list[MonitorSight]:
    service = basis.policy.service(facts.case.incident.service)
    others = [basis.policy.service(name) for name in service.depends_on]
    probes = {probe for one in (service, *others) for probe in one.probes}
    return [
        MonitorSight(at=item.at, by=item.source, is_alert=False)
        for item in facts.case.incident.evidence
        if item.speaks_for and item.source in probes
    ]


@dataclass(frozen=True, kw_only=True, slots=True)
class CustomerCost:
    """What it cost customers: tickets, the people who wrote, and those by tier (None: no tier is known). `owed` is by
    tier, in whole units; None where the policy names no credits or it did not last so long."""

    tickets: int
    customers: int
    tiers: tuple[tuple[str | None, int], ...]
    owed: tuple[tuple[str, int], ...] | None = None

    @property
    def total_owed(self) -> int:
        """Over all tiers."""
        return sum(amount for _, amount in self.owed or ())


def customer_cost(facts: ReviewFacts, basis: Basis) -> CustomerCost:
    """A customer is counted once, however often they wrote, with the tier of their last ticket."""
    people: dict[tuple[str, str], str | None] = {}
    for item in facts.case.tickets:
        asked = item.ticket.requester
        known = (item.ticket.ref.connection, asked.id) if not asked.email else ("", asked.email.casefold())
        people[known] = item.ticket.tier or people.get(known)
    tiers = list(people.values())
    counted = [(tier, tiers.count(tier)) for tier in dict.fromkeys(tiers)]
    counted.sort(key=lambda one: (one[0] is None, -_weight(one[0], basis), one[0] or ""))
    rules, lasted = basis.policy.review.credits, time_to_mitigate(facts, basis)
    owed = None
    if rules is not None and lasted is not None and lasted > rules.after:
        owed = tuple((tier, count * rules.tiers[tier]) for tier, count in counted if tier in rules.tiers)
    return CustomerCost(
        tickets=len(facts.case.tickets), customers=len(people), tiers=tuple(counted), owed=owed
    )


def _weight(tier: str | None, basis: Basis) -> int:
    return basis.policy.tiers[tier].weight if tier in basis.policy.tiers else 0


def _first(facts: ReviewFacts, kind: EntryKind) -> datetime | None:
    return _earliest(entry.at for entry in facts.story if entry.kind is kind)


def _earliest(moments: Iterable[datetime]) -> datetime | None:
    return min(moments, default=None)


def _span(since: datetime | None, until: datetime | None) -> timedelta | None:
    return None if since is None or until is None else max(until - since, _NONE)
