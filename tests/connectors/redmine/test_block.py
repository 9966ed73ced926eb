"""The Prefect block: what Prefect asks of every block, and that it makes a connector."""

from __future__ import annotations

import pytest
from prefect.blocks.core import Block
from prefect.testing.standard_test_suites.blocks import BlockStandardTestSuite

from blocks.redmine import RedmineBlock
from connectors.redmine import Redmine, RedmineHelpdesk
from incidents.ports import IssueTracker
from tests.connectors.redmine.conftest import settings


class TestRedmineBlock(BlockStandardTestSuite):
    @pytest.fixture
    def block(self) -> type[Block]:
        return RedmineBlock

    def test_has_a_valid_image(self, block: type[Block]) -> None:
        """In place of the suite's own, which fetches the logo over the network."""
        assert str(block._logo_url).startswith("https://")


async def test_connector() -> None:
    """The block's settings are the connector's, of that capability which it serves, and Prefect hides the key."""
    connector = RedmineBlock.model_validate(settings(), from_attributes=True).connector("redmine/shop")
    assert connector.name == "redmine/shop"
    assert isinstance(connector, Redmine)
    await connector.aclose()
    helpdesk = RedmineBlock.model_validate(settings(serves="customers"), from_attributes=True).connector(
        "redmine/x"
    )
    assert isinstance(helpdesk, RedmineHelpdesk)
    assert not isinstance(helpdesk, IssueTracker)
    await helpdesk.aclose()
    assert RedmineBlock.model_json_schema()["secret_fields"] == ["api_key"]
