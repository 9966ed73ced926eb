"""Deliveries going out: leased oldest first, settled under the fence, parked when not understood."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from sqlalchemy import insert, select

from incidents.events import Lane
from incidents.store.database import Database
from incidents.store.inbox.inbox import (
    Delivery,
    Waiting,
    forgive_attempt,
    last_heard,
    lease_deliveries,
    lease_next_tried,
    record_rejection,
    settle_deliveries,
    waiting,
)
from incidents.store.inbox.parked import WhichParked, aside_kinds, discard, parked_deliveries, unpark
from incidents.store.schema.tables import deliveries, rejections
from tests.incidents.store.examples import HELPDESK


async def _put(
    database: Database,
    *identities: str,
    lane: Lane = Lane.INTAKE,
    connection: str = HELPDESK,
    state: str = "pending",
    is_repeatable: bool = False,
) -> None:
    async with database.transaction() as tx:
        for identity in identities:
            await tx.execute(
                insert(deliveries).values(
                    connection=connection,
                    lane=lane.value,
                    identity=identity,
                    is_repeatable=is_repeatable,
                    headers=[],
                    body=b"{}",
                    state=state,
                    attempts=1 if state == "parked" else 0,
                )
            )


async def _lease(database: Database, *, fence: int = 1, limit: int = 200) -> Sequence[Delivery]:
    async with database.transaction() as tx:
        return await lease_deliveries(tx, Lane.INTAKE, fence=fence, limit=limit)


def _names(leased: Sequence[Delivery]) -> list[str]:
    return [item.verified.identity for item in leased]


async def test_the_oldest_of_the_lane_come_first_and_no_more_than_asked_for(database: Database):
    """Another lane's deliveries are another drain's."""
    await _put(database, "a", "b")
    await _put(database, "x", lane=Lane.STATUS_SYNC)
    await _put(database, "c", "d")
    assert _names(await _lease(database, limit=3)) == ["a", "b", "c"]


async def test_what_was_leased_and_never_settled_is_leased_again_and_counted(database: Database):
    """A drain that died leaves nothing to clean up; the count tells what keeps killing drains."""
    await _put(database, "a")
    attempts = [(await _lease(database, fence=fence))[0].attempts for fence in (1, 2, 3)]
    assert attempts == [1, 2, 3]


async def test_what_is_handled_is_not_leased_again(database: Database):
    await _put(database, "a", "b", "c")
    first, second, _ = await _lease(database)
    async with database.transaction() as tx:
        await settle_deliveries(tx, fence=1, done=[first.id], parked=[(second.id, "Unrecognised: what?")])
    assert _names(await _lease(database)) == ["c"]


async def test_an_older_fence_settles_nothing(database: Database):
    """A drain that was paused past its lease: its successor has leased the same deliveries."""
    await _put(database, "a", "b")
    first, second = await _lease(database, fence=1)
    await _lease(database, fence=2)
    async with database.transaction() as tx:
        await settle_deliveries(tx, fence=1, done=[first.id], parked=[(second.id, "late")])
        assert await waiting(tx) == Waiting(pending=2, parked=0, done=0)


async def test_a_parked_delivery_keeps_its_reason(database: Database):
    """Even a reason that quotes a hostile payload."""
    await _put(database, "a")
    (leased,) = await _lease(database)
    async with database.transaction() as tx:
        await settle_deliveries(tx, fence=1, done=[], parked=[(leased.id, "no ticket in \x00\ud800")])
        row = (await tx.execute(select(deliveries))).one()
    assert (row.state, row.detail) == ("parked", "no ticket in \ufffd\ufffd")
    assert row.handled_at is not None


async def test_unparked_deliveries_are_read_again_as_if_they_were_new(database: Database):
    """After an upgrade that understands them."""
    await _put(database, "a", "b", state="parked")
    async with database.transaction() as tx:
        assert await unpark(tx) == 2
    leased = await _lease(database)
    assert [(item.verified.identity, item.attempts) for item in leased] == [("a", 1), ("b", 1)]
    async with database.transaction() as tx:
        row = (await tx.execute(select(deliveries).where(deliveries.c.id == leased[0].id))).one()
    assert (row.detail, row.handled_at) == ("", None)


async def test_one_connection_can_be_unparked_alone(database: Database):
    """And what is pending or done stays what it is."""
    await _put(database, "a", state="parked")
    await _put(database, "b", state="parked", connection="zendesk/other")
    await _put(database, "c", state="done")
    async with database.transaction() as tx:
        assert await unpark(tx, WhichParked(connection="zendesk/other")) == 1
        assert await waiting(tx) == Waiting(pending=1, parked=1, done=1)


async def test_of_equal_repeatable_deliveries_one_is_unparked(database: Database):
    """They say the same; the others are done with it, and the operator is told the true number."""
    await _put(database, "a", "a", "a", state="parked", is_repeatable=True)
    async with database.transaction() as tx:
        assert await unpark(tx) == 1
        assert await waiting(tx) == Waiting(pending=1, parked=0, done=2)


async def test_none_is_unparked_where_an_equal_one_waits(database: Database):
    """It would be the duplicate of a delivery that has come since."""
    await _put(database, "a", state="parked", is_repeatable=True)
    await _put(database, "a", is_repeatable=True)
    async with database.transaction() as tx:
        assert await unpark(tx) == 0
        assert await waiting(tx) == Waiting(pending=1, parked=0, done=1)


@pytest.mark.parametrize(
    ("lane", "expected"),
    [
        (None, Waiting(pending=3, parked=1, done=1)),
        (Lane.INTAKE, Waiting(pending=2, parked=1, done=0)),
        (Lane.STATUS_SYNC, Waiting(pending=1, parked=0, done=1)),
    ],
)
async def test_what_waits_is_counted_by_lane(database: Database, lane: Lane | None, expected: Waiting):
    await _put(database, "a", "b")
    await _put(database, "c", state="parked")
    await _put(database, "d", lane=Lane.STATUS_SYNC)
    await _put(database, "e", lane=Lane.STATUS_SYNC, state="done")
    async with database.transaction() as tx:
        assert await waiting(tx, lane) == expected


async def test_an_empty_inbox_is_counted_as_such(database: Database):
    async with database.transaction() as tx:
        assert await waiting(tx) == Waiting(pending=0, parked=0, done=0)


async def test_two_readers_never_lease_the_same_delivery(database: Database):
    """There is one drain a lane; should there be two for a moment, they share."""
    await _put(database, *"abcd")
    async with database.transaction() as one, database.transaction() as other:
        mine = await lease_deliveries(one, Lane.INTAKE, fence=1, limit=2)
        theirs = await lease_deliveries(other, Lane.INTAKE, fence=2, limit=2)
    assert (_names(mine), _names(theirs)) == (["a", "b"], ["c", "d"])


async def test_a_rejected_webhook_leaves_a_trace_without_its_body(database: Database):
    """Who forged what, and when, as far as it can be known."""
    await record_rejection(database, connection=HELPDESK, reason="signature", sha256="ab" * 32, size=17)
    async with database.transaction() as tx:
        row = (await tx.execute(select(rejections))).one()
    assert (row.connection, row.reason, row.sha256, row.size) == (HELPDESK, "signature", "ab" * 32, 17)
    assert row.at is not None


async def test_what_keeps_breaking_drains_goes_last_and_alone(database: Database):
    """Those that were tried too often are left out of the chunk; of them, the one tried last comes last."""
    await _put(database, "a", "b")
    for fence in (1, 2, 3):
        await _lease(database, fence=fence)
    await _put(database, "c")
    async with database.transaction() as tx:
        sound = await lease_deliveries(tx, Lane.INTAKE, fence=4, tried_less_than=3)
        alone = [await lease_next_tried(tx, Lane.INTAKE, fence=fence) for fence in (5, 6, 7)]
    assert _names(sound) == ["c"]
    assert [_names(one) for one in alone] == [["a"], ["b"], ["c"]]


async def test_a_forgiven_attempt_does_not_count(database: Database):
    """Only what this drain leased and did not settle, and never further down than told."""
    await _put(database, "a", "b", "done")
    await _put(database, "x", lane=Lane.STATUS_SYNC)
    leased = await _lease(database, fence=1)
    async with database.transaction() as tx:
        await settle_deliveries(tx, fence=1, done=[leased[-1].id])
    await _lease(database, fence=2, limit=1)
    async with database.transaction() as tx:
        await forgive_attempt(tx, Lane.INTAKE, fence=2, down_to=1)
        await forgive_attempt(tx, Lane.INTAKE, fence=2, down_to=1)
        rows = await tx.execute(
            select(deliveries.c.identity, deliveries.c.attempts).order_by(deliveries.c.id)
        )
    assert [tuple(row) for row in rows] == [("a", 1), ("b", 1), ("done", 1), ("x", 0)]


async def _aside(database: Database, **reasons: str) -> None:
    """One delivery for each name, parked for its reason; `ignored_...` are of a type that is not read."""
    await _put(database, *reasons)
    leased = await _lease(database)
    by_name = dict(zip(_names(leased), leased, strict=True))
    async with database.transaction() as tx:
        await settle_deliveries(
            tx,
            fence=1,
            done=[],
            parked=[
                (by_name[name].id, why) for name, why in reasons.items() if not name.startswith("ignored")
            ],
            ignored=[(by_name[name].id, why) for name, why in reasons.items() if name.startswith("ignored")],
        )


async def test_what_is_parked_is_listed_newest_first_and_counted_by_kind(database: Database):
    """Two that are missing an id are one kind; a type that is not read is another, and is not parked."""
    await _aside(database, a="id is missing", b="id is missing", c="status has a word", ignored_d="survey")
    async with database.transaction() as tx:
        listed = await parked_deliveries(tx, WhichParked(), limit=10)
        first = await parked_deliveries(tx, WhichParked(), limit=1)
        found = await aside_kinds(tx)
    assert [one.reason for one in listed] == ["status has a word", "id is missing", "id is missing"]
    assert first == listed[:1]
    assert [(one.state, one.reason, one.count) for one in found] == [
        ("parked", "id is missing", 2),
        ("parked", "status has a word", 1),
        ("ignored", "survey", 1),
    ]


async def test_some_are_read_again_and_some_are_done_with(database: Database):
    """By their reason, by their number; what is discarded is kept, and read no more."""
    await _aside(database, a="id is missing", b="100% odd", c="status has a word")
    async with database.transaction() as tx:
        assert await unpark(tx, WhichParked(reason="ID IS")) == 1
        assert await unpark(tx, WhichParked(reason="0% o")) == 1
        (left,) = await parked_deliveries(tx, WhichParked(), limit=10)
        assert await discard(tx, WhichParked(ids=(left.id + 1000,))) == 0
        assert await discard(tx, WhichParked(ids=(left.id,))) == 1
        assert await parked_deliveries(tx, WhichParked(), limit=10) == []
        assert await unpark(tx) == 0
        states = (await tx.execute(select(deliveries.c.state).order_by(deliveries.c.id))).scalars().all()
    assert states == ["pending", "pending", "discarded"]


async def test_when_a_connection_was_heard_last(database: Database):
    """Whatever became of it; another connection's word does not count."""
    async with database.transaction() as tx:
        assert await last_heard(tx, HELPDESK) is None
    await _put(database, "1", state="done")
    await _put(database, "2", connection="slack/main")
    async with database.transaction() as tx:
        heard = await last_heard(tx, HELPDESK)
        asked = select(deliveries.c.received_at).where(deliveries.c.identity == "1")
        assert heard == (await tx.execute(asked)).scalar_one()
