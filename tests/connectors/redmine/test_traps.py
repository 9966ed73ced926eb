"""What Redmine 5.0.4 was seen to do, and what an honest client would get wrong about it.

The same is seen on the real one in tests/real/redmine.
"""

from __future__ import annotations

from datetime import timedelta

import pytest
from pydantic import SecretStr

from connectors.redmine import Redmine
from connectors.redmine.mapping import inert
from incidents.errors import LiaisonError, NotAllowed, Refused
from incidents.models import InternalText
from tests.connectors.redmine.conftest import RedmineWorld, connect, settings

NOTE = InternalText("30 customers by now.")
ONCE = "INC-1/comment/1"


@pytest.fixture
def key(world: RedmineWorld) -> str:
    return world.create_issue("Old trouble", "words")


async def test_a_wrong_key_is_not_taken_for_the_public(world: RedmineWorld, key: str) -> None:
    """Redmine lets it read what the public may: nothing found, or "gone", would be believed."""
    tracker = connect(world, api_key=SecretStr("a-key-that-was-revoked"))
    private = world.fake.tracker.create(8, "private", "words")
    private.is_private = True
    for call in (
        tracker.check(),
        tracker.find_issue(ONCE),
        tracker.was_done(key, ONCE),
        tracker.read(str(private.id)),
        anext(tracker.changed_since(world.now())),
        tracker.comment(key, NOTE, once=ONCE),
        tracker.open_issue("t", NOTE, once=ONCE),
    ):
        with pytest.raises(NotAllowed):
            await call


async def test_a_private_note_that_was_stored_as_public_is_taken_back(
    world: RedmineWorld, tracker: Redmine, key: str
) -> None:
    """Whatever our rights say: it is emptied at once, and an operator reads what to mend."""
    world.fake.tracker.loses_privacy = True
    with pytest.raises(Refused, match="stored as public, not private, and was taken back"):
        await tracker.comment(key, NOTE, once=ONCE)
    assert world.comments(key) == []


async def test_check_names_a_role_that_may_not_be_private(world: RedmineWorld) -> None:
    """Before the first incident; the operator may also say that it need not be."""
    world.keep_nothing_private()
    with pytest.raises(NotAllowed, match="Set notes as private"):
        await connect(world).check()
    with pytest.raises(NotAllowed, match="Set issues public or private"):
        await connect(world, private_issues=True, private_notes=False).check()
    assert "public notes" in await connect(world, private_notes=False).check()


async def test_a_private_issue(world: RedmineWorld) -> None:
    """With the right it is private; without, nothing is opened; and what is stored as public is not called done."""
    tracker = connect(world, private_issues=True)
    with pytest.raises(NotAllowed):
        await tracker.open_issue("t", NOTE, once=ONCE)
    assert world.titles() == []
    world.fake.tracker.rights.add("set_own_issues_private")
    key = await tracker.open_issue("t", NOTE, once=ONCE)
    assert world.fake.tracker.issues[int(key)].is_private
    world.fake.tracker.loses_privacy = True
    for _ in range(2):  # found again, it is not taken for done either
        with pytest.raises(Refused, match=r"issue \d+ was stored as public, not private, and stays so"):
            await tracker.open_issue("t", NOTE, once="another")
    with pytest.raises(Refused, match="stays so"):
        await tracker.find_issue("another")
    assert len(world.titles()) == 2
    world.fake.tracker.loses_privacy = False
    found = await tracker.find_issue("another")
    assert found is not None
    assert world.fake.tracker.issues[int(found)].is_private


async def test_a_private_issue_that_was_stored_as_public_is_made_private(world: RedmineWorld) -> None:
    """At once: it does not stand there for everybody until somebody reads the error."""
    world.fake.tracker.rights.add("set_own_issues_private")
    world.fake.tracker.loses_privacy = True
    world.fake.tracker.before_change.append(lambda: setattr(world.fake.tracker, "loses_privacy", False))
    key = await connect(world, private_issues=True).open_issue("t", NOTE, once=ONCE)
    assert world.fake.tracker.issues[int(key)].is_private


async def test_a_public_note_is_not_taken_for_the_private_one(
    world: RedmineWorld, tracker: Redmine, key: str
) -> None:
    """Its answer was lost: the look-up does not call it done, and the next try takes it back."""
    await connect(world, private_notes=False).comment(key, NOTE, once=ONCE)
    assert await connect(world, private_notes=False).was_done(key, ONCE)
    assert not await tracker.was_done(key, ONCE)
    with pytest.raises(Refused, match="was taken back"):
        await tracker.comment(key, NOTE, once=ONCE)
    assert world.comments(key) == []
    await tracker.comment(key, NOTE, once=ONCE)
    assert await tracker.was_done(key, ONCE)


async def test_rights_are_those_in_the_issues_own_project(
    world: RedmineWorld, tracker: Redmine, key: str
) -> None:
    """It was moved to a project where our role may keep nothing private: nothing is sent there."""
    world.fake.tracker.issues[int(key)].project = 2
    with pytest.raises(NotAllowed, match="Set notes as private"):
        await tracker.comment(key, NOTE, once=ONCE)
    assert world.comments(key) == []


async def test_a_status_that_the_workflow_forbids_names_those_it_allows(
    world: RedmineWorld, tracker: Redmine, key: str
) -> None:
    """Redmine would answer 204 and do nothing."""
    with pytest.raises(Refused, match="it can go to: New, In Progress, Resolved, Feedback, Closed"):
        await tracker.transition(key, "Unreachable", once="move")


async def test_more_changes_in_one_second_than_a_page_holds(world: RedmineWorld, tracker: Redmine) -> None:
    """Going on from the time reached must not stand still there."""
    keys = [world.create_issue(str(number), "words") for number in range(230)]
    world.let_time_pass(60)
    keys.append(world.create_issue("last", "words"))
    since = world.now() - timedelta(minutes=5)
    assert [one.key async for one in tracker.changed_since(since)] == keys


async def test_the_title_is_one_line_of_a_length_that_redmine_takes(
    world: RedmineWorld, tracker: Redmine
) -> None:
    """It would answer 422, and no issue would be opened."""
    key = await tracker.open_issue("long " * 100 + "\nline", NOTE, once=ONCE)
    title = (await tracker.read(key)).title
    assert len(title) <= 255
    assert "\n" not in title


@pytest.mark.parametrize(
    "hostile",
    [
        "{{include(Secrets)}}",
        "[[Wiki]]",
        "!http://evil.example/a.png!",
        "@admin",
        "fixes #12",
        "commit:abc",
        "https://evil.example",
        "<pre>",
    ],
)
async def test_hostile_text_is_inert(world: RedmineWorld, tracker: Redmine, key: str, hostile: str) -> None:
    """The same to a reader, and no macro, mention, image or link to Redmine."""
    await tracker.comment(key, InternalText(hostile), once=ONCE)
    (written,) = world.comments(key)
    assert hostile not in written
    assert hostile in written.replace("\u2060", "")
    assert inert("plain words: 5 > 3, a@ b, C# and 50!") == "plain words: 5 > 3, a@ b, C# and 50!"


@pytest.mark.parametrize(
    "change", [{"base_url": "http://redmine.acme.test"}, {"project": "../admin"}, {"project": ""}]
)
def test_a_setting_that_cannot_work_is_refused(change: dict[str, object]) -> None:
    """Before the first call, and without quoting the key."""
    with pytest.raises(ValueError, match=next(iter(change))) as caught:
        settings(**change)
    assert "fake-redmine-key" not in str(caught.value)


async def test_a_project_or_tracker_that_is_not_there_is_named(world: RedmineWorld) -> None:
    """With the setting to correct."""
    for change in ({"project": "nowhere"}, {"tracker": "Gub"}):
        with pytest.raises(LiaisonError, match=f"correct {next(iter(change))}"):
            await connect(world, **change).check()
