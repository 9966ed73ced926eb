"""The review of an incident as Markdown: what it came to, what it cost, where time went, and its story."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta

from incidents.basis import Basis
from incidents.case import Actor
from incidents.notes.story import condensed
from incidents.notes.updates import promises_words
from incidents.review.facts import ReviewFacts
from incidents.review.measures import (
    began_at,
    customer_cost,
    customers_ahead,
    customers_told,
    first_answers,
    first_monitor_sight,
    time_to_acknowledge,
    time_to_detect,
    time_to_mitigate,
    time_to_resolve,
)
from incidents.review.waits import longest_waits
from incidents.texts.plain_text import cut, one_line
from incidents.texts.times import duration

NAME = "review"
_WAIT_WORDS = 120  # characters of a line of the story

Escape = Callable[[str], str]


def review_document(facts: ReviewFacts, basis: Basis, escape: Escape = str) -> str:
    """`escape` makes text of others harmless where the document is shown: by default nothing is done to it. No
    customer is named, and their words stand in it only as the story has them, redacted."""
    incident = facts.case.incident
    again = incident.generation - 1
    state = incident.state.replace("_", " ")
    lines = [
        f"# Review of {incident.name} {escape(incident.title)}",
        "",
        f"{state} · severity {int(incident.severity)} · accountable: {escape(incident.owner or 'nobody')} · as of "
        f"{basis.now:%Y-%m-%d %H:%M UTC}" + (f" · opened again {again} time{_s(again)}" if again else ""),
        "",
        "## What it came to",
        "",
        *(f"- **{label}**: {escape(value)}" for label, value in measure_words(facts, basis)),
        "",
        "## Where time went",
        "",
        *_waits(facts, escape),
        "",
        "## What happened",
        "",
        *_story(facts, escape),
        "",
        "What each measure means: docs/review.md.",
    ]
    return "\n".join(lines)


def measure_words(facts: ReviewFacts, basis: Basis) -> Iterator[tuple[str, str]]:
    """Label and value of each measure, in reading order."""
    yield "First sign", f"{began_at(facts, basis):%Y-%m-%d %H:%M:%S UTC}"
    yield "Time to detect", _span(time_to_detect(facts, basis))
    yield "Time to acknowledge", _span(time_to_acknowledge(facts), "no engineer took it")
    yield "Time to mitigate", _span(time_to_mitigate(facts, basis), "not said to be fixed yet")
    yield "Time to resolve", _span(time_to_resolve(facts, basis), "not proven yet")
    yield "First answer", _answers(facts)
    yield "Who saw it first", monitor_words(facts, basis)
    told = customers_told(facts)
    yield "Customers told that it works again", f"{told.told} of {told.linked}"
    yield "Promises of the next update", promises_words(facts.case.updates) or "none were made"
    sla = facts.sla
    yield (
        "Promises of the SLA",
        f"{sla.kept} kept, {sla.broken} broken" + (f", {sla.open} under way" if sla.open else ""),
    )
    yield "What it cost customers", cost_words(facts, basis)


def monitor_words(facts: ReviewFacts, basis: Basis) -> str:
    """Customers or monitors, and by how much."""
    sight, ahead = first_monitor_sight(facts, basis), customers_ahead(facts, basis)
    if sight is None:
        return "customers: the monitors never saw it"
    if ahead is None:
        return f"the monitors ({sight.by}): no customer has written"
    if not sight.is_alert:
        return f"customers, by {duration(ahead)}: no alert fired; {sight.by} was red when we looked because they wrote"
    if ahead > timedelta(0):
        return f"customers, by {duration(ahead)} before the first alert ({sight.by})"
    return f"the monitors ({sight.by}), by {duration(-ahead)}"


def cost_words(facts: ReviewFacts, basis: Basis) -> str:
    """Tickets, people, tiers, and what is owed."""
    cost = customer_cost(facts, basis)
    tiers = ", ".join(f"{tier or 'no tier'} {count}" for tier, count in cost.tiers)
    words = f"{cost.tickets} ticket{_s(cost.tickets)} from {cost.customers} customer{_s(cost.customers)}"
    words += f" ({tiers})" if tiers else ""
    rules = basis.policy.review.credits
    if rules is None:
        return words
    if cost.owed is None:
        return f"{words}; nothing is owed: it did not last longer than {duration(rules.after)}"
    by_tier = ", ".join(f"{tier} {amount}" for tier, amount in cost.owed)
    return f"{words}; owed: {cost.total_owed} {rules.currency}" + (f" ({by_tier})" if by_tier else "")


def _answers(facts: ReviewFacts) -> str:
    found = first_answers(facts)
    if found.median is None or found.longest is None:
        return "nobody had one" if found.unanswered else "nobody asked"
    none = f"; {found.unanswered} had none" if found.unanswered else ""
    return f"{_span(found.median)} in the middle, {_span(found.longest)} at the longest{none}"


def _waits(facts: ReviewFacts, escape: Escape) -> list[str]:
    found = longest_waits(facts)
    if not found:
        return ["Nobody waited for anybody."]
    return [
        f"- **{duration(wait.span)}** for {wait.waited_for}, from {wait.since:%H:%M:%S}: "
        f"{escape(_cut(wait.after))} → {escape(_cut(wait.until))}"
        for wait in found
    ]


def _story(facts: ReviewFacts, escape: Escape) -> Iterator[str]:
    day = None
    for entry in condensed(facts.story):
        if entry.at.date() != day:
            day = entry.at.date()
            yield f"**{day:%Y-%m-%d}** (UTC)"
            yield ""
        who = "" if entry.actor == Actor.LIAISON else f"{escape(entry.actor)}: "
        yield f"- {entry.at:%H:%M:%S} {who}{escape(entry.text)}"


def _cut(text: str) -> str:
    return cut(one_line(text), _WAIT_WORDS)


def _span(span: timedelta | None, otherwise: str = "") -> str:
    return otherwise if span is None else duration(span)


def _s(count: int) -> str:
    return "" if count == 1 else "s"
