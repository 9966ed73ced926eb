"""The Prefect block: what Prefect asks of every block, and that it makes a connector."""

from __future__ import annotations

import pytest
from prefect.blocks.core import Block
from prefect.testing.standard_test_suites.blocks import BlockStandardTestSuite

from blocks.linear import LinearBlock
from connectors.linear import LinearIssues
from tests.connectors.linear.conftest import settings


class TestLinearBlock(BlockStandardTestSuite):
    @pytest.fixture
    def block(self) -> type[Block]:
        return LinearBlock

    def test_has_a_valid_image(self, block: type[Block]) -> None:
        """In place of the suite's own, which fetches the logo over the network."""
        assert str(block._logo_url).startswith("https://")


async def test_connector() -> None:
    """The block's settings are the connector's, each is described, and Prefect hides the secrets."""
    connector = LinearBlock.model_validate(settings(), from_attributes=True).connector("linear/eng")
    assert connector.name == "linear/eng"
    assert isinstance(connector, LinearIssues)
    await connector.aclose()
    schema = LinearBlock.model_json_schema()
    assert schema["secret_fields"] == ["api_key", "access_token", "signing_secrets"]
    assert all(one.get("description") for one in schema["properties"].values())
