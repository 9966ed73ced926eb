"""The repository's webhook: the contract, and what it says; bodies are those that GitHub publishes."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from pydantic import SecretStr

from connectors.github import GitHub
from connectors.github.fake.app import ENGINEER
from connectors.kit.webhooks.signing import sign_hex_hmac
from incidents.errors import NotAllowed, Unrecognised
from incidents.events import Event, Ignored, IssueEvent, Ping
from tests.connectors.github.conftest import GitHubWorld, connect, settings
from tests.contracts.webhook_source import FIRST, Headers, Sign, WebhookSourceContract
from tests.shared_folder import shared_path

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
SIGNATURE = "X-Hub-Signature-256"
THEIRS = "Codertocat/Hello-World"


def sign(data: bytes, secret: bytes = FIRST) -> Headers:
    return [
        (SIGNATURE, sign_hex_hmac(data, secret, prefix="sha256=")),
        ("X-GitHub-Event", "issues"),
        ("X-GitHub-Delivery", "72d3162e-cc78-11e3-81ab-4c9367dc0958"),
    ]


class TestGitHubWebhook(WebhookSourceContract):
    signature_headers = (SIGNATURE,)

    @pytest.fixture
    def source(self) -> GitHub:
        return GitHub("github/shop", settings())

    @pytest.fixture
    def now(self) -> datetime:
        return NOW

    @pytest.fixture
    def a_body(self, world: GitHubWorld) -> bytes:
        return world.fake.delivery(world.fake.open(ENGINEER, "Cannot pay", "x").number, "opened")

    @pytest.fixture
    def signed(self) -> Sign:
        def made(body: bytes, *, secret: bytes = FIRST, at: datetime = NOW) -> Headers:
            return sign(body, secret)

        return made


def events(data: bytes, **changes: object) -> list[Event]:
    source = GitHub("github/shop", settings(**changes))
    return list(source.events(source.verify(sign(data), data, now=NOW)))


@pytest.mark.shared
@pytest.mark.parametrize("kind", ["assigned", "edited", "labeled", "opened", "reopened"])
def test_their_own_bodies_of_issues(kind: str) -> None:
    data = shared_path(f"specs/github-webhooks/issues_{kind}.payload.json").read_bytes()
    (event,) = events(data, repository=THEIRS)
    assert isinstance(event, IssueEvent)
    issue = json.loads(data)["issue"]
    assert event.key == str(issue["number"])
    assert event.at == datetime.fromisoformat(issue["updated_at"])
    assert events(data) == [Ignored(connection="github/shop", kind="of another repository")]


@pytest.mark.shared
def test_their_own_bodies_of_comments_and_pings() -> None:
    """And one of something that is no issue."""
    comment = shared_path("specs/github-webhooks/issue_comment_created.payload.json").read_bytes()
    (event,) = events(comment, repository=THEIRS)
    assert isinstance(event, IssueEvent)
    ping = shared_path("specs/github-webhooks/ping_payload.json").read_bytes()
    assert events(ping) == [Ping(connection="github/shop")]
    other = json.loads(shared_path("specs/github-webhooks/deployment_status_payload.json").read_text())
    other.setdefault("action", "created")
    (ignored,) = events(json.dumps(other).encode(), repository=other["repository"]["full_name"])
    assert isinstance(ignored, Ignored)


def test_pull_requests_are_counted(world: GitHubWorld) -> None:
    """Their comments come as those of issues."""
    pull = world.fake.open(ENGINEER, "Fix", "x", is_pull_request=True)
    assert events(world.fake.delivery(pull.number, "created")) == [
        Ignored(connection="github/shop", kind="of a pull request")
    ]


@pytest.mark.parametrize(
    "change", [{"issue": {"number": "../1"}}, {"issue": {"number": 1}}, {"action": None}, {"repository": {}}]
)
def test_what_is_not_understood_is_parked(world: GitHubWorld, change: dict[str, Any]) -> None:
    data = world.fake.delivery(world.fake.open(ENGINEER, "Cannot pay", "x").number, "opened", **change)
    with pytest.raises(Unrecognised):
        events(data)


def test_a_test_call_of_our_own(world: GitHubWorld) -> None:
    source = connect(world)
    trial = source.trial_webhook(now=NOW)
    assert source.events(source.verify(trial.headers, trial.body, now=NOW)) == [
        Ping(connection="github/shop")
    ]
    with pytest.raises(NotAllowed, match="signing_secrets"):
        connect(world, signing_secrets=[]).trial_webhook(now=NOW)


def test_the_unsigned_headers_count_for_nothing(world: GitHubWorld) -> None:
    """Anybody who replays a delivery could choose the event's name and the delivery's id."""
    data = world.fake.delivery(world.fake.open(ENGINEER, "Cannot pay", "x").number, "opened")
    source = GitHub("github/shop", settings(signing_secrets=[SecretStr(FIRST.decode())]))
    first = source.verify(sign(data), data, now=NOW)
    again = source.verify([sign(data)[0], ("X-GitHub-Event", "ping")], data, now=NOW)
    assert first.identity == again.identity
    assert source.events(first) == source.events(again)
