"""The story the demo tells: who does what, and what must have come of it before the next thing happens."""

from __future__ import annotations

import asyncio
import random
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

import httpx

from deployments.demo.told import NotAsTold, until
from deployments.demo.world import World
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
    gateway_url: str
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
        await self._engineer_takes_it()
        await self._mended("Rolled back the 14:02 deployment.")
        await self._still_broken()
        await self._mended("Cleared the stale cache as well.", again=True)

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

    async def _engineer_takes_it(self) -> None:
        page = self.world.pagerduty.incidents[-1].id
        self.say("Jane acknowledges in PagerDuty and writes a note there")
        self.world.pagerduty.acknowledge(page, "Jane Doe")
        self.world.pagerduty.add_note(
            page, "Jane Doe", "Connection pool exhausted since the 14:02 deployment."
        )
        await until("every customer has a progress update", lambda: self._has_told(1), 60)
        await until("her note is on every ticket", self._note_is_everywhere, 60)
        self.say(
            f"  {CUSTOMERS} customers have a progress update; her note is on every ticket and in the room"
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
        self.say("  probed twice, healthy; everybody was told; tickets solved; closed")

    async def _still_broken(self) -> None:
        self.was_closed = False
        unlucky = self.tickets[4]
        self.say(f"But it breaks again, and the customer of ticket #{unlucky} answers: still broken")
        self.world.break_checkout()
        self.world.zendesk.customer_reply(unlucky, "Sorry, but it is still broken for me.")
        await until("it is reopened and paged again", self._paged(2), 60)
        self.was_reopened = True
        self.say("  reopened, and a second page is out")

    # What is looked at between the steps.

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
            lines = (await client.get(f"{self.gateway_url}/metrics")).text.splitlines()
        return sum(
            int(float(line.rpartition(" ")[2]))
            for line in lines
            if line.startswith("liaison_deliveries_total") and 'result="duplicate"' in line
        )
