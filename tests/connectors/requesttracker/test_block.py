"""The Prefect block: what Prefect asks of every block, and that it makes a connector."""

from __future__ import annotations

import pytest
from prefect.blocks.core import Block
from prefect.testing.standard_test_suites.blocks import BlockStandardTestSuite

from blocks.requesttracker import RequestTrackerBlock
from tests.connectors.requesttracker.conftest import settings


class TestRequestTrackerBlock(BlockStandardTestSuite):
    @pytest.fixture
    def block(self) -> type[Block]:
        return RequestTrackerBlock

    def test_has_a_valid_image(self, block: type[Block]) -> None:
        """In place of the suite's own, which fetches the logo over the network."""
        assert str(block._logo_url).startswith("https://")


async def test_connector() -> None:
    """The block's settings are the connector's, and Prefect hides every secret."""
    block = RequestTrackerBlock.model_validate(settings(), from_attributes=True)
    connector = block.connector("requesttracker/support")
    assert connector.name == "requesttracker/support"
    await connector.aclose()
    hidden = RequestTrackerBlock.model_json_schema()["secret_fields"]
    assert {name.split(".")[0] for name in hidden} == {"password", "token", "signing_secrets"}
