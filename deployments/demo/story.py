"""The story the demo tells: who does what, and what must have come of it before the next thing happens."""

from __future__ import annotations

import asyncio
import random
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import httpx

from deployments.demo.at_once import run_at_once
from deployments.demo.endings import tell_the_end, tell_the_review
from deployments.demo.told import NotAsTold, until
from deployments.demo.world import World
from deployments.machine.stack import Stack
from incidents.case import Case
from incidents.models import IncidentState, TicketRef, TicketStatus
from incidents.store.cases import list_incidents, load_case
from incidents.store.database import Database
from incidents.store.tickets import count_tickets, known_tickets

CUSTOMERS = 40
_SUBJECTS = (
    "Checkout fails with an error",
    "I cannot pay",
    "Payment is declined every time",
    "My basket cannot be paid",
    "Checkout page shows 503",
)


@dataclass(kw_only=True)
class Story:
    """One telling. `say` prints; `pace` is the seconds over which the forty tickets come."""

    world: World
    database: Database
    stack: Stack
    folder: Path
    say: Callable[[str], None]
    pace: float = 30.0
    tickets: list[int] = field(default_factory=list)
    outage_began: float = 0.0
    first_page_after: float | None = None
    was_reopened: bool = False
    was_closed: bool = False

    async def tell(self) -> None:
        """Raises `NotAsTold` where it does not go as told."""
        await self._three_unrelated_tickets()
        await self._outage()
        await self._nobody_has_it()
        await self._public_is_told()
        await self._engineer_takes_it()
        await self._one_more_writes()
        await self._handed_over()
        await self._mended("Rolled back the 14:02 deployment.")
        await self._still_broken()
        await self._mended("Cleared the stale cache as well.", again=True)
        await self._looked_back_at()

    async def _three_unrelated_tickets(self) -> None:
        self.say("Three tickets that are no outage: spam, a question, and one about search, which is healthy")
        desk = self.world.zendesk
        desk.create_ticket("Win Big", "win@spam.example", "You have won", "Click here", ("spam",))
        desk.create_ticket("Ada", "ada@shop.example", "Opening hours?", "How do I find your opening hours?")
        desk.create_ticket("Bo", "bo@shop.example", "Search is odd", "The search shows no results for socks")
        await until("the three tickets are taken in", lambda: self._stored(3), 40)
        await until("search is judged: no incident", self._search_is_cleared, 60)
        self.say("  search was probed, found healthy, looked at again: not an incident. Nobody was paged")

    async def _outage(self) -> None:
        self.say(f"The checkout breaks. {CUSTOMERS} customers notice within {self.pace:g} seconds")
        self.world.break_checkout()
        self.outage_began = time.monotonic()
        watch = asyncio.create_task(self._watch_first_page())
        dice = random.Random(7)
        for number in range(CUSTOMERS):
            tier = "tier_gold" if number % 8 == 0 else "tier_standard"
            self.tickets.append(
                self.world.zendesk.create_ticket(
                    f"Customer {number + 1}",
                    f"customer{number + 1}@mail.example",
                    dice.choice(_SUBJECTS),
                    "I tried three times. My card 4111 1111 1111 1111 was not charged, I hope?",
                    (tier,),
                )
            )
            await asyncio.sleep(self.pace / CUSTOMERS)
        await until("all forty are joined to one incident", self._all_joined, 40)
        await watch
        self.say(f"  all {CUSTOMERS} tickets are one incident; pages sent: {self._pages()}")
        if self._pages() != 1:
            raise NotAsTold(f"{self._pages()} pages instead of one")

    async def _watch_first_page(self) -> None:
        await until("the first page", self._paged(1), 60)
        self.first_page_after = time.monotonic() - self.outage_began
        actions = ", ".join(run.action for run in self.world.checkout.runs)
        self.say(f"  the action '{actions}' was tried first, and did not help")
        self.say(
            f"  the Payments team is paged, {self.first_page_after:.1f} s after the first ticket was written"
        )

    async def _nobody_has_it(self) -> None:
        self.say("Nobody takes it yet: what customers were to hear by now, the clock says (sla_sweep)")
        await until("the update is due", self._update_is_due, 60)
        await run_at_once(self.stack, self.database, "sla_sweep")
        await until("every customer has heard", lambda: self._has_told(1), 60)
        owner = (await self._checkout()).incident.owner
        self.say(
            f"  {CUSTOMERS} customers read by when they hear from us next; that promise is {owner}'s to keep"
        )

    async def _public_is_told(self) -> None:
        case = await self._checkout()
        self.say("Anna says in the incident's room that the public may read of it")
        await self._types(case, "approve {incident} many are hit")
        await until("the status page shows it", self._page_says("Checkout"), 60)
        self.say("  it is on the status page; who approved it stands in the story")

    async def _one_more_writes(self) -> None:
        self.say("One more customer writes, late")
        late = self.world.zendesk.create_ticket(
            "Late Customer", "late@mail.example", "I cannot pay", "Is it me, or is it you?", ("tier_gold",)
        )
        self.tickets.append(late)
        await until("the late customer has a digest", self._has_digest(late), 60)
        said = next(line for line in self.replies(late)[0].splitlines() if " UTC: " in line)
        self.say(f'  and reads in their own thread what was said so far: "{said}"')

    async def _handed_over(self) -> None:
        case = await self._checkout()
        self.say(f"{case.incident.owner}'s shift ends; Ben is accountable from now on")
        await self._types(case, 'owner {incident} "Ben Agent" the bank is called, wait for their answer')
        await until("it is Ben's", self._is_owned_by("Ben Agent"), 30)
        self.say("  handed over with a note: on the ticket, in the room, in the story")

    async def _engineer_takes_it(self) -> None:
        page = self.world.pagerduty.incidents[-1].id
        self.say("Jane acknowledges in PagerDuty and writes a note there")
        self.world.pagerduty.acknowledge(page, "Jane Doe")
        self.world.pagerduty.add_note(
            page, "Jane Doe", "Connection pool exhausted since the 14:02 deployment."
        )
        await until("it is acknowledged", self._in_state(IncidentState.ACKNOWLEDGED), 60)
        await until("her note is on every ticket", self._note_is_everywhere, 60)
        self.say(
            "  her note is on every ticket and in the room; customers who had word already get no second one"
        )

    async def _mended(self, note: str, *, again: bool = False) -> None:
        page = self.world.pagerduty.incidents[-1].id
        if again:
            self.world.pagerduty.acknowledge(page, "Omar Haddad")
            await until("it is acknowledged", self._in_state(IncidentState.ACKNOWLEDGED), 30)
        self.say(f"The service is mended ({note}) and resolved in PagerDuty")
        self.world.mend_checkout()
        self.world.pagerduty.resolve(page, "Omar Haddad" if again else "Jane Doe")
        await until("it is closed", self._in_state(IncidentState.CLOSED), 90)
        self.was_closed = True
        await tell_the_end(self.database, (await self._checkout()).incident.id, self.say)

    async def _still_broken(self) -> None:
        self.was_closed = False
        unlucky = self.tickets[4]
        self.say(f"But it breaks again, and the customer of ticket #{unlucky} answers: still broken")
        self.world.break_checkout()
        self.world.zendesk.customer_reply(unlucky, "Sorry, but it is still broken for me.")
        await until("it is reopened and paged again", self._paged(2), 60)
        self.was_reopened = True
        self.say("  reopened, and a second page is out")

    async def _looked_back_at(self) -> None:
        await tell_the_review(
            self.database, (await self._checkout()).incident.id, self.folder / "liaison.yaml", self.say
        )
        await until("the issue has what it came to, twice", self._has_notes(2), 30)
        (issue,) = self.world.redmine.tracker.issues.values()
        self.say(f"  the lasting fix is issue #{issue.id}: {issue.subject}; what it came to is below it")

    async def _types(self, case: Case, words: str) -> None:
        """What somebody types in the incident's room."""
        name = case.incident.name
        await self.world.slack.slash(
            words.format(incident=name), channel=f"{name.lower()}-{case.incident.service}"
        )

    # What is looked at between the steps.

    async def _checkout(self) -> Case:
        case = await self._case("checkout")
        if case is None:
            raise NotAsTold("there is no incident of the checkout")
        return case

    async def _update_is_due(self) -> bool:
        due = (await self._checkout()).incident.next_update_at
        return due is not None and due <= datetime.now(UTC)

    def _page_says(self, what: str) -> Callable[[], Awaitable[bool]]:
        async def holds() -> bool:
            page = self.folder / "page" / "status.json"
            return page.exists() and f'"Problem with {what}"' in page.read_text(encoding="utf-8")

        return holds

    def _has_digest(self, ticket: int) -> Callable[[], Awaitable[bool]]:
        async def holds() -> bool:
            return any("this is what we have told customers so far" in text for text in self.replies(ticket))

        return holds

    def _is_owned_by(self, name: str) -> Callable[[], Awaitable[bool]]:
        async def holds() -> bool:
            return (await self._checkout()).incident.owner == name

        return holds

    def _has_notes(self, count: int) -> Callable[[], Awaitable[bool]]:
        async def holds() -> bool:
            issues = list(self.world.redmine.tracker.issues.values())
            return bool(issues) and sum(bool(one.notes) for one in issues[0].journals) >= count

        return holds

    async def _case(self, service: str) -> Case | None:
        async with self.database.transaction() as tx:
            found = [incident for incident in await list_incidents(tx) if incident.service == service]
            return await load_case(tx, found[-1].id) if found else None

    async def _stored(self, count: int) -> bool:
        async with self.database.transaction() as tx:
            return await count_tickets(tx) >= count

    async def _search_is_cleared(self) -> bool:
        case = await self._case("search")
        return case is not None and case.incident.state is IncidentState.NOT_AN_INCIDENT

    async def _all_joined(self) -> bool:
        case = await self._case("checkout")
        return case is not None and len(case.tickets) == CUSTOMERS

    def _in_state(self, state: IncidentState) -> Callable[[], Awaitable[bool]]:
        async def holds() -> bool:
            case = await self._case("checkout")
            return case is not None and case.incident.state is state

        return holds

    def _paged(self, count: int) -> Callable[[], Awaitable[bool]]:
        async def holds() -> bool:
            return self._pages() >= count

        return holds

    def _pages(self) -> int:
        return len(self.world.pagerduty.pages)

    async def _has_told(self, times: int) -> bool:
        return all(len(self.replies(ticket)) >= times for ticket in self.tickets)

    async def _note_is_everywhere(self) -> bool:
        desk = self.world.zendesk
        return all(
            any("Connection pool exhausted" in note for note in desk.private_notes(ticket))
            for ticket in self.tickets
        )

    def replies(self, ticket: int) -> list[str]:
        """What Liaison wrote to the customer."""
        return self.world.zendesk.public_replies(ticket)

    def told_twice(self) -> list[int]:
        """Tickets whose customer got the same message more often than the story has generations."""
        unlucky = self.tickets[4] if self.tickets else None
        return [
            ticket
            for ticket in self.tickets
            if any(
                count > (2 if ticket == unlucky else 1) for count in Counter(self.replies(ticket)).values()
            )
        ]

    async def unsolved(self) -> list[int]:
        """The numbers of the story's tickets that are not solved in our store, or not in it at all."""
        refs = [TicketRef(connection="zendesk/demo", id=str(ticket)) for ticket in self.tickets]
        async with self.database.transaction() as tx:
            known = await known_tickets(tx, refs)
        return [
            int(ref.id)
            for ref in refs
            if ref not in known or known[ref].ticket.status is not TicketStatus.SOLVED
        ]

    async def duplicates_dropped(self) -> int:
        """As the gateway counted them."""
        async with httpx.AsyncClient(trust_env=False) as client:
            lines = (await client.get(f"{self.stack.gateway_url}/metrics")).text.splitlines()
        return sum(
            int(float(line.rpartition(" ")[2]))
            for line in lines
            if line.startswith("liaison_deliveries_total") and 'result="duplicate"' in line
        )
