"""The same outage, told by mail: who does what, and what must have come of it before the next thing happens."""

from __future__ import annotations

import asyncio
import re
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.message import EmailMessage
from pathlib import Path

import httpx

from deployments.commands.owner import give_to
from deployments.demo.at_once import run_at_once
from deployments.demo.endings import tell_the_end, tell_the_review
from deployments.demo.told import NotAsTold, until
from deployments.demo.vendorless.world import COMPANY, MailWorld
from deployments.machine.stack import Stack
from incidents.case import Case
from incidents.decisions.ownership.hand_over import HandOver
from incidents.models import IncidentState
from incidents.store.cases import list_incidents, load_case
from incidents.store.database import Database
from incidents.store.inbox.listening import read_place

POLICY = Path(__file__).with_name("policy.yaml")
CUSTOMERS = 12
SUBJECT = "Checkout fails with an error"
_LINK = re.compile(r"https?://\S+/pages/\S+")


@dataclass(kw_only=True)
class MailStory:
    """One telling. `say` prints; `pace` is the seconds over which the mails come."""

    world: MailWorld
    database: Database
    stack: Stack
    say: Callable[[str], None]
    pace: float = 12.0
    outage_began: float = 0.0
    first_page_after: float | None = None
    was_reopened: bool = False
    was_closed: bool = False
    customers: list[str] = field(
        default_factory=lambda: [f"customer{number + 1}@mail.example" for number in range(CUSTOMERS)]
    )

    async def tell(self) -> None:
        """Raises `NotAsTold` where it does not go as told."""
        await self._outage()
        await self._nobody_has_it()
        await self._public_is_told()
        await self._taken()
        await self._one_more_writes()
        await self._handed_over()
        await self._mended()
        await self._still_broken()
        await self._mended()
        await tell_the_review(self.database, (await self._there()).incident.id, POLICY, self.say)

    async def _outage(self) -> None:
        # A mailbox is heard from when it is first looked at; older mail is not taken for new.
        await until("the mailbox is listened to", self._is_listened_to, 60)
        self.say(f"The checkout breaks. {CUSTOMERS} customers write a mail within {self.pace:g} seconds")
        self.world.break_checkout()
        self.outage_began = time.monotonic()
        watch = asyncio.create_task(self._watch_first_page())
        for customer in self.customers:
            self.world.writes(customer, SUBJECT, "I tried three times, and cannot pay.")
            await asyncio.sleep(self.pace / CUSTOMERS)
        await watch
        await until("all are joined to one incident", self._all_joined, 40)
        self.say(f"  all {CUSTOMERS} mails are one incident; Ana, who is on call, is woken by mail")

    async def _watch_first_page(self) -> None:
        await until("Ana is woken", self._woken("ana", 1), 60)
        self.first_page_after = time.monotonic() - self.outage_began

    async def _nobody_has_it(self) -> None:
        self.say("Nobody takes it yet: what customers were to hear by now, the clock says (sla_sweep)")
        await until("the update is due", self._update_is_due, 60)
        await run_at_once(self.stack, self.database, "sla_sweep")
        await until("every customer has heard", self._heard(1), 60)
        owner = (await self._there()).incident.owner
        self.say(
            f"  {CUSTOMERS} customers read by when they hear from us next; that promise is {owner}'s to keep"
        )

    async def _public_is_told(self) -> None:
        self.say("Ada says by Prefect's form `approve` that the public may read of it")
        name = (await self._there()).incident.name
        await run_at_once(
            self.stack, self.database, "approve", incident=name, by="Ada Agent", why="many are hit"
        )
        await until("the status page shows it", self._page_says('"Checkout"'), 60)
        self.say(f"  the public reads it on the status page: {self.world.folder / 'index.html'}")

    async def _one_more_writes(self) -> None:
        self.say("One more customer writes, late")
        late = "late@mail.example"
        self.customers.append(late)
        self.world.writes(late, SUBJECT, "Is it me, or is it you?")
        await until("the late customer has a digest", self._has_digest(late), 60)
        said = next(line for line in _text(self.world.got(late)[0]).splitlines() if " UTC: " in line)
        self.say(f'  and reads in their own thread what was said so far: "{said}"')

    async def _handed_over(self) -> None:
        incident = (await self._there()).incident
        self.say(f"{incident.owner}'s shift ends; Ben is accountable from now on (`liaison owner`)")
        wanted = HandOver(to="Ben Agent", by="Ada Agent", note="the bank is called, wait for their answer")
        await give_to(self.database, incident.name, wanted, POLICY)
        self.say("  handed over with a note: on the ticket and in the story")

    async def _taken(self) -> None:
        self.say("Ana opens the link in her mail and presses 'I have it'")
        await self._press("ana", "")
        await until("it is acknowledged", self._in_state(IncidentState.ACKNOWLEDGED), 30)
        self.say("  nobody further is woken; customers who had word already get no second one")

    async def _mended(self) -> None:
        self.say("The service is mended; by the same link she says that it works again")
        self.world.mend_checkout()
        await self._press("ana", "/over")
        await until("it is closed", self._in_state(IncidentState.CLOSED), 90)
        self.was_closed = True
        await tell_the_end(self.database, (await self._there()).incident.id, self.say)

    async def _still_broken(self) -> None:
        self.was_closed = False
        unlucky = self.customers[4]
        self.say(f"But it breaks again, and {unlucky} answers the mail: still broken")
        self.world.break_checkout()
        self.world.writes(
            unlucky,
            f"Re: {SUBJECT}",
            "Sorry, but it is still broken for me.",
            answers=self.world.got(unlucky)[-1],
        )
        await until("it is open again, and Ana is woken again", self._woken("ana", 2), 60)
        self.was_reopened = True
        await self._press("ana", "")
        await until("it is acknowledged", self._in_state(IncidentState.ACKNOWLEDGED), 30)
        self.say("  open again; Ana was woken again and has it")

    async def _press(self, name: str, button: str) -> None:
        """The newest link in this person's mail, as a browser would send its button."""
        link = next(
            found[0] for mail in reversed(self._notices(name)) if (found := _LINK.search(_text(mail)))
        )
        async with httpx.AsyncClient(trust_env=False) as browser:
            answer = await browser.post(f"{link}{button}")
        if answer.status_code != httpx.codes.OK:
            raise NotAsTold(f"the link was answered {answer.status_code}")

    # What is looked at between the steps.

    def _notices(self, name: str) -> list[EmailMessage]:
        return list(self.world.got(f"{name}@{COMPANY}"))

    def pages(self) -> int:
        """How often Ana was woken: mails with a link, without those that say it is over."""
        return len({link[0] for mail in self._notices("ana") if (link := _LINK.search(_text(mail)))})

    def _woken(self, name: str, times: int) -> Callable[[], Awaitable[bool]]:
        async def holds() -> bool:
            return sum(_LINK.search(_text(mail)) is not None for mail in self._notices(name)) >= times

        return holds

    async def _is_listened_to(self) -> bool:
        async with self.database.transaction() as tx:
            return "Sent" in (await read_place(tx, "mail/demo") or "")

    async def _case(self) -> Case | None:
        async with self.database.transaction() as tx:
            found = await list_incidents(tx)
            return await load_case(tx, found[-1].id) if found else None

    async def _there(self) -> Case:
        case = await self._case()
        if case is None:
            raise NotAsTold("there is no incident")
        return case

    async def _update_is_due(self) -> bool:
        due = (await self._there()).incident.next_update_at
        return due is not None and due <= datetime.now(UTC)

    def _has_digest(self, customer: str) -> Callable[[], Awaitable[bool]]:
        async def holds() -> bool:
            return any(
                "this is what we have told customers" in _text(mail) for mail in self.world.got(customer)
            )

        return holds

    async def _all_joined(self) -> bool:
        case = await self._case()
        return case is not None and len(case.tickets) == CUSTOMERS

    def _in_state(self, state: IncidentState) -> Callable[[], Awaitable[bool]]:
        async def holds() -> bool:
            case = await self._case()
            return case is not None and case.incident.state is state

        return holds

    def _heard(self, times: int) -> Callable[[], Awaitable[bool]]:
        async def holds() -> bool:
            return all(len(self.world.got(customer)) >= times for customer in self.customers)

        return holds

    def _page_says(self, what: str) -> Callable[[], Awaitable[bool]]:
        async def holds() -> bool:
            page = self.world.folder / "status.json"
            return page.exists() and what in page.read_text(encoding="utf-8")

        return holds

    def told_twice(self) -> list[str]:
        """Customers who got the same text more often than there were generations."""
        unlucky = self.customers[4]
        return [
            customer
            for customer in self.customers
            if any(
                count > (2 if customer == unlucky else 1)
                for count in Counter(_text(mail) for mail in self.world.got(customer)).values()
            )
        ]


def _text(mail: EmailMessage) -> str:
    body = mail.get_body(preferencelist=("plain", "html"))
    return "" if body is None else str(body.get_content())
