"""The Prefect block: what Prefect asks of every block, and that it makes a connector."""

from __future__ import annotations

import pytest
from prefect.blocks.core import Block
from prefect.testing.standard_test_suites.blocks import BlockStandardTestSuite

from blocks.jira import JiraBlock
from connectors.jira import Jira
from tests.connectors.jira.conftest import settings


class TestJiraBlock(BlockStandardTestSuite):
    @pytest.fixture
    def block(self) -> type[Block]:
        return JiraBlock

    def test_has_a_valid_image(self, block: type[Block]) -> None:
        """In place of the suite's own, which fetches the logo over the network."""
        assert str(block._logo_url).startswith("https://")


async def test_connector() -> None:
    """The block's settings are the connector's, each is described, and Prefect hides the secrets."""
    connector = JiraBlock.model_validate(settings(), from_attributes=True).connector("jira/shop")
    assert connector.name == "jira/shop"
    assert isinstance(connector, Jira)
    await connector.aclose()
    schema = JiraBlock.model_json_schema()
    assert schema["secret_fields"] == ["api_token", "signing_secrets", "webhook_login"]
    assert all(one.get("description") for one in schema["properties"].values())
