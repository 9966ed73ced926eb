"""The Prefect block: what Prefect asks of every block, and that it makes a connector."""

from __future__ import annotations

import pytest
from prefect.blocks.core import Block
from prefect.testing.standard_test_suites.blocks import BlockStandardTestSuite

from blocks.jsm import ServiceManagementBlock
from connectors.jsm import ServiceManagement
from tests.connectors.jsm.conftest import settings


class TestServiceManagementBlock(BlockStandardTestSuite):
    @pytest.fixture
    def block(self) -> type[Block]:
        return ServiceManagementBlock

    def test_has_a_valid_image(self, block: type[Block]) -> None:
        """In place of the suite's own, which fetches the logo over the network."""
        assert str(block._logo_url).startswith("https://")


async def test_connector() -> None:
    """The block's settings are the connector's, each is described, and Prefect hides the secrets."""
    connector = ServiceManagementBlock.model_validate(settings(), from_attributes=True).connector(
        "jsm/support"
    )
    assert connector.name == "jsm/support"
    assert isinstance(connector, ServiceManagement)
    await connector.aclose()
    schema = ServiceManagementBlock.model_json_schema()
    assert schema["secret_fields"] == ["api_token", "signing_secrets", "webhook_login"]
    assert all(one.get("description") for one in schema["properties"].values())
