"""A store of the version before migration 0004 is upgraded, and today's functions read it rightly.

`store_0003.json` has the rows that version wrote itself, a table after another: an outage with an agent's and an
engineer's notes and a late answer, one that an action mended, an incident by what was learnt, one by a surge, and a
champion packed in a format of then. Its people and companies are invented.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from alembic import command
from sqlalchemy import select, text, update
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.sql import bindparam

from incidents.case import EntryKind
from incidents.effects import EffectKind, EffectState, payload_from_json
from incidents.models import IncidentRef, IncidentState, JoinOrigin, Page, TicketRef
from incidents.policy.insights import InsightKind
from incidents.promises.holders import HolderKind
from incidents.sla.clock import ClockState, SlaMetric
from incidents.store.cases import list_incidents, load_case
from incidents.store.database import Database
from incidents.store.migrate import alembic_config, migrate
from incidents.store.schema.tables import effects, incidents, insight_predictions, tickets
from incidents.store.sla.breaches import breaches_of
from incidents.store.sla.clocks import all_clocks
from incidents.store.timeline import read_timeline
from insights.learning import CannotLearn
from insights.similar.learner import TaughtPairs
from insights.store.breach_promises import read_promises
from insights.store.models import champion, read_content
from insights.store.similar_past import ended_since
from insights.store.surge_reports import HeardUpTo, reports_after
from insights.store.truths import settle_routing
from insights.training.packed import unpacked

OLD_HEAD = "0003"
ROWS = json.loads(Path(__file__).with_name("store_0003.json").read_text())
LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)
H = HolderKind
S = IncidentState
K = EntryKind


@pytest.fixture
async def store(empty_database: Database) -> Database:
    """The old store, upgraded."""
    async with empty_database.transaction() as tx:
        await tx.run_sync(lambda connection: command.upgrade(alembic_config(connection), OLD_HEAD))
        for table, rows in ROWS.items():
            load = text(f"insert into {table} select * from jsonb_populate_recordset(null::{table}, :rows)")  # noqa: S608
            await tx.execute(load.bindparams(bindparam("rows", type_=JSONB)), {"rows": rows})
    await migrate(empty_database)
    return empty_database


async def test_incidents_with_their_tickets_pages_and_clocks(store: Database):
    async with store.transaction() as tx:
        states = {incident.name: incident.state for incident in await list_incidents(tx)}
        case = await load_case(tx, 1)
    assert states == {"INC-1": S.CLOSED, "INC-2": S.CLOSED, "INC-3": S.ESCALATED, "INC-4": S.REPORTED}
    assert [str(item.ticket.ref) for item in case.tickets] == ["zendesk/demo#1003", "zendesk/demo#1007"]
    assert [item.reason for item in case.tickets] == ["keyword 'checkout'"] * 2
    assert (case.instance, case.incident.responder) == ("9b14fd", "Jane Doe")
    assert len(case.page_keys) == 2, "the team's, and the next level's"


async def test_every_effect_of_then_can_be_read(store: Database):
    async with store.transaction() as tx:
        rows = (await tx.execute(select(effects))).all()
    younger = {
        EffectKind.PAGE_ACKNOWLEDGE,
        EffectKind.CHAT_ANSWER,
        EffectKind.STATUS_PAGE_OPEN,
        EffectKind.STATUS_PAGE_UPDATE,
        EffectKind.ISSUE_OPEN,
        EffectKind.ISSUE_COMMENT,
        EffectKind.OUTBOUND_MESSAGE,
        EffectKind.ALERT_ACKNOWLEDGE,
        EffectKind.ALERT_UNACKNOWLEDGE,
    }
    assert {EffectKind(row.kind) for row in rows} == set(EffectKind) - younger
    assert {EffectState(row.state) for row in rows} == {EffectState.DONE, EffectState.DEAD}
    payloads = [payload_from_json(EffectKind(row.kind), json.dumps(row.payload)) for row in rows]
    assert "Checkout" in next(one.summary for one in payloads if isinstance(one, Page))


@pytest.mark.parametrize(
    ("number", "kinds"),
    [
        (1, {K.TICKET_NOTE: ["Ada Agent", "Ada Agent"], K.NOTE: ["Jane Doe"], K.FIXED_BY_ACTION: []}),
        (2, {K.TICKET_NOTE: [], K.NOTE: [], K.FIXED_BY_ACTION: ["Liaison"], K.STATE: []}),
        (3, {K.OPENED: ["Liaison"], K.EFFECT_DEAD: ["Liaison"] * 4}),
        (4, {K.SURGE: ["Liaison"]}),
    ],
)
async def test_each_line_of_the_story_is_of_its_kind(
    store: Database, number: int, kinds: dict[EntryKind, list[str]]
):
    """Agents' notes are told from engineers', and an action's success from other changes of state."""
    async with store.transaction() as tx:
        story = await read_timeline(tx, number)
    assert {kind: [entry.actor for entry in story if entry.kind is kind] for kind in kinds} == kinds


async def test_what_helped_then(store: Database):
    async with store.transaction() as tx:
        helped = {one.incident: one.fixed_by for one in await ended_since(tx, LONG_AGO)}
    assert helped == {
        "INC-1": "Rolled back the deployment",
        "INC-2": "The action 'restart-checkout' fixed it; nobody was woken",
    }


async def test_who_joined_each_ticket_and_how_it_is_named(store: Database):
    async with store.transaction() as tx:
        heard = await reports_after(tx, HeardUpTo(seen_at=LONG_AGO), limit=100)
        refs = {(row.connection, row.id): row.ref for row in await tx.execute(select(tickets))}
    origins = {one.ticket.ref.id: one.origin for one in heard}
    assert origins == {
        "1003": JoinOrigin.RULE,
        "1007": JoinOrigin.RULE,
        "1071": JoinOrigin.RULE,
        "learnt-1": JoinOrigin.LEARNT,
        "old-70000": JoinOrigin.SURGE,
        "old-70001": JoinOrigin.SURGE,
        "old-70002": JoinOrigin.SURGE,
    }
    assert refs == {key: str(TicketRef(connection=key[0], id=key[1])) for key in refs}


async def test_promises_kept_and_broken(store: Database):
    async with store.transaction() as tx:
        clocks = await all_clocks(tx, IncidentRef(number=1))
        (breach,) = await breaches_of(tx, IncidentRef(number=1))
        (late,) = await breaches_of(tx, TicketRef(connection="zendesk/demo", id="learnt-1"))
    states = {clock.metric: clock.state for clock in clocks if clock.target is not None}
    assert states[SlaMetric.FIRST_RESPONSE] is states[SlaMetric.RESOLUTION] is ClockState.STOPPED
    assert (breach.clock_key, breach.cause) == (
        "INC-1:first_response:g1r1",
        "Payments team, paged: escalated",
    )
    assert (late.held[0].holder, late.cause) == ("group Tier 1", "group Tier 1: open")


async def test_who_had_it_when_and_who_that_is(store: Database):
    async with store.transaction() as tx:
        promises = await read_promises(tx, since=LONG_AGO, until=datetime(2100, 1, 1, tzinfo=UTC))
    holders = {str(one.clock.subject): [holder.kind for holder in one.holders] for one in promises}
    assert holders["INC-1"] == [H.NOBODY] * 3 + [H.TEAM] + [H.PERSON] * 4
    assert holders["zendesk/demo#learnt-1"] == [H.GROUP]


async def test_a_prediction_finds_its_ticket(store: Database):
    """The routing prediction of then has its truth when its incident is over."""
    async with store.transaction() as tx:
        await tx.execute(update(incidents).where(incidents.c.id == 3).values(state=S.CLOSED.value))
        await settle_routing(tx, now=datetime.now(UTC) + timedelta(days=1))
        columns = insight_predictions.c
        truth = await tx.execute(select(columns.truth).where(columns.subject == "zendesk/demo#learnt-1"))
        assert truth.scalar_one() == "search"


async def test_a_model_of_an_older_format_is_refused_with_the_cure(store: Database):
    """It stays listed as the champion, which a training replaces; nothing of its bytes is run."""
    async with store.transaction() as tx:
        known = await champion(tx, InsightKind.SIMILAR, "incident")
        assert known is not None
        content = await read_content(tx, known.id)
    with pytest.raises(CannotLearn, match=r"has format 2, this Liaison reads 3: run the flow `train`"):
        unpacked(content, TaughtPairs, key=b"key")
