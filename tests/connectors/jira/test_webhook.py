"""Jira's webhooks: the contract, signature vectors, and what they say."""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime
from typing import Any

import pytest
from pydantic import SecretStr

from connectors.jira import Jira
from connectors.kit.atlassian.site import Edition
from connectors.kit.atlassian.webhooks import PREFIX, SIGNATURE
from connectors.kit.webhooks.signatures import sign_hex_hmac
from incidents.errors import Forged, Unrecognised
from incidents.events import Event, Ignored, IssueEvent
from tests.connectors.jira.conftest import ADDRESS, JiraWorld, connect, settings
from tests.contracts.webhook_source import FIRST, Headers, Sign, WebhookSourceContract

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
AT = datetime(2026, 3, 1, 11, 59, 58, 123000, tzinfo=UTC)
LOGIN = b"liaison:a-long-random-password"


def body(kind: str = "jira:issue_updated", **fields: Any) -> bytes:
    """As documented, shortened."""
    found: dict[str, Any] = {
        "timestamp": int(AT.timestamp() * 1000),
        "webhookEvent": kind,
        "issue_event_type_name": "issue_generic",
        "user": {"accountId": "5b10a2844c20165700ede21g", "displayName": "Mia Krystof"},
        "issue": {
            "id": "10002",
            "self": f"{ADDRESS}/rest/api/2/issue/10002",
            "key": "SHOP-7",
            "fields": {"summary": "The lasting fix", "status": {"name": "Done"}},
        },
        "changelog": {"id": "10124", "items": [{"field": "status", "toString": "Done"}]},
    }
    return json.dumps(found | fields).encode()


def sign(data: bytes, secret: bytes = FIRST) -> Headers:
    return [
        (SIGNATURE, sign_hex_hmac(data, secret, prefix=PREFIX)),
        ("X-Atlassian-Webhook-Identifier", "6f1f0b0c-9a11"),
        ("X-Atlassian-Webhook-Flow", "Primary"),
    ]


class TestJiraWebhook(WebhookSourceContract):
    signature_headers = (SIGNATURE,)

    @pytest.fixture
    def source(self) -> Jira:
        return Jira("jira/shop", settings())

    @pytest.fixture
    def now(self) -> datetime:
        return NOW

    @pytest.fixture
    def a_body(self) -> bytes:
        return body()

    @pytest.fixture
    def signed(self) -> Sign:
        def made(body: bytes, *, secret: bytes = FIRST, at: datetime = NOW) -> Headers:
            return sign(body, secret)

        return made


def events(data: bytes, **changes: object) -> list[Event]:
    source = Jira("jira/shop", settings(**changes))
    return list(source.events(source.verify(sign(data), data, now=NOW)))


@pytest.mark.parametrize("kind", ["jira:issue_created", "jira:issue_updated", "jira:issue_deleted"])
def test_an_issue_changed(kind: str) -> None:
    """It is only a hint: the issue is read again."""
    assert events(body(kind)) == [IssueEvent(connection="jira/shop", key="SHOP-7", at=AT)]


def test_a_moved_issue_is_told_by_both_keys() -> None:
    """It may be known to us by the one that it had."""
    items = [{"field": "Key", "fromString": "SHOP-7", "toString": "OPS-3"}, {"field": "project"}]
    issue = {"key": "OPS-3", "self": f"{ADDRESS}/rest/api/2/issue/10002"}
    told = events(body(issue=issue, changelog={"items": items}))
    assert [one.key for one in told if isinstance(one, IssueEvent)] == ["OPS-3", "SHOP-7"]


def test_what_is_no_change_of_an_issue_is_counted() -> None:
    assert events(body("comment_created")) == [Ignored(connection="jira/shop", kind="comment_created")]
    assert events(b'{"timestamp":1772366398123,"webhookEvent":"sprint_started"}') == [
        Ignored(connection="jira/shop", kind="sprint_started")
    ]


def test_another_sites_delivery_is_parked() -> None:
    """A copied sandbox signs with the same secret, and has issues of the same keys."""
    issue = {"key": "SHOP-7", "self": "https://acme-sandbox.atlassian.net/rest/api/2/issue/10002"}
    with pytest.raises(Unrecognised, match=f"another Jira than {ADDRESS}"):
        events(body(issue=issue))


def test_a_site_behind_the_gateway_for_tokens_with_scopes() -> None:
    """Its webhooks name the site, not the gateway."""
    changes = {"base_url": "https://api.atlassian.com/ex/jira/1324a887-45db", "site_url": ADDRESS}
    assert len(events(body(), **changes)) == 1


@pytest.mark.parametrize(
    "change",
    [
        {"issue": {"key": "../1", "self": f"{ADDRESS}/rest/api/2/issue/1"}},
        {"issue": None},
        {"timestamp": None},
        {"timestamp": "yesterday"},
        {"webhookEvent": None},
    ],
)
def test_what_is_not_understood_is_parked(change: dict[str, Any]) -> None:
    with pytest.raises(Unrecognised):
        events(body(**change))


def test_a_webhook_that_excludes_the_body_says_so() -> None:
    with pytest.raises(Unrecognised, match="must not exclude the body"):
        events(b"")


@pytest.mark.parametrize(
    "header",
    [
        sign_hex_hmac(body(), FIRST, prefix="sha1=", algorithm="sha1"),
        sign_hex_hmac(body(), FIRST, prefix=""),
        sign_hex_hmac(body("jira:issue_deleted"), FIRST, prefix=PREFIX),
        "sha256=",
    ],
)
def test_only_its_own_signature_counts(header: str) -> None:
    with pytest.raises(Forged):
        Jira("jira/shop", settings()).verify([(SIGNATURE, header)], body(), now=NOW)


def test_without_a_secret_nothing_is_taken() -> None:
    """Our mistake, not a forgery: the sender comes again."""
    with pytest.raises(ValueError, match="no signing secret"):
        Jira("jira/shop", settings(signing_secrets=[])).verify(sign(body()), body(), now=NOW)


def test_a_data_center_that_cannot_sign_shows_a_password() -> None:
    """And a signature is no way around it."""
    issue = {"key": "SHOP-7", "self": "https://jira.acme.test/rest/api/2/issue/10002"}
    data = body(issue=issue)
    changes = {"webhook_login": SecretStr(LOGIN.decode())}
    source = Jira("jira/shop", settings(Edition.DATA_CENTER, **changes))
    shown = f"Basic {base64.b64encode(LOGIN).decode()}"
    verified = source.verify([("Authorization", shown)], data, now=NOW)
    assert verified.headers == ()
    assert len(source.events(verified)) == 1
    for headers in ([], sign(data), [("Authorization", f"Basic {base64.b64encode(b'a:b').decode()}")]):
        with pytest.raises(Forged):
            source.verify(headers, data, now=NOW)


def test_only_the_signature_is_kept() -> None:
    source, data = Jira("jira/shop", settings()), body()
    verified = source.verify([*sign(data), ("Authorization", "Bearer secret")], data, now=NOW)
    assert [name for name, _ in verified.headers] == [SIGNATURE]


async def test_what_the_fake_sends_is_understood(world: JiraWorld) -> None:
    """Each delivery is genuine, names its issue, and is told apart; comments are counted only."""
    received: list[tuple[dict[str, str], bytes]] = []

    async def deliver(url: str, headers: dict[str, str], data: bytes) -> int:
        received.append((headers, data))
        return 200

    world.site.hooks.deliver = deliver
    told = ["jira:issue_created", "jira:issue_updated", "jira:issue_deleted", "comment_created"]
    world.site.hooks.add({"url": "https://a.example", "events": told, "secret": FIRST.decode()})
    key = world.create_issue("Trouble", "words")
    world.write(key, "a word")
    world.let_time_pass(1)
    world.move(key, "Done")
    world.delete(key)
    assert await world.site.hooks.drain() == 4
    jira = connect(world)
    verified = [jira.verify(list(headers.items()), data, now=world.now()) for headers, data in received]
    kinds = [type(event) for one in verified for event in jira.events(one)]
    assert kinds == [IssueEvent, Ignored, IssueEvent, IssueEvent]
    assert len({one.identity for one in verified}) == 4
    await jira.aclose()


@pytest.mark.parametrize(("answer", "tries"), [(503, 5), (429, 5), (401, 1)])
async def test_what_is_refused_is_tried_as_jira_does(world: JiraWorld, answer: int, tries: int) -> None:
    """And is gone then: the reconciler reads the issues in any case."""
    seen: list[str] = []

    async def deliver(url: str, headers: dict[str, str], data: bytes) -> int:
        seen.append(headers["X-Atlassian-Webhook-Identifier"])
        return answer

    world.site.hooks.deliver = deliver
    world.site.hooks.add({"url": "https://a.example", "events": ["jira:issue_created"]})
    world.create_issue("Trouble", "words")
    await world.site.hooks.drain()
    assert len(seen) == tries
    assert len(set(seen)) == 1
