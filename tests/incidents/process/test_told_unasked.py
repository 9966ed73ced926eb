"""Customers who were told before they wrote, when their incident is merged: they hear the end, and nothing twice."""

from __future__ import annotations

from dataclasses import replace

import pytest
from sqlalchemy import select, update

from incidents.approval import Approval, ApprovalState
from incidents.basis import Basis
from incidents.case import OPENING, AffectedCustomer, Case, Plan, outbound_key
from incidents.decisions.affected.listing import SUBJECT, UsedService, list_affected
from incidents.decisions.affected.telling import with_affected
from incidents.decisions.customers import tell
from incidents.effects import Effect, EffectKind, OutboundText
from incidents.lifecycle import move
from incidents.models import Contact, IncidentState, Severity
from incidents.process.intake import join_and_tell
from incidents.store.approvals import save_approvals
from incidents.store.cases import load_case
from incidents.store.database import Database
from incidents.store.ledger.affected import save_affected
from incidents.store.ledger.effects import plan_effects
from incidents.store.schema.tables import effects, incidents
from incidents.texts.catalogue import CatalogueText
from incidents.texts.tongues import Wording
from tests.incidents.builders import NOW, a_policy, a_ticket
from tests.incidents.process.test_merging import HELLO, HOUR, merged, two
from tests.incidents.process.test_process import a_step

BY = "mail/support"
POLICY = a_policy(affected={"by": BY, "severity": Severity.LOW})
POLICY = POLICY.model_copy(
    update={"customers": POLICY.customers.model_copy(update={"directory": "customersql/crm"})}
)
BASIS = Basis(POLICY, NOW)


def customer(incident: int, name: str) -> AffectedCustomer:
    return AffectedCustomer(incident=incident, address=f"{name}@x.example", name=name, reason="uses it")


async def listed(tx, incident: int, *names: str, told: str = "done", answer="approved") -> None:
    """Asked about them, and answered; who is `told` has an opening in that state of the ledger."""
    case, given = await load_case(tx, incident), [customer(incident, name) for name in names]
    await save_affected(tx, given, now=NOW)
    question = Approval(
        incident=incident, generation=1, subject=SUBJECT, state=ApprovalState(answer), asked_at=NOW,
        expires_at=NOW + HOUR,
    )  # fmt: skip
    await save_approvals(tx, [question])
    if not told:
        return
    openings = [
        Effect(
            key=outbound_key(case, one.mark, OPENING),
            once=outbound_key(case, one.mark, OPENING),
            kind=EffectKind.OUTBOUND_MESSAGE,
            incident_id=incident,
            connection=BY,
            target=one.mark,
            payload=OutboundText(address=one.address, name=one.name, subject=HELLO, text=HELLO),
        )
        for one in given
    ]
    await plan_effects(tx, openings)
    mine = effects.c.key.in_([one.key for one in openings])
    sent_at = None if told == "pending" else NOW
    await tx.execute(update(effects).where(mine).values(state=told, sent_at=sent_at))


def said(plan: Plan) -> list[str]:
    return [one.payload.name for one in plan.effects if one.kind is EffectKind.OUTBOUND_MESSAGE]


def the_end(case: Case) -> Plan:
    resolved = move(case.incident, IncidentState.RESOLVED, now=NOW)
    closing = move(resolved, IncidentState.CLOSING, now=NOW)
    return with_affected(replace(case, incident=resolved), Plan(incident=closing), BASIS)


async def engineers_have(tx, *numbers: int) -> None:
    await tx.execute(
        update(incidents).where(incidents.c.id.in_(numbers)).values(state=IncidentState.ESCALATED.value)
    )


@pytest.mark.parametrize("answer", [None, "approved", "denied", "expired"])
async def test_who_was_told_there_hears_the_end_here(database: Database, answer: str | None):
    """Whatever became of the question here. Who was told is not told again, nor asked about."""
    first, second = await two(database)
    async with database.transaction() as tx:
        await engineers_have(tx, first, second)
        await listed(tx, second, "ann")
        if answer:
            await listed(tx, first, "bea", told="", answer=answer)
    await merged(database, second, first, policy=POLICY)
    async with database.transaction() as tx:
        case, left = await load_case(tx, first), await load_case(tx, second)
        again = with_affected(case, Plan(incident=case.incident), BASIS)
    assert left.affected == ()
    assert said(again) == []
    assert said(the_end(case)) == (["ann", "bea"] if answer == "approved" else ["ann"])
    hers = a_ticket(9, requester=Contact(id="9", name="ann", email="Ann@x.example"))
    assert tell(case, [hers], BASIS, wording=Wording(CatalogueText.PROGRESS), what="progress") == []
    used = UsedService(
        why="", users=[Contact(id="", email="ann@x.example"), Contact(id="", email="z@x.example")]
    )
    asked = list_affected(case, [used], BASIS)
    assert [one.address for one in asked.affected] == ([] if answer else ["z@x.example"])


@pytest.mark.parametrize("answer", ["asked", "denied", "expired"])
async def test_who_was_not_told_there_is_not_told_here(database: Database, answer: str):
    """Nobody has said yes for them; what was said here is about others."""
    first, second = await two(database)
    async with database.transaction() as tx:
        await engineers_have(tx, first, second)
        await listed(tx, second, "ann", told="", answer=answer)
        await listed(tx, first, "bea", told="done")
    await merged(database, second, first, policy=POLICY)
    async with database.transaction() as tx:
        case, left = await load_case(tx, first), await load_case(tx, second)
    assert said(with_affected(case, Plan(incident=case.incident), BASIS)) == []
    assert said(the_end(case)) == ["bea"]
    assert [one.state for one in left.approvals] == [
        ApprovalState.EXPIRED if answer == "asked" else ApprovalState(answer)
    ]


@pytest.mark.parametrize(
    ("there", "here", "left"),
    [
        ("pending", "pending", [("INC-1", "pending")]),
        ("pending", "done", [("INC-1", "done")]),
        ("done", "pending", [("INC-2", "done")]),
        ("sending", "pending", [("INC-2", "sending")]),
        ("dead", "pending", [("INC-1", "pending"), ("INC-2", "dead")]),
        ("done", "done", [("INC-1", "done"), ("INC-2", "done")]),
    ],
)
async def test_of_two_first_messages_one_goes_out(database: Database, there: str, here: str, left):
    """Who is in both lists; what went out in both cannot be called back, and there is one end."""
    first, second = await two(database)
    async with database.transaction() as tx:
        await listed(tx, first, "ann", told=here)
        await listed(tx, second, "ann", told=there)
    await merged(database, second, first, policy=POLICY)
    async with database.transaction() as tx:
        rows = await tx.execute(
            select(effects.c.key, effects.c.state, effects.c.incident_id)
            .where(effects.c.kind == "outbound_message")
            .order_by(effects.c.key)
        )
        found = [(row.key.split(":")[2], row.state, row.incident_id) for row in rows]
        await engineers_have(tx, first)
        case = await load_case(tx, first)
    assert (first, second) == (1, 2)
    assert found == [(name, state, first) for name, state in left]
    assert said(the_end(case)) == ["ann"]


async def test_handed_on_twice_and_told_the_end_once(database: Database):
    """Merged, told the end, opened again and merged into another: nobody hears it again."""
    first, second = await two(database)
    async with database.transaction() as tx:
        await engineers_have(tx, first, second)
        await listed(tx, second, "ann")
    await merged(database, second, first, policy=POLICY)
    async with database.transaction() as tx:
        case = await load_case(tx, first)
        await plan_effects(tx, the_end(case).effects)
        await tx.execute(update(effects).values(state="done", sent_at=NOW))
        assert said(the_end(await load_case(tx, first))) == []
        late = NOW + 9 * HOUR
        (third,) = (await join_and_tell(a_step(tx, now=late), [a_ticket(9, created_at=late)], ())).incidents
        await engineers_have(tx, third)
    await merged(database, first, third, policy=POLICY)
    async with database.transaction() as tx:
        case = await load_case(tx, third)
    assert [one.name for one in case.affected] == ["ann"]
    assert said(the_end(case)) == []
