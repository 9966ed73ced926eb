"""What effects wrote: kept from the moment they set out, told of while it may have been done."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

import pytest
from sqlalchemy import text

from incidents.effects import (
    ActionCall,
    Effect,
    EffectKind,
    EffectState,
    NoteText,
    Nothing,
    RoomRequest,
    StatusChange,
    Written,
    WrittenField,
    value_hash,
    written_by,
)
from incidents.models import ChatMessage, Incident, InternalText, Page, Severity, TicketStatus
from incidents.store.database import Database
from incidents.store.ledger.effects import (
    Leased,
    Settled,
    count_effects,
    lease_effects,
    mark_sent,
    plan_effects,
    settle_effects,
)
from incidents.store.ledger.written import record_departures, record_done, written_on
from incidents.store.retention import empty_payloads
from tasks.deliver.settling import overtaken
from tests.incidents.store.examples import HELPDESK, NOW, effect

STATUS = WrittenField.TICKET_STATUS
OBJECT = (HELPDESK, "7")
SOLVED = value_hash("solved")


def solving(incident: Incident, key: str = "s", *, ticket: str = "7") -> Effect:
    change = StatusChange(status=TicketStatus.SOLVED)
    return effect(key, incident_id=incident.id, kind=EffectKind.TICKET_STATUS, target=ticket, payload=change)


async def set_out(database: Database, *effects: Effect, actor: str = "") -> Sequence[Leased]:
    async with database.transaction() as tx:
        await plan_effects(tx, effects)
        leased = await lease_effects(tx, now=NOW)
    async with database.transaction() as tx:
        ours = await mark_sent(tx, leased)
        await record_departures(tx, ours, actor=actor)
    return ours


async def settle(
    database: Database, leased: Sequence[Leased], state: EffectState, *, version: int | None = None
) -> None:
    settled = [Settled(id=one.id, fence=one.fence, state=state, version=version) for one in leased]
    async with database.transaction() as tx:
        await settle_effects(tx, settled, now=NOW)
        await record_done(tx, leased, settled)


async def written(database: Database, *fields: WrittenField) -> Sequence[Written]:
    async with database.transaction() as tx:
        return (await written_on(tx, [OBJECT], *(fields or (STATUS,)))).get(OBJECT, ())


async def test_nothing_is_written_before_it_sets_out(database: Database, incident: Incident):
    async with database.transaction() as tx:
        await plan_effects(tx, [solving(incident)])
        await lease_effects(tx, now=NOW)
    assert await written(database) == ()


async def test_what_is_on_its_way_is_known_by_its_hash(database: Database, incident: Incident):
    """Its echo may be quicker than the call's answer."""
    await set_out(database, solving(incident), actor="4711")
    (ours,) = await written(database)
    assert (ours.connection, ours.object, ours.field) == (HELPDESK, "7", STATUS)
    assert (ours.hash, ours.actor, ours.version, ours.until) == (SOLVED, "4711", None, None)
    assert ours.is_sending


async def test_what_is_done_has_its_end_and_the_vendors_version(database: Database, incident: Incident):
    leased = await set_out(database, solving(incident), actor="4711")
    await settle(database, leased, EffectState.DONE, version=12)
    (ours,) = await written(database)
    assert (ours.actor, ours.version, ours.until) == ("4711", 12, NOW)


@pytest.mark.parametrize(
    ("state", "is_known"),
    [
        (EffectState.PENDING, False),
        (EffectState.UNKNOWN, True),
        (EffectState.DONE, True),
        (EffectState.HELD, True),
        (EffectState.DEAD, False),
    ],
)
async def test_only_what_may_have_been_done_has_an_echo(
    database: Database, incident: Incident, state: EffectState, is_known: bool
):
    leased = await set_out(database, solving(incident))
    await settle(database, leased, state)
    found = await written(database)
    assert [one.hash for one in found] == ([SOLVED] if is_known else [])
    assert all((one.until is not None) is (state is EffectState.DONE) for one in found)
    assert not any(one.is_sending for one in found)


async def test_what_was_overtaken_wrote_nothing(database: Database, incident: Incident):
    """An agent who solves the ticket later is no echo of ours, and nobody need see to what we left."""
    async with database.transaction() as tx:
        await plan_effects(tx, [solving(incident)])
        (leased,) = await lease_effects(tx, now=NOW)
    ends = [overtaken(leased, "somebody has set another status since")]
    async with database.transaction() as tx:
        await settle_effects(tx, ends, now=NOW)
        await record_done(tx, [leased], ends)
        counts = await count_effects(tx)
    assert await written(database) == ()
    assert (counts.done, counts.held, counts.dead) == (1, 0, 0)


async def test_what_is_sent_again_is_written_once_and_later(database: Database, incident: Incident):
    leased = await set_out(database, solving(incident))
    await settle(database, leased, EffectState.PENDING)
    (again,) = await set_out(database)
    await settle(database, [again], EffectState.DONE)
    assert len(await written(database)) == 1


async def test_what_was_found_done_is_known_too(database: Database, incident: Incident):
    """An installation before us wrote it, of which this store is the backup."""
    async with database.transaction() as tx:
        await plan_effects(tx, [solving(incident)])
        leased = await lease_effects(tx, now=NOW)
    await settle(database, leased, EffectState.DONE)
    (ours,) = await written(database)
    assert ours.until is not None
    assert ours.at <= ours.until


async def test_who_was_overtaken_records_nothing(database: Database, incident: Incident):
    """A worker that slept past its lease writes neither how it ended nor what it wrote."""
    leased = await set_out(database, solving(incident))
    async with database.transaction() as tx:
        await tx.execute(text("update effects set fence = fence + 1"))
    await settle(database, leased, EffectState.DONE, version=12)
    (ours,) = await written(database)
    assert (ours.version, ours.until) == (None, None)


async def test_only_the_objects_and_fields_asked_for(database: Database, incident: Incident):
    note = effect("n", incident_id=incident.id, target="7")
    await set_out(database, solving(incident), solving(incident, "other", ticket="8"))
    await set_out(database, note)
    assert [one.object for one in await written(database)] == ["7"]
    async with database.transaction() as tx:
        assert await written_on(tx, [], STATUS) == {}
        assert await written_on(tx, [("zendesk/other", "7")], STATUS) == {}


async def test_what_was_written_goes_with_its_text(database: Database, incident: Incident):
    """A hash of words could be guessed from them; a status tells nobody's words, and stays."""
    words = WrittenField.TICKET_WORDS
    note = effect("n", incident_id=incident.id, target="7", payload=NoteText(text=InternalText("call Ada")))
    leased = [*await set_out(database, note)]
    await settle(database, leased, EffectState.DONE)
    leased = [*await set_out(database, solving(incident))]
    await settle(database, leased, EffectState.DONE)
    assert len(await written(database, STATUS, words)) == 2
    async with database.transaction() as tx:
        assert (await empty_payloads(tx, before=NOW + timedelta(days=1))).rows == 1
    assert [one.field for one in await written(database, STATUS, words)] == [STATUS]
    async with database.transaction() as tx:
        await tx.execute(text("delete from effects"))
    assert await written(database, STATUS, words) == ()


PAGE = Page(summary="s", source="s", severity=Severity.HIGH)
NOTE = NoteText(text=InternalText("a note"))


@pytest.mark.parametrize(
    ("kind", "payload", "field", "value"),
    [
        (EffectKind.PAGE, PAGE, WrittenField.PAGE_STATUS, "triggered"),
        (EffectKind.PAGE_ACKNOWLEDGE, Nothing(), WrittenField.PAGE_STATUS, "acknowledged"),
        (EffectKind.PAGE_RESOLVE, Nothing(), WrittenField.PAGE_STATUS, "resolved"),
        (EffectKind.PAGE_NOTE, NOTE, WrittenField.PAGE_WORDS, "a note"),
        (EffectKind.TICKET_NOTE, NOTE, WrittenField.TICKET_WORDS, "a note"),
        (EffectKind.CHAT_ROOM, RoomRequest(name="inc-7", topic="t"), WrittenField.ROOM_NAME, "inc-7"),
        (EffectKind.CHAT_POST, ChatMessage(text="said"), WrittenField.ROOM_WORDS, "said"),
    ],
)
def test_each_kind_writes_a_field(kind, payload, field, value):
    assert written_by(effect("k", incident_id=1, kind=kind, payload=payload)) == (field, value_hash(value))


def test_what_can_come_back_to_us_says_what_it_writes():
    """A new kind says it, or its echo is unknown."""
    action = effect("k", incident_id=1, kind=EffectKind.ACTION, payload=ActionCall(action="restart"))
    mail = effect("k", incident_id=1, kind=EffectKind.OUTBOUND_MESSAGE, payload=NOTE)
    assert (written_by(action), written_by(mail)) == (None, None)
    # What a monitor tells of an alert is its state, not our words of who has it.
    silent = {EffectKind.ALERT_ACKNOWLEDGE, EffectKind.ALERT_UNACKNOWLEDGE}
    assert all(written_by(effect("k", incident_id=1, kind=kind, payload=NOTE)) is None for kind in silent)
    for kind in set(EffectKind) - {EffectKind.ACTION, EffectKind.OUTBOUND_MESSAGE} - silent:
        assert written_by(effect("k", incident_id=1, kind=kind, payload=NOTE)) is not None, kind
