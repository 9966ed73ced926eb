"""What Roundup 2.6.0 was seen to do, and what an honest client would get wrong about it.

The same is seen on the real one in tests/real/test_roundup.py.
"""

from __future__ import annotations

from collections.abc import Callable

import httpx
import pytest
from pydantic import SecretStr

from connectors.kit.fakes.faults import FaultKind
from connectors.kit.fakes.in_process import InProcessTransport
from connectors.roundup import Roundup
from connectors.roundup.fake.app import ORIGIN, PASSWORD, USER
from connectors.roundup.mapping import inert
from incidents.errors import NotAllowed, NotFound, Refused, Unknown, Unreachable
from incidents.models import InternalText
from tests.connectors.roundup.conftest import RoundupWorld, connect, settings

NOTE = InternalText("30 customers by now.")
ONCE = "INC-1/comment/1"


@pytest.fixture
def key(world: RoundupWorld) -> str:
    return world.create_issue("Old trouble", "words")


class Interrupted(httpx.AsyncBaseTransport):
    """Something happens at the tracker after the first page of issues was read."""

    def __init__(self, inner: httpx.AsyncBaseTransport, event: Callable[[], object]) -> None:
        self._inner = inner
        self._event: Callable[[], object] | None = event

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        answer = await self._inner.handle_async_request(request)
        if self._event is not None and request.url.path.endswith("/issue"):
            self._event, event = None, self._event
            event()
        return answer


async def test_a_comment_of_ours_reopens_nothing(world: RoundupWorld, tracker: Roundup, key: str) -> None:
    """By itself Roundup makes a resolved issue `chatting` with each message, whoever writes it."""
    world.move(key, "resolved")
    await tracker.comment(key, NOTE, once=ONCE)
    assert (await tracker.read(key)).status == "resolved"
    world.write(key, "a person's word")
    assert (await tracker.read(key)).status == "chatting"


async def test_a_retired_issue_is_gone(world: RoundupWorld, tracker: Roundup, key: str) -> None:
    """By its number Roundup answers it as if it were there."""
    world.delete(key)
    for call in (tracker.read(key), tracker.comment(key, NOTE, once=ONCE), tracker.was_done(key, ONCE)):
        with pytest.raises(NotFound):
            await call
    assert len(world.fake.tracker.messages) == 1


@pytest.mark.parametrize("kind", [FaultKind.DROP_REPLY, FaultKind.ERROR_AFTER_WORK])
async def test_a_message_whose_answer_was_lost_is_used(
    world: RoundupWorld, tracker: Roundup, key: str, kind: FaultKind
) -> None:
    """It is written before it is put below an issue: what was lost in between is found, and not written again."""
    for call in (
        lambda: tracker.comment(key, NOTE, once=ONCE),
        lambda: tracker.open_issue("t", NOTE, once=ONCE),
    ):
        before = len(world.fake.tracker.messages)
        # Who we are, the issue or its opening, the message's look-up: the third or fourth answer is the message's.
        world.faults.arm(FaultKind.DELAY, where="/rest/data/msg", times=1)
        world.faults.arm(kind, where="/rest/data/msg", times=1)
        with pytest.raises(Unknown):
            await call()
        world.faults.clear()
        await call()
        assert len(world.fake.tracker.messages) == before + 1
    assert world.comments(key) == [NOTE]


async def test_somebody_who_writes_without_end(world: RoundupWorld, tracker: Roundup, key: str) -> None:
    """Each try meets another change: we give up for now, and nothing of theirs is overwritten."""
    with pytest.raises(Unreachable, match="changed by others 5 times"):
        await connect_with_writer(world, key).comment(key, NOTE, once=ONCE)
    assert NOTE not in world.comments(key)
    await tracker.comment(key, NOTE, once=ONCE)
    assert world.comments(key).count(NOTE) == 1


def connect_with_writer(world: RoundupWorld, key: str) -> Roundup:
    """Whose every change meets one of an engineer."""

    class Meeting(InProcessTransport):
        async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
            if request.method == "PATCH":
                world.write(key, "again")
            return await super().handle_async_request(request)

    return Roundup("roundup/bugs", settings(), transport=Meeting(world.fake.app))


async def test_what_changes_while_we_read_is_not_missed(world: RoundupWorld, key: str) -> None:
    """The list is read from its newest end: what changes meanwhile moves to where we have been."""
    since = world.now()
    keys = [key, *(world.create_issue(f"issue {number}", "words") for number in range(149))]

    def change_the_oldest() -> None:
        world.let_time_pass(60)
        world.write(key, "news")

    transport = Interrupted(InProcessTransport(world.fake.app), change_the_oldest)
    tracker = Roundup("roundup/bugs", settings(), transport=transport)
    found = [one async for one in tracker.changed_since(since)]
    assert [one.key for one in found] == [*keys[1:], key]
    assert found[-1].updated_at == world.now()
    await tracker.aclose()


async def test_a_message_id_of_somebody_else_proves_nothing(
    world: RoundupWorld, tracker: Roundup, key: str
) -> None:
    """Anybody may write any Message-ID, and any author; the creator is who was logged in."""
    await tracker.comment(key, NOTE, once=ONCE)
    ours = world.fake.tracker.messages[world.fake.tracker.issues[key]["messages"][-1]]
    other = world.create_issue("Another", "words")
    forged = world.fake.tracker.message("4", NOTE, author="3", messageid=ours["messageid"])
    world.fake.tracker.change(other, messages=[forged])
    assert not await tracker.was_done(other, ONCE)
    assert await tracker.was_done(key, ONCE)


async def test_a_tracker_that_calls_itself_otherwise(world: RoundupWorld) -> None:
    """Roundup then takes us for a page that somebody's browser was lured to."""
    with pytest.raises(Refused, match="base_url must be what"):
        await connect(world, base_url="https://localhost").check()


async def test_check_names_the_setting_that_is_wrong(world: RoundupWorld) -> None:
    """Before the first issue."""
    with pytest.raises(Refused, match="correct closed_statuses"):
        await connect(world, closed_statuses=("resolved", "done")).check()
    with pytest.raises(Refused, match="correct priority"):
        await connect(world, priority="blocker").check()
    with pytest.raises(NotAllowed):
        await connect(world, password=SecretStr("wrong")).check()
    assert "liaison at https://bugs.acme.test" in await connect(world, priority="bug").check()


async def test_which_statuses_are_ends_is_the_houses_own(
    world: RoundupWorld, tracker: Roundup, key: str
) -> None:
    """Roundup has no word for it."""
    world.move(key, "done-cbb")
    assert not (await tracker.read(key)).is_closed
    house = connect(world, closed_statuses=("Resolved", "done-cbb"))
    assert (await house.read(key)).is_closed


async def test_an_issue_has_its_priority_and_a_title_of_one_line(world: RoundupWorld) -> None:
    """As the block says."""
    key = await connect(world, priority="bug").open_issue("long " * 100 + "\nline", NOTE, once=ONCE)
    issue = world.fake.tracker.issues[key]
    assert issue["priority"] == "bug"
    assert len(issue["title"]) <= 255
    assert "\n" not in issue["title"]


@pytest.mark.parametrize(
    "hostile",
    ["https://evil.example", "www.evil.example", "admin@acme.example", "issue12", "msg 3", "[here](x)"],
)
async def test_hostile_text_is_inert(world: RoundupWorld, tracker: Roundup, key: str, hostile: str) -> None:
    """The same to a reader, and no link to Roundup."""
    await tracker.comment(key, InternalText(hostile), once=ONCE)
    (written,) = world.comments(key)
    assert hostile not in written
    assert hostile in written.replace("\u2060", "")
    assert (
        inert("plain words: INC-42, 12 files, a@ b and C#!") == "plain words: INC-42, 12 files, a@ b and C#!"
    )


@pytest.mark.parametrize(
    "change", [{"base_url": "http://bugs.acme.test"}, {"user": "a:b"}, {"closed_statuses": ()}]
)
def test_a_setting_that_cannot_work_is_refused(change: dict[str, object]) -> None:
    """Before the first call, and without quoting the password."""
    with pytest.raises(ValueError, match=next(iter(change))) as caught:
        settings(**change)
    assert "fake-roundup-password" not in str(caught.value)


def test_the_origin_is_that_of_the_address() -> None:
    """Whatever path the tracker has."""
    assert settings(base_url="https://acme.test:8443/bugs/").origin == "https://acme.test:8443"
    assert settings(base_url="https://acme.test").origin == "https://acme.test"


async def test_adding_joins_the_digits_of_a_link(world: RoundupWorld, key: str) -> None:
    """Why our changes replace (findings/roundup-patch-add-joins-the-digits-of-a-link.sh)."""
    world.move(key, "chatting")
    headers = {"X-Requested-With": "rest", "Origin": ORIGIN}
    transport = InProcessTransport(world.fake.app)
    async with httpx.AsyncClient(
        base_url=ORIGIN, auth=(USER, PASSWORD), headers=headers, transport=transport
    ) as http:
        etag = (await http.get(f"/rest/data/issue/{key}")).json()["data"]["@etag"]
        change = {"@op": "add", "@etag": etag, "status": "8"}
        assert (await http.patch(f"/rest/data/issue/{key}", json=change)).status_code == 409
