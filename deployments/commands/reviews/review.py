"""`liaison review INC-7`: its measures and its story, for people, as a file and for scripts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from incidents.basis import Basis
from incidents.errors import Refused
from incidents.policy.file import load_policy
from incidents.process.reviewing import read_review_facts
from incidents.review import measures
from incidents.review.document import monitor_words, review_document
from incidents.review.facts import ReviewFacts
from incidents.store.cases import incident_number
from incidents.store.database import Database
from tasks.pages.markdown import plain

REVIEWS = "reviews"
"""The folder of the home folder that reviews are written into."""


@dataclass(frozen=True, kw_only=True)
class IncidentReview:
    """`text` is for the terminal, `markdown` for whatever shows Markdown; `measures` are in seconds and numbers."""

    name: str
    text: str
    markdown: str
    measures: Mapping[str, object]


async def reviewed(database: Database, policy: Path, name: str) -> IncidentReview:
    """Of an incident in whatever state; it is only read. Raises `NotFound` and `PolicyError`."""
    basis = Basis(load_policy(policy), datetime.now(UTC))
    async with database.transaction() as tx:
        facts = await read_review_facts(tx, incident_number(name))
    return IncidentReview(
        name=facts.case.incident.name,
        text=review_document(facts, basis),
        markdown=review_document(facts, basis, plain),
        measures=_measures(facts, basis),
    )


def write_review(found: IncidentReview, file: Path) -> None:
    """For its owner's eyes, as all of the home folder. Raises `Refused` where it cannot be written."""
    try:
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        file.touch(mode=0o600)
        file.write_text(f"{found.markdown}\n", encoding="utf-8")
    except OSError as error:
        raise Refused(f"{error.filename or file} cannot be written: {error.strerror}") from error


def _measures(facts: ReviewFacts, basis: Basis) -> Mapping[str, object]:
    answers, told = measures.first_answers(facts), measures.customers_told(facts)
    cost, ahead = measures.customer_cost(facts, basis), measures.customers_ahead(facts, basis)
    return {
        "incident": facts.case.incident.name,
        "first_sign": measures.began_at(facts, basis),
        "seconds_to_detect": _seconds(measures.time_to_detect(facts, basis)),
        "seconds_to_acknowledge": _seconds(measures.time_to_acknowledge(facts)),
        "seconds_to_mitigate": _seconds(measures.time_to_mitigate(facts, basis)),
        "seconds_to_resolve": _seconds(measures.time_to_resolve(facts, basis)),
        "seconds_to_first_answer": {
            "median": _seconds(answers.median),
            "longest": _seconds(answers.longest),
            "unanswered": answers.unanswered,
        },
        "customers_beat_monitors_by_seconds": _seconds(ahead),
        "who_saw_it_first": monitor_words(facts, basis),
        "customers_told": {"told": told.told, "linked": told.linked},
        "sla": {"kept": facts.sla.kept, "broken": facts.sla.broken, "open": facts.sla.open},
        "cost": {
            "tickets": cost.tickets,
            "customers": cost.customers,
            "tiers": {tier or "": count for tier, count in cost.tiers},
            "owed": None if cost.owed is None else dict(cost.owed),
        },
    }


def _seconds(span: timedelta | None) -> float | None:
    return None if span is None else span.total_seconds()
