"""What was promised to single tickets: counted from the first webhook, told before it is broken, explained after."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from prefect.artifacts import Artifact
from rich.console import Console
from sqlalchemy import select

from connectors.kit.fakes.faults import FaultKind
from deployments.commands.sla import explained, print_explained
from flows.recover import recover
from flows.sla_sweep import sla_sweep
from incidents.errors import NotFound
from incidents.models import TicketRef
from incidents.sla.clock import ClockState, SlaClock
from incidents.store.schema.tables import sla_breaches
from incidents.store.sla.clocks import all_clocks
from tasks import resources
from tests.stories.installation import Installation

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
QUESTION = "How do I change my address?"
GOLD = {
    "name": "gold",
    "when": {"applies_to": "ticket"},
    "targets": {"first_response": "1h", "resolution": "8h"},
    "pause_on": ["waiting_for_customer"],
}
PROMISED = {"sla": {"warn_at": [0.5, 0.75], "policies": [GOLD]}}


async def clocks(liaison: Installation, ticket: int) -> dict[str, SlaClock]:
    async with liaison.database.transaction() as tx:
        found = await all_clocks(tx, TicketRef(connection="zendesk/demo", id=str(ticket)))
    return {clock.metric.value: clock for clock in found}


async def breaches(liaison: Installation) -> Sequence[tuple[str, str]]:
    async with liaison.database.transaction() as tx:
        rows = await tx.execute(select(sla_breaches.c.clock_key, sla_breaches.c.cause))
        return [(row.clock_key, row.cause) for row in rows]


async def a_question(liaison: Installation, **policy: object) -> int:
    """A ticket that belongs to no incident, under the promise to everybody."""
    liaison.write_policy({"sla": {**PROMISED["sla"], **policy}})
    (ticket,) = liaison.customers_write(1, subject=QUESTION, body="Please tell me.")
    await liaison.intake()
    return ticket


async def test_a_question_that_nobody_answers(liaison: Installation):
    """Its agent is warned on the ticket, once for each moment, and the breach is kept with who had it."""
    ticket = await a_question(liaison)
    assert await sla_sweep() == "nothing due"

    await liaison.let_pass(31 * MINUTE)
    assert await sla_sweep() == "1 warned, 0 breached"
    assert await sla_sweep() == "nothing due"
    assert liaison.notes(ticket).count("SLA: First response due in 28 min") == 1

    await liaison.let_pass(30 * MINUTE)
    assert await sla_sweep() == "0 warned, 1 breached"
    assert await sla_sweep() == "nothing due"
    assert liaison.notes(ticket).count("SLA: First response missed") == 1
    assert "; passed before: 75 % at " in liaison.notes(ticket)
    assert await breaches(liaison) == [(f"zendesk/demo#{ticket}:first_response:g1r1", "nobody: new")]
    assert liaison.replies(ticket) == [], "no word of it reaches the customer"


async def test_an_answer_in_time(liaison: Installation):
    """An agent's public answer keeps the promise; waiting for the customer stops the rest."""
    ticket = await a_question(liaison)
    liaison.world.zendesk.agent_reply(ticket, "Ada Agent", "In your account.", submit_as="pending")
    await liaison.intake()
    found = await clocks(liaison, ticket)
    assert found["first_response"].state is ClockState.STOPPED
    assert found["resolution"].state is ClockState.PAUSED

    await liaison.let_pass(20 * HOUR)
    assert await sla_sweep() == "nothing due"
    liaison.world.zendesk.customer_reply(ticket, "I cannot find it.")
    await liaison.intake()
    assert (await clocks(liaison, ticket))["resolution"].state is ClockState.RUNNING
    liaison.world.zendesk.agent_solve(ticket, "Ada Agent")
    await liaison.intake()
    assert {clock.state for clock in (await clocks(liaison, ticket)).values()} == {ClockState.STOPPED}
    assert await breaches(liaison) == []


async def test_the_policy_changes_in_mid_flight(liaison: Installation):
    """The next sweep counts open promises by the new policy, elapsed time kept, and says so."""
    ticket = await a_question(liaison)
    await liaison.let_pass(40 * MINUTE)
    shorter = {**GOLD, "targets": {"first_response": "30m", "resolution": "8h"}}
    liaison.write_policy({"sla": {**PROMISED["sla"], "policies": [shorter]}})
    assert await sla_sweep() == "0 warned, 1 breached, 1 counted by the changed policy"
    assert await sla_sweep() == "nothing due"
    assert (await clocks(liaison, ticket))["first_response"].target == 30 * MINUTE
    liaison.write_policy({})
    assert await sla_sweep() == "nothing due, 1 counted by the changed policy"
    assert {clock.target for clock in (await clocks(liaison, ticket)).values()} == {None}


async def test_a_promise_that_came_late(liaison: Installation):
    """Tickets that are open when the first policy is written are counted from when they were opened."""
    liaison.write_policy({})
    (ticket,) = liaison.customers_write(1, subject=QUESTION, body="Please tell me.")
    await liaison.intake()
    assert await clocks(liaison, ticket) == {}
    await liaison.let_pass(2 * HOUR)
    liaison.write_policy(PROMISED)
    assert await sla_sweep() == "0 warned, 1 breached, 1 counted by the changed policy"


async def test_a_note_that_cannot_be_sent_now_is_sent_by_recover(liaison: Installation):
    """The sweep is green all the same: what it found is committed."""
    ticket = await a_question(liaison)
    await liaison.let_pass(31 * MINUTE)
    liaison.world.zendesk.faults.arm(FaultKind.OUTAGE, times=None)
    assert await sla_sweep() == "1 warned, 0 breached"
    liaison.world.zendesk.faults.clear()
    await liaison.let_pass(10 * MINUTE)
    await recover()
    assert liaison.notes(ticket).count("SLA: First response due in") == 1


async def test_our_clock_jumps_two_hours_back_and_forth(liaison: Installation):
    """What was told stays told, nothing is told early, and what comes due is told once all the same."""
    ticket = await a_question(liaison)
    start = datetime.now(UTC)
    said = []
    for hours in (0.6, -2.0, 0.6, 0.7, -1.4, 2.6, 0.6, 2.7):
        with resources.simulated_time(lambda at=start + hours * HOUR: at):
            said.append(await sla_sweep())
    assert said == [
        "1 warned, 0 breached",
        *4 * ["nothing due"],
        "0 warned, 1 breached",
        *2 * ["nothing due"],
    ]
    assert liaison.notes(ticket).count("SLA: First response") == 2


async def test_a_ticket_from_the_future(liaison: Installation):
    """A helpdesk whose clock runs ahead makes nobody late and gives nobody more time: it counts from our first look."""
    ticket = await a_question(liaison)
    await liaison.let_pass(2 * HOUR)
    tomorrow = datetime.now(UTC) + timedelta(days=1)
    (later,) = liaison.customers_write(1, subject=QUESTION, body="From tomorrow.")
    fake = liaison.world.zendesk.tickets[later]
    fake.created_at = fake.updated_at = tomorrow
    await liaison.intake()
    clock = (await clocks(liaison, later))["first_response"]
    assert clock.started_at <= datetime.now(UTC)
    assert await sla_sweep() == "0 warned, 1 breached"
    assert [key for key, _ in await breaches(liaison)] == [f"zendesk/demo#{ticket}:first_response:g1r1"]


async def test_a_storm_of_promises_is_one_post(liaison: Installation):
    """Tickets of an incident are told together in its room, and each on itself."""
    liaison.write_policy(PROMISED)
    written = await liaison.acknowledged(4)
    await liaison.let_pass(45 * MINUTE)
    await sla_sweep()
    assert liaison.room().count("First response at 75 % of its time on 4 tickets: #") == 1
    assert all("SLA: First response due in" in liaison.notes(ticket) for ticket in written)


async def test_what_people_see(liaison: Installation, capsys: pytest.CaptureFixture[str]):
    """The board, the incident's page and `liaison sla` tell the same due times."""
    liaison.write_policy(PROMISED)
    (ticket,) = await liaison.acknowledged(1)
    await sla_sweep()
    board = await Artifact.aget("sla-board")
    assert board is not None
    rows = json.loads(str(board.data))
    assert {row["ticket"] for row in rows} == {f"zendesk/demo#{ticket}", ""}
    assert {row["incident"] for row in rows} == {"INC-1"}
    assert {row["link"][:11] for row in rows if row["ticket"]} == {"[open](http"}
    story = await Artifact.aget("inc-1")
    assert story is not None
    assert "INC-1 resolution: 4 h by calendar always, policy severity-1" in str(story.data)

    for name in (f"zendesk/demo#{ticket}", f"ZD-{ticket}", f"#{ticket}", str(ticket)):
        found = await explained(liaison.database, name, liaison.policy_file)
        assert found.subject == f"zendesk/demo#{ticket}"
    print_explained(Console(width=200), found)
    told = capsys.readouterr().out
    assert f"zendesk/demo#{ticket} first_response: 1 h by calendar always, policy gold" in told
    incident = await explained(liaison.database, "inc-1", liaison.policy_file)
    assert incident.arithmetic[0][0].startswith("INC-1 resolution: 4 h by calendar always")


@pytest.mark.parametrize("name", ["ZD-999999", "#1/2", "XX-1", "", "INC-9", "INC-x"])
async def test_a_name_that_is_none(liaison: Installation, name: str, tmp_path: Path):
    with pytest.raises(NotFound):
        await explained(liaison.database, name, liaison.policy_file)
