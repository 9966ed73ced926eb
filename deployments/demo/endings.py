"""What both demos tell of an incident that is over: how it was proven and closed, and some of its review."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from incidents.basis import Basis
from incidents.case import EntryKind
from incidents.policy.file import load_policy
from incidents.process.reviewing import read_review_facts
from incidents.review.document import measure_words
from incidents.store.database import Database

_SHOWN = (
    "Time to acknowledge",
    "Who saw it first",
    "Customers told that it works again",
    "Promises of the next update",
)


async def tell_the_end(database: Database, incident_id: int, say: Callable[[str], None]) -> None:
    """How it was proven and closed, as its story has it."""
    async with database.transaction() as tx:
        facts = await read_review_facts(tx, incident_id)
    last = {entry.kind: entry.text for entry in facts.story}
    for kind in (EntryKind.PROOF, EntryKind.CLOSED):
        say(f"  {last[kind]}")


async def tell_the_review(
    database: Database, incident_id: int, policy: Path, say: Callable[[str], None]
) -> None:
    """Some measures of how it went; `liaison review` has them all."""
    basis = Basis(load_policy(policy), datetime.now(UTC))
    async with database.transaction() as tx:
        facts = await read_review_facts(tx, incident_id)
    say(f"How it went, by `liaison review {facts.case.incident.name}`:")
    for label, value in measure_words(facts, basis):
        if label in _SHOWN:
            say(f"  {label}: {value}")
