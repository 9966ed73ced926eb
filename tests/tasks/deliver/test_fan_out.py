"""An update to many against a helpdesk that counts: nobody is told twice, whatever ends in the middle of it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

import pytest
from pydantic import SecretStr
from sqlalchemy import DateTime, text, update
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from bench.fan_out.untold import NAMED, SAME, open_incident, plan_messages, settings_of
from blocks.zendesk import ZendeskBlock
from connectors.kit.fakes.faults import FaultKind
from connectors.kit.fakes.loopback import serving
from connectors.zendesk.fake.app import API_TOKEN, EMAIL, SIGNING_SECRET, FakeZendesk
from incidents.effects import EffectState
from incidents.ports import Helpdesk
from incidents.store.database import Database
from incidents.store.ledger.due import incidents_with_due_effects
from incidents.store.ledger.fan_outs import FanOutProgress, fan_outs_under_way, read_progress
from incidents.store.schema.tables import effects, metadata
from tasks import resources
from tasks.deliver.deliver import deliver
from tasks.deliver.progress import finish_fan_outs
from tests.tasks.passing_time import PassingClock

pytestmark = pytest.mark.usefixtures("alone")

DESK = "zendesk/support"
A_MINUTE = 30
"""So many updates the account takes a minute."""
# A pace's window is a fiftieth longer than the vendor's minute, and what is quick has all of it before it.
WINDOW, PAST_EVERY_LEASE = timedelta(seconds=62), timedelta(minutes=3)


@dataclass
class _Cut:
    """What stands before the helpdesk, and can end whoever calls: after the work of call `after` was done."""

    app: ASGIApp
    after: int | None = None
    calls: int = 0
    whom: asyncio.Task[None] | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        is_update = scope["method"] == "PUT" and "/tickets/" in scope["path"]
        self.calls += is_update
        if not is_update or self.calls != self.after or self.whom is None:
            await self.app(scope, receive, send)
            return

        async def unheard(message: Message) -> None:
            del message

        await self.app(scope, receive, unheard)
        self.whom.cancel()


@dataclass
class _Site:
    database: Database
    clock: PassingClock
    zendesk: FakeZendesk
    door: _Cut
    tickets: list[int] = field(default_factory=list)

    async def wait_for(self, count: int, template: str = NAMED) -> int:
        """So many customers wait for a message; returns the incident."""
        self.tickets = [
            self.zendesk.create_ticket(
                f"Customer {one}", f"c{one}@mail.example", "Checkout fails", "I tried three times."
            )
            for one in range(count)
        ]
        incident = await open_incident()
        helpdesk = await resources.connect(DESK, Helpdesk)
        await plan_messages(incident, helpdesk, self.tickets, template=template)
        return incident

    async def start_anew(self, after: timedelta = timedelta(0)) -> None:
        """A new process, later: for the store every moment is longer ago, and the helpdesk's clock goes on."""
        await resources.close()
        async with self.database.transaction() as tx:
            for table in metadata.sorted_tables:
                moments = {
                    column: column - after for column in table.columns if isinstance(column.type, DateTime)
                }
                if moments:
                    await tx.execute(update(table).values(moments))
            # When its page was begun is kept as JSON.
            await tx.execute(
                text(
                    "update meta set value = cast(jsonb_set(cast(value as jsonb), '{began_at}', to_jsonb("
                    " cast(cast(value as jsonb) ->> 'began_at' as timestamptz) - cast(:after as interval))) as text)"
                    " where key like 'fan_out:%'"
                ),
                {"after": after},
            )
        self.clock.passed += after

    def told(self) -> list[int]:
        """How often each customer was told."""
        return [len(self.zendesk.public_replies(ticket)) for ticket in self.tickets]

    async def states(self) -> list[EffectState]:
        async with self.database.transaction() as tx:
            rows = await tx.execute(effects.select().order_by(effects.c.id))
            return [EffectState(row.state) for row in rows]

    async def progress(self) -> FanOutProgress | None:
        async with self.database.transaction() as tx:
            return await read_progress(tx, 1)


@pytest.fixture
async def site(database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[_Site]:
    clock = PassingClock()
    zendesk = FakeZendesk(updates_per_minute=A_MINUTE, clock=clock)
    zendesk.api.jobs.looks = 0
    site = _Site(database, clock, zendesk, _Cut(zendesk.app))
    async with serving(site.door) as address:
        block = ZendeskBlock(
            base_url=address,
            email=EMAIL,
            api_token=SecretStr(API_TOKEN),
            signing_secrets=[SecretStr(SIGNING_SECRET)],
            updates_per_minute=A_MINUTE,
            job_poll_seconds=0.01,
        )
        for name, value in (await settings_of(database, tmp_path, {DESK: block})).items():
            monkeypatch.setenv(name, value)
        yield site
        await resources.close()


async def test_what_the_limit_allows_goes_and_the_rest_has_its_time(site: _Site):
    """Thirty of a hundred; not one call is refused, and nobody takes the rest for forgotten before its time."""
    incident = await site.wait_for(100)
    await deliver(incident)
    assert sum(site.told()) == site.door.calls == A_MINUTE
    progress = await site.progress()
    assert progress is not None
    (desk,) = progress.helpdesks
    assert (desk.connection, desk.told, desk.left, desk.given_up) == (DESK, 30, 70, 0)
    now = resources.utc_now()
    assert desk.next_at is not None
    assert timedelta(seconds=50) < desk.next_at - now <= WINDOW
    # The seventy take three more windows, the last one begun.
    assert desk.ends_at is not None
    assert timedelta(seconds=170) < desk.ends_at - now < timedelta(seconds=190)
    async with site.database.transaction() as tx:
        assert await incidents_with_due_effects(tx, now=now) == []


async def test_a_text_for_all_goes_in_calls_for_many(site: _Site):
    """Two hundred in two calls, whatever the limit on single ones."""
    incident = await site.wait_for(200, SAME)
    await deliver(incident)
    assert site.told() == [1] * 200
    assert site.door.calls == 2
    assert await site.progress() is None, "what is over at once has no page"


async def test_a_process_that_is_started_anew_knows_what_was_sent(site: _Site):
    """Its own count of calls is empty; the ledger's is not. So it waits for the window, and tells when all are told."""
    incident = await site.wait_for(70)
    await deliver(incident)
    before = await site.progress()
    await site.start_anew()
    await deliver(incident)
    assert sum(site.told()) == site.door.calls == 30, "none was refused, as none was tried"
    for told in (60, 70):
        await site.start_anew(WINDOW)
        await deliver(incident)
        assert sum(site.told()) == site.door.calls == told
    assert site.told() == [1] * 70
    after = await site.progress()
    assert before is not None
    assert after is not None
    assert after.is_over
    assert after.helpdesks[0].told == 70
    assert after.began_at == before.began_at - 2 * WINDOW, "it is one page from the beginning to the end"


@pytest.mark.parametrize("cut_after", [1, 12, 30])
async def test_cut_off_in_the_middle(site: _Site, cut_after: int):
    """The worker dies while calls are under way, the reply to one never heard. All others are told once by the next
    ones; what was under way is looked up, and who was not told then waits for a person. Nobody hears it twice."""
    incident = await site.wait_for(70)
    site.door.after = cut_after
    site.door.whom = asyncio.create_task(deliver(incident))
    with pytest.raises(asyncio.CancelledError):
        await site.door.whom
    assert sum(site.told()) >= cut_after
    for _ in range(4):
        await site.start_anew(PAST_EVERY_LEASE)
        await deliver(incident)
    states = await site.states()
    held = states.count(EffectState.HELD)
    assert states.count(EffectState.DONE) == 70 - held
    assert held <= 4, "no more than were under way"
    assert [int(state is EffectState.DONE) for state in states] == site.told()
    progress = await site.progress()
    assert progress is not None
    assert progress.is_over
    (desk,) = progress.helpdesks
    assert (desk.told, desk.given_up) == (70 - held, held)


async def test_a_page_that_was_not_ended_is_ended_by_the_next_run(site: _Site):
    """While Prefect is away nothing is shown, and nothing is taken for shown."""
    incident = await site.wait_for(40)
    await deliver(incident)
    await site.start_anew(WINDOW)
    await deliver(incident)
    await finish_fan_outs()
    async with site.database.transaction() as tx:
        assert await fan_outs_under_way(tx) == [incident]


async def test_the_most_urgent_first(site: _Site):
    """A gold customer came last, and one whose promise breaks in a minute before that."""
    incident = await site.wait_for(100)
    async with site.database.transaction() as tx:
        await tx.execute(
            text("update tickets set tier = 'gold' where id = :id"), {"id": str(site.tickets[99])}
        )
        await tx.execute(
            text(
                "insert into sla_clocks (key, subject, connection, ticket_id, metric, generation, round, policy,"
                " calendar, target, warnings, started_at, running_since, is_withdrawn, stretches, told, worked, due_at)"
                " values ('k', :subject, :connection, :id, 'first_response', 1, 1, 'all', 'always', interval '1 hour',"
                " '[]', now(), now(), false, '[]', '[]', interval '0', now() + interval '1 minute')"
            ),
            {"subject": f"{DESK}#{site.tickets[98]}", "connection": DESK, "id": str(site.tickets[98])},
        )
    await deliver(incident)
    told = site.told()
    assert (told[98], told[99]) == (1, 1)
    assert sum(told[:28]) == 28


async def test_a_helpdesk_that_is_away_is_not_asked_for_each(site: _Site):
    """One round meets the outage; the others are put off, and told when it is back."""
    incident = await site.wait_for(70)
    site.zendesk.faults.arm(FaultKind.OUTAGE, times=None)
    await deliver(incident)
    assert site.door.calls == 0, "it cannot be read, so nothing is sent"
    async with site.database.transaction() as tx:
        assert await incidents_with_due_effects(tx, now=resources.utc_now()) == []
    site.zendesk.faults.clear()
    for _ in range(4):
        await site.start_anew(PAST_EVERY_LEASE)
        await deliver(incident)
    assert site.told() == [1] * 70
