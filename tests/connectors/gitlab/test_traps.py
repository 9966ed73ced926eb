"""What GitLab is documented to do, and what an honest client would get wrong about it."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
import stamina
from pydantic import SecretStr

from connectors.gitlab import GitLab
from connectors.gitlab.fake.app import GUEST
from connectors.gitlab.fake.records import BOT, ENGINEER
from connectors.kit.fakes.faults import FaultKind
from connectors.kit.fakes.in_process import InProcessTransport
from incidents.errors import Busy, Exposed, LiaisonError, NotAllowed, NotFound, Refused, Unreachable
from incidents.models import InternalText
from tests.connectors.gitlab.conftest import GitLabWorld, connect
from tests.connectors.strange_answers import NextPageElsewhere, OddAnswers
from tests.contracts.issue_tracker import NOTE, NOTE_ONCE, ONCE, TEXT, TITLE


async def test_a_small_role_writes_no_internal_note(world: GitLabWorld, tracker: GitLab, key: str) -> None:
    """GitLab would store it as public and answer success: refused before a word is sent."""
    for role in (GUEST, None):
        world.fake.role = role
        for call in (tracker.comment(key, NOTE, once=NOTE_ONCE), tracker.check()):
            with pytest.raises(NotAllowed, match="role"):
                await call
    assert world.comments(key) == []


async def test_a_note_that_became_public_is_deleted(world: GitLabWorld, tracker: GitLab, key: str) -> None:
    """Our role looked good, and still: it is taken back at once and told, and is not said to be done."""
    world.fake.keeps_public = True
    with pytest.raises(Exposed, match="hidden now"):
        await tracker.comment(key, NOTE, once=NOTE_ONCE)
    assert world.comments(key) == []
    assert not await tracker.was_done(key, NOTE_ONCE)


async def test_a_note_that_cannot_be_deleted(world: GitLabWorld, tracker: GitLab, key: str) -> None:
    world.fake.keeps_public, world.fake.may_delete = True, False
    with pytest.raises(Exposed, match="by hand"):
        await tracker.comment(key, NOTE, once=NOTE_ONCE)
    assert not await tracker.was_done(key, NOTE_ONCE)
    world.fake.may_delete, world.fake.is_deaf = True, True
    with pytest.raises(Exposed, match="still public"):
        await tracker.comment(key, NOTE, once=NOTE_ONCE)
    world.fake.is_deaf = False
    with pytest.raises(Exposed, match="hidden now"):
        await tracker.comment(key, NOTE, once=NOTE_ONCE)
    assert world.comments(key) == []


async def test_public_notes_where_they_are_meant(world: GitLabWorld, key: str) -> None:
    tracker = connect(world, internal_notes=False)
    await tracker.comment(key, NOTE, once=NOTE_ONCE)
    assert len(world.public_texts(key)) == 1
    assert await tracker.was_done(key, NOTE_ONCE)
    assert "public notes" in await tracker.check()


@pytest.mark.parametrize("visibility", ["public", "internal", "", "PRIVATE"])
async def test_a_project_that_others_read(world: GitLabWorld, key: str, visibility: str) -> None:
    """Internal means whoever can log in; looked at before each writing, as it can be changed at any time."""
    tracker = connect(world, internal_notes=False)
    world.fake.visibility = visibility
    for call in (
        tracker.comment(key, NOTE, once="b"),
        tracker.open_issue(TITLE, TEXT, once=ONCE),
        tracker.check(),
    ):
        with pytest.raises(Refused, match="not only members"):
            await call
    assert world.comments(key) == []
    assert world.titles() == ["Old trouble"]
    await connect(world).comment(key, NOTE, once="internal")
    assert world.public_texts(key) == []
    assert "not only members" in await connect(world, may_be_public=True).check()
    world.fake.issues_access = "private"
    assert ", only members" in await tracker.check()


async def test_numbers_are_the_projects(world: GitLabWorld, tracker: GitLab) -> None:
    """`iid`, never GitLab's own `id`."""
    key = await tracker.open_issue(TITLE, TEXT, once=ONCE)
    assert (key, world.issue(key).id) == ("1", 301)
    with pytest.raises(NotFound):
        await tracker.read("301")


async def test_the_projects_slashes_are_encoded(world: GitLabWorld) -> None:
    """Else it would be another resource: the fake, as GitLab, finds nothing there."""
    seen: list[bytes] = []

    class Watched(InProcessTransport):
        async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
            seen.append(request.url.raw_path)
            return await super().handle_async_request(request)

    tracker = connect(world, Watched(world.fake.app))
    for number in range(230):
        world.create_issue(f"{number}", "x")
    assert len([one async for one in tracker.changed_since(world.now())]) == 230
    assert len(seen) == 3, "page after page, by the Link header"
    assert all(b"scope=all" in path and b"state=all" in path for path in seen), (
        "the defaults are not relied on"
    )
    assert all(path.startswith(b"/api/v4/projects/acme%2Fweb%2Fshop/issues?") for path in seen)


async def test_an_issue_that_was_moved(world: GitLabWorld, tracker: GitLab) -> None:
    """What is left of it is closed, and says nothing of a fix; it is still the one that we opened."""
    key = await tracker.open_issue(TITLE, TEXT, once=ONCE)
    world.move(key, "closed")
    world.issue(key).moved_to = 999
    for call in (
        tracker.read(key),
        tracker.was_done(key, NOTE_ONCE),
        tracker.transition(key, "opened", once="m"),
    ):
        with pytest.raises(NotFound, match="moved"):
            await call
    assert [one async for one in tracker.changed_since(world.now())] == []
    assert await tracker.open_issue(TITLE, TEXT, once=ONCE) == key


async def test_notes_of_changes_are_nobodys_words(world: GitLabWorld, tracker: GitLab, key: str) -> None:
    """GitLab writes them in our name."""
    await tracker.comment(key, NOTE, once=NOTE_ONCE)
    note = world.issue(key).notes[0]
    note.is_system = True
    assert not await tracker.was_done(key, NOTE_ONCE)


async def test_what_others_copy_is_not_ours(world: GitLabWorld, tracker: GitLab, key: str) -> None:
    """An engineer's note and issue with our marks, where the list's filter is passed over: not done, not taken back."""
    opened = await tracker.open_issue(TITLE, TEXT, once=ONCE)
    await tracker.comment(opened, NOTE, once=NOTE_ONCE)
    (copied,) = world.comments(opened)
    for is_internal in (True, False):
        world.fake.say(int(key), ENGINEER, copied, is_internal=is_internal)
        assert not await tracker.was_done(key, NOTE_ONCE)
    await tracker.comment(key, NOTE, once=NOTE_ONCE)
    assert len(world.comments(key)) == 3

    class Unfiltered(InProcessTransport):
        async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
            request.url = request.url.copy_remove_param("author_id")
            return await super().handle_async_request(request)

    copy = world.create_issue("Copied", world.issue(opened).description)
    assert await connect(world, Unfiltered(world.fake.app)).find_issue(ONCE) == opened
    del world.fake.issues[int(opened)]
    assert await connect(world, Unfiltered(world.fake.app)).find_issue(ONCE) is None
    assert copy in [str(number) for number in world.fake.issues]


@pytest.mark.parametrize("word", ["closed", "Closed", " open ", "opened"])
async def test_words(tracker: GitLab, key: str, word: str) -> None:
    await tracker.transition(key, word, once="m")
    assert (await tracker.read(key)).status in ("opened", word.strip().casefold())


async def test_a_long_text_is_cut_and_keeps_its_mark(world: GitLabWorld, tracker: GitLab, key: str) -> None:
    await tracker.comment(key, InternalText("*" * 2_000_000), once=NOTE_ONCE)
    assert await tracker.was_done(key, NOTE_ONCE)
    opened = await tracker.open_issue("t" * 900, InternalText("*" * 2_000_000), once=ONCE)
    assert len(world.issue(opened).title) <= 255


async def test_limits(world: GitLabWorld, tracker: GitLab, key: str) -> None:
    """By a wait, by a Unix time, or, for issues and notes a minute, by nothing; the body is no JSON."""
    for headers, seconds in (
        ({"Retry-After": "1800", "RateLimit-Reset": "99999999999"}, 1800),
        ({"RateLimit-Reset": "99999999999", "RateLimit-Remaining": "0"}, 3600),
        ({}, 60),
    ):
        world.fake.limited = (429, headers)
        with pytest.raises(Busy) as caught:
            await tracker.comment(key, NOTE, once=NOTE_ONCE)
        assert caught.value.retry_after == seconds
    assert world.comments(key) == []


@pytest.mark.parametrize(
    ("refusal", "match"),
    [
        ((401, {"error": "invalid_token", "error_description": "Token is expired."}), "401"),
        ((401, {"error": "invalid_token", "error_description": "Token was revoked."}), "401"),
        ((403, {"error": "insufficient_scope", "scope": "api"}), "scope api"),
    ],
)
async def test_a_token_that_does_not_do(
    world: GitLabWorld, tracker: GitLab, refusal: tuple[int, dict[str, Any]], match: str
) -> None:
    key = world.create_issue("Old trouble", "words")
    world.fake.refusal = refusal
    for call in (tracker.read(key), tracker.comment(key, NOTE, once=NOTE_ONCE), tracker.check()):
        with pytest.raises(NotAllowed, match=match):
            await call


async def test_a_locked_discussion_and_an_archived_project(
    world: GitLabWorld, tracker: GitLab, key: str
) -> None:
    """403 of this issue, and the token is as good as ever."""
    world.issue(key).is_locked = True
    with pytest.raises(Refused, match="locked") as caught:
        await tracker.comment(key, NOTE, once=NOTE_ONCE)
    assert not isinstance(caught.value, NotAllowed)
    world.fake.is_archived = True
    for call in (tracker.transition(key, "closed", once="m"), tracker.check()):
        with pytest.raises(Refused, match="archived") as caught:
            await call
        assert not isinstance(caught.value, NotAllowed)


async def test_a_token_that_does_not_reach_is_no_missing_issue(
    world: GitLabWorld, tracker: GitLab, key: str
) -> None:
    """404 is what both are told."""
    await tracker.read(key)
    world.fake.is_reachable = False
    for call in (tracker.read(key), tracker.comment(key, NOTE, once=NOTE_ONCE), tracker.check()):
        with pytest.raises(NotAllowed, match="project"):
            await call


async def test_a_project_that_was_renamed(world: GitLabWorld, tracker: GitLab, key: str) -> None:
    """Its old path answers 301: not followed, and said."""
    world.fake.is_renamed = True
    with pytest.raises(Refused, match="renamed or moved"):
        await tracker.check()
    with pytest.raises(Refused) as caught:
        await tracker.comment(key, NOTE, once=NOTE_ONCE)
    assert not isinstance(caught.value, NotFound | NotAllowed), "the issue is not gone"


async def test_many_issues_of_ours(world: GitLabWorld, tracker: GitLab) -> None:
    """Ours is found however many there are; who copies its words has not opened it."""
    key = await tracker.open_issue(TITLE, TEXT, once=ONCE)
    words = world.issue(key).description
    for number in range(230):
        world.fake.open(BOT if number % 2 else ENGINEER, "another", "x" if number % 2 else words)
    assert await tracker.find_issue(ONCE) == key


def hook(**changes: Any) -> dict[str, Any]:
    return {"issues_events": True, "note_events": True, "alert_status": "executable"} | changes


async def test_check(world: GitLabWorld, tracker: GitLab) -> None:
    assert await tracker.check() == (
        f"{BOT} at acme/web/shop, only members read it; internal notes;"
        " no webhook tells of issues and their comments: polled, not told"
    )
    world.fake.hooks = [hook(note_events=False), hook(alert_status="disabled")]
    assert "disabled by GitLab" in await tracker.check()
    world.fake.hooks = [hook(alert_status="temporarily_disabled")]
    assert "temporarily_disabled by GitLab" in await tracker.check()
    world.fake.hooks.append(hook())
    assert "a webhook tells" in await tracker.check()
    world.fake.hooks = [{"issues_events": True, "note_events": True}]
    assert "a webhook tells" in await tracker.check(), "older servers switch none off"
    world.fake.may_see_hooks = False
    assert "may not look" in await tracker.check()
    assert "no signing secret" in await connect(world, signing_secrets=[]).check()
    world.fake.issues_access = "disabled"
    with pytest.raises(Refused, match="switched off"):
        await tracker.check()
    with pytest.raises(NotAllowed, match="401"):
        await connect(world, token=SecretStr("wrong")).check()


async def test_a_fault_while_a_note_is_taken_back(world: GitLabWorld, tracker: GitLab, key: str) -> None:
    """It is told as exposed, whatever became of it."""
    world.fake.keeps_public = True
    world.faults.arm(FaultKind.OUTAGE, where="/notes/", times=None)
    with stamina.set_testing(True, attempts=1), pytest.raises(Exposed, match="failed"):
        await tracker.comment(key, NOTE, once=NOTE_ONCE)


async def test_a_lost_answer_while_a_note_is_taken_back(
    world: GitLabWorld, tracker: GitLab, key: str
) -> None:
    """It was deleted: the second attempt is told 404, and nobody is sent to do it by hand."""
    world.fake.keeps_public = True
    world.faults.arm(FaultKind.DROP_REPLY, where="/notes/", times=1)
    with stamina.set_testing(True, attempts=2), pytest.raises(Exposed, match="hidden now"):
        await tracker.comment(key, NOTE, once=NOTE_ONCE)
    assert world.comments(key) == []


async def test_answers_that_are_none(world: GitLabWorld, key: str) -> None:
    """A page, a list that is none, and one that is too big."""

    with stamina.set_testing(True, attempts=1):
        for answer in (
            httpx.Response(200, text="<html>Sign in</html>"),
            httpx.Response(200, json={"message": "?"}),
            httpx.Response(200, json=[{"description": "x" * 9_000_000}]),
        ):
            odd = OddAnswers(world.fake.app, answer)
            with pytest.raises(Unreachable):
                await connect(world, odd).find_issue(ONCE)


async def test_a_next_page_at_another_address_is_not_followed(world: GitLabWorld) -> None:
    """The token would go there."""

    with pytest.raises(LiaisonError):
        await connect(world, NextPageElsewhere(world.fake.app, "gitlab.com")).find_issue(ONCE)


async def test_a_server_that_calls_itself_by_another_address(world: GitLabWorld, tracker: GitLab) -> None:
    """Short lists work all the same, and long ones would not: said before."""
    world.create_issue("Old trouble", "x")
    world.fake.external_url = "http://gitlab.com"
    assert len([one async for one in tracker.changed_since(world.now())]) == 1
    with pytest.raises(Refused, match="external_url"):
        await tracker.check()
    for number in range(100):
        world.create_issue(f"{number}", "x")
    with pytest.raises(Refused, match="another address"):
        await anext(aiter(tracker.changed_since(world.now())))


@pytest.mark.parametrize(
    "change",
    [
        {"project": "shop"},
        {"project": "acme/.."},
        {"project": "../acme/shop"},
        {"project": "acme//shop"},
        {"project": "acme/shop.git"},
        {"project": "acme/shop?x"},
        {"base_url": "http://gitlab.acme.example"},
        {"base_url": "https://gitlab.acme.example/api/v4"},
        {"signing_secrets": ["short"]},
        {"signing_secrets": ["whsec_no-base64-at-all!!"]},
        {"token": ""},
    ],
)
def test_a_setting_that_cannot_work_is_refused(world: GitLabWorld, change: dict[str, object]) -> None:
    """Before the first call, and without quoting the token."""
    with pytest.raises(ValueError, match=r".") as caught:
        connect(world, **change)
    assert "glpat-fake" not in str(caught.value)
