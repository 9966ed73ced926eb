"""Whether each connection's tickets are as they usually are: checked, shown in the Prefect UI, told in chat."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta

import pandas as pd

from incidents.models import ChatMessage
from incidents.policy.policy import Policy
from incidents.ports import ChatRoom
from incidents.texts.plain_text import one_line
from incidents.texts.team import team_reads, worded
from insights.learning import NotEnoughHistory
from insights.quality.checked_feed import CheckedFeed, Unchecked
from insights.quality.feed import (
    FeedUsual,
    check_feed,
    learn_usual,
)
from insights.quality.measures import usual_volume
from insights.store.feed_history import (
    AT_OPENING,
    BY_PEOPLE,
    TIME,
    feed_history,
)
from tasks import resources
from tasks.artifacts import publish_page
from tasks.pages.feeds import feeds_page
from tasks.pages.markdown import plain
from tasks.retries import OUTSIDE_CALL, STORE_CALL
from tasks.runs import task

KEY = "feed-quality"
ROOM = "liaison-feeds"

DAY, WEEK = timedelta(days=1), timedelta(days=7)
LEARNT_FROM = timedelta(days=28)
_FEWEST_A_DAY = 10.0
"""Tickets: with fewer on a usual day, a day is too short to tell anything."""


@task(name="check feed", task_run_name="check feed {connection}", **STORE_CALL)
async def check_connection(connection: str) -> CheckedFeed:
    """Hold its newest tickets against those of the four weeks before."""
    async with resources.transaction() as step:
        frame = await feed_history(step.connection, connection, span=LEARNT_FROM + WEEK, now=step.now)
    # It takes seconds, and this process has promises to keep meanwhile.
    closed = _closed_dates(step.policy, step.now)
    with team_reads(step.policy.language.team):
        return await asyncio.to_thread(_checked, frame, connection, step.now, closed)


@task(name="tell feed findings", task_run_name="tell feed findings in {chat}", **OUTSIDE_CALL)
async def tell_findings(chat: str, feeds: Sequence[CheckedFeed]) -> int:
    """Post each finding once a day in the room for feeds; returns how many were new there."""
    room_chat = await resources.connect(chat, ChatRoom)
    async with resources.transaction() as step:
        ours, today = f"liaison:{step.instance}:feeds", f"{step.now:%Y-%m-%d}"
        topic = worded("What helpdesks send us that is not as usual")
    room = await room_chat.open_room(ROOM, topic, once=ours)
    count = 0
    for feed in feeds:
        for finding in feed.findings:
            once = f"{ours}:{feed.connection}:{finding.check}:{finding.column}:{today}"
            # An earlier run may have been another process, which alone would know.
            if await room_chat.find_post(room.id, once) is None:
                await room_chat.post(room.id, ChatMessage(text=one_line(str(finding))), once=once)
                count += 1
    return count


@task(name="show feed quality", **OUTSIDE_CALL)
async def show_feeds(
    feeds: Sequence[CheckedFeed], unchecked: Sequence[Unchecked], unheard: Sequence[str], headline: str
) -> None:
    """Write the page: a section a connection, what is not as usual and the cure; `unheard` are chats that were away."""
    with team_reads(resources.policy().language.team):
        page = feeds_page(feeds, unchecked, unheard, headline, now=resources.utc_now())
        said = worded("Feeds: {headline}", headline=plain(headline))
    await publish_page(key=KEY, markdown=page, description=said)


def _closed_dates(policy: Policy, now: datetime) -> frozenset[date]:
    """The holidays of any office of the policy: where some are at home, fewer write."""
    since, until = now - LEARNT_FROM - 2 * WEEK, now + DAY
    calendars = policy.sla.working_calendars().values()
    return frozenset(day for one in calendars for day, _ in one.closed_dates(since, until))


def _checked(frame: pd.DataFrame, connection: str, now: datetime, closed: frozenset[date]) -> CheckedFeed:
    """A day is looked at, or a week where a day usually brings too little."""
    try:
        since = now - DAY
        usual = _usual(frame, since, closed)
        if usual_volume(usual.a_day, since, now) < _FEWEST_A_DAY:
            since = now - WEEK
            usual = _usual(frame, since, closed)
    except NotEnoughHistory as error:
        return CheckedFeed(connection=connection, too_little=str(error))
    recent = frame[frame[TIME] >= since]
    report = check_feed(recent, usual, connection=connection, since=since, now=now)
    return CheckedFeed(
        connection=connection,
        since=since,
        recent=len(recent),
        learnt_from=len(frame) - len(recent),
        checked=report.checked,
        findings=report.findings,
    )


def _usual(frame: pd.DataFrame, since: datetime, closed: frozenset[date]) -> FeedUsual:
    """Raises `NotEnoughHistory`."""
    earlier = frame[frame[TIME] < since]
    usual = learn_usual(earlier, time=TIME, columns=(*AT_OPENING, *BY_PEOPLE), closed=closed)
    empty = {name: share for name, share in usual.empty.items() if name not in BY_PEOPLE}
    return replace(usual, empty=empty)
