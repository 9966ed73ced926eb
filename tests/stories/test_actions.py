"""Actions: a person is asked while the page goes out, it is started once, and what holds it back says so in words."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

import pytest

from connectors.http.fake.app import Remedy
from connectors.slack.fake import rendering
from deployments.commands.by_hand.pausing import paused, resumed
from flows.by_hand.approve import approve
from flows.recover import recover
from incidents.approval import ApprovalState, ApprovalSubject, Ruling
from incidents.case import EntryKind
from incidents.effects import EffectKind, EffectState
from incidents.models import IncidentState
from incidents.process.approving import approve as rule
from incidents.store.board.reading import read_board
from tasks import resources
from tasks.pages.now import now_page
from tests.stories.installation import Installation

ROOM = "inc-1-checkout"
ACTION = "fail over"
SUBJECT = ApprovalSubject.ACTION


def policy(liaison: Installation, changes: Mapping[str, Any] | None = None) -> None:
    """One action for the checkout, which a person must allow."""
    liaison.world.checkout.remedies |= {ACTION: Remedy.MENDS}
    action = {"name": ACTION, "connection": "http/checkout", "mode": "approve", "arguments": {"region": "eu"}}
    liaison.write_policy({"services": {"checkout": {"actions": [action | dict(changes or {})]}}})


@pytest.fixture
def asking(liaison: Installation) -> Installation:
    policy(liaison)
    return liaison


def started(liaison: Installation) -> list[dict[str, str]]:
    """With which arguments the action was started, each time."""
    return [run.arguments for run in liaison.world.checkout.runs]


async def told(liaison: Installation, number: int = 1) -> list[str]:
    return [entry.text for entry in await liaison.timeline(number)]


async def press(liaison: Installation, label: str, *, user: str = "U0ANNA", room: str = ROOM) -> None:
    posts = liaison.world.slack.messages(room)
    question = next(post for post in posts if f"may the action '{ACTION}'" in rendering.shown(post))
    await liaison.world.slack.press(question["ts"], label, user=user)


async def test_asked_while_the_page_goes_out_and_started_once(asking: Installation):
    """Two engineers press at the same moment: one counts, the action is started once, and what probes said before and
    after is in the story."""
    (ticket,) = await asking.escalated()
    assert len(asking.world.pagerduty.pages) == 1
    assert started(asking) == []
    assert "may the action 'fail over' be started? It runs at http/checkout with region=eu." in asking.room()
    assert f"liaison approve INC-1 action '{ACTION}' --by NAME" in asking.notes(ticket)

    await asyncio.gather(press(asking, f"Start: {ACTION}"), press(asking, f"Start: {ACTION}", user="U0BORIS"))
    await asking.sync()
    (approval,) = (await asking.case()).approvals
    assert approval.state is ApprovalState.APPROVED
    (arguments,) = started(asking)
    assert arguments == {
        "incident": "INC-1",
        "service": "checkout",
        "region": "eu",
        "approved_by": approval.decided_by,
    }
    (line,) = await asking.ledger(EffectKind.ACTION)
    assert (line.state, line.detail) == (EffectState.DONE, "fail over done")
    story = await told(asking)
    before = next(
        n for n, text in enumerate(story) if text.startswith("Before the action 'fail over': http/")
    )
    outcome = story.index("Action 'fail over': fail over done")
    after = next(n for n, text in enumerate(story) if text.startswith("After the action 'fail over': http/"))
    assert before < outcome < after
    assert "http/checkout is failing (HTTP 503" in story[before]
    assert "http/checkout is healthy" in story[after]
    assert "'fail over' succeeded: fail over done" in asking.room()
    kinds = [entry.kind for entry in await asking.timeline()]
    assert kinds.count(EntryKind.APPROVED) == 1
    assert asking.room().count("approved at") >= 1


async def test_two_in_one_moment(asking: Installation):
    """By form, command and room at once, yes and no: one decision wins, and it is started once at most."""
    await asking.escalated()

    async def ruling(is_yes: bool, by: str) -> bool:
        async with resources.transaction() as step:
            given = Ruling(subject=SUBJECT, is_yes=is_yes, by=by, where="by form")
            return (await rule(step, 1, given)).counts

    counted = await asyncio.gather(*(ruling(number % 2 == 0, f"person {number}") for number in range(6)))
    assert counted.count(True) == 1
    await recover()
    assert len(started(asking)) == (1 if counted.index(True) % 2 == 0 else 0)


async def test_denied(asking: Installation):
    """Nothing is started, also not by `run`, which reads who denied it."""
    await asking.escalated()
    await press(asking, "Deny")
    await asking.sync()
    await asking.world.slack.slash(f"run INC-1 {ACTION}", channel=ROOM, user="U0BORIS")
    await asking.sync()
    assert started(asking) == []
    assert "anna denied at" in asking.room()


async def test_nobody_answers(asking: Installation):
    """It expires by the policy; engineers may still say `run`, by name, which is a word of its own."""
    await asking.escalated()
    await asking.let_pass(2 * resources.policy().services["checkout"].actions[0].expires_after)
    await recover()
    assert "The action 'fail over' is not started: nobody answered by" in asking.room()
    assert "fail over' is not started: nobody answered" in await approve("INC-1", by="Late", subject=SUBJECT)
    assert started(asking) == []
    await asking.world.slack.slash(f"run INC-1 {ACTION}", channel=ROOM)
    await asking.sync()
    assert len(started(asking)) == 1


async def test_not_more_than_the_policy_allows(liaison: Installation):
    """The third start within the hour is held back, whichever incident asks; an hour later it may be."""
    policy(liaison, {"most_per_hour": 2})
    for number in (1, 2, 3):
        await liaison.escalated()
        assert (await liaison.incident(number)).state is IncidentState.ESCALATED
        await approve(f"INC-{number}", by="Olga", subject=SUBJECT)
        if number < 3:
            await liaison.resolved()
    assert len(started(liaison)) == 2
    why = "not started: it was started twice within the last hour, and the policy allows 2"
    assert f"Action '{ACTION}': {why}" in await told(liaison, 3)
    assert f"'{ACTION}' {why}" in liaison.room(3)
    await liaison.let_pass(2 * resources.policy().services["checkout"].actions[0].expires_after)
    await liaison.world.slack.slash(f"run INC-3 {ACTION}", channel="inc-3-checkout")
    await liaison.sync()
    assert len(started(liaison)) == 3


async def test_the_kill_switch(asking: Installation):
    """Approved all the same, nothing is started, and everybody reads by whom it was paused and how that ends."""
    assert (await paused(asking.database, by="Olga", why="deploy at two")).is_new
    assert not (await paused(asking.database, by="Otto")).is_new
    await asking.escalated()
    async with resources.transaction() as step:
        board = await read_board(step.connection, now=step.now)
        assert "**No action is started**: actions are paused by Olga" in now_page(board, step.policy, {})
    await press(asking, f"Start: {ACTION}")
    await asking.sync()
    assert started(asking) == []
    assert "'fail over' not started: actions are paused by Olga since" in asking.room()
    assert "(deploy at two); `liaison resume actions` ends it" in asking.room()
    assert (await resumed(asking.database, by="Olga")).is_new
    assert started(asking) == []
    await asking.world.slack.slash(f"run INC-1 {ACTION}", channel=ROOM)
    await asking.sync()
    assert len(started(asking)) == 1
    assert not (await resumed(asking.database, by="Olga")).is_new


async def test_an_automatic_one_that_is_held_back_wakes_engineers_at_once(liaison: Installation):
    policy(liaison, {"mode": "automatic"})
    await paused(liaison.database, by="Olga")
    await liaison.escalated()
    assert started(liaison) == []
    assert len(liaison.world.pagerduty.pages) == 1
    paged = next(text for text in await told(liaison) if text.startswith("Paged Payments team"))
    assert "the action 'fail over' was not started: actions are paused by Olga" in paged


async def test_a_dry_run(liaison: Installation):
    """All of it but the start: the story says what would have been run, and engineers are paged."""
    policy(liaison, {"mode": "automatic", "dry_run": True})
    await liaison.escalated()
    assert started(liaison) == []
    assert len(liaison.world.pagerduty.pages) == 1
    rehearsed = "only rehearsed (dry run): it would have run at http/checkout with region=eu"
    assert f"Action '{ACTION}': {rehearsed}" in await told(liaison)


@pytest.mark.parametrize(
    ("conditions", "why"),
    [
        ({"healthy": ["http/search"]}, None),
        (
            {"healthy": ["http/checkout"]},
            "what must be healthy is not: http/checkout is failing (HTTP 503",
        ),
        ({"failing": True}, None),
        ({"severity": 1}, None),
    ],
)
async def test_what_must_hold_just_before(
    liaison: Installation, conditions: Mapping[str, Any], why: str | None
):
    policy(liaison, {"mode": "automatic", "only_if": conditions})
    await liaison.escalated()
    assert len(started(liaison)) == (1 if why is None else 0)
    if why is not None:
        assert f"Action '{ACTION}': not started: {why}" in "\n".join(await told(liaison))
