"""The Prefect block: what Prefect asks of every block, and that it makes a connector."""

from __future__ import annotations

import pytest
from prefect.blocks.core import Block
from prefect.testing.standard_test_suites.blocks import BlockStandardTestSuite

from blocks.servicenow import ServiceNowBlock
from connectors.servicenow import ServiceNowHelpdesk, ServiceNowProblems
from tests.connectors.servicenow.conftest import settings


class TestServiceNowBlock(BlockStandardTestSuite):
    @pytest.fixture
    def block(self) -> type[Block]:
        return ServiceNowBlock

    def test_has_a_valid_image(self, block: type[Block]) -> None:
        """In place of the suite's own, which fetches the logo over the network."""
        assert str(block._logo_url).startswith("https://")


async def test_connector() -> None:
    """The block's settings are the connector's, each is described, and Prefect hides the secrets."""
    block = ServiceNowBlock.model_validate(settings(), from_attributes=True)
    connector = block.connector("servicenow/support")
    assert connector.name == "servicenow/support"
    assert isinstance(connector, ServiceNowHelpdesk)
    await connector.aclose()
    fixes = ServiceNowBlock.model_validate(settings("", serves="engineers"), from_attributes=True)
    tracker = fixes.connector("servicenow/fixes")
    assert isinstance(tracker, ServiceNowProblems)
    await tracker.aclose()
    schema = ServiceNowBlock.model_json_schema()
    assert schema["secret_fields"] == ["password", "client_secret", "refresh_token", "signing_secrets"]
    assert all(one.get("description") for one in schema["properties"].values())
