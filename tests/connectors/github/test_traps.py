"""What GitHub is documented to do, and what an honest client would get wrong about it."""

from __future__ import annotations

import httpx
import pytest
import stamina
from pydantic import SecretStr

from connectors.github import GitHub
from connectors.github.fake.app import BOT, ENGINEER
from connectors.github.mapping import inert
from incidents.errors import Busy, LiaisonError, NotAllowed, NotFound, Refused, Unreachable
from incidents.models import InternalText
from tests.connectors.github.conftest import GitHubWorld, connect, settings
from tests.connectors.strange_answers import NextPageElsewhere, OddAnswers
from tests.contracts.issue_tracker import NOTE, NOTE_ONCE, ONCE, TEXT, TITLE


async def test_pull_requests_are_no_issues(world: GitHubWorld, tracker: GitHub) -> None:
    """They are in every list, and answer to an issue's number."""
    pull = world.fake.open(ENGINEER, "Fix", "x", is_pull_request=True)
    issue = world.create_issue("Old trouble", "x")
    assert [one.key async for one in tracker.changed_since(world.now())] == [issue]
    for call in (tracker.read(str(pull.number)), tracker.comment(str(pull.number), NOTE, once=NOTE_ONCE)):
        with pytest.raises(NotFound, match="pull request"):
            await call


async def test_closed_ones_are_listed(world: GitHubWorld, tracker: GitHub, key: str) -> None:
    """Left unsaid, only open ones would be."""
    world.move(key, "not planned")
    (found,) = [one async for one in tracker.changed_since(world.now())]
    assert (found.status, found.is_closed) == ("not planned", True)


@pytest.mark.parametrize("word", ["closed", "not planned", "Not_Planned", " OPEN "])
async def test_words(world: GitHubWorld, tracker: GitHub, key: str, word: str) -> None:
    await tracker.transition(key, word, once="m")
    issue = await tracker.read(key)
    assert issue.status == word.strip().casefold().replace("_", " ")


async def test_a_repository_that_everybody_reads(world: GitHubWorld, key: str) -> None:
    """Our texts are for colleagues: looked at before each writing, as it can be made public at any time."""
    tracker = connect(world)
    await tracker.comment(key, NOTE, once="a")
    world.fake.is_public = True
    for call in (
        tracker.comment(key, NOTE, once="b"),
        tracker.open_issue(TITLE, TEXT, once=ONCE),
        tracker.check(),
    ):
        with pytest.raises(Refused, match="everybody reads"):
            await call
    assert len(world.comments(key)) == 1
    assert world.titles() == ["Old trouble"]
    meant = connect(world, may_be_public=True)
    await meant.comment(key, NOTE, once="b")
    assert "everybody reads it" in await meant.check()


@pytest.mark.parametrize(
    ("words", "becomes"),
    [
        ("@grace see #12 and GH-3", "@\u2060grace see #\u206012 and GH-\u20603"),
        ("<b>x</b> ![i](u) `c` *e* a_b", "\\<b\\>x\\</b\\> \\!\\[i\\](u) \\`c\\` \\*e\\* a\\_b"),
        ("acme/shop#7 @acme/team", "acme/shop#\u20607 @\u2060acme/team"),
        ("plain words, 14:30", "plain words, 14:30"),
    ],
)
def test_customers_words_notify_nobody(words: str, becomes: str) -> None:
    """No mention, no reference that shows in another issue, no HTML, no image that is loaded."""
    assert inert(words) == becomes


async def test_a_long_text_is_cut_and_keeps_its_mark(world: GitHubWorld, tracker: GitHub, key: str) -> None:
    await tracker.comment(key, InternalText("x" * 100_000), once=NOTE_ONCE)
    assert await tracker.was_done(key, NOTE_ONCE)


async def test_a_limit_is_told_with_403(world: GitHubWorld, tracker: GitHub, key: str) -> None:
    """By a wait, or by no calls that remain and a Unix time; a plain 403 is no limit."""
    world.fake.limited = (403, {"Retry-After": "1800"})
    with pytest.raises(Busy) as caught:
        await tracker.read(key)
    assert caught.value.retry_after == 1800
    world.fake.limited = (403, {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "99999999999"})
    with pytest.raises(Busy) as caught:
        await tracker.read(key)
    assert caught.value.retry_after == 3600
    world.fake.limited = (429, {})
    with pytest.raises(Busy) as caught:
        await tracker.read(key)
    assert caught.value.retry_after == 60
    world.fake.limited = (403, {"X-RateLimit-Remaining": "4999"})
    with pytest.raises(NotAllowed):
        await tracker.read(key)


async def test_a_locked_issue_is_refused_alone(world: GitHubWorld, tracker: GitHub, key: str) -> None:
    """403, and the token is as good as ever."""
    world.issue(key).is_locked = True
    for call in (tracker.comment(key, NOTE, once=NOTE_ONCE), tracker.transition(key, "closed", once="m")):
        with pytest.raises(Refused) as caught:
            await call
        assert not isinstance(caught.value, NotAllowed)


async def test_a_token_that_does_not_reach_is_no_missing_issue(
    world: GitHubWorld, tracker: GitHub, key: str
) -> None:
    """404 is what both are told."""
    await tracker.read(key)
    world.fake.is_reachable = False
    for call in (tracker.read(key), tracker.comment(key, NOTE, once=NOTE_ONCE), tracker.check()):
        with pytest.raises(NotAllowed, match="repository"):
            await call


async def test_an_issue_that_was_moved(world: GitHubWorld, tracker: GitHub, key: str) -> None:
    """301 is not followed: it is another repository's now."""
    world.fake.moved.add(int(key))
    for call in (tracker.read(key), tracker.was_done(key, NOTE_ONCE)):
        with pytest.raises(NotFound, match="moved"):
            await call


async def test_many_issues_of_ours(world: GitHubWorld, tracker: GitHub) -> None:
    """Ours is found however many there are; who copies its words has not opened it."""
    key = await tracker.open_issue(TITLE, TEXT, once=ONCE)
    body = world.issue(key).body
    for number in range(230):
        world.fake.open(BOT if number % 2 else ENGINEER, "another", "x" if number % 2 else body)
    assert await tracker.find_issue(ONCE) == key


async def test_check(world: GitHubWorld, tracker: GitHub) -> None:
    assert await tracker.check() == (
        f"{BOT} at acme/shop, private; no active webhook tells of issues and their comments: polled, not told"
    )
    world.fake.hooks = [{"active": True, "events": ["issues"]}, {"active": False, "events": ["*"]}]
    assert "no active webhook" in await tracker.check()
    world.fake.hooks.append({"active": True, "events": ["issues", "issue_comment", "push"]})
    assert "a webhook tells" in await tracker.check()
    world.fake.may_see_hooks = False
    assert "may not look" in await tracker.check()
    assert "no signing secret" in await connect(world, signing_secrets=[]).check()
    world.fake.has_issues = False
    with pytest.raises(Refused, match="switched off"):
        await tracker.check()
    with pytest.raises(NotAllowed, match="401"):
        await connect(world, token=SecretStr("wrong")).check()


async def test_answers_that_are_none(world: GitHubWorld, key: str) -> None:
    """A page, a list that is none, and one that is too big."""

    with stamina.set_testing(True, attempts=1):
        for answer in (
            httpx.Response(200, text="<html>Unicorn!</html>"),
            httpx.Response(200, json={"message": "?"}),
            httpx.Response(200, json=[{"body": "x" * 9_000_000}]),
        ):
            odd = OddAnswers(world.fake.app, answer)
            with pytest.raises(Unreachable):
                await connect(world, odd).find_issue(ONCE)


async def test_a_next_page_at_another_address_is_not_followed(world: GitHubWorld) -> None:
    """The token would go there."""

    with pytest.raises(LiaisonError):
        await connect(world, NextPageElsewhere(world.fake.app, "api.github.com")).find_issue(ONCE)


@pytest.mark.parametrize(
    "change",
    [
        {"repository": "acme"},
        {"repository": "acme/.."},
        {"repository": "acme/shop/x"},
        {"base_url": "http://github.acme.example/api/v3"},
        {"signing_secrets": ["short"]},
    ],
)
def test_a_setting_that_cannot_work_is_refused(change: dict[str, object]) -> None:
    """Before the first call, and without quoting the token."""
    with pytest.raises(ValueError, match=r".") as caught:
        settings(**change)
    assert "fake-github-token" not in str(caught.value)
