"""Help Scout's webhooks, listed and mended: the contract, and what is Help Scout's own."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from connectors.helpscout import HelpScout
from connectors.helpscout.fake.desk import INBOX
from connectors.helpscout.subscriptions.api import EVENTS
from incidents.errors import NotAllowed, Refused
from incidents.subscriptions import SecretMatch
from tests.connectors.helpscout.conftest import HelpScoutWorld, connect
from tests.contracts.webhook_source import FIRST
from tests.contracts.webhook_subscriptions import ADDRESS, TITLE, WebhookSubscriptionsContract


class HelpScoutAccount:
    """The administrator."""

    webhooks_path = "/webhooks"

    def __init__(self, world: HelpScoutWorld) -> None:
        self.world = world
        self.hooks = world.fake.hooks
        self.faults = world.faults
        self.told: list[str] = []

    def add_webhook(self, address: str, title: str = "", **fields: Any) -> str:
        values = {"url": address, "label": title, "events": ["tag.created"], "secret": "somebody-elses"}
        return str(self.hooks.add(values | fields))

    def switch_off(self, id: str) -> None:
        self.hooks.all[int(id)]["state"] = "disabled"

    def addresses(self) -> Mapping[str, str]:
        return {str(key): one["url"] for key, one in self.hooks.all.items()}

    async def something_happens(self) -> list[str]:
        async def deliver(url: str, headers: dict[str, str], body: bytes) -> int:
            self.told.append(url)
            return 200

        self.told.clear()
        self.hooks.deliver = deliver
        self.world.create_ticket("Cannot pay", "Refused", name="Ada", email="ada@customer.example")
        await self.world.fake.drain_webhooks()
        return list(self.told)


@pytest.fixture
def account(world: HelpScoutWorld) -> HelpScoutAccount:
    return HelpScoutAccount(world)


class TestHelpScoutListsItsWebhooks(WebhookSubscriptionsContract):
    @pytest.fixture
    def vendor(self, account: HelpScoutAccount, helpdesk: HelpScout) -> HelpScout:
        return helpdesk


async def test_our_secret_is_given_to_it(account: HelpScoutAccount, helpdesk: HelpScout) -> None:
    """It need not be shown afterwards, so the connection's own is set: whoever knew another is out."""
    own_id = account.add_webhook(ADDRESS)
    await helpdesk.mend_subscription(own_id, address=ADDRESS)
    made = await helpdesk.subscribe(ADDRESS, title=TITLE)
    assert made.secret is None
    assert {one["secret"] for one in account.hooks.all.values()} == {FIRST.decode()}


async def test_what_else_it_tells_stays(account: HelpScoutAccount, helpdesk: HelpScout) -> None:
    """But for the event that one of ours was made with, as one must be named."""
    theirs = account.add_webhook(ADDRESS, events=["customer.created", "tag.deleted"])
    made = await helpdesk.subscribe(ADDRESS, title=TITLE)
    for own_id in (theirs, made.id):
        await helpdesk.mend_subscription(own_id, address=ADDRESS)
    assert account.hooks.all[int(theirs)]["events"] == ["customer.created", "tag.deleted", *EVENTS]
    assert account.hooks.all[int(made.id)]["events"] == list(EVENTS)


async def test_no_secret_of_ours(world: HelpScoutWorld, account: HelpScoutAccount) -> None:
    """What it tells could not be proven: it is not made."""
    desk = connect(world, signing_secrets=[])
    with pytest.raises(NotAllowed, match="signing_secrets"):
        await desk.subscribe(ADDRESS, title=TITLE)
    assert account.addresses() == {}
    await desk.aclose()


@pytest.mark.parametrize(
    ("fields", "lacks"),
    [
        ({"notification": True}, "the conversation: it sends mere notifications"),
        ({"payloadVersion": "V1"}, "the payload V2"),
        ({"mailboxIds": [INBOX]}, "the other inboxes"),
        ({"events": [one for one in EVENTS if one != "convo.tags"]}, "convo.tags"),
    ],
)
async def test_what_it_lacks_is_mended(
    account: HelpScoutAccount, helpdesk: HelpScout, fields: dict[str, Any], lacks: str
) -> None:
    own_id = account.add_webhook(ADDRESS, **({"events": list(EVENTS)} | fields))
    (row,) = await helpdesk.subscriptions()
    assert row.lacks == (lacks,)
    await helpdesk.mend_subscription(own_id, address=ADDRESS)
    (row,) = await helpdesk.subscriptions()
    assert row.lacks == ()


async def test_one_of_our_inboxes_alone(world: HelpScoutWorld, account: HelpScoutAccount) -> None:
    """Where not all inboxes are ours, ours are told of and no others; whoever else was told still is."""
    world.desk.inboxes[86] = "Staff"
    desk = connect(world, inbox_ids=[INBOX])
    made = await desk.subscribe(ADDRESS, title=TITLE)
    await desk.mend_subscription(made.id, address=ADDRESS)
    theirs = account.add_webhook(ADDRESS, events=list(EVENTS), mailboxIds=[86])
    rows = {row.id: row for row in await desk.subscriptions()}
    assert (rows[made.id].scope, rows[made.id].lacks) == (str(INBOX), ())
    assert rows[theirs].lacks == (f"inbox {INBOX}",)
    await desk.mend_subscription(theirs, address=ADDRESS)
    assert account.hooks.all[int(theirs)]["mailboxIds"] == [86, INBOX]
    replaced = await desk.subscribe(ADDRESS, title=TITLE, scope="86,85")
    assert account.hooks.all[int(replaced.id)]["mailboxIds"] == [86, 85]
    await desk.aclose()


async def test_one_that_stays_disabled(account: HelpScoutAccount, helpdesk: HelpScout) -> None:
    """Its documentation does not name the field by which it is enabled: what is read back counts."""
    own_id = account.add_webhook(ADDRESS)
    account.switch_off(own_id)
    account.hooks.takes_states = False
    with pytest.raises(Refused, match="enable it by hand"):
        await helpdesk.mend_subscription(own_id, address=ADDRESS)


async def test_a_secret_that_is_shown(account: HelpScoutAccount, helpdesk: HelpScout) -> None:
    """Help Scout's client reads one, its documentation shows none: where it is there, it is compared."""
    theirs, ours = account.add_webhook(ADDRESS), account.add_webhook(ADDRESS, secret=FIRST.decode())
    assert {row.secret for row in await helpdesk.subscriptions()} == {SecretMatch.UNKNOWN}
    account.hooks.shows_secrets = True
    found = {row.id: row.secret for row in await helpdesk.subscriptions()}
    assert found == {theirs: SecretMatch.DIFFERENT, ours: SecretMatch.SAME}
