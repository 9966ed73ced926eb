"""A look at a helpdesk that dies in its middle, or meets the helpdesk's limit: the next one goes on where it was."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from pydantic import SecretStr
from sqlalchemy import select

from bench.fan_out.untold import open_incident, settings_of
from blocks.zendesk import ZendeskBlock
from connectors.kit.fakes.faults import FaultKind
from connectors.kit.fakes.loopback import serving
from connectors.zendesk import Zendesk
from connectors.zendesk.fake.app import API_TOKEN, EMAIL, SIGNING_SECRET, FakeZendesk
from incidents.errors import Busy, Unreachable
from incidents.fan_out.standing_back import stands_back
from incidents.models import Comment, JoinOrigin, Ticket, TicketRef
from incidents.store.database import Database
from incidents.store.inbox.cursors import Cursor, read_place
from incidents.store.schema.tables import comments_heard
from incidents.store.tickets import link_tickets
from tasks import resources
from tasks.stages.reconcile import CHUNK, OVERLAP, reconcile_helpdesk
from tests.tasks.passing_time import PassingClock

pytestmark = pytest.mark.usefixtures("alone")

DESK = "zendesk/eu"
TICKETS = 2 * CHUNK + 20
MINUTE = timedelta(minutes=1)
PLENTY = {"updates_per_minute": 1_000_000, "requests_per_minute": 1_000_000}


@dataclass
class _Site:
    """`ids`: tickets that are solved and known, and belong to no incident."""

    database: Database
    clock: PassingClock
    zendesk: FakeZendesk
    ids: Sequence[int]

    async def place(self) -> Cursor:
        async with self.database.transaction() as tx:
            found = await read_place(tx, DESK)
        assert found is not None
        return found

    def reopen_all(self) -> None:
        """Each customer writes, one a minute: each ticket is opened again, and its comments are to be read."""
        for one in self.ids:
            self.clock.passed += MINUTE
            self.zendesk.customer_reply(one, "It is broken again")

    async def heard(self, ticket_id: int) -> int:
        query = select(comments_heard).where(comments_heard.c.ticket_id == str(ticket_id))
        async with self.database.transaction() as tx:
            return len((await tx.execute(query)).all())

    def read_now(self) -> Counter[int]:
        """How often each ticket's comments were read since this was asked last."""
        found = Counter(
            one for call in self.zendesk.api.calls for one in self.ids if f"/tickets/{one}/audits" in call
        )
        self.zendesk.api.calls.clear()
        return found

    def arm(self, kind: FaultKind, ticket_id: int, *, times: int | None = None, seconds: float = 0.0) -> None:
        self.zendesk.faults.arm(kind, where=f"/tickets/{ticket_id}/audits", times=times, seconds=seconds)


@pytest.fixture
async def site(database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[_Site]:
    clock = PassingClock()
    zendesk = FakeZendesk(clock=clock, export_lag=0, **PLENTY)
    async with serving(zendesk.app) as address:
        block = ZendeskBlock(
            base_url=address,
            email=EMAIL,
            api_token=SecretStr(API_TOKEN),
            signing_secrets=[SecretStr(SIGNING_SECRET)],
            **PLENTY,
        )
        for name, value in (await settings_of(database, tmp_path, {DESK: block})).items():
            monkeypatch.setenv(name, value)
        with resources.simulated_time(clock):
            ids = [
                zendesk.create_ticket(f"C{one}", f"c{one}@mail.example", "Broken", "It is broken")
                for one in range(TICKETS)
            ]
            for one in ids:
                zendesk.agent_solve(one, "Sam")
            clock.passed += OVERLAP
            await reconcile_helpdesk(DESK)
            found = _Site(database, clock, zendesk, ids)
            found.read_now()
            yield found
            await resources.close()


async def test_the_next_look_goes_on_where_the_last_one_was_cut_off(site: _Site):
    """Not from the beginning: under kills each half minute it would never come to an end."""
    before = await site.place()
    site.reopen_all()
    site.arm(FaultKind.OUTAGE, site.ids[CHUNK + 20])
    with pytest.raises(Unreachable):
        await reconcile_helpdesk(DESK)
    assert set(site.read_now()) >= set(site.ids[:CHUNK])
    cut = await site.place()
    assert cut.since == before.since, "what was said is asked for since the last whole look"
    assert cut.reached is not None
    assert cut.reached > before.since + (CHUNK - 1) * MINUTE
    site.zendesk.faults.clear()
    await reconcile_helpdesk(DESK)
    again = site.read_now()
    assert set(again) >= set(site.ids[CHUNK:])
    assert not set(again) & set(site.ids[: CHUNK - OVERLAP // MINUTE - 1])
    whole = await site.place()
    assert whole.reached is None
    assert whole.since > cut.reached
    assert [await site.heard(one) for one in site.ids] == [1] * TICKETS


async def test_words_older_than_the_place_are_heard_on_a_ticket_that_changed_again(site: _Site):
    """It stands in the list once, at its last change: its first word is from before the place that was reached."""
    twice = site.ids[3]
    site.reopen_all()
    site.clock.passed += MINUTE
    site.zendesk.customer_reply(twice, "And the second door, too")
    site.arm(FaultKind.OUTAGE, site.ids[CHUNK + 20])
    with pytest.raises(Unreachable):
        await reconcile_helpdesk(DESK)
    assert await site.heard(twice) == 0, "it is listed last"
    site.zendesk.faults.clear()
    await reconcile_helpdesk(DESK)
    assert await site.heard(twice) == 2


async def test_what_changed_while_the_list_was_read_is_no_place_in_it(
    site: _Site, monkeypatch: pytest.MonkeyPatch
):
    """Some helpdesks' tickets are read by themselves once they are listed, and show then what they are by then."""
    listed = Zendesk.changed_since
    site.reopen_all()
    late = str(site.ids[3])

    async def changed_since(self: Zendesk, since: datetime) -> AsyncIterator[Ticket]:
        async for ticket in listed(self, since):
            # The connector's own clock is not the simulated one, and asks for more.
            if ticket.updated_at >= since:
                is_late = ticket.ref.id == late
                yield replace(ticket, updated_at=site.clock() - MINUTE) if is_late else ticket

    monkeypatch.setattr(Zendesk, "changed_since", changed_since)
    site.arm(FaultKind.OUTAGE, site.ids[CHUNK + 20])
    with pytest.raises(Unreachable):
        await reconcile_helpdesk(DESK)
    site.zendesk.faults.clear()
    await reconcile_helpdesk(DESK)
    assert [await site.heard(one) for one in site.ids] == [1] * TICKETS


async def test_a_limit_is_sat_out_and_nothing_is_read_twice_for_it(site: _Site):
    site.reopen_all()
    site.arm(FaultKind.RATE_LIMIT, site.ids[CHUNK + 20], times=3, seconds=60)
    await reconcile_helpdesk(DESK)
    assert site.read_now() == Counter(site.ids)
    assert (await site.place()).reached is None


async def test_half_an_hours_limit_is_left_to_another_look(site: _Site):
    site.reopen_all()
    site.arm(FaultKind.RATE_LIMIT, site.ids[CHUNK + 20], seconds=1800)
    with pytest.raises(Busy):
        await reconcile_helpdesk(DESK)
    assert (await site.place()).reached is not None


async def test_what_is_most_likely_known_is_read_behind_all_others(
    site: _Site, monkeypatch: pytest.MonkeyPatch
):
    """Tickets of incidents that show no change of others' let messages and new tickets go first."""
    asked: dict[int, bool] = {}
    read = Zendesk.comments

    async def comments(self: Zendesk, ticket: Ticket, since: datetime) -> Sequence[Comment]:
        asked[int(ticket.ref.id)] = stands_back()
        return await read(self, ticket, since)

    monkeypatch.setattr(Zendesk, "comments", comments)
    incident, known, news = await open_incident(), site.ids[0], site.ids[1]
    refs = [TicketRef(connection=DESK, id=str(one)) for one in (known, news)]
    async with site.database.transaction() as tx:
        await link_tickets(tx, incident, refs, origin=JoinOrigin.RULE, reason="a test", now=site.clock())
    site.zendesk.customer_reply(news, "It is broken again")
    await reconcile_helpdesk(DESK)
    assert asked == {known: True, news: False}
