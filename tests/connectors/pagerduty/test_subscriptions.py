"""PagerDuty's webhook subscriptions, listed and mended: the contract, and what is PagerDuty's own."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from connectors.kit.fakes.faults import FaultKind
from connectors.pagerduty import PagerDuty
from connectors.pagerduty.fake.app import FakePagerDuty
from incidents.errors import Unknown
from incidents.events import PageEvent
from incidents.subscriptions import SecretMatch
from tests.connectors.pagerduty.conftest import Clock, connect
from tests.connectors.pagerduty.test_webhook import NOW
from tests.contracts.pager import PAGE
from tests.contracts.webhook_subscriptions import ADDRESS, ELSEWHERE, TITLE, WebhookSubscriptionsContract


class PagerDutyAccount:
    """The account's administrator. `answer` is what webhooks are answered with; `told` what came where."""

    webhooks_path = "/webhook_subscriptions"

    def __init__(self, clock: Clock) -> None:
        self.fake = FakePagerDuty(deliver=self._deliver, retry_delays=(), clock=clock)
        self.faults = self.fake.faults
        self.answer = 202
        self.told: list[tuple[str, dict[str, str], bytes]] = []
        self._count = 0

    async def _deliver(self, url: str, headers: dict[str, str], body: bytes) -> int:
        self.told.append((url, headers, body))
        return self.answer

    def add_webhook(self, address: str, title: str = "", **fields: Any) -> str:
        method = {"type": "http_delivery_method", "url": address, "temporarily_disabled": False}
        values = {
            "delivery_method": method | {"secret": None},
            "events": ["service.created"],
            "filter": {"type": "account_reference"},
            "description": title,
        }
        return self.fake.subscribe(values | fields)

    def switch_off(self, id: str) -> None:
        record = self.fake.directory.get("webhook_subscriptions", id)
        record["active"] = False
        record["delivery_method"]["temporarily_disabled"] = True

    def addresses(self) -> Mapping[str, str]:
        records = self.fake.directory.records["webhook_subscriptions"]
        return {key: record["delivery_method"]["url"] for key, record in records.items()}

    async def something_happens(self) -> list[str]:
        self.told.clear()
        self._count += 1
        pagerduty = connect(self.fake, routing_keys={})
        await pagerduty.page(PAGE, once=f"something {self._count}")
        await pagerduty.aclose()
        await self.fake.settle()
        return [url for url, _, _ in self.told]


@pytest.fixture
def account(clock: Clock) -> PagerDutyAccount:
    return PagerDutyAccount(clock)


@pytest.fixture
def vendor(account: PagerDutyAccount) -> PagerDuty:
    return connect(account.fake, routing_keys={})


class TestPagerDutyListsItsWebhooks(WebhookSubscriptionsContract):
    @pytest.fixture
    def vendor(self, account: PagerDutyAccount) -> PagerDuty:
        return connect(account.fake, routing_keys={})


async def test_the_secret_is_told_once(account: PagerDutyAccount, vendor: PagerDuty) -> None:
    """With it what comes is proven; the list never shows it."""
    made = await vendor.subscribe(ADDRESS, title=TITLE)
    await vendor.mend_subscription(made.id, address=ADDRESS)
    await account.something_happens()
    ((_, headers, body),) = account.told
    assert made.secret is not None
    knowing = connect(account.fake, signing_secrets=[made.secret], routing_keys={})
    (event,) = knowing.events(knowing.verify(list(headers.items()), body, now=NOW))
    assert isinstance(event, PageEvent)
    (row,) = await vendor.subscriptions()
    assert (row.secret, row.takes_secret) == (SecretMatch.UNKNOWN, False)


async def test_refused_again_and_again(account: PagerDutyAccount, vendor: PagerDuty) -> None:
    """PagerDuty gives up for a day after three; the list says so, and mending ends it."""
    made = await vendor.subscribe(ADDRESS, title=TITLE)
    await vendor.mend_subscription(made.id, address=ADDRESS)
    account.answer = 401
    for _ in range(3):
        await account.something_happens()
    (row,) = await vendor.subscriptions()
    assert not row.is_enabled
    assert row.disabled_because.startswith("PagerDuty did")
    account.answer = 202
    assert await account.something_happens() == []
    await vendor.mend_subscription(made.id, address=ADDRESS)
    assert await account.something_happens() == [ADDRESS]


async def test_limited_to_a_service(account: PagerDutyAccount, vendor: PagerDuty) -> None:
    """What takes the place of a narrow one is as narrow."""
    service = account.fake.directory.service_of("")["id"]
    account.add_webhook(ELSEWHERE, filter={"type": "service_reference", "id": service})
    (row,) = await vendor.subscriptions()
    assert row.scope == f"service {service}"
    made = await vendor.subscribe(ADDRESS, title=TITLE, scope=row.scope)
    kept = account.fake.directory.get("webhook_subscriptions", made.id)
    assert (kept["filter"]["type"], kept["filter"]["id"]) == ("service_reference", service)


async def test_a_secret_that_was_lost_on_its_way(account: PagerDutyAccount, vendor: PagerDuty) -> None:
    """Nobody can know it any more: the row says that it was left unfinished, so that it is removed and not used."""
    account.faults.arm(FaultKind.DROP_REPLY, where=account.webhooks_path)
    with pytest.raises(Unknown):
        await vendor.subscribe(ADDRESS, title=TITLE)
    (row,) = await vendor.subscriptions()
    assert row.is_unfinished
    assert not row.is_enabled
