"""Playing a story on accounts of the team's own: a scratch installation on this machine, real tickets and pages there.

No webhook reaches the scratch installation, so that `reconcile`, which is due each five minutes, is run as soon as the
helpdesk shows the tickets. Whoever is the engineer in the story is the drill, by the on-call tool's API.
"""

from __future__ import annotations

import shutil
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from uuid import UUID

from rich.console import Console

from connectors.http.fake.app import FakeService
from deployments.demo.at_once import is_over, run_at_once
from deployments.demo.scratch import DemoOptions, sayer, scratch_installation
from deployments.demo.told import goes_as_told
from deployments.drill.accounts.admission import SandboxAccounts
from deployments.drill.accounts.clean_up import CleanedUp, clean_up
from deployments.drill.accounts.journal import FOLDER, DrillJournal
from deployments.drill.accounts.patience import patiently, until_seen
from deployments.drill.accounts.plan import DrillMarks
from deployments.drill.accounts.read_back import read_back
from deployments.drill.accounts.scratch_policy import write_policy
from deployments.drill.accounts.service import break_it, breakable_services, mend_it, save_copies
from deployments.drill.accounts.tickets import SHOWN_WITHIN, open_tickets, shown
from deployments.drill.play import DrillResult
from deployments.drill.score import DrillFacts, measures, page_goal
from deployments.drill.stories import DrillStory
from deployments.machine.stack import Stack
from incidents.models import Incident, IncidentState, PageStatus, TicketRef
from incidents.policy.file import load_policy
from incidents.process.reviewing import read_review_facts
from incidents.review.facts import ReviewFacts
from incidents.store.cases import list_incidents
from incidents.store.database import Database
from incidents.store.instance import instance_id
from incidents.store.tickets import known_tickets

_LONG = 600.0


@dataclass(frozen=True, kw_only=True)
class AccountDrill:
    """What is played where. `home` is where the journal is kept."""

    story: DrillStory
    accounts: SandboxAccounts
    marks: DrillMarks
    home: Path


@dataclass(frozen=True, kw_only=True)
class AccountDrillResult:
    """`ok`: every measure reached its goal, and nothing is left that should not be."""

    result: DrillResult
    tag: str
    seconds_until_shown: float | None
    cleaned_up: CleanedUp

    @property
    def ok(self) -> bool:
        """What the exit code says."""
        return self.result.ok and not self.cleaned_up.left

    def as_json(self) -> dict[str, object]:
        """For scripts; times in seconds."""
        more = {
            "drill": self.tag,
            "seconds_until_shown": self.seconds_until_shown,
            "left": list(self.cleaned_up.left),
            "remains": list(self.cleaned_up.remains),
            "ok": self.ok,
        }
        return self.result.as_json() | more


async def play_on_accounts(
    drill: AccountDrill, options: DemoOptions, *, page_within: timedelta | None = None
) -> AccountDrillResult:
    """Play it once, and clean up however it ends. The scratch installation is gone at the end unless something went
    wrong."""
    policy = drill.home / FOLDER / f"{drill.marks.tag}.yaml"
    policy.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    write_policy(policy, drill.story, drill.accounts.file, drill.marks)
    try:
        return await _on_scratch(drill, options, policy, page_within)
    finally:
        policy.unlink(missing_ok=True)


async def _on_scratch(
    drill: AccountDrill, options: DemoOptions, policy: Path, page_within: timedelta | None
) -> AccountDrillResult:
    console = Console(stderr=options.is_quiet)
    say = sayer(console)
    terms = load_policy(policy)
    worst = min(terms.service(name).severity for name in drill.story.services)
    within = page_goal(terms, worst, page_within)
    async with breakable_services() as (service, probes):

        async def connect(_: str) -> None:
            await save_copies({**probes, **drill.accounts.blocks})

        async with scratch_installation(options, policy, connect, say, console) as scratch:
            # The accounts' secrets are in it: of one that went wrong the logs are enough.
            scratch.is_well = True
            try:
                found = await _played_and_cleaned_up(drill, scratch.stack, service, say, within)
            except BaseException:
                _keep_logs(scratch.stack, drill, say)
                raise
            if not found.ok:
                _keep_logs(scratch.stack, drill, say)
            scratch.show({one.name: one.words for one in found.result.measures} | {"passed": found.ok})
        return found


async def _played_and_cleaned_up(
    drill: AccountDrill,
    stack: Stack,
    service: FakeService,
    say: Callable[[str], None],
    within: tuple[timedelta, str],
) -> AccountDrillResult:
    journal = DrillJournal.begun(
        drill.home, drill.marks, drill.story.name, accounts=drill.accounts.file, scratch=stack.home
    )
    database = Database(stack.database_url)
    played = _Played(drill=drill, stack=stack, service=service, database=database, journal=journal, say=say)
    try:
        as_told = await goes_as_told(played.tell, say)
        facts = await played.facts()
    except BaseException:
        say("it ends early; cleaning up")
        raise
    finally:
        # Whoever ends it a second time leaves the journal, by which `--clean-up` goes.
        cleaned_up = await _cleaned_up(played)
    return AccountDrillResult(
        result=DrillResult(
            story=drill.story.name,
            as_told=as_told,
            measures=measures(drill.story, facts, within),
            promises_kept=facts.promises_kept,
        ),
        tag=drill.marks.tag,
        seconds_until_shown=played.seconds_until_shown,
        cleaned_up=cleaned_up,
    )


def _keep_logs(stack: Stack, drill: AccountDrill, say: Callable[[str], None]) -> None:
    kept = drill.home / FOLDER / f"{drill.marks.tag}-logs"
    shutil.copytree(stack.home / "logs", kept, dirs_exist_ok=True)
    say(f"what the processes said is in {kept}")


async def _cleaned_up(played: _Played) -> CleanedUp:
    """With nobody left at work who would write once more."""
    for name in ("worker", "gateway"):
        if (child := played.stack.processes.get(name)) is not None:
            await child.stop()
    await played.database.aclose()
    drill, say = played.drill, played.say
    found = await clean_up(drill.accounts.desk, drill.accounts.pager, played.journal, drill.home, say)
    tell_cleaned_up(found, say)
    return found


def tell_cleaned_up(found: CleanedUp, say: Callable[[str], None]) -> None:
    """For people."""
    say(f"cleaned up: tickets that are over {found.tickets}, pages that are resolved {found.pages}")
    for line in found.remains:
        say(f"  stays there: {line}")
    for line in found.left:
        say(f"  LEFT: {line}")


@dataclass(kw_only=True)
class _Played:
    drill: AccountDrill
    stack: Stack
    service: FakeService
    database: Database
    journal: DrillJournal
    say: Callable[[str], None]
    seconds_until_shown: float | None = None
    seconds_to_page: float | None = None
    _looking: UUID | None = None
    _refs: list[TicketRef] = field(default_factory=list)
    _seen_pages: set[str] = field(default_factory=set)

    async def tell(self) -> None:
        """Raises `NotAsTold` where a step does not come to its end."""
        story, accounts = self.drill.story, self.drill.accounts
        await self._foresee_pages()
        if story.is_real:
            break_it(self.service)
        began = time.monotonic()
        self.say(f"{story.name}: {story.tickets} customers write about {', '.join(story.services)}")
        await open_tickets(accounts.desk, story, self.drill.marks, self.journal, self.drill.home, self.say)
        await until_seen("the helpdesk shows every ticket", self._all_shown, SHOWN_WITHIN)
        self.seconds_until_shown = round(time.monotonic() - began, 1)
        self.say(f"  the helpdesk shows them after {self.seconds_until_shown:g} s; time counts from here")
        counts_from = time.monotonic()
        await until_seen("every ticket is taken in", self._all_stored, _LONG, nudge=self._reconcile)
        if not story.is_real:
            await until_seen("it is judged: no incident", self._all_in(IncidentState.NOT_AN_INCIDENT), _LONG)
            self.say("  looked at and looked at again: not an incident")
            return
        await until_seen("the pager shows a page for each incident", self._all_paged, _LONG)
        self.seconds_to_page = round(time.monotonic() - counts_from, 1)
        self.say(f"  paged after {self.seconds_to_page:g} s, as the pager shows")
        await until_seen("all tickets are joined", self._all_joined, _LONG, nudge=self._reconcile)
        for key in self._seen_pages:
            await self._at_pager(accounts.pager.acknowledge, key, "taken")
        await until_seen(
            "engineers have it", self._all_in(IncidentState.ACKNOWLEDGED), _LONG, nudge=self._reconcile
        )
        self.say("  acknowledged; now it is mended and resolved")
        mend_it(self.service)
        for key in self._seen_pages:
            await self._at_pager(accounts.pager.resolve, key, "mended")
        await until_seen(
            "it is closed, and everybody told",
            self._all_in(IncidentState.CLOSED),
            _LONG,
            nudge=self._reconcile,
        )

    async def facts(self) -> DrillFacts:
        """By the ledger and by the accounts, as it stands at the end, however it came to it."""
        found = await self._reviewed()
        accounts = self.drill.accounts
        return await read_back(
            found,
            accounts.desk,
            accounts.pager,
            seconds_to_page=self.seconds_to_page,
            since=self.journal.began,
            say=self.say,
        )

    async def _foresee_pages(self) -> None:
        """The keys that pages will have, noted before there is any."""
        async with self.database.transaction() as tx:
            instance = await instance_id(tx)
        numbers = range(1, len(self.drill.story.services) + 1)
        self.journal.pages = [f"liaison:{instance}:INC-{number}:g1:page:0" for number in numbers]
        self.journal.keep(self.drill.home)

    async def _at_pager(self, act: Callable[..., Awaitable[None]], key: str, what: str) -> None:
        async def acted() -> None:
            await act(key, once=f"{self.drill.marks.tag}:{what}:{key}")

        await patiently("the pager", acted, self.say)

    async def _reconcile(self) -> None:
        """One at a time: on a slow account it takes longer than somebody is patient, and each costs it calls."""
        if self._looking is None or await is_over(self.stack, self._looking):
            self._looking = await run_at_once(self.stack, self.database, "reconcile")

    # What is looked at between the steps.

    async def _incidents(self) -> Sequence[Incident]:
        async with self.database.transaction() as tx:
            return await list_incidents(tx)

    async def _reviewed(self) -> list[ReviewFacts]:
        async with self.database.transaction() as tx:
            found = [await read_review_facts(tx, one.id) for one in await list_incidents(tx)]
        keys = [key for one in found for key in one.case.page_keys]
        if new := [key for key in keys if key not in self.journal.pages]:
            self.journal.pages = [*self.journal.pages, *new]
            self.journal.keep(self.drill.home)
        return found

    async def _all_shown(self) -> bool:
        there = await shown(self.drill.accounts.desk, self.journal)
        self._refs = [there[one].ref for one in self.journal.tickets.values() if one in there]
        return len(self._refs) >= len(self.journal.tickets)

    async def _all_stored(self) -> bool:
        async with self.database.transaction() as tx:
            return len(await known_tickets(tx, self._refs)) >= self.drill.story.tickets

    async def _all_paged(self) -> bool:
        for key in [key for one in await self._reviewed() for key in one.case.page_keys]:
            state = await self.drill.accounts.pager.read(key)
            if state is not None and state.status is not PageStatus.RESOLVED:
                self._seen_pages.add(key)
        return len(self._seen_pages) >= len(self.drill.story.services)

    async def _all_joined(self) -> bool:
        return sum(len(one.case.tickets) for one in await self._reviewed()) >= self.drill.story.tickets

    def _all_in(self, state: IncidentState) -> Callable[[], Awaitable[bool]]:
        async def holds() -> bool:
            found = await self._incidents()
            return len(found) >= len(self.drill.story.services) and all(one.state is state for one in found)

        return holds
