"""One accountable agent, from the first report to the end: found, handed over, missed, and shown everywhere."""

from __future__ import annotations

from datetime import timedelta
from io import StringIO

from rich.console import Console

from deployments.commands import owner as owners
from deployments.commands.show import incident_rows, print_shown, shown
from flows.recover import recover
from flows.sla_sweep import sla_sweep
from incidents.decisions.ownership.hand_over import HandOver
from incidents.models import IncidentState
from tests.stories.installation import Installation

ROOM = "inc-1-checkout"
MINUTE = timedelta(minutes=1)


async def owners_told(liaison: Installation) -> list[str]:
    return [entry.text for entry in await liaison.timeline() if entry.kind in ("owner", "orphaned")]


async def test_from_the_first_ticket_through_three_hands(liaison: Installation):
    """The desk by default, an agent by command with a note, another one from the room; both read it each time."""
    liaison.write_policy({"ownership": {"default": "Night desk"}, "chat": {"may_act": "anyone"}})
    first, second = await liaison.escalated(2)
    for ticket, agent in ((first, "Ada Agent"), (second, "Ben Agent")):
        liaison.world.zendesk.agent_take(ticket, agent)
    await liaison.intake()
    assert (await liaison.incident()).owner == "Night desk", "who has it by the policy keeps it"
    assert "Accountable: Night desk" in liaison.room()
    assert "Accountable: Night desk." in liaison.notes(first)

    wanted = HandOver(to="Ada Agent", by="Jo Lead", note="the bank is called")
    found = await owners.give_to(liaison.database, "INC-1", wanted, liaison.policy_file)
    assert (found.owner, found.is_new) == ("Ada Agent", True)
    again = await owners.give_to(liaison.database, "INC-1", wanted, liaison.policy_file)
    assert again.is_new is False
    await recover()
    words = "Accountable from now on: Ada Agent, after Night desk (handed over by Jo Lead). Note: the bank is called"
    assert liaison.notes(first).count(f"INC-1: {words}") == 1
    assert liaison.room().count(words) == 1

    assert await liaison.world.slack.slash("owner @ben they call back at nine", channel=ROOM) == 200
    await liaison.sync()
    assert (await liaison.incident()).owner == "Ben Agent"
    for ticket in (first, second):
        assert liaison.notes(ticket).count("Ben Agent, after Ada Agent") == 1
    assert "Note: they call back at nine" in liaison.room()
    assert len(await owners_told(liaison)) == 3

    (row,) = await incident_rows(liaison.database, limit=5)
    assert row.owner == "Ben Agent"
    said = StringIO()
    print_shown(Console(file=said, width=400), await shown(liaison.database, "INC-1"))
    assert "accountable: Ben Agent\n" in said.getvalue()
    assert (await owners.owner_of(liaison.database, "inc-1")).owner == "Ben Agent"


async def test_nobody_has_it_and_then_nobody_stirs(liaison: Installation):
    """The lead is paged of an orphan once, and is no engineer; who takes a ticket has it; four silent hours are another
    page; and when it is over none rings on."""
    patient = {"sla": {"targets": {1: {"response": "100h", "resolution": "200h"}}}}
    written = {"title": "Lea", "pager_target": "payments-lead"}
    liaison.write_policy({**patient, "ownership": {"lead": written}})
    (ticket,) = await liaison.escalated()
    await liaison.let_pass(16 * MINUTE)
    await sla_sweep()
    await sla_sweep()
    pages = [page.target for page in liaison.world.pagerduty.pages]
    assert pages.count("payments-lead") == 1
    assert liaison.notes(ticket).count("Nobody is accountable for INC-1") == 1
    liaison.world.pagerduty.acknowledge(liaison.page.id, "Lea")
    await liaison.sync()
    assert (await liaison.incident()).state is IncidentState.ESCALATED
    team, lead = liaison.world.pagerduty.incidents
    liaison.world.pagerduty.resolve(lead.id, "Lea")
    await liaison.sync()
    assert (await liaison.incident()).state is IncidentState.ESCALATED
    assert team.status == "triggered"

    liaison.world.zendesk.agent_take(ticket, "Ada Agent")
    await liaison.intake()
    assert (await liaison.incident()).owner == "Ada Agent"
    await liaison.let_pass(241 * MINUTE)
    await sla_sweep()
    await sla_sweep()
    assert liaison.notes(ticket).count("No word on INC-1 for 4 h ") == 1
    told = await owners_told(liaison)
    assert told[0].startswith("Nobody is accountable for INC-1, open for 16 min")
    assert told[1] == f"Accountable: Ada Agent, who has taken #{ticket}"
    assert told[2].startswith("No word on INC-1 for 4 h ")
    assert len(told) == 3
    assert [page.target for page in liaison.world.pagerduty.pages].count("payments-lead") == 2
    assert "No word on INC-1 for 4 h " in liaison.page.title

    liaison.world.mend_checkout()
    liaison.world.pagerduty.resolve(team.id, "Jane Doe")
    await liaison.sync()
    assert (await liaison.incident()).state is IncidentState.CLOSED
    assert {page.status for page in liaison.world.pagerduty.incidents} == {"resolved"}


async def test_the_shift_changes_at_night(liaison: Installation):
    """Whoever's calendar is open has it; when it closes, the other one reads that it is theirs."""
    always, never = "always", "closed"
    calendars = {"sla": {"calendars": {never: {"timezone": "UTC", "hours": {"mon": ["03:00-03:01"]}}}}}
    shifts = [{"calendar": always, "owner": "Ada Agent"}, {"calendar": never, "owner": "Ben Agent"}]
    liaison.write_policy({**calendars, "ownership": {"shifts": shifts}})
    (ticket,) = await liaison.escalated()
    assert (await liaison.incident()).owner == "Ada Agent"
    shifts = [{"calendar": never, "owner": "Ada Agent"}, {"calendar": always, "owner": "Ben Agent"}]
    liaison.write_policy({**calendars, "ownership": {"shifts": shifts}})
    await sla_sweep()
    await sla_sweep()
    assert (await liaison.incident()).owner == "Ben Agent"
    words = "Accountable from now on: Ben Agent, after Ada Agent. Note: the shift has changed"
    assert liaison.notes(ticket).count(words) == 1
