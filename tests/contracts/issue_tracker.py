"""What every `IssueTracker` must keep: an issue is opened once, nothing written is lost, and no ending is overlooked.

Subclass it in `tests/connectors/<vendor>/test_issue_tracker.py`:

    class TestRoundupIsAnIssueTracker(IssueTrackerContract):
        open_word, closed_word, unknown_word = "chatting", "resolved", "no-such-status"

        @pytest.fixture
        def world(self) -> IssueTrackerWorld: ...       # acts and looks behind the connector's back

        @pytest.fixture
        async def tracker(self, world) -> AsyncIterator[IssueTracker]: ...   # the connector on that world
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any, ClassVar, Protocol

import pytest
import stamina

from connectors.kit.fakes.faults import FaultKind, Faults
from connectors.kit.marks import unmarked
from incidents.errors import Busy, LiaisonError, NotAllowed, NotFound, Refused, Unknown, Unreachable
from incidents.models import InternalText
from incidents.ports import Connector, IssueTracker

ONCE = "INC-42/issue/1"
NOTE_ONCE = "INC-42/issue/1/comment/1"
TITLE = "Card payments fail since the last release"
TEXT = InternalText("INC-42: 12 customers reported it.\nThe rollback was a remedy, not the fix.")
NOTE = InternalText("30 customers by now; the release before it works.")
NONSENSE = ("", "0", "-1", "../users/1", "1/../2", "999999999", "1 or 1=1", "é", "1?x=1", "9" * 400)
MANY = 130  # more than any vendor lists in one page


class IssueTrackerWorld(Protocol):
    """The vendor's side: a fake, or a real server. Keys are the tracker's own, as text.

    `change_path` is part of the paths on which issues are opened and changed: there the faults are armed.
    """

    faults: Faults
    change_path: str

    def create_issue(self, title: str, text: str) -> str:
        """By an engineer; returns its key."""
        ...

    def write(self, key: str, text: str) -> None:
        """An engineer's comment."""
        ...

    def move(self, key: str, status: str) -> None:
        """An engineer moves it to a status, by the tracker's word."""
        ...

    def delete(self, key: str) -> None: ...

    def titles(self) -> Sequence[str]:
        """Of all issues that are there, closed ones too."""
        ...

    def comments(self, key: str) -> Sequence[str]:
        """All texts below the issue, without what it was opened with, oldest first."""
        ...

    def public_texts(self, key: str) -> Sequence[str]:
        """The comments that who may not read internal ones can read."""
        ...

    def keep_nothing_private(self) -> None:
        """From now on what is sent as private is stored as public, and answered with success."""
        ...

    def go_deaf(self) -> None:
        """From now on changes of issues are answered with success, and change nothing."""
        ...

    def write_in_between(self, text: str) -> None:
        """The next change that the connector sends meets an engineer's comment of the same moment."""
        ...

    def let_time_pass(self, seconds: float) -> None: ...

    def now(self) -> datetime: ...


async def open_it(tracker: IssueTracker, _: str) -> object:
    return await tracker.open_issue(TITLE, TEXT, once=ONCE)


async def comment_on_it(tracker: IssueTracker, key: str) -> object:
    return await tracker.comment(key, NOTE, once=NOTE_ONCE)


async def read_it(tracker: IssueTracker, key: str) -> object:
    return await tracker.read(key)


async def find_it(tracker: IssueTracker, _: str) -> object:
    return await tracker.find_issue(ONCE)


async def look_up(tracker: IssueTracker, key: str) -> object:
    return await tracker.was_done(key, NOTE_ONCE)


async def list_changes(tracker: IssueTracker, _: str) -> object:
    since = datetime.fromisoformat("2026-01-01T00:00:00+00:00")
    return [issue async for issue in tracker.changed_since(since)]


Call = Callable[[IssueTracker, str], Awaitable[object]]
READS = pytest.mark.parametrize("call", [read_it, find_it, look_up, list_changes])
WRITES = pytest.mark.parametrize("call", [open_it, comment_on_it])
LOST = pytest.mark.parametrize(
    ("kind", "calls_before"),
    [(kind, n) for kind in (FaultKind.DROP_REPLY, FaultKind.ERROR_AFTER_WORK) for n in range(6)],
)
CALLS = pytest.mark.parametrize("call", [open_it, comment_on_it, read_it, find_it, look_up, list_changes])


def fail_at(world: IssueTrackerWorld, kind: FaultKind, calls_before: int, times: int | None = 1) -> None:
    """Let so many calls go well and the next ones fail, so that each place of a write is hit once."""
    if calls_before:
        world.faults.arm(FaultKind.DELAY, times=calls_before)
    world.faults.arm(kind, times=times)


class IssueTrackerContract:
    open_word: ClassVar[str]
    """A status of an issue that is being worked on, by the tracker's own word."""
    closed_word: ClassVar[str]
    unknown_word: ClassVar[str] = "no such status"
    has_private_comments: ClassVar[bool] = False
    """Whether the tracker knows comments that not every reader of the issue reads; then they are used."""

    @pytest.fixture
    def key(self, world: IssueTrackerWorld) -> str:
        return world.create_issue("Old trouble", "An engineer's own words.")

    @pytest.fixture(autouse=True)
    def _no_waiting(self) -> Iterator[None]:
        with stamina.set_testing(True, attempts=2):
            yield

    def test_is_an_issue_tracker(self, tracker: Any) -> None:
        """The class line promises the capability, and the object keeps it."""
        assert isinstance(tracker, IssueTracker)
        assert isinstance(tracker, Connector)
        assert tracker.index_lag >= 0

    async def test_check_says_who_we_are(self, tracker: Connector) -> None:
        assert (await tracker.check()).strip()

    async def test_an_issue_is_opened_and_read(self, tracker: IssueTracker, world: IssueTrackerWorld) -> None:
        """It has its title, stands open, and is known again by its key only."""
        key = await tracker.open_issue(TITLE, TEXT, once=ONCE)
        issue = await tracker.read(key)
        assert (issue.key, issue.title, issue.is_closed) == (key, TITLE, False)
        assert issue.status
        assert issue.url
        assert abs(issue.updated_at - world.now()) < timedelta(seconds=5)
        assert await tracker.find_issue(ONCE) == key
        assert await tracker.find_issue("INC-42/issue/2") is None

    async def test_the_same_key_opens_one_issue(
        self, tracker: IssueTracker, world: IssueTrackerWorld
    ) -> None:
        """Another key opens another one."""
        key = await tracker.open_issue(TITLE, TEXT, once=ONCE)
        assert await tracker.open_issue(TITLE, TEXT, once=ONCE) == key
        assert world.titles() == [TITLE]
        assert await tracker.open_issue(TITLE, TEXT, once="INC-42/issue/2") != key

    @LOST
    async def test_a_lost_answer_opens_no_second_issue(
        self, tracker: IssueTracker, world: IssueTrackerWorld, kind: FaultKind, calls_before: int
    ) -> None:
        """Whichever of its answers is lost: it is "unknown", and the look-up finds the one issue."""
        fail_at(world, kind, calls_before)
        try:
            await tracker.open_issue(TITLE, TEXT, once=ONCE)
        except Unknown:
            found = await tracker.find_issue(ONCE)
            key = found or await tracker.open_issue(TITLE, TEXT, once=ONCE)
        else:
            key = await tracker.open_issue(TITLE, TEXT, once=ONCE)
        assert world.titles() == [TITLE]
        assert await tracker.find_issue(ONCE) == key

    async def test_a_comment(self, tracker: IssueTracker, world: IssueTrackerWorld, key: str) -> None:
        """It stands below the issue, is known by its key only, and is not written twice."""
        assert not await tracker.was_done(key, NOTE_ONCE)
        await tracker.comment(key, NOTE, once=NOTE_ONCE)
        assert await tracker.was_done(key, NOTE_ONCE)
        assert not await tracker.was_done(key, ONCE)
        await tracker.comment(key, NOTE, once=NOTE_ONCE)
        assert [unmarked(text) for text in world.comments(key)] == [NOTE]

    @LOST
    async def test_a_lost_answer_to_a_comment(
        self,
        tracker: IssueTracker,
        world: IssueTrackerWorld,
        key: str,
        kind: FaultKind,
        calls_before: int,
    ) -> None:
        """Whichever is lost, written or not: nobody reads it twice."""
        fail_at(world, kind, calls_before)
        try:
            await tracker.comment(key, NOTE, once=NOTE_ONCE)
        except Unknown:
            if not await tracker.was_done(key, NOTE_ONCE):
                await tracker.comment(key, NOTE, once=NOTE_ONCE)
        assert await tracker.was_done(key, NOTE_ONCE)
        assert [unmarked(text) for text in world.comments(key)] == [NOTE]

    async def test_a_mark_of_somebody_else_proves_nothing(
        self, tracker: IssueTracker, world: IssueTrackerWorld, key: str
    ) -> None:
        """Who copies our words, with our mark, does not stand for us."""
        await tracker.comment(key, NOTE, once=NOTE_ONCE)
        (copied,) = world.comments(key)
        other = world.create_issue("Another", f"As said elsewhere: {copied}")
        world.write(other, copied)
        assert not await tracker.was_done(other, NOTE_ONCE)
        assert await tracker.find_issue(NOTE_ONCE) is None

    async def test_transitions(self, tracker: IssueTracker, world: IssueTrackerWorld, key: str) -> None:
        """The status set is the status read; setting it again changes nothing."""
        for status, is_closed in ((self.open_word, False), (self.closed_word, True)):
            await tracker.transition(key, status, once=f"move/{status}")
            issue = await tracker.read(key)
            assert (issue.status, issue.is_closed) == (status, is_closed)
        world.let_time_pass(60)
        await tracker.transition(key, self.closed_word, once="again")
        assert (await tracker.read(key)).updated_at == issue.updated_at

    async def test_an_unknown_status_is_refused(self, tracker: IssueTracker, key: str) -> None:
        """And the issue stays as it was."""
        before = await tracker.read(key)
        with pytest.raises(Refused) as caught:
            await tracker.transition(key, self.unknown_word, once="move")
        assert not isinstance(caught.value, NotFound | NotAllowed)
        assert self.unknown_word in str(caught.value)
        assert await tracker.read(key) == before

    async def test_success_that_changed_nothing_is_refused(
        self, tracker: IssueTracker, world: IssueTrackerWorld, key: str
    ) -> None:
        """What the tracker holds is the proof, not what it answers."""
        world.go_deaf()
        for call in (tracker.transition(key, self.closed_word, once="move"), comment_on_it(tracker, key)):
            with pytest.raises(Refused):
                await call
        assert not await tracker.was_done(key, NOTE_ONCE)

    async def test_writers_of_the_same_moment(
        self, tracker: IssueTracker, world: IssueTrackerWorld, key: str
    ) -> None:
        """A success means that ours is there, and theirs is not lost."""
        world.write_in_between("An engineer's word")
        await tracker.comment(key, NOTE, once=NOTE_ONCE)
        assert sorted(unmarked(text) for text in world.comments(key)) == sorted([NOTE, "An engineer's word"])

    async def test_many_comments_at_once(
        self, tracker: IssueTracker, world: IssueTrackerWorld, key: str
    ) -> None:
        """Two stages may write at once: each of the comments is there, once."""
        await asyncio.gather(
            *(tracker.comment(key, InternalText(f"note {number}"), once=str(number)) for number in range(4))
        )
        assert sorted(unmarked(text) for text in world.comments(key)) == [f"note {n}" for n in range(4)]

    async def test_an_issue_that_is_no_more(
        self, tracker: IssueTracker, world: IssueTrackerWorld, key: str
    ) -> None:
        """It is told as gone by every call, and is listed no more."""
        since = world.now() - timedelta(seconds=5)
        world.delete(key)
        for call in (read_it, comment_on_it, look_up):
            with pytest.raises(NotFound):
                await call(tracker, key)
        with pytest.raises(NotFound):
            await tracker.transition(key, self.closed_word, once="move")
        assert key not in {issue.key async for issue in tracker.changed_since(since)}

    async def test_what_is_no_key(self, tracker: IssueTracker, key: str) -> None:
        """Nonsense and hostile keys are not found, and reach no path."""
        for nonsense in NONSENSE:
            for call in (read_it, comment_on_it, look_up):
                with pytest.raises(NotFound):
                    await call(tracker, nonsense)

    async def test_changed_since(self, tracker: IssueTracker, world: IssueTrackerWorld) -> None:
        """More than a page, oldest change first, the closed ones among them; nothing that did not change."""
        old = [world.create_issue(f"old {number}", "words") for number in range(3)]
        world.let_time_pass(3600)
        since = world.now()
        new = [world.create_issue(f"new {number}", "words") for number in range(MANY)]
        world.let_time_pass(5)
        world.move(new[0], self.closed_word)
        world.let_time_pass(5)
        world.write(old[0], "It happened again")
        found = [issue async for issue in tracker.changed_since(since)]
        assert [issue.key for issue in found] == [*new[1:], new[0], old[0]]
        assert [issue.key for issue in found if issue.is_closed] == [new[0]]

    async def test_changed_since_its_own_second(
        self, tracker: IssueTracker, world: IssueTrackerWorld, key: str
    ) -> None:
        """An issue is found by the time that it says of itself, whatever the tracker rounds and in whichever zone."""
        issue = await tracker.read(key)
        assert key in {one.key async for one in tracker.changed_since(issue.updated_at)}
        world.let_time_pass(7200)
        late = issue.updated_at + timedelta(hours=1)
        assert key not in {one.key async for one in tracker.changed_since(late)}

    async def test_private_comments(self, tracker: IssueTracker, world: IssueTrackerWorld, key: str) -> None:
        """Nobody reads them who may not."""
        if not self.has_private_comments:
            pytest.skip("this tracker has no private comments")
        await tracker.comment(key, NOTE, once=NOTE_ONCE)
        assert [unmarked(text) for text in world.comments(key)] == [NOTE]
        assert world.public_texts(key) == []

    async def test_privacy_that_is_not_kept(
        self, tracker: IssueTracker, world: IssueTrackerWorld, key: str
    ) -> None:
        """Refused before a word of ours is public, with what to mend."""
        if not self.has_private_comments:
            pytest.skip("this tracker has no private comments")
        world.keep_nothing_private()
        with pytest.raises(Refused, match="private"):
            await tracker.comment(key, NOTE, once=NOTE_ONCE)
        assert not any(NOTE in text for text in world.public_texts(key))

    @CALLS
    async def test_revoked_credentials(
        self, tracker: IssueTracker, world: IssueTrackerWorld, key: str, call: Call
    ) -> None:
        """401 asks for an operator."""
        world.faults.arm(FaultKind.UNAUTHORIZED, times=None)
        with pytest.raises(NotAllowed):
            await call(tracker, key)

    @CALLS
    async def test_busy(self, tracker: IssueTracker, world: IssueTrackerWorld, key: str, call: Call) -> None:
        """429 says when to come again, and did nothing."""
        world.faults.arm(FaultKind.RATE_LIMIT, times=None)
        with pytest.raises(Busy) as caught:
            await call(tracker, key)
        assert caught.value.retry_after >= 1
        assert world.comments(key) == []

    @pytest.mark.parametrize("kind", [FaultKind.OUTAGE, FaultKind.HTML, FaultKind.CRASH])
    @READS
    async def test_read_without_answer(
        self, tracker: IssueTracker, world: IssueTrackerWorld, key: str, kind: FaultKind, call: Call
    ) -> None:
        """A read that failed may simply be repeated; a login page is no answer."""
        world.faults.arm(kind, times=None)
        with pytest.raises(Unreachable):
            await call(tracker, key)

    @pytest.mark.parametrize("kind", [FaultKind.OUTAGE, FaultKind.HTML, FaultKind.CRASH])
    @WRITES
    async def test_write_without_answer(
        self, tracker: IssueTracker, world: IssueTrackerWorld, key: str, kind: FaultKind, call: Call
    ) -> None:
        """It is never called done; here it was not, and the same call does it when the tracker is well again."""
        world.faults.arm(kind, where=world.change_path, times=None)
        with pytest.raises((Unknown, Unreachable)):
            await call(tracker, key)
        world.faults.clear()
        assert await tracker.find_issue(ONCE) is None
        assert world.comments(key) == []
        await call(tracker, key)

    async def test_no_answer_to_the_read_back(
        self, tracker: IssueTracker, world: IssueTrackerWorld, key: str
    ) -> None:
        """Whatever ails a call, an error that says "surely not done" is true."""
        for kind in (FaultKind.OUTAGE, FaultKind.UNAUTHORIZED, FaultKind.RATE_LIMIT):
            for calls_before in range(8):
                once, before = f"{kind}/{calls_before}", len(world.comments(key))
                fail_at(world, kind, calls_before, times=None)
                try:
                    with suppress(Unknown):
                        await tracker.comment(key, NOTE, once=once)
                except LiaisonError:
                    assert len(world.comments(key)) == before
                world.faults.clear()
