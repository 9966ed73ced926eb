"""The webhooks of an administrator of Jira Cloud, listed and mended: the contract, and what is Jira's own."""

from __future__ import annotations

import pytest

from connectors.jira import Jira
from connectors.kit.atlassian.site import Edition
from connectors.kit.fakes.jira.site import ENGINEER
from incidents.errors import NotAllowed, Refused
from incidents.subscriptions import SecretMatch
from tests.connectors.jira.conftest import JiraWorld, connect
from tests.connectors.jira.webhook_account import JiraAccount
from tests.contracts.webhook_source import FIRST
from tests.contracts.webhook_subscriptions import ADDRESS, TITLE, WebhookSubscriptionsContract


@pytest.fixture
def edition() -> Edition:
    return Edition.CLOUD


@pytest.fixture
def account(world: JiraWorld) -> JiraAccount:
    def happens() -> None:
        issue = world.site.create(ENGINEER, "Trouble", "words")
        world.site.move(issue, ENGINEER, "3")

    return JiraAccount(world, happens)


class TestJiraListsItsWebhooks(WebhookSubscriptionsContract):
    @pytest.fixture
    def vendor(self, account: JiraAccount, tracker: Jira) -> Jira:
        return tracker


async def test_only_administrators_may_look(tracker: Jira) -> None:
    with pytest.raises(NotAllowed):
        await tracker.subscriptions()


async def test_our_secret_is_given_to_it(account: JiraAccount, tracker: Jira) -> None:
    """Jira never shows one, so the connection's own is set: whoever knew another is out."""
    own_id = account.add_webhook(ADDRESS)
    await tracker.mend_subscription(own_id, address=ADDRESS)
    assert account.hooks.webhooks[int(own_id)]["secret"] == FIRST.decode()
    made = await tracker.subscribe(ADDRESS, title=TITLE)
    assert account.hooks.webhooks[int(made.id)]["secret"] == FIRST.decode()
    assert made.secret is None


async def test_one_that_signs_nothing_has_another_secret(account: JiraAccount, tracker: Jira) -> None:
    account.add_webhook(ADDRESS, secret="")
    account.add_webhook(ADDRESS)
    assert [row.secret for row in await tracker.subscriptions()] == [
        SecretMatch.DIFFERENT,
        SecretMatch.UNKNOWN,
    ]


async def test_a_filter_is_kept_and_told(account: JiraAccount, tracker: Jira) -> None:
    """Whoever made it wants no more of it; ours is limited to our project, which is all we need."""
    theirs = account.add_webhook(ADDRESS, filters={"issue-related-events-section": "labels = x"})
    await tracker.mend_subscription(theirs, address=ADDRESS)
    await tracker.subscribe(ADDRESS, title=TITLE)
    assert [row.scope for row in await tracker.subscriptions()] == ["labels = x", ""]
    made = account.hooks.webhooks[2]
    assert made["filters"] == {"issue-related-events-section": 'project = "SHOP"'}
    assert made["events"] == ["jira:issue_deleted", "jira:issue_updated"]


async def test_one_that_excludes_the_body_is_mended(account: JiraAccount, tracker: Jira) -> None:
    own_id = account.add_webhook(
        ADDRESS, excludeBody=True, events=["jira:issue_deleted", "jira:issue_updated"]
    )
    (row,) = await tracker.subscriptions()
    assert row.lacks == ("what happened: it excludes the body",)
    await tracker.mend_subscription(own_id, address=ADDRESS)
    assert not account.hooks.webhooks[int(own_id)]["excludeBody"]


async def test_more_than_jira_allows(account: JiraAccount, tracker: Jira) -> None:
    """100 are active at most."""
    for _ in range(100):
        account.add_webhook("https://warehouse.example/in")
    with pytest.raises(Refused):
        await tracker.subscribe(ADDRESS, title=TITLE)


async def test_without_a_secret_none_is_made(account: JiraAccount, world: JiraWorld) -> None:
    with pytest.raises(Refused, match="signing_secrets is empty"):
        await connect(world, signing_secrets=[]).subscribe(ADDRESS, title=TITLE)
    assert account.addresses() == {}


async def test_data_center_is_looked_at_by_hand() -> None:
    world = JiraWorld(Edition.DATA_CENTER)
    tracker = connect(world)
    for call in (tracker.subscriptions(), tracker.subscribe(ADDRESS, title=TITLE), tracker.unsubscribe("1")):
        with pytest.raises(NotAllowed, match="by hand"):
            await call
