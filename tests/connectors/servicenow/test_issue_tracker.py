"""ServiceNow's problems as issues: what every tracker keeps, and what is its own."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from datetime import datetime

import pytest

from connectors.kit.webhooks.signing import ID, SIGNATURE, TIMESTAMP, sign_standard_webhook
from connectors.servicenow import ServiceNowProblems
from connectors.servicenow.fake.instance import AGENT, BOT, CHOICES, PROBLEM
from incidents.errors import Exposed, NotAllowed, NotFound, Refused, Unrecognised
from incidents.events import Ignored, IssueEvent, Ping
from incidents.models import InternalText
from tests.connectors.servicenow.problems_world import ProblemsWorld, connect
from tests.contracts.issue_tracker import NOTE, NOTE_ONCE, ONCE, TEXT, TITLE, IssueTrackerContract
from tests.contracts.lost_answers import IssueMovesContract
from tests.contracts.webhook_source import FIRST, Headers, Sign, WebhookSourceContract


@pytest.fixture
def world() -> ProblemsWorld:
    return ProblemsWorld()


@pytest.fixture
async def tracker(world: ProblemsWorld) -> AsyncIterator[ServiceNowProblems]:
    connected = connect(world)
    yield connected
    await connected.aclose()


@pytest.fixture
def key(world: ProblemsWorld) -> str:
    return world.create_issue("Old trouble", "words")


class TestServiceNowIsAnIssueTracker(IssueTrackerContract):
    open_word, closed_word = "Root Cause Analysis", "Closed"
    # Work notes are; but what the house makes public is seen only afterwards: see below.
    has_private_comments = False


class TestServiceNowMovesIssues(IssueMovesContract):
    closed_word = "Closed"


async def test_comments_are_work_notes(world: ProblemsWorld, tracker: ServiceNowProblems, key: str) -> None:
    await tracker.comment(key, NOTE, once=NOTE_ONCE)
    assert len(world.comments(key)) == 1
    assert world.public_texts(key) == []


@pytest.mark.parametrize("how", ["publishes", "copies"])
async def test_a_work_note_that_became_public(
    world: ProblemsWorld, tracker: ServiceNowProblems, key: str, how: str
) -> None:
    """Told as exposed, never called done, and never written a second time."""
    setattr(world.instance, how, True)
    for _ in range(2):
        with pytest.raises(Exposed, match="by hand"):
            await tracker.comment(key, NOTE, once=NOTE_ONCE)
    assert not await tracker.was_done(key, NOTE_ONCE)
    assert len(world.public_texts(key)) == 1


async def test_a_copied_record_is_not_ours(world: ProblemsWorld, tracker: ServiceNowProblems) -> None:
    """Who copies a record copies its correlation_id as well, and is who made it."""
    key = await tracker.open_issue(TITLE, TEXT, once=ONCE)
    row = world.row(key)
    world.instance.remove(PROBLEM, row["sys_id"])
    copied = world.instance.insert(PROBLEM, {"correlation_id": row["correlation_id"]}, by=AGENT)
    assert await tracker.find_issue(ONCE) is None
    assert copied["correlation_id"].startswith("liaison-")


async def test_what_is_opened(world: ProblemsWorld) -> None:
    """One line of title, nothing that becomes HTML, and the group that engineers look at."""
    tracker = connect(world, groups=["Service Desk"])
    text = InternalText("[code]<b>x</b>[/code]")
    key = await tracker.open_issue("x\n" * 200, text, once=ONCE)
    row = world.row(key)
    (group,) = world.instance.tables["sys_user_group"].values()
    assert row["assignment_group"] == group["sys_id"]
    assert row["correlation_display"] == "Liaison"
    assert len(row["short_description"]) <= 160
    assert "\n" not in row["short_description"]
    assert "[code]" not in row["description"]
    assert [one.key async for one in tracker.changed_since(world.now())] == [key]
    with pytest.raises(Refused, match="correct groups"):
        await connect(world, groups=["Nobody"]).open_issue(TITLE, TEXT, once="another")


async def test_a_column_that_is_not_kept(world: ProblemsWorld) -> None:
    """Without its key in correlation_id an issue would be opened again and again."""
    plain = world.instance.insert
    world.instance.insert = lambda table, fields, *, by: plain(  # type: ignore[method-assign]
        table, {name: value for name, value in fields.items() if name != "correlation_id"}, by=by
    )
    with pytest.raises(Refused, match="correlation_id"):
        await connect(world).open_issue(TITLE, TEXT, once=ONCE)


async def test_words_of_their_own(world: ProblemsWorld, key: str) -> None:
    """States are the instance's choices: renamed, made inactive in another language, or only the parent table's."""
    for choice in world.instance.tables[CHOICES].values():
        if (choice["name"], choice["value"]) == (PROBLEM, "104"):
            choice["label"] = "Fixing"
    tracker = connect(world, closed_states=["fixing"])
    await tracker.transition(key, "FIXING", once="a")
    issue = await tracker.read(key)
    assert (issue.status, issue.is_closed) == ("Fixing", True)
    await tracker.transition(key, "103", once="b")
    assert (await tracker.read(key)).status == "Root Cause Analysis"
    french = {"name": PROBLEM, "element": "state", "value": "103", "label": "Analyse", "language": "fr"}
    world.instance.insert(CHOICES, french | {"inactive": "false"}, by="admin")
    world.move(key, "New")
    tracker = connect(world)
    await tracker.transition(key, "analyse", once="c")
    assert (await tracker.read(key)).status == "Root Cause Analysis"


async def test_choices_that_we_may_not_read(world: ProblemsWorld, key: str) -> None:
    """A state is its number then; a word cannot be set, and it says why."""
    world.fake.hidden_tables.add(CHOICES)
    tracker = connect(world)
    assert (await tracker.read(key)).status == "101"
    with pytest.raises(Refused, match="sys_choice"):
        await tracker.transition(key, "Closed", once="a")


async def test_a_transition_that_is_refused(
    world: ProblemsWorld, tracker: ServiceNowProblems, key: str
) -> None:
    world.instance.locked.add(world.row(key)["sys_id"])
    with pytest.raises(Refused) as caught:
        await tracker.transition(key, "Closed", once="a")
    assert not isinstance(caught.value, NotAllowed | NotFound)


async def test_check(world: ProblemsWorld, key: str) -> None:
    said = await connect(world).check()
    assert said.startswith("Liaison at https://acme.service-now.com, 1 records of problem;")
    with pytest.raises(Refused, match="correct groups"):
        await connect(world, groups=["Nobody"]).check()
    world.write(key, "x")
    world.fake.hidden_tables.add("sys_journal_field")
    with pytest.raises(NotAllowed, match="sys_journal_field"):
        await connect(world).check()
    world.fake.hidden.add(world.row(key)["sys_id"])
    with pytest.raises(NotAllowed, match="sn_problem_read"):
        await connect(world).check()


async def test_a_journal_that_is_hidden(world: ProblemsWorld, key: str) -> None:
    """What cannot be looked up is not written."""
    tracker = connect(world)
    await tracker.comment(key, NOTE, once=NOTE_ONCE)
    world.fake.hidden_tables.add("sys_journal_field")
    for call in (tracker.comment(key, NOTE, once=NOTE_ONCE), tracker.was_done(key, NOTE_ONCE)):
        with pytest.raises(NotAllowed):
            await call
    assert len(world.comments(key)) == 1


def signed_call(data: bytes, at: datetime, secret: bytes = FIRST) -> Headers:
    stamp = str(int(at.timestamp()))
    signature = sign_standard_webhook(data, secret, id="sn-1", timestamp=stamp)
    return [(ID, "sn-1"), (TIMESTAMP, stamp), (SIGNATURE, signature)]


class TestTheRuleTellsOfIssues(WebhookSourceContract):
    signature_headers = (ID, TIMESTAMP, SIGNATURE)
    is_timed = True

    @pytest.fixture
    def source(self, world: ProblemsWorld) -> ServiceNowProblems:
        return connect(world)

    @pytest.fixture
    def now(self, world: ProblemsWorld) -> datetime:
        return world.now()

    @pytest.fixture
    def a_body(self, world: ProblemsWorld) -> bytes:
        world.create_issue("Old trouble", "words")
        return world.fake.rule.deliveries[-1][1]

    @pytest.fixture
    def signed(self, now: datetime) -> Sign:
        def made(body: bytes, *, secret: bytes = FIRST, at: datetime = now) -> Headers:
            return signed_call(body, at, secret)

        return made


async def test_what_the_rule_tells(world: ProblemsWorld, tracker: ServiceNowProblems, key: str) -> None:
    """Which issue changed, whoever did it, and that it is no more; other tables are counted."""
    world.move(key, "Closed")
    world.delete(key)
    world.instance.insert("incident", {"caller_id": ""}, by=BOT)
    found = [
        event
        for headers, data in world.fake.rule.deliveries
        for event in tracker.events(tracker.verify(headers, data, now=world.now()))
    ]
    told = IssueEvent(connection="servicenow/fixes", key=key, at=world.now())
    assert found == [told, told, told, Ignored(connection="servicenow/fixes", kind="of table incident")]
    trial = tracker.trial_webhook(now=world.now())
    assert tracker.events(tracker.verify(trial.headers, trial.body, now=world.now())) == [
        Ping(connection="servicenow/fixes")
    ]


async def test_a_call_without_a_number_is_parked(world: ProblemsWorld, tracker: ServiceNowProblems) -> None:
    world.create_issue("Old trouble", "words")
    data = json.dumps(json.loads(world.fake.rule.deliveries[-1][1]) | {"number": "x"}).encode()
    with pytest.raises(Unrecognised, match="without its number"):
        tracker.events(tracker.verify(signed_call(data, world.now()), data, now=world.now()))
