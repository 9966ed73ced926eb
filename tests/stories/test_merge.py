"""Two incidents turn out to be one: one page, one room, one promise from then on; and nobody hears anything twice."""

from __future__ import annotations

import asyncio
import json
from datetime import timedelta
from io import StringIO
from pathlib import Path

import pytest
from rich.console import Console

from blocks.staticpage import StaticPageBlock
from connectors.http.fake.app import Health
from connectors.kit.fakes.faults import FaultKind
from deployments.commands.by_hand.merge import merged
from deployments.commands.show import print_shown, shown
from flows.by_hand.merge import merge
from flows.by_hand.split import split
from flows.reconcile import reconcile
from flows.recover import recover
from flows.sla_sweep import sla_sweep
from incidents.decisions.merging.merge import Merging
from incidents.effects import EffectKind, EffectState
from incidents.errors import Refused
from incidents.models import IncidentState
from tests.stories.installation import Installation

MINUTE = timedelta(minutes=1)
BY_ADA = Merging(by="Ada Agent", why="one gateway is down")
SEARCH = {"subject": "Product search shows no results", "body": "Whatever I type, there is nothing."}
ANYONE = {
    "chat": {"may_act": "anyone"},
    "services": {"search": {"severity": 1}},
    "sla": {"targets": {1: {"response": "100h", "resolution": "200h"}}},
}


async def two_incidents(liaison: Installation) -> tuple[int, int]:
    """INC-1 of the checkout and INC-2 of the search, each paged, each with a ticket and a room."""
    (first,) = await liaison.escalated()
    liaison.world.search.health = Health.ERROR
    (second,) = liaison.customers_write(1, **SEARCH)
    await liaison.intake()
    assert [one.state for one in await liaison.incidents()] == [IncidentState.ESCALATED] * 2
    return first, second


async def test_one_page_one_room_one_story(liaison: Installation):
    """Merged by a command in the room of the one that ends; what still arrives there is the other one's; all are told
    once that it is worked on, and once that it is fixed."""
    liaison.write_policy(ANYONE)
    first, second = await two_incidents(liaison)
    assert await liaison.world.slack.slash("merge INC-1", channel="inc-2-search") == 200
    await liaison.sync()

    ended, survivor = await liaison.incident(2), await liaison.incident(1)
    assert (ended.state, ended.merged_into) == (IncidentState.MERGED, 1)
    assert survivor.state is IncidentState.ESCALATED
    assert [item.ticket.ref.id for item in (await liaison.case()).tickets] == [str(first), str(second)]
    ours, theirs = liaison.world.pagerduty.incidents
    assert (ours.status, theirs.status) == ("triggered", "resolved")
    assert "INC-2 was merged into INC-1 by anna. It goes on in INC-1" in theirs.notes[-1].content
    assert "It goes on in the room of INC-1 (inc-1-checkout)" in liaison.room(2, "search")
    assert "INC-2 was merged into INC-1 with 1 ticket by anna" in liaison.room()
    assert "This ticket belongs to INC-1 (Checkout): INC-2 was merged into it" in liaison.notes(second)

    # Said in the old room, told in the new one; the old page moves nothing any more.
    await liaison.world.slack.slash("note it is the gateway", channel="inc-2-search")
    liaison.world.pagerduty.reopen(theirs.id, "Jane Doe")
    await liaison.sync()
    assert "it is the gateway" in liaison.room()
    assert (await liaison.incident(2)).state is IncidentState.MERGED
    liaison.world.pagerduty.resolve(theirs.id, "Jane Doe")
    await liaison.sync()
    assert (await liaison.incident()).state is IncidentState.ESCALATED

    liaison.world.pagerduty.acknowledge(ours.id, "Jane Doe")
    await liaison.sync()
    assert [len(liaison.replies(ticket)) for ticket in (first, second)] == [1, 1]
    liaison.world.mend_checkout()
    liaison.world.pagerduty.resolve(ours.id, "Jane Doe")
    await liaison.sync()
    await liaison.intake()
    assert (await liaison.incident()).state is IncidentState.CLOSED
    assert [len(liaison.replies(ticket)) for ticket in (first, second)] == [2, 2]
    assert len(liaison.world.pagerduty.pages) == 2, "nobody was woken for the merge"
    stuck = await liaison.ledger(states=[EffectState.DEAD, EffectState.HELD, EffectState.PENDING])
    assert stuck == []

    said = StringIO()
    print_shown(Console(file=said, width=400), await shown(liaison.database, "INC-2"))
    assert "it goes on in INC-1\n" in said.getvalue()
    assert "Merged into INC-1, with 1 ticket by anna" in said.getvalue()


async def test_a_page_that_nobody_has_sent_yet_is_not_sent(liaison: Installation):
    """The command comes while the pager is away: what the one that ends still wanted of it is wanted no more."""
    liaison.write_policy(ANYONE)
    await liaison.escalated()
    liaison.world.search.health = Health.ERROR
    liaison.world.pagerduty.faults.arm(FaultKind.RATE_LIMIT, where="/v2/enqueue", seconds=60)
    liaison.customers_write(1, **SEARCH)
    await liaison.intake()
    done = await merged(liaison.database, liaison.policy_file, "INC-2", "INC-1", BY_ADA)
    assert done.is_new
    liaison.world.pagerduty.faults.clear()
    await liaison.let_pass(10 * MINUTE)
    await recover()
    assert len(liaison.world.pagerduty.pages) == 1
    assert "INC-2" not in {line.target for line in await liaison.ledger(EffectKind.PAGE)}
    assert (await liaison.ledger(states=[EffectState.PENDING, EffectState.DEAD])) == []


async def test_a_page_whose_answer_was_lost_is_not_sent_again(liaison: Installation):
    """It may have rung, so it stays in the ledger; found nowhere after the merge, it is given up: engineers have the
    other one."""
    liaison.write_policy(ANYONE)
    await liaison.escalated()
    liaison.world.search.health = Health.ERROR
    liaison.world.pagerduty.faults.arm(FaultKind.CRASH, where="/v2/enqueue", times=None)
    liaison.customers_write(1, **SEARCH)
    await liaison.intake()
    assert (await merged(liaison.database, liaison.policy_file, "INC-2", "INC-1", BY_ADA)).is_new
    liaison.world.pagerduty.faults.clear()
    await liaison.let_pass(10 * MINUTE)
    await recover()
    assert len(liaison.world.pagerduty.pages) == 1
    _, page = await liaison.ledger(EffectKind.PAGE)
    assert (page.state, page.detail) == (EffectState.DEAD, "merged into INC-1")


async def test_whoever_was_told_in_one_is_not_told_in_the_other(liaison: Installation):
    """INC-2 promised first, INC-1 has told nobody: its customer is caught up once, the other one hears nothing twice,
    and the time that was promised is kept for both."""
    liaison.write_policy({**ANYONE, "cadence": {"update_every": {1: "10m"}}})
    first, second = await two_incidents(liaison)
    await liaison.let_pass(11 * MINUTE)
    # Only the second one's customer is due: the first one's have an agent's hand on it.
    liaison.world.pagerduty.acknowledge(liaison.page.id, "Jane Doe")
    await liaison.sync()
    assert [len(liaison.replies(ticket)) for ticket in (first, second)] == [0, 1]
    promised = (await liaison.case(2)).updates[-1].next_by

    with pytest.raises(Refused, match="say `merge INC-1 INC-2`"):
        await merged(liaison.database, liaison.policy_file, "INC-2", "INC-1", BY_ADA)
    await merge("INC-1", "INC-2", "Ada Agent", "one gateway is down")
    assert [len(liaison.replies(ticket)) for ticket in (first, second)] == [1, 1]
    case = await liaison.case(2)
    assert case.incident.next_update_at == promised
    assert [update.state for update in case.updates] == ["open"]
    assert (await liaison.case(1)).updates == ()

    await liaison.let_pass(11 * MINUTE)
    await sla_sweep()
    assert [len(liaison.replies(ticket)) for ticket in (first, second)] == [2, 2]


async def test_merges_of_merges_and_merges_twice(liaison: Installation):
    """Into one that was merged itself is into where that goes on; said again it is done already; and of two at once one
    happens and the other is told."""
    liaison.write_policy(ANYONE)
    await two_incidents(liaison)
    liaison.write_policy({**ANYONE, "correlation": {"window": "1s"}, "escalation": {"repeats": None}})
    await liaison.let_pass(MINUTE)
    liaison.customers_write(1)
    await liaison.intake()
    assert len(await liaison.incidents()) == 3

    args = (liaison.database, liaison.policy_file)
    assert (await merged(*args, "INC-2", "INC-1", BY_ADA)).is_new
    again = await merged(*args, "INC-2", "INC-1", BY_ADA)
    assert (again.is_new, again.said) == (False, "INC-2 was merged into INC-1 already.")
    deep = await merged(*args, "INC-3", "INC-2", BY_ADA)
    assert (deep.survivor, (await liaison.incident(3)).merged_into) == (1, 1)
    with pytest.raises(Refused, match="there is no INC-9"):
        await merged(*args, "INC-1", "INC-9", BY_ADA)
    assert len((await liaison.case()).tickets) == 3

    await recover()
    await reconcile()
    texts = [entry.text for entry in await liaison.timeline() if entry.kind == "merged"]
    assert len(texts) == 2
    assert [page.status for page in liaison.world.pagerduty.incidents] == [
        "triggered",
        "resolved",
        "resolved",
    ]


async def test_both_ways_at_once(liaison: Installation):
    """Two agents, two directions, one moment: one of the two goes on, with everything."""
    liaison.write_policy(ANYONE)
    await two_incidents(liaison)
    args = (liaison.database, liaison.policy_file)
    found = await asyncio.gather(
        merged(*args, "INC-1", "INC-2", BY_ADA),
        merged(*args, "INC-2", "INC-1", BY_ADA),
        return_exceptions=True,
    )
    assert sum(isinstance(one, Refused) for one in found) == 1, found
    states = sorted(one.state for one in await liaison.incidents())
    assert states == [IncidentState.ESCALATED, IncidentState.MERGED]
    survivor = next(one for one in await liaison.incidents() if one.merged_into is None)
    assert len((await liaison.case(survivor.id)).tickets) == 2


async def test_the_public_incident_goes_along(liaison: Installation, tmp_path: Path):
    """The one that goes on has none: it is told on in the other's, and ends when it is fixed."""
    folder = tmp_path / "status"
    await StaticPageBlock(folder=str(folder), services=["Checkout", "Product search"]).save(
        "story", overwrite=True
    )
    teams = {"teams": {"platform": {"status_page": "staticpage/story"}}}
    liaison.write_policy({**ANYONE, **teams, "status_page": {"approval": "not_needed"}})
    await two_incidents(liaison)

    def public() -> list[tuple[str, list[str]]]:
        found = json.loads((folder / "status.json").read_text())["incidents"]
        return [(one["title"], [said["state"] for said in one["updates"]]) for one in found]

    assert public() == [("Problem with Product search", ["investigating"])]
    await merge("INC-2", "INC-1", "Ada Agent")
    assert public() == [("Problem with Product search", ["investigating"])]
    liaison.world.pagerduty.acknowledge(liaison.world.pagerduty.incidents[0].id, "Jane Doe")
    await liaison.sync()
    liaison.world.mend_checkout()
    liaison.world.pagerduty.resolve(liaison.world.pagerduty.incidents[0].id, "Jane Doe")
    await liaison.sync()
    assert (await liaison.incident()).state is IncidentState.CLOSED
    ((_, states),) = public()
    assert sorted(states) == ["identified", "investigating", "monitoring", "resolved"]


async def test_a_ticket_that_is_split_off_hears_nothing_more_of_the_first(liaison: Installation):
    """One of three is about something else: it has an incident of its own, later reports do not follow it, and its
    customer reads nothing of the first one's end."""
    liaison.write_policy(ANYONE)
    first, second, odd = await liaison.escalated(3)
    assert await liaison.world.slack.slash(f"split {odd} search", channel="inc-1-checkout") == 200
    await liaison.sync()
    own = await liaison.incident(2)
    assert (own.service, own.state) == ("search", IncidentState.VALIDATING)
    assert f"#{odd} does not belong to it, and goes on in INC-2 (split off by anna)" in liaison.room()
    assert "This ticket was split off INC-1 by anna. It is INC-2 now" in liaison.notes(odd)

    await split("INC-1", str(second), "Ada Agent", why="another bank")
    liaison.customers_write(1)
    await liaison.intake()
    third = await liaison.incident(3)
    assert (third.split_from, len((await liaison.case(3)).tickets)) == (1, 1)
    assert len((await liaison.case(1)).tickets) == 2, "what comes now is the first one's"
    split_back = await merged(liaison.database, liaison.policy_file, "INC-3", "INC-1", BY_ADA)
    assert split_back.is_new

    liaison.world.pagerduty.acknowledge(liaison.world.pagerduty.incidents[0].id, "Jane Doe")
    await liaison.sync()
    liaison.world.mend_checkout()
    liaison.world.pagerduty.resolve(liaison.world.pagerduty.incidents[0].id, "Jane Doe")
    await liaison.sync()
    await liaison.intake()
    assert (await liaison.incident()).state is IncidentState.CLOSED
    assert [len(liaison.replies(ticket)) for ticket in (first, second, odd)] == [2, 2, 0]
    assert liaison.world.zendesk.tickets[odd].status != "solved"
