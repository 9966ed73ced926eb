"""One outage from the first mail to the last word, on real servers only: nothing of ours imitates anything.

Mail comes by Postfix to Dovecot, a second ticket is in Request Tracker; nginx fails, and Prometheus, the blackbox
exporter and Alertmanager see it; the roster wakes by mail; the room is on Synapse; nginx shows the status page; the
issue is in Redmine. Liaison runs as `liaison up` runs it. docs/real-story.md tells it.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from typing import Any

import pytest
from sqlalchemy import select

from connectors.mail.fake.app import ADDRESS
from incidents.case import Case, EntryKind
from incidents.effects import EffectState
from incidents.models import Verdict
from incidents.store.schema.tables import effects
from incidents.store.timeline import TimelineEntry
from tests.real.story.installed import Installed, installed
from tests.real.story.people import ADA, CARL, MESSAGE_ID, People, text_of
from tests.real.story.telling import NOTE, WHY, Story

pytestmark = pytest.mark.real


@dataclass(frozen=True, kw_only=True)
class Told:
    """The story when it is over; everything can still be asked."""

    story: Story
    people: People
    checked: list[dict[str, Any]]
    case: Case
    timeline: Sequence[TimelineEntry]


@pytest.fixture(scope="module")
async def liaison(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Installed]:
    async with installed(tmp_path_factory.mktemp("story")) as running:
        yield running


@pytest.fixture(scope="module")
async def told(liaison: Installed) -> Told:
    checked = await liaison.check()
    people = People(liaison.servers)
    story = Story(people=people, database=liaison.database)
    try:
        await story.tell()
    finally:
        print(await story.shown())
    case = await story.case()
    assert case is not None
    return Told(story=story, people=people, checked=checked, case=case, timeline=await story.timeline())


async def test_every_connection_is_well_before(told: Told) -> None:
    """`liaison check` has nothing against any of the eight, nor against anything else, and says what probes see."""
    ill = [f"{one['what']}: {one['text']}" for one in told.checked if not one["is_well"]]
    assert ill == []
    said = {one["what"].removeprefix("connection "): one["text"] for one in told.checked}
    assert sum("/" in what for what in said) == 8
    assert said["alerts"] == "0 alerts fire"
    assert "no alert fires; the heartbeat came at" in said["alertmanager/main"]
    for probe in ("alertmanager/main", "prometheus/main"):
        assert "\ncheckout: healthy (" in said[probe]
    assert "no link" not in said["roster/main"]
    assert "may enter" not in said["staticpage/public"]


async def test_two_tickets_and_an_alert_are_one_incident(told: Told) -> None:
    assert {ticket.ticket.ref.connection for ticket in told.case.tickets} == {
        "mail/support",
        "requesttracker/support",
    }
    assert told.case.incident.verdict is Verdict.CONFIRMED
    kinds = [entry.kind for entry in told.timeline]
    assert kinds.count(EntryKind.ALERT_FIRES) == kinds.count(EntryKind.ALERT_ENDED) == 1
    assert kinds.index(EntryKind.ALERT_FIRES) < kinds.index(EntryKind.ALERT_ENDED)


async def test_ada_is_told_in_her_own_thread(told: Told) -> None:
    """Twice, as answers to her own mail, from the company's address."""
    first, last = await told.people.mails(ADA)
    for mail in (first, last):
        assert MESSAGE_ID in str(mail["In-Reply-To"]) or MESSAGE_ID in str(mail["References"])
        assert str(mail["From"]).endswith(f"<{ADDRESS}>") or "support" in str(mail["From"])
        assert "INC-1" in text_of(mail)
    assert "our engineers are working on it" in text_of(first)
    assert "is fixed, and we have checked it" in text_of(last)


async def test_carl_is_told_by_request_tracker(told: Told) -> None:
    """Twice by correspondence, which RT mails him itself; colleagues' words are comments, which it does not."""
    said = await told.people.said_in_rt(told.story.ticket)
    replies = [one.text for one in said if one.kind == "Correspond"]
    assert len(replies) == 2
    assert "our engineers are working on it" in replies[0]
    assert "is fixed, and we have checked it" in replies[1]
    comments = "\n".join(one.text for one in said if one.kind == "Comment")
    assert NOTE in comments
    mails = [text_of(mail) for mail in await told.people.mails(CARL)]
    assert sum("INC-1" in mail for mail in mails) == 2
    assert await told.people.rt_status(told.story.ticket) == "resolved"


async def test_ana_alone_was_woken(told: Told) -> None:
    """Once; told that it is over; nobody next."""
    subjects = [str(mail["Subject"]) for mail in await told.people.notices("ana")]
    assert len(subjects) == 2
    assert subjects[1].startswith("Over: ")
    assert await told.people.notices("bo") == []


async def test_the_room_has_the_story(told: Told) -> None:
    said = await told.people.said_in_room()
    for words in ("Who is hit", "May the public status page tell of INC-1?", "ana approved", "Ana Silva"):
        assert words in said, words


async def test_the_public_reads_it_from_beginning_to_end(told: Told) -> None:
    """By nginx, which runs as another user than Liaison; each word once, none of colleagues'."""
    shop = told.people.servers.shop
    (public,) = json.loads((await shop.public("status.json")).text)["incidents"]
    states = [one["state"] for one in public["updates"]]
    assert states == ["investigating", "identified", "monitoring", "resolved"]
    page = await shop.public("")
    assert page.status_code == 200
    assert "Problem with Checkout" in page.text
    for internal in ("INC-1", "Ana", NOTE, WHY, "Lovelace"):
        assert internal not in page.text, internal


async def test_the_lasting_fix_is_an_issue(told: Told) -> None:
    (issue,) = await told.people.issues()
    assert issue["subject"].startswith("INC-1 Checkout")
    assert "Prometheus" in issue["description"] or "prometheus" in issue["description"]
    for customers in ("Lovelace", ADA, CARL):
        assert customers not in json.dumps(issue), customers


async def test_customers_read_nothing_of_colleagues(told: Told) -> None:
    for address in (ADA, CARL):
        everything = "\n".join(text_of(mail) for mail in await told.people.mails(address))
        for internal in (NOTE, WHY, "prometheus", "CheckoutDown", "Ana Silva"):
            assert internal not in everything, (address, internal)


async def test_nothing_is_left_to_do(told: Told, liaison: Installed) -> None:
    """Each change was made, none of them twice, and nothing waits for a person."""
    async with liaison.database.transaction() as tx:
        rows = (await tx.execute(select(effects.c.kind, effects.c.state, effects.c.detail))).all()
    assert [row for row in rows if EffectState(row.state) is not EffectState.DONE] == []
