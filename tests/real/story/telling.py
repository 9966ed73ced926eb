"""The story, step by step: each step is done when its outcome can be seen where people would see it."""

from __future__ import annotations

import json
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field

from deployments.demo.told import until
from incidents.case import Case, EntryKind
from incidents.models import IncidentState
from incidents.store.cases import list_incidents, load_case
from incidents.store.database import Database
from incidents.store.inbox.listening import read_place
from incidents.store.ledger.effects import count_effects
from incidents.store.timeline import TimelineEntry, read_timeline
from tests.real.story.people import ADA, CARL, People, text_of
from tests.real.story.shop import Shop

NOTE = "the payment workers were restarted"
WHY = "many are hit"


@dataclass(kw_only=True)
class Story:
    """One telling. `seconds`: how long what took, by what it was. `ticket` is the number in RT."""

    people: People
    database: Database
    ticket: str = ""
    seconds: dict[str, float] = field(default_factory=dict)

    async def tell(self) -> None:
        """Raises `NotAsTold` where something does not come of it."""
        await until("mailbox and homeserver are listened to", self._is_listened_to, 90)
        await self._fails()
        await self._mobilised()
        await self._acknowledged()
        await self._mended()

    async def _fails(self) -> None:
        """Two customers are quicker than the monitors."""
        self.shop.fail()
        began = time.monotonic()
        await self.people.ada_writes()
        self.ticket = await self.people.carl_telephones()
        await self._timed("the first mail to the page in Ana's mailbox", began, self._ana_is_woken, 60)
        await self._timed("the first mail to both tickets in one incident", began, self._are_joined, 60)
        await self._timed(
            "the failure to its alert in the story", began, self._has(EntryKind.ALERT_FIRES), 60
        )

    async def _mobilised(self) -> None:
        """Ana comes into the room, and says there that the public may know."""
        await until("the public is asked about", self._room_says("May the public status page tell of"), 60)
        asked = time.monotonic()
        await self.people.ana_says(f"!liaison approve {WHY}")
        await self._timed("the approval to the public page", asked, self._page_says("investigating"), 60)

    async def _acknowledged(self) -> None:
        pressed = time.monotonic()
        await self.people.ana_presses()
        await self._timed("'I have it' to both customers told", pressed, self._customers_heard(1), 90)
        await self.people.ana_says(f"!liaison note {NOTE}")
        await until("the agents at RT read it", self._rt_comment_says(NOTE), 60)

    async def _mended(self) -> None:
        self.shop.mend()
        mended = time.monotonic()
        await self._timed("mended to resolved at Alertmanager", mended, self._is_quiet, 60)
        await self._timed(
            "mended to the alert's end in the story", mended, self._has(EntryKind.ALERT_ENDED), 60
        )
        pressed = time.monotonic()
        await self.people.ana_presses("/over")
        await self._timed("'it works again' to both customers told", pressed, self._customers_heard(2), 90)
        await self._timed("'it works again' to closed", pressed, self._is_closed, 60)
        await until("the issue is there", self._has_issue, 60)
        await until("the public reads the end", self._page_says("resolved"), 60)
        await until("Ana reads that it is over", self._ana_heard_the_end, 60)
        await until("RT has resolved the ticket", self._rt_has_resolved, 60)
        await until("nothing is under way any more", self._is_settled, 60)

    async def _timed(
        self, what: str, since: float, holds: Callable[[], Awaitable[bool]], patience: float
    ) -> None:
        await until(what, holds, patience)
        self.seconds[what] = round(time.monotonic() - since, 1)

    @property
    def shop(self) -> Shop:
        return self.people.servers.shop

    async def case(self) -> Case | None:
        """The incident; None until there is one."""
        async with self.database.transaction() as tx:
            found = await list_incidents(tx)
            return await load_case(tx, found[0].id) if found else None

    async def timeline(self) -> Sequence[TimelineEntry]:
        """The incident's story, as Liaison has it."""
        async with self.database.transaction() as tx:
            return await read_timeline(tx, 1)

    async def shown(self) -> str:
        """For who tells it with `-s`: how long what took, and the incident's story by the clock."""
        took = [f"{seconds:6.1f} s  {what}" for what, seconds in self.seconds.items()]
        entries = await self.timeline()
        lines = [f"{one.at:%H:%M:%S.%f}  {one.kind}  {one.actor}: {one.text[:120]!r}" for one in entries]
        return "\n".join(["", *took, "", *lines])

    # What is looked at between the steps.

    async def _is_listened_to(self) -> bool:
        async with self.database.transaction() as tx:
            mail = await read_place(tx, "mail/support") or ""
            return "Sent" in mail and "since" in (await read_place(tx, "matrix/engineering") or "")

    async def _ana_is_woken(self) -> bool:
        return any("/pages/" in text_of(mail) for mail in await self.people.notices("ana"))

    async def _are_joined(self) -> bool:
        case = await self.case()
        return case is not None and len(case.tickets) == 2

    def _has(self, kind: EntryKind) -> Callable[[], Awaitable[bool]]:
        async def holds() -> bool:
            return kind in {entry.kind for entry in await self.timeline()}

        return holds

    def _room_says(self, words: str) -> Callable[[], Awaitable[bool]]:
        async def holds() -> bool:
            return words in await self.people.said_in_room()

        return holds

    def _page_says(self, state: str) -> Callable[[], Awaitable[bool]]:
        async def holds() -> bool:
            page = await self.shop.public("status.json")
            told = json.loads(page.text)["incidents"] if page.status_code == 200 else []
            return any(said["state"] == state for one in told for said in one["updates"])

        return holds

    def _customers_heard(self, times: int) -> Callable[[], Awaitable[bool]]:
        """By mail both: Ada from us, Carl from RT, beside what RT answers by itself."""

        async def holds() -> bool:
            ada = await self.people.mails(ADA)
            carl = [mail for mail in await self.people.mails(CARL) if "INC-1" in text_of(mail)]
            return len(ada) >= times and len(carl) >= times

        return holds

    def _rt_comment_says(self, words: str) -> Callable[[], Awaitable[bool]]:
        async def holds() -> bool:
            said = await self.people.said_in_rt(self.ticket)
            return any(one.kind == "Comment" and words in one.text for one in said)

        return holds

    async def _is_quiet(self) -> bool:
        return await self.shop.firing() == ["Watchdog"]

    async def _is_closed(self) -> bool:
        case = await self.case()
        return case is not None and case.incident.state is IncidentState.CLOSED

    async def _is_settled(self) -> bool:
        async with self.database.transaction() as tx:
            return (await count_effects(tx)).open == 0

    async def _has_issue(self) -> bool:
        return bool(await self.people.issues())

    async def _ana_heard_the_end(self) -> bool:
        return any(str(mail["Subject"]).startswith("Over:") for mail in await self.people.notices("ana"))

    async def _rt_has_resolved(self) -> bool:
        return await self.people.rt_status(self.ticket) == "resolved"
