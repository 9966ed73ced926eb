"""Liaison as a story's test has it: flows in this process, on a store of its own, with the fakes around them.

Nothing waits here: what a flow would wait for is left to `recover`, and `let_pass` is how time goes by.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import yaml
from sqlalchemy import DateTime, RowMapping, select, update

from connectors.pagerduty.fake.account import FakeIncident
from connectors.slack.fake import rendering as fake_rendering
from deployments.demo.policies import POLICY, merged
from deployments.demo.world import World, make_world
from flows.intake import intake
from flows.status_sync import status_sync
from incidents.case import Case
from incidents.effects import EffectKind, EffectState
from incidents.models import Incident
from incidents.store.cases import list_incidents, load_case
from incidents.store.database import Database
from incidents.store.schema.tables import effects, metadata
from incidents.store.timeline import TimelineEntry, read_timeline

SUBJECT = "Checkout fails with an error"
BODY = "I tried three times. My card 4111 1111 1111 1111 was not charged, I hope? Write to me@home.example."
# One look proves a fix, and what is not proven is looked at once more.
SHORT = {
    "validation": {"tickets": 5, "within": "15m", "recheck_after": "1s", "rechecks": 1},
    "closure": {"proofs": 1, "proof_interval": "1s", "reopen_within": "7d"},
}


KEY = "aW5zdGFsbGF0aW9uIG9mIGEgc3RvcnksIDMyIGJ5dGU="
"""`LIAISON_KEY` of the stories' installation."""


@dataclass(frozen=True, kw_only=True)
class Line:
    """A row of the effects ledger."""

    id: int
    key: str
    kind: EffectKind
    state: EffectState
    connection: str
    target: str
    attempts: int
    detail: str
    not_before: datetime


@dataclass(frozen=True, kw_only=True)
class Installation:
    """A store, a policy file and the world around, with what stories do and look at."""

    database: Database
    world: World
    policy_file: Path

    def write_policy(self, changes: Mapping[str, Any] | None = None) -> None:
        """The demo's policy with short times, and these keys changed, however deep."""
        base = yaml.safe_load(POLICY.read_text())
        self.policy_file.write_text(yaml.safe_dump(merged(merged(base, SHORT), changes or {})))

    # What happens

    def customers_write(self, count: int = 1, *, subject: str = SUBJECT, body: str = BODY) -> list[int]:
        """New tickets, each of a customer of its own."""
        desk = self.world.zendesk
        first = len(desk.tickets)
        names = [f"Customer {number + 1}" for number in range(first, first + count)]
        return [
            desk.create_ticket(name, f"{name.lower().replace(' ', '')}@mail.example", subject, body)
            for name in names
        ]

    async def hear(self) -> None:
        """Let every vendor deliver the webhooks it has waiting."""
        await self.world.zendesk.drain_webhooks()
        await self.world.pagerduty.settle()
        await self.world.slack.webhooks.settle()

    async def intake(self) -> str:
        await self.hear()
        return await intake()

    async def sync(self) -> str:
        await self.hear()
        return await status_sync()

    async def escalated(self, tickets: int = 1) -> list[int]:
        """An outage that has been paged: where most stories begin."""
        self.world.break_checkout()
        written = self.customers_write(tickets)
        await self.intake()
        return written

    async def acknowledged(self, tickets: int = 1, *, by: str = "Jane Doe") -> list[int]:
        written = await self.escalated(tickets)
        self.world.pagerduty.acknowledge(self.page.id, by)
        await self.sync()
        return written

    async def resolved(self, *, by: str = "Jane Doe") -> None:
        """The service is mended and the page resolved."""
        self.world.mend_checkout()
        self.world.pagerduty.resolve(self.page.id, by)
        await self.sync()

    async def let_pass(self, span: timedelta) -> None:
        """Time goes by: every moment in the store is so much longer ago."""
        async with self.database.transaction() as tx:
            for table in metadata.sorted_tables:
                moments = {
                    column: column - span for column in table.columns if isinstance(column.type, DateTime)
                }
                if moments:
                    await tx.execute(update(table).values(moments))

    # What is looked at

    @property
    def page(self) -> FakeIncident:
        """The newest incident in PagerDuty."""
        return self.world.pagerduty.incidents[-1]

    async def incidents(self) -> list[Incident]:
        async with self.database.transaction() as tx:
            return sorted(await list_incidents(tx), key=lambda incident: incident.id)

    async def incident(self, number: int = 1) -> Incident:
        return (await self.case(number)).incident

    async def case(self, number: int = 1) -> Case:
        async with self.database.transaction() as tx:
            return await load_case(tx, number)

    async def timeline(self, number: int = 1) -> Sequence[TimelineEntry]:
        async with self.database.transaction() as tx:
            return await read_timeline(tx, number)

    async def ledger(
        self, *kinds: EffectKind, states: Iterable[EffectState] = tuple(EffectState)
    ) -> list[Line]:
        """Effects as they stand, in the order in which they were planned; of all kinds where none is named."""
        rows = select(effects).order_by(effects.c.id)
        async with self.database.transaction() as tx:
            lines = [_line(row) for row in (await tx.execute(rows)).mappings()]
        return [
            line for line in lines if (not kinds or line.kind in kinds) and line.state in frozenset(states)
        ]

    def replies(self, ticket: int) -> list[str]:
        """What Liaison wrote to the customer."""
        return self.world.zendesk.public_replies(ticket)

    def notes(self, ticket: int) -> str:
        """Everything colleagues read on the ticket."""
        return "\n".join(self.world.zendesk.private_notes(ticket))

    def page_notes(self) -> str:
        """Everything the engineers read on the newest page."""
        return "\n".join(note.content for note in self.page.notes)

    def room(self, number: int = 1, service: str = "checkout") -> str:
        """Everything the incident's room shows."""
        posts = self.world.slack.messages(f"inc-{number}-{service}")
        return "\n".join(fake_rendering.shown(post) for post in posts)


def quiet_world() -> World:
    """The demo's world without repeats, disorder and waits."""
    world = make_world(duplicate_rate=0.0, shuffle=False)
    world.checkout.looks_until_done = None
    world.zendesk.api.jobs.looks = 0
    world.zendesk.api.exports.lag = timedelta(0)
    return world


def _line(row: RowMapping) -> Line:
    return Line(
        id=row["id"],
        key=row["key"],
        kind=EffectKind(row["kind"]),
        state=EffectState(row["state"]),
        connection=row["connection"],
        target=row["target"],
        attempts=row["attempts"],
        detail=row["detail"],
        not_before=row["not_before"],
    )
