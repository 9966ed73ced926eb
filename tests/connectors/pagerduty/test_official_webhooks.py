"""PagerDuty's own client at the fake: a webhook subscription is switched off and on, and its address stays."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from connectors.kit.fakes.certificates import LoopbackCertificate
from tests.connectors.pagerduty.official_account import Account, opened_account


@pytest.fixture
def account(certificate: LoopbackCertificate) -> Iterator[Account]:
    with opened_account(certificate) as account:
        yield account


def test_a_subscription_that_pagerduty_switched_off(account: Account) -> None:
    made = account.rest.rpost(
        "webhook_subscriptions",
        json={
            "type": "webhook_subscription",
            "delivery_method": {"type": "http_delivery_method", "url": "https://liaison.example.com/hook"},
            "events": ["incident.acknowledged"],
            "filter": {"type": "account_reference"},
        },
    )
    path = f"webhook_subscriptions/{made['id']}"
    account.fake.directory.get("webhook_subscriptions", made["id"])["delivery_method"][
        "temporarily_disabled"
    ] = True
    was_off = account.rest.rget(path)["delivery_method"]["temporarily_disabled"]
    account.rest.rpost(f"{path}/enable")
    changed = {"delivery_method": {"url": "https://elsewhere.example.com"}, "description": "Mine"}
    account.rest.rput(path, json=changed)
    found = account.rest.rget(path)
    method = found["delivery_method"]
    assert (was_off, method["temporarily_disabled"], method["secret"]) == (True, False, None)
    assert method["url"] == "https://liaison.example.com/hook"
    assert found["description"] == "Mine"
    assert [one["id"] for one in account.rest.iter_all("webhook_subscriptions")] == [made["id"]]
