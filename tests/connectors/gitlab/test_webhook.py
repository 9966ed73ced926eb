"""The project's webhook: signed or only shown, the contract for both, and what it says; recorded bodies among them."""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime
from typing import Any

import pytest
from pydantic import SecretStr

from connectors.gitlab import GitLab
from connectors.gitlab.fake.records import BOT, ENGINEER
from connectors.kit.webhooks.signing import ID, SIGNATURE, TIMESTAMP, sign_standard_webhook
from incidents.errors import Forged, NotAllowed, Unrecognised
from incidents.events import Event, Ignored, IssueEvent, Ping
from tests.connectors.gitlab.conftest import GitLabWorld, connect, settings
from tests.contracts.webhook_source import FIRST, SECOND, STRANGERS, Headers, Sign, WebhookSourceContract
from tests.shared_folder import shared_path

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
TOKEN = "X-Gitlab-Token"
UUID = "e14ad8d5-7c0f-4f9b-8d2e-0c4f5f1f5a6b"


def signing_token(secret: bytes) -> bytes:
    """A signing token of GitLab's form, made of a word."""
    return b"whsec_" + base64.b64encode(secret.ljust(32, b".")[:32])


def shown(secret: bytes = FIRST, key: str = UUID) -> Headers:
    return [
        (TOKEN, secret.decode()),
        ("X-Gitlab-Event", "Issue Hook"),
        ("X-Gitlab-Event-UUID", "13792a34-cac6-4fda-95a8-c58e00a3954e"),
        ("Idempotency-Key", key),
    ]


def signed_by(body: bytes, secret: bytes, at: datetime = NOW) -> Headers:
    stamp = str(int(at.timestamp()))
    signature = sign_standard_webhook(body, secret, id=UUID, timestamp=stamp)
    return [(ID, UUID), (TIMESTAMP, stamp), (SIGNATURE, signature), ("Idempotency-Key", UUID)]


def tokens(*secrets: bytes) -> dict[str, object]:
    return {"signing_secrets": [SecretStr(one.decode()) for one in secrets]}


class _Of(WebhookSourceContract):
    @pytest.fixture
    def now(self) -> datetime:
        return NOW

    @pytest.fixture
    def a_body(self, world: GitLabWorld) -> bytes:
        return world.fake.delivery(world.fake.open(ENGINEER, "Cannot pay", "x").iid)


class TestGitLabShowsAToken(_Of):
    signature_headers = (TOKEN,)
    signs_body = False

    @pytest.fixture
    def source(self) -> GitLab:
        return GitLab("gitlab/shop", settings())

    @pytest.fixture
    def signed(self) -> Sign:
        def made(body: bytes, *, secret: bytes = FIRST, at: datetime = NOW) -> Headers:
            return shown(secret)

        return made


class TestGitLabSigns(_Of):
    signature_headers = (ID, TIMESTAMP, SIGNATURE)
    is_timed = True

    @pytest.fixture
    def source(self) -> GitLab:
        return GitLab("gitlab/shop", settings(**tokens(signing_token(FIRST), signing_token(SECOND))))

    @pytest.fixture
    def signed(self) -> Sign:
        def made(body: bytes, *, secret: bytes = FIRST, at: datetime = NOW) -> Headers:
            return signed_by(body, signing_token(secret), at)

        return made


def events(data: bytes, **changes: object) -> list[Event]:
    source = GitLab("gitlab/shop", settings(**changes))
    return list(source.events(source.verify(shown(), data, now=NOW)))


def test_a_signature_is_not_made_up_for_by_a_token(world: GitLabWorld) -> None:
    """While the one replaces the other both are taken; a wrong signature is a forgery, whatever token is shown."""
    source = GitLab("gitlab/shop", settings(**tokens(signing_token(FIRST), SECOND)))
    data = world.fake.delivery(world.fake.open(ENGINEER, "x", "x").iid)
    good, bad = signed_by(data, signing_token(FIRST)), signed_by(data, signing_token(STRANGERS))
    source.verify([*good, (TOKEN, "whatever")], data, now=NOW)
    source.verify(shown(SECOND), data, now=NOW)
    with pytest.raises(Forged):
        source.verify([*bad, (TOKEN, SECOND.decode())], data, now=NOW)
    only_signed = GitLab("gitlab/shop", settings(**tokens(signing_token(FIRST))))
    for headers in (shown(FIRST), shown(signing_token(FIRST))):
        with pytest.raises(Forged):
            only_signed.verify(headers, data, now=NOW)


def test_retries_are_known_again(world: GitLabWorld) -> None:
    """By GitLab's key and the bytes together; older servers send no key."""
    data = world.fake.delivery(world.fake.open(ENGINEER, "x", "x").iid)
    source = connect(world)

    def identity(headers: Headers, body: bytes = data) -> str:
        return source.verify(headers, body, now=NOW).identity

    assert identity(shown()) == identity(shown())
    assert identity(shown()) != identity(shown(key="another"))
    assert identity(shown()) != identity(shown(), data + b" ")
    assert identity(shown()[:1]) == identity(shown()[:2])


@pytest.mark.shared
def test_their_recorded_bodies() -> None:
    issue = shared_path("specs/gitlab-webhooks/issue.json").read_bytes()
    (event,) = events(issue, project="gitlabhq/gitlab-test")
    assert event == IssueEvent(
        connection="gitlab/shop", key="23", at=datetime(2013, 12, 3, 17, 15, 43, tzinfo=UTC)
    )
    note = shared_path("specs/gitlab-webhooks/note_issue.json").read_bytes()
    (event,) = events(note, project="Gitlab-Org/gitlab-test")
    assert event == IssueEvent(
        connection="gitlab/shop", key="17", at=datetime(2015, 5, 17, 17, 6, 40, tzinfo=UTC)
    )
    assert events(note) == [Ignored(connection="gitlab/shop", kind="of another project")]


def test_our_own_change_is_read_as_any(world: GitLabWorld) -> None:
    """It only says that the issue is to be read again; what is as we know it changes nothing."""
    issue = world.fake.open(BOT, "Cannot pay", "x")
    (event,) = events(world.fake.delivery(issue.iid, "close", of=BOT))
    assert isinstance(event, IssueEvent)
    (event,) = events(
        world.fake.note_delivery(issue.iid, world.fake.say(issue.iid, BOT, "x", is_internal=True))
    )
    assert event == IssueEvent(connection="gitlab/shop", key=str(issue.iid), at=NOW)


def test_notes_of_changes_and_of_other_things_are_counted(world: GitLabWorld) -> None:
    issue = world.fake.open(ENGINEER, "Cannot pay", "x")
    world.fake.move(issue.iid, "closed")
    assert events(world.fake.note_delivery(issue.iid, issue.notes[-1])) == [
        Ignored(connection="gitlab/shop", kind="note of a change")
    ]
    told = json.loads(world.fake.note_delivery(issue.iid, world.fake.say(issue.iid, ENGINEER, "x")))
    told["object_attributes"]["noteable_type"] = "MergeRequest"
    (ignored,) = events(json.dumps(told).encode())
    assert ignored == Ignored(connection="gitlab/shop", kind="note on MergeRequest")
    (ignored,) = events(json.dumps({"object_kind": "push", "project": told["project"]}).encode())
    assert ignored == Ignored(connection="gitlab/shop", kind="push")


def test_work_items_are_issues(world: GitLabWorld) -> None:
    """Incidents and tasks have their number among the issues'."""
    told = json.loads(world.fake.delivery(world.fake.open(ENGINEER, "Cannot pay", "x").iid))
    (event,) = events(json.dumps(told | {"object_kind": "work_item"}).encode())
    assert isinstance(event, IssueEvent)


@pytest.mark.parametrize(
    "change",
    [
        {"object_attributes": {"iid": "../1", "updated_at": "2026-03-01T12:00:00Z"}},
        {"object_attributes": {"iid": 1, "updated_at": "soon"}},
        {"object_attributes": {"iid": 1}},
        {"object_attributes": {"id": 301, "updated_at": "2026-03-01T12:00:00Z"}},
        {"object_kind": None},
        {"project": {}},
    ],
)
def test_what_is_not_understood_is_parked(world: GitLabWorld, change: dict[str, Any]) -> None:
    told = json.loads(world.fake.delivery(world.fake.open(ENGINEER, "Cannot pay", "x").iid))
    with pytest.raises(Unrecognised):
        events(json.dumps(told | change).encode())


@pytest.mark.parametrize("secret", [FIRST, signing_token(FIRST)])
def test_a_test_call_of_our_own(world: GitLabWorld, secret: bytes) -> None:
    source = connect(world, **tokens(secret))
    trial = source.trial_webhook(now=NOW)
    assert source.events(source.verify(trial.headers, trial.body, now=NOW)) == [
        Ping(connection="gitlab/shop")
    ]
    with pytest.raises(NotAllowed, match="signing_secrets"):
        connect(world, signing_secrets=[]).trial_webhook(now=NOW)
