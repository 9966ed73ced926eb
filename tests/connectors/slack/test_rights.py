"""What Slack says of our app's scopes."""

from __future__ import annotations

import pytest

from connectors.kit.fakes.in_process import InProcessTransport
from connectors.slack import Slack
from connectors.slack.fake.app import FakeSlack
from tests.connectors.slack.conftest import settings
from tests.contracts.app_rights import AppRightsContract


class SlackGrants:
    """The workspace's administrator."""

    def __init__(self, fake: FakeSlack) -> None:
        self._fake = fake
        self.faults = fake.faults

    def take_away(self) -> str:
        self._fake.scopes = self._fake.scopes.replace("app_mentions:read,", "")
        return "app_mentions:read"

    def hide(self) -> None:
        self._fake.scopes = ""


@pytest.fixture
def fake() -> FakeSlack:
    return FakeSlack()


class TestSlackSaysWhatItsAppMay(AppRightsContract):
    @pytest.fixture
    def grants(self, fake: FakeSlack) -> SlackGrants:
        return SlackGrants(fake)

    @pytest.fixture
    def vendor(self, fake: FakeSlack) -> Slack:
        return Slack("slack/engineering", settings(), transport=InProcessTransport(fake.app))


async def test_private_rooms_need_more(fake: FakeSlack) -> None:
    slack = Slack("slack/engineering", settings(private_rooms=True), transport=InProcessTransport(fake.app))
    assert await slack.missing_rights() == ["groups:read"]
