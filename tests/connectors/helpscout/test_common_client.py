"""python-helpscout, the common Python client, at the fake: the calls that a tool like ours makes, one a row."""

from __future__ import annotations

import importlib
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from connectors.helpscout.fake.app import APP_ID, APP_SECRET, FakeHelpScout
from tests.connectors.served import served

# Elsewhere the dev dependencies may be older than this test; in CI a missing one is a failure.
if os.environ.get("CI"):
    client = importlib.import_module("helpscout.client")
else:
    client = pytest.importorskip("helpscout.client", reason="python-helpscout is among the dev dependencies")


@dataclass
class Account:
    """The fake with its client. `first` is Ada's open conversation."""

    fake: FakeHelpScout
    api: Any
    first: int

    def look(self) -> dict[str, Any]:
        found: dict[str, Any] = self.api.hit("conversations", "get", self.first)[0]
        return found

    def threads(self) -> list[dict[str, Any]]:
        pages = self.api.hit(f"conversations/{self.first}", "get", params={"embed": "threads"})
        found: list[dict[str, Any]] = pages[0]["_embedded"]["threads"]
        return found


def _client(address: str, secret: str = APP_SECRET) -> Any:
    return client.HelpScout(APP_ID, secret, f"{address}/v2/", sleep_on_rate_limit_exceeded=False)


@pytest.fixture
def account(monkeypatch: pytest.MonkeyPatch) -> Iterator[Account]:
    # The client goes by the environment's proxies.
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    fake = FakeHelpScout()
    first = fake.desk.create("Ada Lovelace", "ada@customer.example", "Cannot pay", "Cards are refused")
    with served(fake.app) as address:
        yield Account(fake, _client(address), first)


def _all(a: Account, path: str, name: str, **params: str) -> list[dict[str, Any]]:
    return [row for page in a.api.hit(path, "get", params=params) for row in page.get(name, [])]


def _pages(a: Account) -> bool:
    """By the address that each page names of the next."""
    for number in range(60):
        a.fake.desk.create("Bob", "bob@customer.example", f"{number}", "x")
    found = _all(a, "conversations", "conversations", status="all", sortField="modifiedAt")
    return len({one["id"] for one in found}) == 61


def _talk(a: Account) -> bool:
    """Two calls: what is said by the one is never a note, by the other never a reply."""
    a.api.conversations[a.first].notes.post(data={"text": "for colleagues", "status": "pending"})
    customer = {"id": a.look()["primaryCustomer"]["id"]}
    a.api.conversations[a.first].reply.post(
        data={"text": "We are on it", "customer": customer, "draft": False}
    )
    kinds = [(one["type"], one["body"]) for one in a.threads()[:2]]
    # Without a status beside it, a reply makes it active again.
    return (
        kinds == [("message", "We are on it"), ("note", "for colleagues")] and a.look()["status"] == "active"
    )


def _change(a: Account) -> bool:
    a.api.conversations.patch(a.first, {"op": "replace", "path": "/status", "value": "closed"})
    a.api.conversations[a.first].tags.put(data={"tags": ["VIP", "inc_42"]})
    found = a.look()
    return found["status"] == "closed" and [one["tag"] for one in found["tags"]] == ["vip", "inc_42"]


def _merged(a: Account) -> bool:
    """It follows to the one that lives."""
    other = a.fake.desk.create("Ada Lovelace", "ada@customer.example", "The same", "x")
    a.fake.desk.merge(a.first, other)
    return bool(a.look()["id"] == other)


def _webhooks(a: Account) -> bool:
    said = {"url": "https://x.example/h", "events": ["convo.created"], "secret": "a-secret-of-mine"}
    a.api.webhooks.post(data=said)
    (made,) = _all(a, "webhooks", "webhooks")
    a.api.webhooks.put(made["id"], {**said, "events": ["convo.tags"], "label": "mine"})
    (seen,) = _all(a, "webhooks", "webhooks")
    a.api.webhooks.delete(made["id"])
    return (seen["events"], seen["label"], seen["state"]) == (["convo.tags"], "mine", "enabled") and not (
        a.fake.hooks.all
    )


def _token(a: Account) -> bool:
    """A token that is no longer taken is replaced."""
    a.look()
    a.fake.tokens.revoke_all()
    return a.look()["id"] == a.first and a.fake.tokens.bought == 2


def _refused(a: Account) -> bool:
    for call in (
        lambda: a.api.conversations[a.first].reply.post(data={"text": "x"}),
        lambda: a.api.conversations.patch(a.first, {"op": "replace", "path": "/x", "value": "y"}),
        lambda: a.api.hit("conversations", "get", 999_999),
    ):
        with pytest.raises(Exception, match="logRef"):
            call()
    a.fake.limit.calls = 0
    with pytest.raises(client.HelpScoutRateLimitExceededException):
        a.look()
    return True


CALLS: list[tuple[str, Callable[[Account], object]]] = [
    ("who we are", lambda a: a.api.hit("users/me", "get")[0]["firstName"] == "Liaison"),
    ("inboxes", lambda a: [one["name"] for one in _all(a, "mailboxes", "mailboxes")] == ["Support"]),
    ("a conversation", lambda a: a.look()["subject"] == "Cannot pay"),
    ("what is embedded", lambda a: [one["type"] for one in a.threads()] == ["customer"]),
    ("pages", _pages),
    (
        "nothing",
        lambda a: _all(a, "conversations", "conversations", status="spam", sortField="modifiedAt") == [],
    ),
    ("notes and replies", _talk),
    ("status and tags", _change),
    ("merged", _merged),
    ("webhooks", _webhooks),
    ("tokens", _token),
    ("refusals", _refused),
]


@pytest.mark.parametrize(("name", "call"), CALLS, ids=[name for name, _ in CALLS])
def test_call(account: Account, name: str, call: Callable[[Account], object]) -> None:
    """It is answered, does what it says, and is there when read back."""
    assert call(account)


def test_a_stranger_learns_nothing(account: Account) -> None:
    stranger = _client(account.api.base_url.removesuffix("/v2/"), "wrong")
    with pytest.raises(client.HelpScoutAuthenticationException):
        stranger.hit("conversations", "get", account.first)
