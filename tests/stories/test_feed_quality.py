"""What the helpdesk sends is watched: a good feed, one that loses a field, one that goes silent, one that is young."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest
from prefect.artifacts import Artifact
from prefect.client.orchestration import get_client
from prefect.client.schemas.filters import (
    FlowFilter,
    FlowFilterName,
    FlowRunFilter,
    FlowRunFilterStartTime,
)
from prefect.client.schemas.sorting import FlowRunSort
from sqlalchemy import text

from connectors.kit.fakes.faults import FaultKind
from connectors.slack.fake.rendering import shown
from flows.feed_quality import feed_quality
from incidents.store.schema.tables import tickets
from tasks import resources
from tasks.insights.feed_quality import (
    ROOM,
)
from tests.stories.installation import Installation

NOW = datetime(2026, 11, 4, 12, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
FEED = "zendesk/demo"
PRODUCTS = ("Shop", "Search", "Account")


@pytest.fixture(autouse=True)
async def at_noon() -> AsyncIterator[None]:
    """The clock stands at `NOW`."""
    with resources.simulated_time(lambda: NOW):
        yield


# Of a time that PostgreSQL knows and Python does not: whoever reads it fails.
_DAMAGED = text(
    """
    insert into tickets (connection, id, version, subject, body, status, source_status, requester_id, requester_name,
        requester_email, created_at, updated_at, tags, reassignments, reopens, first_seen_at)
    values ('zendesk/broken', '1', 1, 'Broken', '', 'open', 'open', '1', 'Ada',
        '', '0044-03-15 BC', '0044-03-15 BC', '{}', 0, 0, '0044-03-15 BC')
    """
)


async def sent(liaison: Installation, *, days: int = 30, silent: int = 0, without_product: int = 0) -> None:
    """A ticket each hour for so many days, none in the last `silent` hours, and without product in others."""
    rows = [
        {
            "connection": FEED, "id": str(age), "version": 1, "subject": "Broken", "body": "Please help",
            "status": "open", "source_status": "open", "requester_id": str(age), "requester_name": "Ada",
            "requester_email": "ada@example.com", "created_at": NOW - age * HOUR, "updated_at": NOW - age * HOUR,
            "group": None if age < 48 else "Tier 1", "priority": None, "channel": "mail", "tier": "gold",
            "product": None if age <= without_product else PRODUCTS[age % 3], "tags": [], "reassignments": 0,
            "reopens": 0, "first_seen_at": NOW - age * HOUR,
        }
        for age in range(silent + 1, days * 24)
    ]  # fmt: skip
    async with liaison.database.transaction() as tx:
        await tx.execute(tickets.insert(), rows)


def told(liaison: Installation) -> list[str]:
    """What is in the room for feeds; it is only opened when there is something to tell."""
    slack = liaison.world.slack
    names = [channel.name for channel in slack.workspace.channels.values()]
    return [shown(post) for post in slack.messages(ROOM)] if ROOM in names else []


async def page() -> str:
    artifact = await Artifact.aget("feed-quality")
    assert artifact is not None
    return str(artifact.data)


async def newest_run_name() -> str:
    async with get_client() as client:
        (run,) = await client.read_flow_runs(
            flow_filter=FlowFilter(name=FlowFilterName(any_=["feed_quality"])),
            # Another test's deployments may have runs scheduled on the same server.
            flow_run_filter=FlowRunFilter(start_time=FlowRunFilterStartTime(is_null_=False)),
            sort=FlowRunSort.EXPECTED_START_TIME_DESC,
            limit=1,
        )
    return run.name


async def test_a_good_feed(liaison: Installation):
    """Nothing to tell, and nobody is bothered. New tickets without a group yet are as usual."""
    await sent(liaison)
    assert await feed_quality() == "all well"
    assert await newest_run_name() == "feed_quality all well"
    assert "As usual." in await page()
    assert told(liaison) == []


async def test_a_field_is_suddenly_missing(liaison: Installation):
    """The page and the chat say which, and what to look for; the chat once a day, the page each time."""
    await sent(liaison, without_product=20)
    assert await feed_quality() == "1 finding: zendesk/demo"
    assert await newest_run_name() == "feed_quality 1 finding: zendesk/demo"
    assert "leaves product empty more often than the usual 0.0%" in await page()
    (post,) = told(liaison)
    assert post.startswith("zendesk/demo leaves product empty")
    assert post.endswith("was the form changed? (20 of 24 rows)")

    await resources.close()  # as another process would have it
    with resources.simulated_time(lambda: NOW):
        assert await feed_quality() == "1 finding: zendesk/demo"
        assert len(told(liaison)) == 1, "the same day"
    with resources.simulated_time(lambda: NOW + 12 * HOUR):
        await feed_quality()
    assert sum("leaves product empty" in post for post in told(liaison)) == 2, "another day, and still so"


async def test_a_feed_goes_silent(liaison: Installation):
    await sent(liaison, silent=23)
    assert await feed_quality() == "2 findings: zendesk/demo"
    posts = told(liaison)
    assert any("zendesk/demo usually sends about 2" in post for post in posts)
    assert any("has sent nothing for 2 hours" in post for post in posts)


async def test_a_small_feed_dies(liaison: Installation):
    """Three tickets a day tell nothing in a day; in a week their absence does."""
    await sent(liaison, days=44)
    async with liaison.database.transaction() as tx:
        kept = [str(age) for age in range(0, 44 * 24, 8) if age > 12 * 24]
        await tx.execute(tickets.delete().where(tickets.c.id.not_in(kept)))
    assert await feed_quality() == "1 finding: zendesk/demo"
    assert "usually sends about 20 tickets in this time" in told(liaison)[0]


async def test_a_young_feed(liaison: Installation):
    """There is nothing to compare it with: that is said, and is no failure."""
    await sent(liaison, days=3)
    assert await feed_quality() == "too little history: zendesk/demo"
    assert "check it when it has been connected for longer" in await page()


async def test_the_chat_is_away(liaison: Installation):
    """The run goes well, and says whom it did not reach; when the chat is back, it is told."""
    await sent(liaison, without_product=20)
    liaison.world.slack.faults.arm(FaultKind.OUTAGE, times=None)
    assert (await feed_quality()).startswith("1 finding: zendesk/demo; not told in slack/demo: ")
    assert "not told in slack/demo" in await page()
    liaison.world.slack.faults.clear()
    assert await feed_quality() == "1 finding: zendesk/demo"
    assert len(told(liaison)) == 1


async def test_a_check_that_cannot_be_made(liaison: Installation):
    """Only that fails the run; the page says so, and the other feeds are looked at all the same."""
    await sent(liaison)
    liaison.write_policy({"helpdesks": ["zendesk/broken", FEED]})
    async with liaison.database.transaction() as tx:
        await tx.execute(_DAMAGED)
    with pytest.raises(OverflowError) as failed:
        await feed_quality()
    assert await newest_run_name() == "feed_quality could not check zendesk/broken"
    shown_page = await page()
    assert f"**Could not be checked**: {failed.value}" in shown_page
    assert "As usual." in shown_page


async def test_a_helpdesk_that_never_sent_anything(liaison: Installation):
    await sent(liaison)
    liaison.write_policy({"helpdesks": [FEED, "zendesk/new"]})
    assert await feed_quality() == "all well; too little history: zendesk/new"
