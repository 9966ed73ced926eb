"""The connector on Debian's Redmine 5.0.4, and Redmine's own ways that the fake was made after."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
from pydantic import SecretStr

from connectors.kit.marks import unmarked
from connectors.redmine import Redmine, RedmineSettings
from incidents.errors import NotAllowed, NotFound, Refused
from incidents.models import InternalText
from tests.real.redmine.server import RealRedmine

pytestmark = pytest.mark.real

TEXT = InternalText("INC-42: 12 customers reported it. \u00e9\nThe rollback was a remedy.")
NOTE = InternalText("30 customers by now; see {{include(Wiki)}} @admin #1")


def connect(redmine: RealRedmine, user: str = "liaison", **changes: object) -> Redmine:
    values = {
        "base_url": redmine.url,
        "api_key": SecretStr(redmine.keys.get(user, user)),
        "project": "shop",
        "tracker": "Bug",
    }
    return Redmine("redmine/real", RedmineSettings.model_validate(values | changes))


@pytest.fixture
async def tracker(redmine: RealRedmine) -> AsyncIterator[Redmine]:
    connected = connect(redmine)
    yield connected
    await connected.aclose()


def journals(redmine: RealRedmine, key: str, *, by: str | None = "engineer") -> list[dict[str, object]]:
    found: list[dict[str, object]] = redmine.call("GET", f"issues/{key}.json?include=journals", by=by).json()[
        "issue"
    ]["journals"]
    return [one for one in found if one["notes"]]


async def test_an_issue_from_its_first_word_to_its_end(redmine: RealRedmine, tracker: Redmine) -> None:
    """Opened once, found again, noted privately once, moved, closed, and closed ones are listed."""
    assert "project is public" in await tracker.check()
    key = await tracker.open_issue("Card payments fail", TEXT, once="INC-42/issue/1")
    assert await tracker.open_issue("Card payments fail", TEXT, once="INC-42/issue/1") == key
    assert await tracker.find_issue("INC-42/issue/1") == key
    assert await tracker.find_issue("INC-42/issue/2") is None
    for _ in range(2):
        await tracker.comment(key, NOTE, once="note/1")
    (note,) = journals(redmine, key)
    assert note["private_notes"] is True
    assert unmarked(str(note["notes"]).replace("\r\n", "\n")).replace("\u2060", "") == NOTE
    assert journals(redmine, key, by=None) == []
    assert await tracker.was_done(key, "note/1")
    assert not await tracker.was_done(key, "note/2")
    await tracker.transition(key, "In Progress", once="move/1")
    await tracker.transition(key, "closed", once="move/2")
    issue = await tracker.read(key)
    assert (issue.status, issue.is_closed) == ("Closed", True)
    assert key in {one.key async for one in tracker.changed_since(issue.updated_at)}
    late = issue.updated_at + timedelta(hours=1)
    assert [one.key async for one in tracker.changed_since(late)] == []


async def test_more_than_a_page(redmine: RealRedmine, tracker: Redmine) -> None:
    """Redmine lists a hundred at most, whatever is asked for."""
    first = await tracker.read(await tracker.open_issue("first", TEXT, once="first"))
    for number in range(110):
        issue = {"issue": {"project_id": "shop", "subject": f"s {number}", "description": "d"}}
        redmine.call("POST", "issues.json", issue)
    found = [one.key async for one in tracker.changed_since(first.updated_at)]
    assert len(found) == len(set(found))
    assert len(found) >= 111
    assert await tracker.find_issue("first") == first.key


async def test_what_redmine_would_not_do(redmine: RealRedmine, tracker: Redmine) -> None:
    """A status its workflow forbids, one that is none, an issue that is deleted, and a wrong key."""
    key = await tracker.open_issue("Stuck", TEXT, once="stuck")
    for status in ("Unreachable", "no such status"):
        with pytest.raises(Refused, match="In Progress"):
            await tracker.transition(key, status, once="move")
    wrong = connect(redmine, "0123456789012345678901234567890123456789")
    for call in (wrong.check(), wrong.find_issue("stuck"), wrong.was_done(key, "x"), wrong.read("999999")):
        with pytest.raises(NotAllowed):
            await call
    await wrong.aclose()
    redmine.call("DELETE", f"issues/{key}.json")
    for gone in (tracker.read(key), tracker.comment(key, NOTE, once="x"), tracker.was_done(key, "x")):
        with pytest.raises(NotFound):
            await gone


async def test_a_role_that_may_make_no_private_note(redmine: RealRedmine) -> None:
    """Redmine would answer 204 and show it to everybody; the connector refuses before it writes a word."""
    poor = connect(redmine, "poor")
    with pytest.raises(NotAllowed, match="Set notes as private"):
        await poor.check()
    key = await poor.open_issue("Poor", TEXT, once="poor")
    with pytest.raises(NotAllowed, match="Set notes as private"):
        await poor.comment(key, NOTE, once="note")
    assert journals(redmine, key) == []
    await poor.aclose()
    # Seen: what the check is there for.
    change = {"issue": {"notes": "secret", "private_notes": True}}
    assert redmine.call("PUT", f"issues/{key}.json", change, by="poor").status_code == 204
    assert [one["notes"] for one in journals(redmine, key, by=None)] == ["secret"]


def test_redmines_own_ways(redmine: RealRedmine) -> None:
    """What the fake does as Redmine does it."""
    made = redmine.call("POST", "issues.json", {"issue": {"project_id": "shop", "subject": "Ways"}}).json()
    key = made["issue"]["id"]
    assert redmine.call("PUT", f"issues/{key}.json", {"issue": {"status_id": 999}}).status_code == 204
    assert redmine.call("GET", f"issues/{key}.json").json()["issue"]["status"]["name"] == "New"
    closed = next(
        one["id"]
        for one in redmine.call("GET", "issue_statuses.json").json()["issue_statuses"]
        if one["name"] == "Closed"
    )
    redmine.call("PUT", f"issues/{key}.json", {"issue": {"status_id": closed}})
    listed = redmine.call("GET", "issues.json?limit=1000").json()
    assert listed["limit"] == 100
    assert key not in {one["id"] for one in listed["issues"]}
    assert redmine.call("GET", "issues.json", by="wrong").status_code == 200
    assert redmine.call("GET", "users/current.json", by="wrong").status_code == 401
    for time in ("2026-01-01T00:00:00.000Z", "2026-01-01T00:00:00%2B00:00"):
        assert redmine.call("GET", f"issues.json?updated_on=%3E%3D{time}").status_code == 422
