"""Tickets taken in, commands obeyed and promises swept by the step alone, as everybody calls them."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import select

from incidents.basis import Basis
from incidents.commands.verbs import Verb
from incidents.decisions.chat_rights import CheckedCommand
from incidents.events import ChatCommand
from incidents.models import JoinOrigin
from incidents.policy.file import parse_policy
from incidents.policy.routing import Route
from incidents.policy.sla.policies import SlaPolicy
from incidents.process.intake import Hints, join_and_tell
from incidents.process.sla_sweep import Swept, refit_incident, sweep_incident, sweep_unlinked
from incidents.process.sync import follow_and_obey
from incidents.step import Step
from incidents.store.cases import load_case, read_incident
from incidents.store.database import Database
from incidents.store.schema.tables import effects
from incidents.store.sla.refit import incidents_to_refit
from incidents.store.timeline import read_timeline
from tests.incidents.builders import NOW, POLICY, a_policy, a_ticket, tickets

HOUR = timedelta(hours=1)
QUESTION = {"subject": "Where is my voucher?", "body": "I had one."}
PROMISED = SlaPolicy.model_validate({"name": "all", "targets": {"first_response": "1h"}})


def a_step(tx, *, now=NOW, policy=None, run_id=None):
    """With a moment that no clock shows, so that whoever asks one is found out."""
    return Step(connection=tx, basis=Basis(policy or a_policy(), now), instance="test", run_id=run_id)


async def test_reports_of_one_fault_open_one_incident_and_later_ones_join_it(database: Database):
    async with database.transaction() as tx:
        first = await join_and_tell(a_step(tx), tickets(3), ())
    async with database.transaction() as tx:
        second = await join_and_tell(a_step(tx, now=NOW + HOUR), [a_ticket(4)], ())
        again = await join_and_tell(a_step(tx, now=NOW + HOUR), [a_ticket(4)], ())
    assert (first.opened, first.joined, len(first.news)) == (1, 3, 3)
    assert (second.opened, second.joined, second.incidents) == (0, 1, first.incidents)
    assert (again.opened, again.joined) == (0, 0)


async def test_all_that_a_step_writes_bears_its_moment_and_its_run(database: Database):
    async with database.transaction() as tx:
        taken = await join_and_tell(a_step(tx, run_id="run-1"), tickets(2), ())
        (number,) = taken.incidents
        case = await load_case(tx, number)
        entries = await read_timeline(tx, number)
    assert {case.incident.opened_at, case.incident.next_stage_at} == {NOW}
    assert {item.linked_at for item in case.tickets} == {NOW}
    assert {(entry.at, entry.run_id) for entry in entries} == {(NOW, "run-1")}
    assert {clock.started_at for clock in case.clocks} == {NOW}


async def test_tickets_that_no_rule_knows_are_open_questions_unless_there_is_a_hint(database: Database):
    unknown = [a_ticket(number, **QUESTION) for number in (1, 2)]
    route = Route(service="search", severity=None, reason="learnt", origin=JoinOrigin.LEARNT)
    async with database.transaction() as tx:
        taken = await join_and_tell(a_step(tx), unknown, (), Hints(routes={unknown[0].ref: route}))
        (number,) = taken.incidents
        incident = await read_incident(tx, number)
    assert (taken.opened, incident.service) == (1, "search")
    assert taken.open_questions == (unknown[1].ref,)


async def test_commands_that_name_no_incident_of_ours_are_answered(database: Database):
    """And no run is made for what never was. One that does is obeyed, and what it says stands on the timeline."""

    def command(incident: str | None) -> ChatCommand:
        return ChatCommand(
            connection="slack/main", room_id="C1", user="Bo", verb=Verb.NOTE, at=NOW,
            incident=incident, text="rolled back",
        )  # fmt: skip

    async with database.transaction() as tx:
        (number,) = (await join_and_tell(a_step(tx), tickets(1), ())).incidents
        named = [command(name) for name in (None, "no such name", f"INC-{number + 1}", f"INC-{number}")]
        touched = await follow_and_obey(a_step(tx), [], [CheckedCommand(command=one) for one in named], [])
        said = await tx.execute(
            select(effects.c.payload["text"].astext).where(effects.c.kind == "chat_answer")
        )
        answers = sorted(said.scalars())
        entries = await read_timeline(tx, number)
    assert set(touched) == {number, None}
    assert [text.partition(".")[0] for text in answers] == [
        "INC-1: done, and told in its room",
        "There is no INC-2",
        "There is no no such name",
        "Which incident? This is no incident's room",
    ]
    assert [entry.text for entry in entries if entry.actor == "Bo"] == ["rolled back"]


async def test_a_broken_promise_is_told_once(database: Database):
    """On an incident's tickets and on those of none, each by its own sweep."""
    policy = a_policy(sla={"policies": [PROMISED]})
    late = NOW + 2 * HOUR
    async with database.transaction() as tx:
        taken = await join_and_tell(a_step(tx, policy=policy), [a_ticket(1), a_ticket(2, **QUESTION)], ())
        (number,) = taken.incidents
    async with database.transaction() as tx:
        step = a_step(tx, now=late, policy=policy)
        swept = [await sweep_incident(step, number), await sweep_incident(step, number)]
        unlinked = [await sweep_unlinked(step, limit=10), await sweep_unlinked(step, limit=10)]
    # The incident's own promise and its ticket's.
    assert swept == [Swept(breached=2), Swept()]
    assert unlinked == [(Swept(breached=1), 1), (Swept(), 0)]


async def test_an_incident_is_refitted_to_the_steps_own_policy(database: Database):
    """So that none is marked as counted by one version that was counted by another."""
    async with database.transaction() as tx:
        (number,) = (await join_and_tell(a_step(tx), tickets(1), ())).incidents
        changed = parse_policy(POLICY.replace("response: 20m", "response: 30m"))
        before = await incidents_to_refit(tx, changed.sla.fingerprint, limit=5)
        await refit_incident(a_step(tx, policy=changed), number)
        after = await incidents_to_refit(tx, changed.sla.fingerprint, limit=5)
    assert (list(before), list(after)) == ([number], [])
