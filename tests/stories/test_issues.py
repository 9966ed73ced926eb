"""An issue for the lasting fix is opened once, with the incident's story, and its end is told in the incident's."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from blocks.connect import _Open
from flows.reconcile import reconcile
from flows.recover import recover
from incidents.case import EntryKind
from incidents.effects import EffectKind, EffectState
from incidents.errors import NotFound, Unknown, Unreachable
from incidents.events import Event, IssueEvent, Lane, Verified
from incidents.issues import Issue
from incidents.models import IncidentState, InternalText
from incidents.ports import IssueTracker
from incidents.store.inbox.writer import InboxWriter
from incidents.store.issues import KnownIssue, keep_issue, record_tries
from incidents.store.schema.tables import issues
from tasks import resources
from tests.stories.installation import Installation


class Tracker(IssueTracker):
    """One in memory, which may lose a reply, and whose deliveries are keys of issues."""

    vendor = "tracker"
    index_lag = 0.0
    lane = Lane.STATUS_SYNC

    def __init__(self) -> None:
        self.opened: list[tuple[str, str, str]] = []
        self.comments: list[tuple[str, str, str]] = []
        self.read_keys: list[str] = []
        self.status, self.is_closed, self.loses, self.is_away = "New", False, False, False

    async def open_issue(self, title: str, text: InternalText, *, once: str) -> str:
        self.opened.append((once, title, text))
        if self.loses:
            self.loses = False
            raise Unknown("the reply was lost")
        return str(len(self.opened))

    async def find_issue(self, once: str) -> str | None:
        return next((str(n) for n, one in enumerate(self.opened, 1) if one[0] == once), None)

    def events(self, verified: Verified) -> Sequence[Event]:
        key = verified.body.decode()
        return [IssueEvent(connection="redmine/story", key=key, at=datetime.now(UTC))]

    async def read(self, key: str) -> Issue:
        self.read_keys.append(key)
        if self.is_away:
            raise Unreachable("no answer")
        if not self.opened:
            raise NotFound(key)
        return Issue(
            key=key,
            title="x",
            status=self.status,
            is_closed=self.is_closed,
            updated_at=datetime.now(UTC),
        )

    async def changed_since(self, since: datetime) -> AsyncIterator[Issue]:
        for key in range(1, len(self.opened) + 1):
            yield await self.read(str(key))

    async def comment(self, key: str, text: InternalText, *, once: str) -> None:
        self.comments.append((once, key, text))
        if self.loses:
            self.loses = False
            raise Unknown("the reply was lost")

    async def was_done(self, key: str, once: str) -> bool:
        return any((one, at) == (once, key) for one, at, _ in self.comments)

    async def transition(self, key: str, status: str, *, once: str) -> None: ...

    async def aclose(self) -> None: ...


@pytest.fixture
async def tracker(liaison: Installation) -> Tracker:
    double = Tracker()
    resources._here().connections._open["redmine/story"] = _Open(double, {}, time.monotonic() + 3600)
    liaison.write_policy({"services": {"checkout": {"tracker": "redmine/story"}}})
    return double


async def told(liaison: Installation, kind: EntryKind) -> list[str]:
    return [entry.text for entry in await liaison.timeline() if entry.kind is kind]


async def test_opened_once_and_its_end_told(liaison: Installation, tracker: Tracker):
    """When it works again; its words are redacted; what the tracker says of it is told when it changes."""
    await liaison.acknowledged()
    assert tracker.opened == []
    await liaison.resolved()
    ((_, title, text),) = tracker.opened
    assert title.startswith("INC-1 Checkout: ")
    assert "Who is hit: 1 ticket from 1 customer" in text
    assert "4111" not in text
    assert await told(liaison, EntryKind.SENT_ISSUE) == [
        "Issue for the lasting fix at redmine/story: 1",
        "What it came to is below the issue 1",
    ]
    for status, is_closed in (("New", False), ("In Progress", False), ("In Progress", False), ("Done", True)):
        tracker.status, tracker.is_closed = status, is_closed
        await reconcile()
    tracker.status = "Reopened"
    await reconcile()
    assert await told(liaison, EntryKind.ISSUE_MOVED) == [
        "The issue 1 at redmine/story is 'In Progress' now",
        "The fix is done: the issue 1 at redmine/story is 'Done'",
    ]


async def test_how_it_stands_is_told_in_the_teams_language(liaison: Installation, tracker: Tracker):
    liaison.write_policy({"services": {"checkout": {"tracker": "redmine/story"}}, "language": {"team": "de"}})
    await liaison.acknowledged()
    await liaison.resolved()
    for status in ("New", "In Progress"):
        tracker.status = status
        await reconcile()
    sent, (moved,) = await told(liaison, EntryKind.SENT_ISSUE), await told(liaison, EntryKind.ISSUE_MOVED)
    assert sent[0] == "Issue für die dauerhafte Lösung bei redmine/story: 1"
    assert moved == "Das Issue 1 bei redmine/story steht jetzt auf „In Progress“"


async def deliver(liaison: Installation, *keys: str) -> None:
    inbox = InboxWriter(liaison.database)
    inbox.start()
    for key in keys:
        verified = Verified(headers=(), body=key.encode(), identity=f"{key} {time.monotonic_ns()}")
        await inbox.accept("redmine/story", Lane.STATUS_SYNC, verified)
    await inbox.aclose()


async def test_a_webhook_tells_at_once(liaison: Installation, tracker: Tracker):
    """The issue that it names is read without waiting for the reconciler; an issue that is not ours is not."""
    await liaison.acknowledged()
    await liaison.resolved()
    tracker.status = "In Progress"
    await reconcile()
    tracker.status, tracker.is_closed = "Done", True
    tracker.read_keys.clear()
    await deliver(liaison, "77", "1", "1")
    assert await liaison.sync() == "3 events"
    assert tracker.read_keys == ["1"]
    assert (await told(liaison, EntryKind.ISSUE_MOVED))[-1] == (
        "The fix is done: the issue 1 at redmine/story is 'Done'"
    )


async def test_a_webhook_whose_issue_cannot_be_read(liaison: Installation, tracker: Tracker):
    """The delivery is settled all the same: the reconciler reads every issue in any case."""
    await liaison.acknowledged()
    await liaison.resolved()
    tracker.status, tracker.is_closed, tracker.is_away = "Done", True, True
    await deliver(liaison, "1")
    assert await liaison.sync() == "1 events"
    tracker.is_away = False
    await reconcile()
    assert (await told(liaison, EntryKind.ISSUE_MOVED))[-1].startswith("The fix is done")


async def test_a_lost_reply(liaison: Installation, tracker: Tracker):
    """It was opened and nobody said so: looked up, not opened again."""
    tracker.loses = True
    await liaison.acknowledged()
    await liaison.resolved()
    await liaison.let_pass(timedelta(minutes=10))
    await recover()
    assert len(tracker.opened) == 1
    (line,) = await liaison.ledger(EffectKind.ISSUE_OPEN)
    assert line.state is EffectState.DONE


async def test_what_it_came_to_is_below_the_issue_once(liaison: Installation, tracker: Tracker):
    """Also where the reply to that was lost; and once more when it was opened again, below the same issue."""
    (ticket,) = await liaison.acknowledged()
    await liaison.resolved()
    ((_, key, text),) = tracker.comments
    assert key == "1"
    assert text.startswith(
        "INC-1 is closed: every linked customer was told.\nCheckout, severity 1: reported "
    )
    assert "4111" not in text
    assert "INC-1 is closed: every linked customer was told.\nCheckout, " in liaison.notes(ticket)

    liaison.world.break_checkout()
    liaison.world.zendesk.customer_reply(ticket, "Sorry, but it is still broken for me.")
    await liaison.intake()
    liaison.world.pagerduty.acknowledge(liaison.page.id, "Jane Doe")
    await liaison.sync()
    tracker.loses = True
    await liaison.resolved()
    await liaison.let_pass(timedelta(minutes=10))
    await recover()
    assert [key for _, key, _ in tracker.comments] == ["1", "1"]
    assert "opened again 1 time" in tracker.comments[-1][2]
    assert {line.state for line in await liaison.ledger(EffectKind.ISSUE_COMMENT)} == {EffectState.DONE}


class Dead(Tracker):
    """It does not answer, and notes how INC-1 stood when it was asked."""

    def __init__(self, liaison: Installation) -> None:
        super().__init__()
        self.liaison = liaison
        self.asked: list[IncidentState] = []

    async def read(self, key: str) -> Issue:
        self.asked.append((await self.liaison.incident()).state)
        raise Unreachable("no answer")


async def test_a_tracker_that_does_not_answer(liaison: Installation, tracker: Tracker):
    """It is asked once a look, after the pages were looked at; the other tracker's issue has its turn although a
    hundred of these are older."""
    await liaison.escalated()
    dead = Dead(liaison)
    resources._here().connections._open["redmine/dead"] = _Open(dead, {}, time.monotonic() + 3600)
    tracker.opened.append(("once", "title", "text"))
    async with resources.transaction() as step:
        for number in range(100):
            await keep_issue(step.connection, "redmine/dead", f"d{number}", 1, now=step.now)
            await record_tries(
                step.connection,
                [KnownIssue(connection="redmine/dead", key=f"d{number}", incident_id=1, status="")],
                at=step.now - timedelta(days=2, minutes=number),
            )
        await keep_issue(step.connection, "redmine/story", "1", 1, now=step.now)
        await record_tries(
            step.connection,
            [KnownIssue(connection="redmine/story", key="1", incident_id=1, status="")],
            at=step.now - timedelta(days=1),
        )
    liaison.world.pagerduty.acknowledge(liaison.page.id, "Jane Doe")  # and no webhook tells
    for _ in range(3):
        with pytest.raises(Unreachable):
            await reconcile()
    assert dead.asked == [IncidentState.ACKNOWLEDGED] * 3
    async with liaison.database.transaction() as tx:
        (status,) = (await tx.execute(select(issues.c.status).where(issues.c.key == "1"))).scalars()
    assert status == "New"


async def test_never(liaison: Installation, tracker: Tracker):
    """The policy says so, for all or for what hits few."""
    liaison.write_policy(
        {"services": {"checkout": {"tracker": "redmine/story"}}, "issues": {"open_when": "never"}}
    )
    await liaison.acknowledged()
    await liaison.resolved()
    assert tracker.opened == []
