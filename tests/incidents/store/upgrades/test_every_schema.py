"""A store of any schema there was is upgraded: its rows are there, today's code reads them, and what waited goes on."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from incidents.effects import EffectKind, EffectState
from incidents.events import Lane
from incidents.models import IncidentState, PageStatus
from incidents.public_incident import PublicState
from incidents.store.alerts import episodes_of
from incidents.store.board.reading import read_board
from incidents.store.board.story import stuck_effects
from incidents.store.cases import list_incidents, load_case
from incidents.store.database import Database
from incidents.store.desk.desk import StoredDesk
from incidents.store.inbox.inbox import lease_deliveries, waiting
from incidents.store.ledger.effects import Settled, lease_effects, mark_sent, settle_effects
from incidents.store.ledger.pauses import current_pause
from incidents.store.migrate import check_schema, migrate
from incidents.store.roster.desk import StoredPageDesk
from incidents.store.status_record import StoredStatusRecord
from incidents.store.timeline import read_timeline
from tests.incidents.store.upgrades.old_stores import chain, contents, fill, missing, move

NOW = datetime(2100, 1, 1, tzinfo=UTC)
S = IncidentState
# 0005 tells agents' notes from engineers', and an action's success from other changes; 0006 says who holders are.
CHANGED = frozenset({("timeline", "kind"), ("sla_holders", "holder_kind"), ("tickets", "link_origin")})


@pytest.fixture(params=chain())
async def store(request: pytest.FixtureRequest, empty_database: Database) -> Database:
    """Each schema with its rows, upgraded as every start of Liaison does it; nothing of them is lost."""
    await move(empty_database, request.param)
    await fill(empty_database)
    before = await contents(empty_database)
    await migrate(empty_database)
    await check_schema(empty_database)
    assert missing(before, await contents(empty_database), changed=CHANGED) == []
    return empty_database


async def test_it_is_read_and_goes_on(store: Database):
    async with store.transaction() as tx:
        states = {one.name: one.state for one in await list_incidents(tx)}
        cases = [await load_case(tx, number) for number in (1, 2, 3, 4)]
        stories = [await read_timeline(tx, number) for number in (1, 2, 3, 4)]
        board = await read_board(tx, now=NOW)
        (stuck,) = [one for one in await stuck_effects(tx, 3) if one.kind is EffectKind.CUSTOMER_MESSAGE]
        deliveries = await waiting(tx)
    assert states == {"INC-1": S.CLOSED, "INC-2": S.CLOSED, "INC-3": S.ESCALATED, "INC-4": S.REPORTED}
    assert [len(case.tickets) for case in cases] == [2, 1, 1, 3]
    assert all(case.ledger for case in cases[:3])
    assert all(stories)
    assert {one.incident.name for one in board.incidents} == {"INC-3", "INC-4"}
    assert stuck.why == "the reply was lost"
    assert (deliveries.pending, deliveries.parked) == (1, 1)
    await _what_waited_goes_on(store)


async def _what_waited_goes_on(store: Database) -> None:
    async with store.transaction() as tx:
        (delivery,) = await lease_deliveries(tx, Lane.INTAKE, fence=8)
        (note,) = await lease_effects(tx, now=NOW, incident_id=3)
        await mark_sent(tx, [note])
        done = Settled(id=note.id, fence=note.fence, state=EffectState.DONE)
        assert await settle_effects(tx, [done], now=NOW) == 1
    assert delivery.verified.body == b"{}"
    assert note.effect.kind is EffectKind.TICKET_NOTE


async def test_what_later_versions_keep_is_read(empty_database: Database):
    """Mails, pages, the status page, alerts and pauses of a store of just before 0027."""
    await move(empty_database, "0025")
    await fill(empty_database)
    await migrate(empty_database)
    (ticket,) = await StoredDesk(empty_database, "mail/support").tickets(["1"])
    page = await StoredPageDesk(empty_database, "roster/own").read("liaison:9b14fd:INC-3:g1:page:search")
    (public,) = await StoredStatusRecord(empty_database, "statuspage/own").incidents(resolved_since=NOW)
    async with empty_database.transaction() as tx:
        (episode,) = await episodes_of(tx, 3)
        pause = await current_pause(tx)
        case = await load_case(tx, 3)
    assert ticket.ticket.subject == "Checkout fails"
    assert page is not None
    assert page.status is PageStatus.TRIGGERED
    assert public.updates[0].state is PublicState.INVESTIGATING
    assert episode.key == "CheckoutDown"
    assert pause is not None
    assert [one.address for one in case.affected] == ["bob@mail.example"]
    assert [one.number for one in case.updates] == [1]
    assert [one.subject for one in case.approvals] == ["status-page"]


async def test_a_way_back_that_would_lose_something_is_refused(empty_database: Database):
    """Nothing of the store is changed by it."""
    await migrate(empty_database)
    await fill(empty_database)
    before = await contents(empty_database)
    with pytest.raises(
        RuntimeError, match=r"before 0025 has no place for what is in action_pauses.*`liaison restore`"
    ):
        await move(empty_database, "0012", back=True)
    assert missing(before, await contents(empty_database)) == []


async def test_an_empty_store_goes_back_step_by_step_and_up_again(empty_database: Database):
    await migrate(empty_database)
    for revision in chain()[-2::-1]:
        await move(empty_database, revision, back=True)
    await migrate(empty_database)
    await check_schema(empty_database)
