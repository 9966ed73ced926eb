"""What webhooks missed: nothing is lost while nobody listens, nothing is found twice, and the page says what it was."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from prefect.blocks.core import Block
from pydantic import SecretStr
from sqlalchemy import func, select

from bench.fan_out.untold import settings_of
from blocks.requesttracker import RequestTrackerBlock
from blocks.zammad import ZammadBlock
from blocks.zendesk import ZendeskBlock
from connectors.kit.fakes.loopback import serving
from connectors.requesttracker.fake.app import PASSWORD, USER, FakeRequestTracker
from connectors.zammad.fake.app import API_TOKEN as ZAMMAD_TOKEN
from connectors.zammad.fake.app import FakeZammad
from connectors.zendesk.fake.app import API_TOKEN, EMAIL, SIGNING_SECRET, FakeZendesk
from incidents.errors import NotAllowed
from incidents.models import Departure, Ticket, TicketRef, TicketStatus
from incidents.store.database import Database
from incidents.store.schema.tables import comments_heard, tickets
from incidents.store.tickets import KnownTicket, known_tickets, open_tickets, save_tickets
from tasks import resources
from tasks.pages.missed import missed_page, missed_title
from tasks.stages.missed import LookedAt, MissedChange, missed_changes
from tasks.stages.reconcile import reconcile_helpdesk
from tests.incidents.store.examples import HELPDESK, ticket
from tests.tasks.passing_time import PassingClock

pytestmark = pytest.mark.usefixtures("alone")

NOW = datetime(2026, 11, 30, 12, 0, tzinfo=UTC)
LONG_AGO = NOW - timedelta(hours=2)
SECRET = "the-signing-secret-of-a-test"
AWAY = timedelta(hours=2)
EACH = 125
"""So many old ones and as many new ones change at each helpdesk: a thousand in all."""


def seen(status: TicketStatus = TicketStatus.OPEN, *, at: datetime = LONG_AGO, **changes: object) -> Ticket:
    return ticket(status=status, updated_at=at, version=int(at.timestamp()), **changes)


def known(found: Ticket, incident: int | None = None) -> dict[TicketRef, KnownTicket]:
    return {found.ref: KnownTicket(ticket=found, incident_id=incident)}


BEFORE = seen(at=LONG_AGO - timedelta(hours=1))
BUSY = seen(requester=replace(BEFORE.requester, id="9"))


@pytest.mark.parametrize(
    ("before", "after", "incident", "is_ours", "what"),
    [
        (None, seen(), None, False, ("new", "taken in")),
        (None, seen(), 7, False, ("new", "joined to INC-7")),
        (BEFORE, seen(TicketStatus.SOLVED), 7, False, ("open → solved", "INC-7 was told")),
        (BEFORE, seen(gone=Departure.DELETED), None, False, ("gone: deleted", "taken in")),
        (BEFORE, BUSY, None, False, ("another customer", "taken in")),
        (BEFORE, seen(), None, False, ("written on, or changed otherwise", "taken in")),
        # Our own note made it newer; a status that somebody set meanwhile is news all the same.
        (BEFORE, seen(), 7, True, None),
        (BEFORE, seen(TicketStatus.SOLVED), 7, True, ("open → solved", "INC-7 was told")),
        (BEFORE, BEFORE, 7, False, None),
        # It may yet be told.
        (BEFORE, seen(TicketStatus.SOLVED, at=NOW - timedelta(minutes=1)), 7, False, None),
    ],
)
def test_what_was_missed(
    before: Ticket | None,
    after: Ticket,
    incident: int | None,
    is_ours: bool,
    what: tuple[str, str] | None,
):
    joined = incident if before is not None else None
    found = missed_changes(
        {} if before is None else known(before, joined),
        known(after, incident),
        [after],
        {after.ref} if is_ours else set(),
        now=NOW,
    )
    assert [(one.what, one.done) for one in found] == ([] if what is None else [what])
    assert [one.since for one in found] == [after.updated_at] * len(found)


def test_the_page():
    changes = [
        MissedChange(what="new", subject=f"{HELPDESK}#{number}", since=LONG_AGO, done="joined to INC-7")
        for number in range(12)
    ]
    looks = [
        LookedAt(connection=HELPDESK, looked=40, missed=tuple(changes)),
        LookedAt(connection="zammad/shop", looked=3),
        LookedAt(connection="mail/desk", why_not="mail: <no> answer"),
    ]
    assert missed_title(looks) == "12 change(s) that no webhook told; not looked at: mail/desk"
    page = missed_page(looks, now=NOW)
    assert "| new | 12 | 11-30 10:00 UTC | joined to INC-7 | zendesk/support\\#0, " in page
    assert " and 2 more |" in page
    assert (
        "**mail/desk could not be looked at**: mail: &lt;no&gt; answer. It will be, from the last look on."
        in page
    )
    assert "| zammad/shop | 3 |" in page


def test_the_page_is_calm_where_nothing_differed():
    looks = [LookedAt(connection=HELPDESK, looked=40), LookedAt(connection="zammad/shop", looked=3)]
    assert missed_title(looks) == "webhooks missed nothing"
    page = missed_page(looks, now=NOW)
    assert "**Nothing: everything that was looked at is as the webhooks told it.**" in page
    assert "liaison check" not in page


@dataclass
class _Desk:
    """A helpdesk of the test. `change` lets a customer write and an agent settle a ticket."""

    name: str
    create: Callable[..., int]
    solve: Callable[[int], object]

    def write(self, count: int, word: str) -> list[int]:
        return [
            self.create(f"{word} {one}", f"{word}{one}@mail.example", "A question", "How does it work?")
            for one in range(count)
        ]


@dataclass
class _Site:
    database: Database
    clock: PassingClock
    zendesk: FakeZendesk
    tracker: FakeRequestTracker
    desks: list[_Desk]

    async def counts(self) -> tuple[int, int]:
        """Tickets known, and those settled among them."""
        settled = [status.value for status in TicketStatus if status.is_settled]
        async with self.database.transaction() as tx:
            all_of_them = (await tx.execute(select(func.count()).select_from(tickets))).scalar_one()
            query = select(func.count()).select_from(tickets).where(tickets.c.status.in_(settled))
            return all_of_them, (await tx.execute(query)).scalar_one()

    async def look(self) -> list[LookedAt]:
        found = []
        for desk in self.desks:
            looked = await reconcile_helpdesk(desk.name)
            assert looked is not None
            found.append(looked.looked_at)
        return found


@pytest.fixture
async def site(database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[_Site]:
    """Two Zendesks, a Request Tracker and a Zammad, by one clock that goes on when told."""
    clock = PassingClock()
    plenty = {"updates_per_minute": 1_000_000, "requests_per_minute": 1_000_000}
    first, second = (FakeZendesk(clock=clock, export_lag=0, **plenty) for _ in range(2))
    tracker = FakeRequestTracker(clock=clock, secret=SECRET)
    zammad = FakeZammad(clock=clock, search_lag=0)

    def a_zendesk(address: str) -> Block:
        secrets = [SecretStr(SIGNING_SECRET)]
        return ZendeskBlock(
            base_url=address, email=EMAIL, api_token=SecretStr(API_TOKEN), signing_secrets=secrets, **plenty
        )

    def a_tracker(address: str) -> Block:
        return RequestTrackerBlock(
            base_url=address,
            user=USER,
            password=SecretStr(PASSWORD),
            signing_secrets=[SecretStr(SECRET)],
            requests_per_minute=1_000_000,
        )

    def a_zammad(address: str) -> Block:
        return ZammadBlock(
            base_url=address,
            api_token=SecretStr(ZAMMAD_TOKEN),
            signing_secrets=[SecretStr(SECRET)],
            requests_per_minute=1_000_000,
        )

    desks = [
        _Desk("zendesk/eu", first.create_ticket, lambda one: first.agent_solve(one, "Sam")),
        _Desk("zendesk/us", second.create_ticket, lambda one: second.agent_solve(one, "Sam")),
        _Desk("requesttracker/shop", tracker.create_ticket, lambda one: tracker.set_status(one, "resolved")),
        _Desk("zammad/shop", zammad.create_ticket, lambda one: zammad.customer_reply(one, "And now?")),
    ]
    async with (
        serving(first.app) as eu,
        serving(second.app) as us,
        serving(tracker.app) as rt,
        serving(zammad.app) as shop,
    ):
        blocks = {
            "zendesk/eu": a_zendesk(eu),
            "zendesk/us": a_zendesk(us),
            "requesttracker/shop": a_tracker(rt),
            "zammad/shop": a_zammad(shop),
        }
        for name, value in (await settings_of(database, tmp_path, blocks)).items():
            monkeypatch.setenv(name, value)
        with resources.simulated_time(clock):
            yield _Site(database, clock, first, tracker, desks)
            await resources.close()


async def test_two_hours_away_while_a_thousand_tickets_change_at_four_helpdesks(site: _Site):
    """Nobody listened: the first look afterwards finds them all, with what differed; the next one finds nothing."""
    old = {desk.name: desk.write(EACH, "Old") for desk in site.desks}
    await site.look()
    assert await site.counts() == (4 * EACH, 0)
    site.clock.passed += AWAY / 2
    for desk in site.desks:
        for one in old[desk.name]:
            desk.solve(one)
        desk.write(EACH, "New")
    site.clock.passed += AWAY / 2
    looks = await site.look()
    found = {look.connection: [one.what for one in look.missed] for look in looks}
    solved = dict.fromkeys(("zendesk/eu", "zendesk/us", "requesttracker/shop"), "open → solved")
    for desk in site.desks:
        differed = found[desk.name]
        assert differed.count("new") == EACH
        assert len(differed) == 2 * EACH
        if desk.name in solved:
            assert sum(what.endswith("solved") for what in differed) == EACH
    assert await site.counts() == (8 * EACH, 3 * EACH)
    async with site.database.transaction() as tx:
        heard = (await tx.execute(select(func.count()).select_from(comments_heard))).scalar_one()
    assert [look.missed for look in await site.look()] == [()] * 4, "none is found twice"
    assert await site.counts() == (8 * EACH, 3 * EACH)
    async with site.database.transaction() as tx:
        assert (await tx.execute(select(func.count()).select_from(comments_heard))).scalar_one() == heard


async def _deleted(site: _Site, name: str, ids: list[int]) -> int:
    async with site.database.transaction() as tx:
        found = await known_tickets(tx, [TicketRef(connection=name, id=str(one)) for one in ids])
    return sum(one.ticket.gone is Departure.DELETED for one in found.values())


async def test_endings_that_no_list_shows_are_found_within_the_hour(site: _Site):
    """Request Tracker leaves deleted tickets out of every search: each open one is read once in an hour."""
    rt = next(desk for desk in site.desks if desk.name.startswith("requesttracker"))
    ids = rt.write(30, "Old")
    await site.look()
    site.clock.passed += AWAY
    for one in ids[:2]:
        site.tracker.set_status(one, "deleted")
    missed: list[str] = []
    for _ in range(12):
        site.clock.passed += timedelta(minutes=5)
        looked = await reconcile_helpdesk(rt.name)
        assert looked is not None
        missed += [one.what for one in looked.looked_at.missed]
    assert await _deleted(site, rt.name, ids) == 2
    assert missed.count("gone: deleted") == 2


async def test_rights_that_were_lost_are_no_deletions(site: _Site):
    """All open tickets vanish at once: that is said, and not one promise ends for it."""
    rt = next(desk for desk in site.desks if desk.name.startswith("requesttracker"))
    ids = rt.write(120, "Old")
    await site.look()
    site.clock.passed += AWAY
    for one in ids:
        site.tracker.set_status(one, "deleted")
    with pytest.raises(NotAllowed, match="not shown to us any more"):
        await reconcile_helpdesk(rt.name)
    assert await _deleted(site, rt.name, ids) == 0


async def test_each_open_ticket_is_in_one_part(database: Database):
    """Open ones only, of one connection, each in one part of twelve."""
    async with database.transaction() as tx:
        await save_tickets(tx, [ticket(number) for number in range(60)])
        await save_tickets(tx, [ticket(99, status=TicketStatus.SOLVED)])
        parts = [await open_tickets(tx, HELPDESK, part=part, parts=12, at_most=50) for part in range(12)]
        assert await open_tickets(tx, "zendesk/other", part=0, parts=1, at_most=50) == []
    assert sorted(int(ref.id) for part in parts for ref in part) == list(range(60))
    assert all(0 < len(part) < 20 for part in parts)
