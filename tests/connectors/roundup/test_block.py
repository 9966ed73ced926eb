"""The Prefect block: what Prefect asks of every block, and that it makes a connector."""

from __future__ import annotations

import pytest
from prefect.blocks.core import Block
from prefect.testing.standard_test_suites.blocks import BlockStandardTestSuite

from blocks.roundup import RoundupBlock
from tests.connectors.roundup.conftest import settings


class TestRoundupBlock(BlockStandardTestSuite):
    @pytest.fixture
    def block(self) -> type[Block]:
        return RoundupBlock

    def test_has_a_valid_image(self, block: type[Block]) -> None:
        """In place of the suite's own, which fetches the logo over the network."""
        assert str(block._logo_url).startswith("https://")


async def test_connector() -> None:
    """The block's settings are the connector's, and Prefect hides the password."""
    connector = RoundupBlock.model_validate(settings(), from_attributes=True).connector("roundup/bugs")
    assert connector.name == "roundup/bugs"
    await connector.aclose()
    assert RoundupBlock.model_json_schema()["secret_fields"] == ["password"]
