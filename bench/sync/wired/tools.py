"""The tools of a wired history: `bench.sync.tools` in what they offer, with a connector and its vendor's fake inside.

What a vendor sends is verified and read by its connector at once, as the gateway does; when it is heard, how often and
in which order is the history's to say.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from bench.sync.wired.behind import Behind, Delivery
from connectors.kit.fakes.in_process import InProcessTransport
from connectors.pagerduty import PagerDuty, PagerDutySettings
from connectors.pagerduty.fake.app import API_TOKEN, FROM_EMAIL, ROUTING_KEY, SIGNING_SECRET, FakePagerDuty
from incidents.effects import Effect, EffectKind, NoteText
from incidents.events import PageChange, PageEvent, TicketEvent
from incidents.models import (
    Author,
    ChangeOutcome,
    Comment,
    Page,
    PageState,
    PageStatus,
    Ticket,
    TicketStatus,
)
from tasks.deliver.tickets import ticket_change

_EVER = datetime(2020, 1, 1, tzinfo=UTC)
_PEOPLE = {"Ana": "Jane Doe", "Bo": "Omar Haddad"}


@dataclass(frozen=True)
class Vendor:
    """Whose tool it is."""

    vendor: str


class _Tickets(Mapping[str, Ticket]):
    """The tickets as the helpdesk's connector reads them now."""

    def __init__(self, desk: WiredDesk) -> None:
        self._desk = desk
        self.ids: list[str] = []

    def __getitem__(self, id: str) -> Ticket:
        (found,) = self._desk.run(self._desk.behind.connector.read([id]))
        return found

    def __iter__(self) -> Iterator[str]:
        return iter(self.ids)

    def __len__(self) -> int:
        return len(self.ids)


class WiredDesk:
    """A helpdesk; `told` are its webhooks that nobody has heard yet, read."""

    def __init__(
        self, name: str, vendor: str, behind: Behind, clock: Callable[[], datetime], runner: asyncio.Runner
    ) -> None:
        self.name = name
        self.manner = Vendor(vendor)
        self.behind = behind
        self.run = runner.run
        self.tickets = _Tickets(self)
        self.told: list[TicketEvent] = []
        self.writes = 0
        self._clock = clock
        self._begun: set[str] = set()

    @property
    def comments(self) -> Mapping[str, Sequence[Comment]]:
        """What stands on each ticket, as the connector reads it."""
        return {ticket: self.since(ticket, _EVER) for ticket in self.tickets}

    def open(self, number: int) -> None:
        """A new ticket, of which nothing is told."""
        self.tickets.ids.append(self.behind.open(number))
        self.run(self.behind.sent())

    def say(self, ticket: str, author: Author, words: str, *, is_public: bool) -> None:
        """A customer's answer or an agent's note."""
        del is_public  # the author says it
        self.behind.say(ticket, author, words)
        self._collect()

    def set_status(self, ticket: str, status: TicketStatus, *, by_us: bool) -> None:
        """A status of an agent's; the one it has is no change."""
        del by_us  # we write by `do`
        if self.tickets[ticket].status is not status:
            self.behind.set_status(ticket, status)
            self._collect()

    def changed(self, since: datetime) -> Sequence[Ticket]:
        """What the poll finds."""

        async def polled() -> list[Ticket]:
            return [one async for one in self.behind.connector.changed_since(since)]

        return self.run(polled())

    def since(self, ticket: str, moment: datetime) -> Sequence[Comment]:
        """What was said on the ticket since then."""
        return self.run(self.behind.connector.comments(self.tickets[ticket], moment))

    def do(self, effect: Effect) -> int | None:
        """A write of ours; one that was begun before is looked up first. Returns the version where the vendor tells."""
        connector, known = self.behind.connector, effect.key in self._begun
        self._begun.add(effect.key)
        if known and self.run(connector.was_done(effect.target, effect.once)):
            return None
        self.writes += not known
        (outcome,) = self.run(connector.update([effect.target], ticket_change(effect), once=effect.once))
        if outcome.outcome is not ChangeOutcome.DONE:
            raise RuntimeError(f"{effect.key}: {outcome.outcome} {outcome.detail}")
        self._collect()
        return outcome.version

    def _collect(self) -> None:
        connector = self.behind.connector
        for headers, body in self.run(self.behind.sent()):
            verified = connector.verify(headers, body, now=self._clock())
            self.told += [one for one in connector.events(verified) if isinstance(one, TicketEvent)]


class _Pages(Mapping[str, PageState]):
    """The pages as PagerDuty's connector reads them now."""

    def __init__(self, pager: WiredPager) -> None:
        self._pager = pager
        self.keys_made: list[str] = []

    def __getitem__(self, key: str) -> PageState:
        found = self._pager.run(self._pager.connector.read(key))
        if found is None:
            raise KeyError(key)
        return found

    def __iter__(self) -> Iterator[str]:
        return iter(self.keys_made)

    def __len__(self) -> int:
        return len(self.keys_made)


class _Notes(Mapping[str, Sequence[PageEvent]]):
    """What is written on each page."""

    def __init__(self, pager: WiredPager) -> None:
        self._pager = pager

    def __getitem__(self, key: str) -> Sequence[PageEvent]:
        return [replace(one, key=key) for one in self._pager.run(self._pager.connector.notes(key))]

    def __iter__(self) -> Iterator[str]:
        return iter(self._pager.pages)

    def __len__(self) -> int:
        return len(self._pager.pages)


class WiredPager:
    """PagerDuty."""

    manner = Vendor("pagerduty")

    def __init__(self, name: str, clock: Callable[[], datetime], runner: asyncio.Runner) -> None:
        self.name = name
        self.run = runner.run
        self.told: list[PageEvent] = []
        self.writes = 0
        self._clock = clock
        self._begun: set[str] = set()
        self._keys: dict[str, str] = {}
        self._taken: list[Delivery] = []
        self.fake = FakePagerDuty(
            routing_keys={"": ROUTING_KEY, "payments": ROUTING_KEY[::-1]}, webhook_url="https://gateway.example/p",
            on_call={"": "Jane Doe", "payments": "Jane Doe"}, deliver=self._take, retry_delays=(), clock=clock,
            events_a_minute=1_000_000, requests_a_minute=1_000_000,
        )  # fmt: skip
        settings = PagerDutySettings.model_validate(
            {
                "api_token": API_TOKEN, "from_email": FROM_EMAIL, "routing_key": ROUTING_KEY,
                "routing_keys": {"payments": ROUTING_KEY[::-1]}, "signing_secrets": [SIGNING_SECRET],
            }
        )  # fmt: skip
        self.connector = PagerDuty(name, settings, transport=InProcessTransport(self.fake.app))
        self.pages = _Pages(self)
        self.notes = _Notes(self)

    def do(self, effect: Effect) -> str | None:
        """A write of ours, by the key that makes it happen once; the page's id for a page."""
        self.writes += effect.key not in self._begun
        self._begun.add(effect.key)
        key, connector = effect.target, self.connector
        if effect.kind is EffectKind.PAGE:
            assert isinstance(effect.payload, Page)
            self.run(connector.page(effect.payload, once=key))
            if key not in self.pages.keys_made:
                self.pages.keys_made.append(key)
            self._keys[self.pages[key].page_id] = key
        elif effect.kind is EffectKind.PAGE_NOTE:
            assert isinstance(effect.payload, NoteText)
            self.run(connector.add_note(key, effect.payload.text, once=effect.once))
        elif effect.kind is EffectKind.PAGE_ACKNOWLEDGE:
            self.run(connector.acknowledge(key, once=effect.once))
        elif effect.kind is EffectKind.PAGE_RESOLVE:
            self.run(connector.resolve(key, once=effect.once))
        self._collect()
        return self.pages[key].page_id if effect.kind is EffectKind.PAGE else None

    def catch_up(self) -> None:
        """PagerDuty has done it already."""

    def person(self, key: str, change: PageChange, who: str, words: str = "") -> None:
        """What an engineer does to a page, if it can be done to it as it is."""
        page, name = self.pages[key], _PEOPLE[who]
        if change is PageChange.NOTED:
            self.fake.add_note(page.page_id, name, words)
        elif change is PageChange.ACKNOWLEDGED and page.status is PageStatus.TRIGGERED:
            self.fake.acknowledge(page.page_id, name)
        elif change is PageChange.UNACKNOWLEDGED and page.status is PageStatus.ACKNOWLEDGED:
            self.fake.unacknowledge(page.page_id)
        elif change is PageChange.RESOLVED and page.status is not PageStatus.RESOLVED:
            self.fake.resolve(page.page_id, name)
        elif change is PageChange.REOPENED and page.status is PageStatus.RESOLVED:
            self.fake.reopen(page.page_id, name)
        self._collect()

    def _collect(self) -> None:
        self.run(self.fake.settle())
        taken, self._taken = self._taken, []
        for headers, body in taken:
            verified = self.connector.verify(headers, body, now=self._clock())
            events = [one for one in self.connector.events(verified) if isinstance(one, PageEvent)]
            # The inbox knows a page by its id once the page has been read (`effects.result`).
            self.told += [
                replace(one, key=self._keys[one.page_id]) for one in events if one.page_id in self._keys
            ]

    async def _take(self, url: str, headers: dict[str, str], body: bytes) -> int:
        del url
        self._taken.append((list(headers.items()), body))
        return 200
