"""What was predicted is kept once a subject, its truth is settled when it is known, and agents have the last word."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select, update

from deployments.demo import policies
from incidents.basis import Basis
from incidents.models import JoinOrigin, Severity, TicketStatus
from incidents.policy.file import load_policy
from incidents.policy.insights import BREACHED, KEPT, InsightKind
from incidents.promises.subjects import subject_ref
from incidents.store.database import Database
from incidents.store.schema.tables import (
    incidents,
    insight_predictions,
    sla_clocks,
)
from incidents.store.sla.clocks import save_clocks
from incidents.store.tickets import link_tickets, save_tickets
from insights.learning import Reason
from insights.registry import insights
from insights.store.predictions import (
    LiveAccuracy,
    Prediction,
    correct,
    live_accuracy,
    record_predictions,
)
from tests.incidents.store.examples import HELPDESK, MINUTE, NOW, new_incident, ticket
from tests.insights.breach.promise_history import CALENDARS, promises
from tests.insights.store.test_models import kept

DAY = timedelta(days=1)


def prediction(number=1, **changes):
    one = Prediction(
        kind=InsightKind.ROUTING,
        label="service",
        model_id=None,
        subject=f"{HELPDESK}#{number}",
        at=NOW,
        predicted="checkout",
        probability=0.9,
        reasons=(Reason(text='word "pay\x00"', weight=1.5),),
        is_shadow=True,
    )
    return replace(one, **changes)


POLICY = load_policy(policies.POLICY)


async def settle(tx):
    """As `drift_check` does it: each insight its own."""
    return sum([await insight.settle(tx, Basis(POLICY, NOW)) for insight in insights()])


async def rows(tx):
    found = await tx.execute(select(insight_predictions).order_by(insight_predictions.c.id))
    return found.all()


async def truths(tx):
    return {(row.subject, row.label): row.truth for row in await rows(tx)}


async def a_closed_incident(tx, *, state="closed", service="search", number=1, **changes):
    one = ticket(number, **changes)
    await save_tickets(tx, [one])
    incident = await new_incident(tx, service=service, severity=Severity.MEDIUM)
    await link_tickets(tx, incident.id, [one.ref], origin=JoinOrigin.RULE, reason="", now=NOW)
    await tx.execute(update(incidents).where(incidents.c.id == incident.id).values(state=state))
    return incident


async def test_one_made_again_replaces_the_one_before_and_an_older_one_does_not(database: Database):
    async with database.transaction() as tx:
        await record_predictions(tx, [prediction(), prediction(label="group")])
        await record_predictions(tx, [prediction(predicted="search", at=NOW + MINUTE, is_shadow=False)])
        await record_predictions(tx, [prediction(predicted="late")])
        await record_predictions(tx, [])
        second, first = await rows(tx)
    assert (first.predicted, first.is_shadow, first.at) == ("search", False, NOW + MINUTE)
    assert (second.label, second.predicted) == ("group", "checkout")
    assert first.reasons == [{"text": 'word "pay\ufffd"', "weight": 1.5}]


async def test_what_is_settled_is_not_predicted_again(database: Database):
    async with database.transaction() as tx:
        await a_closed_incident(tx)
        await record_predictions(tx, [prediction()])
        assert await settle(tx) == 1
        await record_predictions(tx, [prediction(predicted="search", at=NOW + DAY)])
        (found,) = await rows(tx)
    assert (found.predicted, found.truth, found.truth_at) == ("checkout", "search", NOW)


async def test_service_and_severity_are_true_when_the_incident_is_closed(database: Database):
    async with database.transaction() as tx:
        await a_closed_incident(tx)
        await a_closed_incident(tx, number=2, state="escalated")
        await record_predictions(
            tx, [prediction(), prediction(label="severity", predicted="1"), prediction(2), prediction(3)]
        )
        assert await settle(tx) == 2
        assert await settle(tx) == 0, "once"
        found = await truths(tx)
    assert found == {
        (f"{HELPDESK}#1", "service"): "search",
        (f"{HELPDESK}#1", "severity"): "3",
        (f"{HELPDESK}#2", "service"): None,
        (f"{HELPDESK}#3", "service"): None,
    }


async def test_a_merged_incidents_truth_is_that_of_the_one_it_was_merged_into(database: Database):
    async with database.transaction() as tx:
        merged = await a_closed_incident(tx, state="merged")
        whole = await a_closed_incident(tx, number=2, service="accounts")
        await tx.execute(update(incidents).where(incidents.c.id == merged.id).values(merged_into=whole.id))
        await record_predictions(tx, [prediction()])
        await settle(tx)
        assert await truths(tx) == {(f"{HELPDESK}#1", "service"): "accounts"}


async def test_which_incident_a_ticket_was_of_is_known_when_that_is_closed(database: Database):
    async with database.transaction() as tx:
        closed = await a_closed_incident(tx)
        await a_closed_incident(tx, number=2, state="escalated")
        said = [
            prediction(number, kind=InsightKind.SIMILAR, label="incident", predicted="INC-9")
            for number in (1, 2)
        ]
        await record_predictions(tx, said)
        await settle(tx)
        found = await truths(tx)
    assert found == {(f"{HELPDESK}#1", "incident"): closed.name, (f"{HELPDESK}#2", "incident"): None}


@pytest.mark.parametrize(
    ("status", "expected"),
    [(TicketStatus.SOLVED, "web"), (TicketStatus.CLOSED, "web"), (TicketStatus.OPEN, None)],
)
async def test_a_group_is_true_when_the_ticket_is_solved(database: Database, status, expected):
    async with database.transaction() as tx:
        await save_tickets(tx, [ticket(1, status=status, group="web")])
        await record_predictions(tx, [prediction(label="group")])
        await settle(tx)
        assert await truths(tx) == {(f"{HELPDESK}#1", "group"): expected}


async def test_a_promise_is_settled_when_it_was_stopped_or_is_overdue(database: Database):
    made = promises(40, first=NOW - 30 * DAY, last=NOW - 5 * DAY)
    clocks = [one.clock for one in made]
    running = replace(clocks[0], stopped_at=None, stretches=(), running_since=clocks[0].started_at)
    overdue = replace(running, subject=subject_ref("zendesk/support#overdue"))
    coming = replace(
        running, subject=subject_ref("zendesk/support#coming"), started_at=NOW, running_since=NOW
    )
    withdrawn = replace(clocks[0], subject=subject_ref("zendesk/support#withdrawn"), is_withdrawn=True)
    async with database.transaction() as tx:
        await save_clocks(tx, [*clocks, overdue, coming, withdrawn], CALENDARS)
        await record_predictions(
            tx,
            [
                prediction(kind=InsightKind.BREACH, label="breached", subject=clock.key, predicted=KEPT)
                for clock in (*clocks, overdue, coming, withdrawn)
            ],
        )
        assert await settle(tx) == 41
        found = {subject: truth for (subject, _), truth in (await truths(tx)).items()}
        due = await tx.execute(
            select(sla_clocks.c.key, sla_clocks.c.due_at).where(sla_clocks.c.due_at <= NOW)
        )
        missed = {row.key for row in due if row.key != withdrawn.key}
    assert {key for key, truth in found.items() if truth == BREACHED} == missed
    assert overdue.key in missed
    assert found[coming.key] is None
    assert found[withdrawn.key] is None
    assert {found[clock.key] for clock in clocks} == {BREACHED, KEPT}


async def test_what_an_agent_said_stays(database: Database):
    async with database.transaction() as tx:
        await a_closed_incident(tx)
        await record_predictions(tx, [prediction()])
        for truth in ("accounts", "orders"):
            await correct(
                tx, f"{HELPDESK}#1", kind=InsightKind.ROUTING, label="service", truth=truth, now=NOW
            )
        await settle(tx)
        (found,) = await rows(tx)
    assert (found.predicted, found.truth) == ("checkout", "orders")


async def test_live_accuracy_counts_this_models_settled_predictions(database: Database):
    async with database.transaction() as tx:
        model, other = await kept(tx), await kept(tx, 2)
        for number, service in enumerate(("checkout", "checkout", "search", "checkout")):
            await a_closed_incident(tx, number=number, service=service)
        await record_predictions(
            tx,
            [
                *(prediction(number, model_id=model, probability=0.8) for number in range(3)),
                prediction(3, model_id=other),
                prediction(4, model_id=model),
                prediction(0, label="severity", model_id=model),
            ],
        )
        await settle(tx)
        found = await live_accuracy(tx, InsightKind.ROUTING, "service", model_id=model, since=NOW)
        later = await live_accuracy(tx, InsightKind.ROUTING, "service", model_id=model, since=NOW + MINUTE)
    assert (found.settled, found.right, found.expected) == (3, 2, pytest.approx(2.4))
    assert later == LiveAccuracy(settled=0, right=0, expected=0.0)
