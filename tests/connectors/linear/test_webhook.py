"""Linear's webhooks: what every source keeps, and what is Linear's own."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from connectors.kit.webhooks.signatures import sign_hex_hmac
from connectors.linear import LinearIssues
from connectors.linear.fake.records import BOT, ENGINEER, OTHER_TEAM, WORKSPACE_ID, made_id
from incidents.errors import Forged, NotAllowed, Unrecognised
from incidents.events import Event, Ignored, IssueEvent, Ping
from tests.connectors.linear.conftest import LinearWorld, connect, settings
from tests.contracts.webhook_source import FIRST, Headers, Sign, WebhookSourceContract

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
SIGNATURE = "Linear-Signature"


def signed_by(body: bytes, secret: bytes = FIRST, delivery: str = "d") -> Headers:
    return [
        (SIGNATURE, sign_hex_hmac(body, secret, prefix="")),
        ("Linear-Delivery", delivery),
        ("Linear-Event", "Issue"),
        ("Content-Type", "application/json; charset=utf-8"),
    ]


class TestLinearWebhook(WebhookSourceContract):
    """The time is in the body: its tests are below."""

    signature_headers = (SIGNATURE,)
    has_time_in_body = True

    @pytest.fixture
    def now(self) -> datetime:
        return NOW

    @pytest.fixture
    def a_body(self, world: LinearWorld) -> bytes:
        return world.fake.delivery(world.create_issue("Cannot pay", "x"))

    @pytest.fixture
    def source(self) -> LinearIssues:
        return LinearIssues("linear/eng", settings())

    @pytest.fixture
    def signed(self) -> Sign:
        def made(body: bytes, *, secret: bytes = FIRST, at: datetime = NOW) -> Headers:
            del at
            return signed_by(body, secret)

        return made


def events(data: bytes, **changes: object) -> list[Event]:
    source = LinearIssues("linear/eng", settings(**changes))
    return list(source.events(source.verify(signed_by(data), data, now=NOW)))


def ignored(kind: str) -> list[Event]:
    return [Ignored(connection="linear/eng", kind=kind)]


@pytest.mark.parametrize("seconds", [-61, 61, -30 * 86_400])
def test_a_delivery_of_another_minute(world: LinearWorld, seconds: float) -> None:
    """Though it is signed: somebody may have kept it."""
    data = world.fake.delivery(world.create_issue("Cannot pay", "x"))
    source = connect(world)
    source.verify(signed_by(data), data, now=NOW + timedelta(seconds=59))
    with pytest.raises(Forged) as caught:
        source.verify(signed_by(data), data, now=NOW - timedelta(seconds=seconds))
    assert caught.value.reason == "timestamp"


def test_a_second_try_is_known_again(world: LinearWorld) -> None:
    """It differs by its time of sending, and by what is proven by nothing."""
    key = world.create_issue("Cannot pay", "x")
    source = connect(world)

    def identity(body: bytes, delivery: str = "d") -> str:
        return source.verify(signed_by(body, delivery=delivery), body, now=world.now()).identity

    first = identity(world.fake.delivery(key))
    world.let_time_pass(3_600)
    assert identity(world.fake.delivery(key), "e") == first
    world.move(key, "Done")
    assert identity(world.fake.delivery(key)) != first


def test_an_issue_and_a_comment(world: LinearWorld) -> None:
    """Our own change, too: it only says that the issue is to be read again."""
    key = world.create_issue("Cannot pay", "x")
    told = [IssueEvent(connection="linear/eng", key=key, at=NOW)]
    assert events(world.fake.delivery(key)) == told
    assert events(world.fake.delivery(key, "remove", of=BOT)) == told
    assert events(world.fake.comment_delivery(key, world.fake.say(key, ENGINEER, "x"))) == told


def test_a_moved_issue_is_told_by_both_identifiers(world: LinearWorld) -> None:
    key = world.create_issue("Cannot pay", "x")
    moved = world.fake.move_to_team(key, OTHER_TEAM)
    assert [getattr(one, "key", None) for one in events(world.fake.delivery(key))] == [moved, key]


def test_of_others(world: LinearWorld) -> None:
    """Another workspace's may be signed with our secret, where both gave one app their leave."""
    data = world.fake.delivery(world.create_issue("Cannot pay", "x"))
    told = json.loads(data)
    assert events(data, workspace_id=made_id("another")) == ignored("of another workspace")
    assert events(data, workspace_id=WORKSPACE_ID) == events(data)
    theirs = world.fake.open(ENGINEER, "x", "x", team=OTHER_TEAM).identifier
    assert events(world.fake.delivery(theirs)) == ignored("of another team")
    assert events(json.dumps(told | {"type": "Project"}).encode()) == ignored("Project")
    on_a_project = told | {"type": "Comment", "data": {"id": "x", "projectId": "x"}}
    assert events(json.dumps(on_a_project).encode()) == ignored("comment on no issue")


@pytest.mark.parametrize("kind", ["Issue", "Comment"])
def test_without_the_identifier(world: LinearWorld, kind: str) -> None:
    """As Linear wrote it some years ago: the address says it."""
    key = world.create_issue("Cannot pay", "x")
    told = json.loads(world.fake.delivery(key)) | {"type": kind, "data": {"id": "x", "issueId": "x"}}
    (event,) = events(json.dumps(told).encode())
    assert event == IssueEvent(connection="linear/eng", key=key, at=NOW)
    for url in (
        "https://linear.app.evil.example/acme/issue/ENG-1/x",
        "https://linear.app/acme/issue/ENG-1x",
        None,
    ):
        with pytest.raises(Unrecognised):
            events(json.dumps(told | {"url": url}).encode())


@pytest.mark.parametrize(
    "change",
    [
        {"createdAt": "soon"},
        {"createdAt": None},
        {"type": None},
        {"organizationId": ""},
        {"webhookTimestamp": None},
        {"webhookTimestamp": "1772366400000"},
        {"webhookTimestamp": True},
        {"webhookTimestamp": 2**70},
        {"data": {"identifier": "../1"}, "url": "x"},
    ],
)
def test_what_is_not_understood_is_parked(world: LinearWorld, change: dict[str, Any]) -> None:
    told = json.loads(world.fake.delivery(world.create_issue("Cannot pay", "x")))
    with pytest.raises(Unrecognised):
        events(json.dumps(told | change).encode())


def test_a_test_call_of_our_own(world: LinearWorld) -> None:
    source = connect(world)
    trial = source.trial_webhook(now=NOW)
    assert source.events(source.verify(trial.headers, trial.body, now=NOW)) == [Ping(connection="linear/eng")]
    with pytest.raises(NotAllowed, match="signing_secrets"):
        connect(world, signing_secrets=[]).trial_webhook(now=NOW)
