"""Who hears that it works again, where incidents were merged or a ticket was split off: everybody once, from one."""

from __future__ import annotations

from dataclasses import replace

import pytest
from sqlalchemy import select, update

from incidents.basis import Basis
from incidents.case import FAREWELL, Case
from incidents.decisions.closing.farewell import tell_everybody
from incidents.decisions.closing.waiting import outstanding
from incidents.decisions.merging.split import Splitting
from incidents.effects import EffectKind, customer_message, ticket_note
from incidents.lifecycle import move
from incidents.models import IncidentState
from incidents.process.splitting import split
from incidents.store.cases import load_case
from incidents.store.database import Database
from incidents.store.ledger.effects import plan_effects
from incidents.store.schema.tables import effects, incidents, tickets
from incidents.texts.messages import internal
from tests.incidents.builders import NOW, a_policy, a_ticket
from tests.incidents.process.test_merging import BO, HELLO, merged, two
from tests.incidents.process.test_process import a_step

BASIS = Basis(a_policy(), NOW)


def told_the_end(case: Case) -> list[str]:
    resolved = replace(case, incident=move(case.incident, IncidentState.RESOLVED, now=NOW))
    plan = tell_everybody(resolved, "healthy", BASIS)
    return sorted(one.target for one in plan.effects if one.kind is EffectKind.CUSTOMER_MESSAGE)


async def is_now(tx, number: int, *, generation: int) -> None:
    values = {"state": IncidentState.ESCALATED.value, "generation": generation}
    await tx.execute(update(incidents).where(incidents.c.id == number).values(**values))


async def had_farewell(tx, number: int, *refs, state="done", by_hand=False) -> None:
    """In the incident's generation of now."""
    case = await load_case(tx, number)
    if by_hand:
        once = case.once(f"{FAREWELL}:by-hand")
        planned = [ticket_note(number, ref, once, internal("tell them")) for ref in refs]
    else:
        planned = [customer_message(number, ref, case.once(FAREWELL), HELLO, ref.id) for ref in refs]
    await plan_effects(tx, planned)
    mine = effects.c.key.in_([one.key for one in planned])
    await tx.execute(update(effects).where(mine).values(state=state, sent_at=NOW))


async def solved(tx, *numbers: int) -> None:
    ids = [str(one) for one in numbers]
    await tx.execute(update(tickets).where(tickets.c.id.in_(ids)).values(status="solved"))


@pytest.mark.parametrize("by_hand", [False, True])
async def test_who_had_it_there_and_is_content_has_it_no_more(database: Database, by_hand: bool):
    """The one that ends was opened again, the one that goes on was not; who came back hears it."""
    first, second = await two(database)
    async with database.transaction() as tx:
        await had_farewell(tx, second, a_ticket(2).ref, a_ticket(3).ref, by_hand=by_hand)
        await solved(tx, 2)
        await is_now(tx, second, generation=2)
        await is_now(tx, first, generation=1)
    await merged(database, second, first)
    async with database.transaction() as tx:
        case = await load_case(tx, first)
    assert told_the_end(case) == ["1", "3"]
    closing = replace(case, incident=replace(case.incident, state=IncidentState.CLOSING), told=frozenset())
    assert [one.ref.id for one in outstanding(closing).unsaid] == ["1", "3"]


async def test_whose_agent_solved_it_before_any_end_hears_it(database: Database):
    """The one that goes on was opened again: who came from the other has had no last message yet."""
    first, second = await two(database)
    async with database.transaction() as tx:
        await had_farewell(tx, first, a_ticket(1).ref)
        await solved(tx, 1, 2)
        await is_now(tx, second, generation=1)
        await is_now(tx, first, generation=2)
    await merged(database, second, first)
    async with database.transaction() as tx:
        case = await load_case(tx, first)
    assert told_the_end(case) == ["2", "3"]


async def test_a_message_that_did_not_arrive_is_no_farewell(database: Database):
    _, second = await two(database)
    async with database.transaction() as tx:
        await had_farewell(tx, second, a_ticket(2).ref, state="dead")
        await solved(tx, 2)
        await is_now(tx, second, generation=2)
        case = await load_case(tx, second)
    assert told_the_end(case) == ["2", "3"]


@pytest.mark.parametrize("state", ["held", "dead", "unknown"])
async def test_a_ticket_that_was_split_off_is_nobody_untold(database: Database, state: str):
    """What waited for a person is given up, and keeps the incident that it left from nothing; the other one, which
    never wrote it, waits for nothing either. What may have gone out is still looked up."""
    first, second = await two(database)
    ref = a_ticket(3).ref
    async with database.transaction() as tx:
        await had_farewell(tx, second, ref, state=state)
        before = await load_case(tx, second)
        await split(a_step(tx), second, Splitting(ticket="3", said=BO, into=first))
        await tx.execute(update(effects).where(effects.c.state == "unknown").values(state="held"))
        cases = [await load_case(tx, number) for number in (first, second)]
        rows = await tx.execute(select(effects.c.state, effects.c.detail).where(effects.c.sent_at == NOW))
        ((now, why),) = rows.all()
    assert bool(before.untold) is (state != "unknown")
    assert [(case.untold, case.unsent_messages) for case in cases] == [((), 0)] * 2
    assert (now, why) == {
        "held": ("dead", "the ticket was split off"),
        "dead": ("dead", ""),
        "unknown": ("held", ""),
    }[state]
