"""The public is told when a person allows it, reads what customers read when they read it, and reads the end."""

from __future__ import annotations

import asyncio
import json
import shutil
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

import flows.recover as recovering
from blocks.staticpage import StaticPageBlock
from connectors.kit.fakes.faults import FaultKind
from connectors.slack.fake import rendering
from deployments.commands.by_hand.approve import answered
from flows.by_hand.approve import approve
from flows.reconcile import reconcile
from flows.recover import recover
from flows.sla_sweep import sla_sweep
from incidents.approval import ApprovalState, ApprovalSubject, Ruling
from incidents.case import EntryKind
from incidents.effects import EffectKind, EffectState
from incidents.errors import Unreachable
from incidents.models import IncidentState
from incidents.process.approving import approve as rule
from tasks import resources
from tasks.reading import overdue
from tests.stories.installation import Installation

ROOM = "inc-1-checkout"
SUBJECT = ApprovalSubject.STATUS_PAGE
PAGE_KINDS = (EffectKind.STATUS_PAGE_OPEN, EffectKind.STATUS_PAGE_UPDATE)


class Page:
    """The status page's folder, as the public reads it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def incidents(self) -> list[dict[str, Any]]:
        file = self.folder / "status.json"
        found: list[dict[str, Any]] = json.loads(file.read_text())["incidents"] if file.exists() else []
        return found

    def said(self) -> list[tuple[str, str]]:
        (one,) = self.incidents()
        return [(said["state"], said["text"]) for said in one["updates"]]


@pytest.fixture
async def page(liaison: Installation, tmp_path: Path) -> Page:
    """The policy names a status page for the team, in a folder of this story."""
    folder = tmp_path / "status"
    await StaticPageBlock(folder=str(folder), services=["Checkout"]).save("story", overwrite=True)
    policy(liaison)
    return Page(folder)


def policy(liaison: Installation, changes: Mapping[str, Any] | None = None) -> None:
    liaison.write_policy(
        {"teams": {"payments": {"status_page": "staticpage/story"}}, "status_page": dict(changes or {})}
    )


def said_in_room(liaison: Installation) -> str:
    return "\n".join(rendering.shown(post) for post in liaison.world.slack.messages(ROOM))


async def test_from_outage_to_end(liaison: Installation, page: Page):
    """Asked in the room with what it would say; approved there; opened, told on, resolved: each word once."""
    (ticket,) = await liaison.escalated()
    assert page.incidents() == []
    room = said_in_room(liaison)
    assert "May the public status page tell of INC-1? It would say:" in room
    assert "We see a problem with Checkout: our engineers have been called." in room
    assert "liaison approve INC-1 status-page --by NAME" in liaison.notes(ticket)

    await liaison.world.slack.slash("approve INC-1 many are hit", channel=ROOM)
    await liaison.sync()
    (public,) = page.incidents()
    assert (public["title"], public["services"]) == ("Problem with Checkout", ["Checkout"])
    assert "anna approved at" in said_in_room(liaison)
    assert "that the public status page tells of it (many are hit)" in said_in_room(liaison)

    liaison.world.pagerduty.acknowledge(liaison.page.id, "Jane Doe")
    await liaison.sync()
    await liaison.let_pass(timedelta(hours=2))
    await sla_sweep()
    await liaison.resolved()
    assert (await liaison.incident()).state is IncidentState.CLOSED
    states = [state for state, _ in page.said()]
    texts = [text for _, text in page.said()]
    assert states == ["investigating", "identified", "identified", "monitoring", "resolved"]
    assert texts[0].startswith("We see a problem with Checkout: our engineers have been called.")
    assert texts[1].startswith(
        "Our engineers are working on the problem with Checkout. The next update comes by"
    )
    assert texts[2].startswith(
        "The problem with Checkout is not solved yet: our engineers are working on it."
    )
    assert texts[3].startswith(
        "There is a fix for the problem with Checkout, and we are watching whether it holds."
    )
    assert (
        texts[4]
        == "The problem with Checkout is fixed, and we have checked it. We are sorry for the trouble."
    )
    everything = (page.folder / "index.html").read_text() + (page.folder / "status.json").read_text()
    for internal in ("INC-1", "Jane", "anna", "4111", "Customer 1", "Hello", "many are hit"):
        assert internal not in everything, internal
    assert {line.state for line in await liaison.ledger(*PAGE_KINDS)} == {EffectState.DONE}
    story = [(entry.kind, entry.actor) for entry in await liaison.timeline()]
    assert (EntryKind.APPROVAL_ASKED, "Liaison") in story
    assert (EntryKind.APPROVED, "anna") in story


async def test_by_the_button(liaison: Installation, page: Page):
    await liaison.escalated()
    posts = liaison.world.slack.messages(ROOM)
    question = next(post for post in posts if "May the public" in rendering.shown(post))
    await liaison.world.slack.press(question["ts"], "Approve: tell the public")
    await liaison.sync()
    assert len(page.incidents()) == 1


async def test_denied(liaison: Installation, page: Page):
    """Nothing is published, also when somebody says yes afterwards; that one reads who was first."""
    await liaison.escalated()
    await liaison.world.slack.slash("deny INC-1", channel=ROOM)
    await liaison.sync()
    await liaison.world.slack.slash("approve INC-1", channel=ROOM, user="U0BORIS")
    await liaison.sync()
    assert "INC-1: anna denied at" in said_in_room(liaison)
    await liaison.resolved()
    assert page.incidents() == []
    assert await liaison.ledger(*PAGE_KINDS) == []
    (approval,) = (await liaison.case()).approvals
    assert (approval.state, approval.decided_by) == (ApprovalState.DENIED, "anna")


async def test_nobody_answers(liaison: Installation, page: Page):
    """The question expires, is told once, and a late yes publishes nothing."""
    await liaison.escalated()
    await liaison.let_pass(timedelta(hours=3))
    assert "expired" in await approve("INC-1", by="Late Larry")
    for _ in range(2):
        await recover()
    (approval,) = (await liaison.case()).approvals
    assert approval.state is ApprovalState.EXPIRED
    assert (
        said_in_room(liaison).count("Nothing is published on the public status page: nobody answered by") == 1
    )
    assert [entry.kind for entry in await liaison.timeline()].count(EntryKind.APPROVAL_EXPIRED) == 1
    assert "nobody answered" in await approve("INC-1", by="Late Larry")
    assert page.incidents() == []


async def test_a_question_that_cannot_expire(
    liaison: Installation, page: Page, monkeypatch: pytest.MonkeyPatch
):
    """It keeps recover from nothing else, and expires when it can."""
    await liaison.escalated()
    await liaison.let_pass(timedelta(hours=3))

    async def fails(incident_id: int) -> None:
        raise Unreachable(f"INC-{incident_id} cannot be decided on")

    with monkeypatch.context() as patch:
        patch.setattr(recovering, "expire_approvals", fails)
        assert "bells" in await recover()
    assert (await overdue()).approvals == (1,)
    await recover()
    assert (await overdue()).approvals == ()


async def test_no_page_any_more(liaison: Installation, page: Page):
    """The operator takes the page off the policy before anybody answered: the question is over, not due for ever."""
    await liaison.escalated()
    liaison.write_policy({})
    await liaison.let_pass(timedelta(hours=3))
    assert (await overdue()).approvals == (1,)
    await recover()
    assert (await overdue()).approvals == ()
    assert "the policy names no status page for it any more" in said_in_room(liaison)


async def test_two_at_once(liaison: Installation, page: Page):
    """In one moment by form and on the command line, one yes and one no: one counts, the other is told."""
    await liaison.escalated()

    async def ruling(is_yes: bool, by: str) -> bool:
        async with resources.transaction() as step:
            given = Ruling(subject=SUBJECT, is_yes=is_yes, by=by, where="by form")
            return (await rule(step, 1, given)).counts

    counted = await asyncio.gather(*(ruling(number % 2 == 0, f"person {number}") for number in range(6)))
    assert counted.count(True) == 1
    (approval,) = (await liaison.case()).approvals
    assert approval.decided_by == f"person {counted.index(True)}"
    await recover()
    assert len(page.incidents()) == (1 if counted.index(True) % 2 == 0 else 0)
    assert (
        sum(entry.kind in (EntryKind.APPROVED, EntryKind.DENIED) for entry in await liaison.timeline()) == 1
    )


async def test_on_the_command_line(liaison: Installation, page: Page):
    """What is approved is in the ledger; whoever comes after a crash opens it, once."""
    await liaison.escalated()
    found = await answered(
        liaison.database, liaison.policy_file, "INC-1", SUBJECT, is_yes=True, by="Olga", why="it is big"
    )
    assert found.counts
    assert "INC-1: Olga approved" in found.said
    assert page.incidents() == []  # the command sends nothing itself: a crash here loses nothing
    await recover()
    await recover()
    assert len(page.incidents()) == 1
    again = await answered(liaison.database, liaison.policy_file, "INC-1", SUBJECT, is_yes=False, by="Otto")
    assert not again.counts
    assert "Olga approved" in again.said


async def test_the_page_is_away(liaison: Installation, page: Page):
    """The folder is a stranger's: nobody else is hindered, and when it is mended the whole of it comes, in order."""
    page.folder.mkdir()
    (page.folder / "diary.txt").write_text("mine")
    (ticket,) = await liaison.escalated()
    await approve("INC-1", by="Olga")
    liaison.world.pagerduty.acknowledge(liaison.page.id, "Jane Doe")
    await liaison.sync()
    await liaison.resolved()
    assert len(liaison.replies(ticket)) == 2
    assert all(line.state.is_open for line in await liaison.ledger(*PAGE_KINDS))
    (page.folder / "diary.txt").unlink()
    for _ in range(6):
        await liaison.let_pass(timedelta(minutes=10))
        await recover()
    assert [state for state, _ in page.said()] == ["investigating", "identified", "monitoring", "resolved"]


async def test_without_a_person(liaison: Installation, page: Page):
    """`approval: not_needed`: told once the fault is confirmed. Below the line of severity nobody is told or asked."""
    policy(liaison, {"approval": "not_needed"})
    await liaison.escalated()
    assert len(page.incidents()) == 1
    assert (await liaison.case()).approvals == ()


async def test_below_the_line(liaison: Installation, page: Page):
    """What hits few is nobody else's news: nobody is asked."""
    liaison.write_policy(
        {
            "teams": {"payments": {"status_page": "staticpage/story"}},
            "services": {"checkout": {"severity": 3}},
        }
    )
    await liaison.escalated()
    assert (await liaison.case()).approvals == ()
    assert "May the public" not in said_in_room(liaison)


async def test_over_before_anybody_said_so(liaison: Installation, page: Page):
    """The question is taken back; a yes to it publishes nothing."""
    await liaison.acknowledged()
    await liaison.resolved()
    assert "it was over before anybody said so" in said_in_room(liaison)
    await approve("INC-1", by="Olga")
    assert page.incidents() == []


async def test_only_who_may(liaison: Installation, page: Page):
    """Approving is acting: who is not in the room may not."""
    await liaison.escalated()
    liaison.world.slack.workspace.add_channel("general", member="U0EVE")
    await liaison.world.slack.slash("approve INC-1", channel="general", user="U0EVE")
    await liaison.sync()
    assert page.incidents() == []
    (approval,) = (await liaison.case()).approvals
    assert approval.state is ApprovalState.ASKED


async def test_reopened_after_the_end(liaison: Installation, page: Page):
    """What is resolved in public stays so; the new fault is asked for anew."""
    (ticket,) = await liaison.acknowledged()
    await approve("INC-1", by="Olga")
    await liaison.resolved()
    assert page.said()[-1][0] == "resolved"
    liaison.world.break_checkout()
    liaison.world.zendesk.customer_reply(ticket, "It is still broken!")
    await liaison.intake()
    assert (await liaison.incident()).generation == 2
    assert [one.state for one in (await liaison.case()).approvals] == [
        ApprovalState.APPROVED,
        ApprovalState.ASKED,
    ]
    await approve("INC-1", by="Olga")
    assert len(page.incidents()) == 2


async def test_a_lost_folder(liaison: Installation, page: Page):
    """Somebody deleted it: the next reconcile writes it again, also after a restart, for it is in the store."""
    await liaison.escalated()
    await approve("INC-1", by="Olga")
    shutil.rmtree(page.folder)
    await reconcile()
    assert len(page.incidents()) == 1


async def test_a_room_that_comes_late(liaison: Installation, page: Page):
    """Slack is away when it is asked: the question comes with the room, and is one."""
    liaison.world.slack.faults.arm(FaultKind.OUTAGE, times=None)
    await liaison.escalated()
    liaison.world.slack.faults.clear()
    await liaison.let_pass(timedelta(minutes=10))
    await recover()
    assert said_in_room(liaison).count("May the public status page tell of INC-1?") == 1
