"""Customers were told when they hear from us next: warned of, kept by people or by the safe text, counted."""

from __future__ import annotations

from datetime import timedelta
from io import StringIO

from prefect.artifacts import Artifact
from rich.console import Console

from deployments.commands.show import print_shown, shown
from flows.sla_sweep import sla_sweep
from incidents.promises.updates import KeptBy, PromiseState
from tests.stories.installation import Installation
from tests.stories.test_prefect_away import holds, prefect_away

MINUTE = timedelta(minutes=1)
HALF_AN_HOUR = {"cadence": {"update_every": {1: "30m", 2: "30m"}}}


async def ends(liaison: Installation) -> list[tuple[PromiseState | None, KeptBy | None]]:
    return [(update.state, update.kept_by) for update in (await liaison.case()).updates]


async def as_shown(liaison: Installation) -> str:
    said = StringIO()
    print_shown(Console(file=said, width=400), await shown(liaison.database, "INC-1"))
    return said.getvalue()


async def test_one_agent_answers_and_the_other_does_not(liaison: Installation):
    """Five minutes before, the owner reads that it is due; at the moment only whoever has had no answer gets the safe
    text; and all of it can be counted afterwards."""
    liaison.write_policy(HALF_AN_HOUR)
    first, second = await liaison.escalated(2)
    liaison.world.zendesk.agent_take(first, "Ada Agent")
    await liaison.intake()
    liaison.world.pagerduty.acknowledge(liaison.page.id, "Jane Doe")
    await liaison.sync()
    assert "You will hear from us again by " in liaison.replies(second)[0]
    await liaison.let_pass(10 * MINUTE)
    await sla_sweep()
    assert "were promised an update" not in liaison.notes(first) + liaison.notes(second)

    await liaison.let_pass(16 * MINUTE)
    await sla_sweep()
    await sla_sweep()
    notes = liaison.notes(first) + liaison.notes(second)
    assert notes.count("INC-1: Customers were promised an update by ") == 1
    assert liaison.room().count("Customers were promised an update by ") == 1

    liaison.world.zendesk.agent_reply(first, "Ada Agent", "We have found the cause and are mending it.")
    await liaison.intake()
    await liaison.let_pass(5 * MINUTE)
    await sla_sweep()
    await sla_sweep()
    assert [len(liaison.replies(ticket)) for ticket in (first, second)] == [2, 2], "hers, and ours"
    assert "is not solved yet" in liaison.replies(second)[-1]
    assert await ends(liaison) == [
        (PromiseState.KEPT, KeptBy.SAFE_TEXT),
        (PromiseState.OPEN, None),
    ]

    for ticket in (first, second):
        liaison.world.zendesk.agent_reply(ticket, "Ada Agent", "Ten more minutes.")
    await liaison.intake()
    await liaison.resolved()
    assert await ends(liaison) == [
        (PromiseState.KEPT, KeptBy.SAFE_TEXT),
        (PromiseState.KEPT, KeptBy.AGENT),
        (None, None),
    ]
    words = "2 made: 2 kept (1 by people, 1 by the safe text), 0 broken"
    assert f"promises of the next update: {words}\n" in await as_shown(liaison)
    page = await Artifact.aget("inc-1")
    assert page is not None
    assert f"**Promises of the next update**: {words}" in str(page.data)


async def test_the_lead_is_told_where_the_policy_says_so(liaison: Installation):
    """No text goes out that nobody wrote; the promise is broken, and the story says whose it was."""
    liaison.write_policy(
        {
            "cadence": {"update_every": {1: "30m", 2: "30m"}, "on_lapse": "tell_lead"},
            "teams": {"payments": {"lead": {"title": "Lea", "pager_target": "payments-lead"}}},
        }
    )
    (ticket,) = await liaison.acknowledged()
    await liaison.let_pass(31 * MINUTE)
    await sla_sweep()
    await liaison.let_pass(2 * MINUTE)
    await sla_sweep()
    await sla_sweep()
    assert len(liaison.replies(ticket)) == 1
    assert [page.target for page in liaison.world.pagerduty.pages] == ["payments", "payments-lead"]
    assert "and nobody has written to them" in liaison.notes(ticket)
    assert await ends(liaison) == [(PromiseState.BROKEN, KeptBy.NOTHING)]
    told = [entry.text for entry in await liaison.timeline() if entry.kind == "promise_broken"]
    assert len(told) == 1
    assert told[0].startswith("Promise broken: customers were to hear from us by ")
    assert "1 made: 0 kept, 1 broken" in await as_shown(liaison)


async def test_who_writes_at_minute_ninety(liaison: Installation):
    """One digest in their own thread, however often they are heard of; then they are told with the others."""
    liaison.write_policy(HALF_AN_HOUR)
    (first,) = await liaison.acknowledged()
    for _ in range(2):
        await liaison.let_pass(31 * MINUTE)
        await sla_sweep()
    await liaison.let_pass(28 * MINUTE)
    (late,) = liaison.customers_write()
    await liaison.intake()
    await liaison.intake()
    (digest,) = liaison.replies(late)
    assert "this is what we have told customers so far:" in digest
    assert digest.count(" UTC") == 3, (
        "since when it is known, when they were told, and when the next one comes"
    )
    assert "Now: our engineers are working on it. The next update comes by " in digest
    assert len(liaison.replies(first)) == 3
    liaison.world.pagerduty.acknowledge(liaison.page.id, "Omar Haddad")
    await liaison.sync()
    await liaison.let_pass(4 * MINUTE)
    await sla_sweep()
    assert [len(liaison.replies(ticket)) for ticket in (first, late)] == [4, 2]


async def test_it_is_kept_while_prefect_is_away(liaison: Installation):
    """The safe text goes out at its moment, and keeps the promise."""
    liaison.write_policy(HALF_AN_HOUR)
    (ticket,) = await liaison.acknowledged()
    async with prefect_away():
        await liaison.let_pass(30 * MINUTE)
        await holds("the safe text", lambda: len(liaison.replies(ticket)) == 2)
    await sla_sweep()
    assert len(liaison.replies(ticket)) == 2
    assert (await ends(liaison))[0] == (PromiseState.KEPT, KeptBy.SAFE_TEXT)
