"""Playing a drill: a scratch installation, the fakes around it, the story, and its score."""

from __future__ import annotations

import asyncio
import tempfile
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

import yaml
from rich.console import Console

from connectors.kit.fakes.faults import FaultKind
from deployments.demo.at_once import run_at_once
from deployments.demo.policies import POLICY, merged
from deployments.demo.scratch import DemoOptions, sayer, scratch_installation
from deployments.demo.told import goes_as_told, until
from deployments.demo.world import World, open_world, save_connections
from deployments.drill.score import DrillFacts, Measure, measures, page_goal
from deployments.drill.stories import DrillStory, Trouble
from deployments.machine.stack import Stack
from incidents.models import Incident, IncidentState
from incidents.policy.file import load_policy
from incidents.process.reviewing import read_review_facts
from incidents.promises.updates import count_promises
from incidents.review.measures import customers_told
from incidents.store.cases import list_incidents
from incidents.store.database import Database
from incidents.store.tickets import count_tickets

PAGER_DOWN = 15.0
"""Seconds."""
EXPORT_LAG = 62.0
"""Seconds: Zendesk's incremental export leaves the last minute out, and so does its fake."""
_LONG = 240.0


@dataclass(frozen=True, kw_only=True, slots=True)
class DrillResult:
    """`as_told`: each step came to its end; `ok`: that, and every measure reached its goal."""

    story: str
    as_told: bool
    measures: Sequence[Measure]
    promises_kept: int

    @property
    def ok(self) -> bool:
        """What the exit code says."""
        return self.as_told and all(one.passed for one in self.measures)

    def as_json(self) -> dict[str, object]:
        """For scripts; times in seconds."""
        return {
            "story": self.story,
            "as_told": self.as_told,
            "measures": {
                one.name: {
                    "value": one.value,
                    "bound": one.bound.value,
                    "goal": one.goal,
                    "goal_from": one.source,
                    "passed": one.passed,
                }
                for one in self.measures
            },
            "promises_kept": self.promises_kept,
            "ok": self.ok,
        }


async def play_drill(
    story: DrillStory, options: DemoOptions, *, page_within: timedelta | None = None
) -> DrillResult:
    """Play it once on a scratch installation, which is gone at the end unless something went wrong."""
    console = Console(stderr=options.is_quiet)
    say = sayer(console)
    with tempfile.TemporaryDirectory(prefix="liaison-drill-") as given:
        policy = Path(given) / "liaison.yaml"
        base = yaml.safe_load(POLICY.read_text(encoding="utf-8"))
        policy.write_text(yaml.safe_dump(merged(base, story.policy)), encoding="utf-8")
        async with open_world() as world:

            async def connect(_: str) -> None:
                await save_connections(world)

            async with scratch_installation(options, policy, connect, say, console) as scratch:
                result = await _play(story, scratch.stack, world, policy, say, page_within)
                scratch.is_well = result.ok
                scratch.show({one.name: one.words for one in result.measures} | {"passed": result.ok})
            return result


async def _play(  # noqa: PLR0917 - the parts of one playing
    story: DrillStory,
    stack: Stack,
    world: World,
    policy: Path,
    say: Callable[[str], None],
    page_within: timedelta | None,
) -> DrillResult:
    world.point_webhooks_at(stack.gateway_url)
    database = Database(stack.database_url)
    drill = _Drill(story=story, stack=stack, world=world, database=database, say=say)
    try:
        as_told = await goes_as_told(drill.tell, say)
        facts = await drill.facts()
        terms = load_policy(policy)
        worst = min(terms.service(name).severity for name in story.services)
        found = measures(story, facts, page_goal(terms, worst, page_within))
        return DrillResult(
            story=story.name, as_told=as_told, measures=found, promises_kept=facts.promises_kept
        )
    finally:
        await database.aclose()


@dataclass(kw_only=True)
class _Drill:
    story: DrillStory
    stack: Stack
    world: World
    database: Database
    say: Callable[[str], None]
    tickets: list[int] = field(default_factory=list)
    counts_from: float = 0.0
    seconds_to_page: float | None = None

    async def tell(self) -> None:
        """Raises `NotAsTold` where a step does not come to its end."""
        self.say(self.story.what)
        await self._trouble_begins()
        self._customers_write()
        await self._trouble_ends()
        await until("every ticket is taken in", self._all_stored, _LONG)
        if not self.story.is_real:
            await until("it is judged: no incident", self._all_in(IncidentState.NOT_AN_INCIDENT), _LONG)
            self.say("  looked at and looked at again: not an incident")
            return
        await until("a page for each incident", self._all_paged, _LONG)
        self.seconds_to_page = round(time.monotonic() - self.counts_from, 1)
        self.say(f"  paged after {self.seconds_to_page:g} s")
        await until("all tickets are joined", self._all_joined, _LONG)
        for page in list(self.world.pagerduty.incidents):
            self.world.pagerduty.acknowledge(page.id, "Jane Doe")
        await until("engineers have it", self._all_in(IncidentState.ACKNOWLEDGED), _LONG)
        self.say("  acknowledged; now it is mended and resolved")
        self.world.mend_checkout()
        for page in list(self.world.pagerduty.incidents):
            self.world.pagerduty.resolve(page.id, "Jane Doe")
        await until("it is closed, and everybody told", self._all_in(IncidentState.CLOSED), _LONG)

    async def _trouble_begins(self) -> None:
        if self.story.is_real:
            self.world.break_checkout()
        if self.story.trouble is Trouble.PAGER_DOWN:
            self.world.pagerduty.faults.arm(FaultKind.OUTAGE, times=None)
        if self.story.trouble is Trouble.WEBHOOKS_LOST:
            self.world.zendesk.webhooks.url = ""

    def _customers_write(self) -> None:
        self.counts_from = time.monotonic()
        for number in range(self.story.tickets):
            name = f"Customer {number + 1}"
            mail = f"customer{number + 1}@mail.example"
            self.tickets.append(
                self.world.zendesk.create_ticket(
                    name, mail, self.story.subject_of(number), "It worked before."
                )
            )

    async def _trouble_ends(self) -> None:
        if self.story.trouble is Trouble.PAGER_DOWN:
            await asyncio.sleep(PAGER_DOWN)
            self.world.pagerduty.faults.clear()
            self.counts_from = time.monotonic()
            self.say(f"  the pager is back after {PAGER_DOWN:g} s; time counts from here")
        if self.story.trouble is Trouble.WEBHOOKS_LOST:
            self.say(
                f"  the helpdesk's export shows nothing of its last {EXPORT_LAG:g} s; they are waited for"
            )
            await asyncio.sleep(EXPORT_LAG)
            self.say("  reconcile, which is due each five minutes, is run now; time counts from here")
            self.counts_from = time.monotonic()
            await run_at_once(self.stack, self.database, "reconcile")

    # What is looked at between the steps.

    async def _incidents(self) -> Sequence[Incident]:
        async with self.database.transaction() as tx:
            return await list_incidents(tx)

    async def _all_stored(self) -> bool:
        async with self.database.transaction() as tx:
            return await count_tickets(tx) >= self.story.tickets

    async def _all_paged(self) -> bool:
        return len(self.world.pagerduty.pages) >= len(self.story.services)

    async def _all_joined(self) -> bool:
        async with self.database.transaction() as tx:
            found = [await read_review_facts(tx, one.id) for one in await list_incidents(tx)]
        return sum(len(one.case.tickets) for one in found) >= self.story.tickets

    def _all_in(self, state: IncidentState) -> Callable[[], Awaitable[bool]]:
        async def holds() -> bool:
            found = await self._incidents()
            return len(found) >= len(self.story.services) and all(one.state is state for one in found)

        return holds

    async def facts(self) -> DrillFacts:
        """As it stands at the end, however it came to it."""
        async with self.database.transaction() as tx:
            found = [await read_review_facts(tx, one.id) for one in await list_incidents(tx)]
        updates = [count_promises(one.case.updates) for one in found]
        said = {ticket: Counter(self.world.zendesk.public_replies(ticket)) for ticket in self.tickets}
        return DrillFacts(
            incidents=len(found),
            pages=len(self.world.pagerduty.pages),
            seconds_to_page=self.seconds_to_page,
            customers_told=sum(customers_told(one).told for one in found),
            customers_told_twice=sum(any(count > 1 for count in texts.values()) for texts in said.values()),
            promises_kept=sum(one.kept for one in updates) + sum(one.sla.kept for one in found),
            promises_broken=sum(one.broken for one in updates) + sum(one.sla.broken for one in found),
        )
