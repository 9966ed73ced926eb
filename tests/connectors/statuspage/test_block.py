"""The Prefect block: what Prefect asks of every block, and that it makes a connector."""

from __future__ import annotations

import pytest
from prefect.blocks.core import Block
from prefect.testing.standard_test_suites.blocks import BlockStandardTestSuite

from blocks.statuspage import StatuspageBlock
from connectors.statuspage import AtlassianStatuspage
from tests.connectors.statuspage.conftest import settings


class TestStatuspageBlock(BlockStandardTestSuite):
    @pytest.fixture
    def block(self) -> type[Block]:
        return StatuspageBlock

    def test_has_a_valid_image(self, block: type[Block]) -> None:
        """In place of the suite's own, which fetches the logo over the network."""
        assert str(block._logo_url).startswith("https://")


async def test_connector() -> None:
    """The block's settings are the connector's, each is described, and Prefect hides the key."""
    connector = StatuspageBlock.model_validate(settings(), from_attributes=True).connector("statuspage/main")
    assert connector.name == "statuspage/main"
    assert isinstance(connector, AtlassianStatuspage)
    await connector.aclose()
    schema = StatuspageBlock.model_json_schema()
    assert schema["secret_fields"] == ["api_key"]
    assert all(one.get("description") for one in schema["properties"].values())
