"""The Prefect block: what Prefect asks of every block, and that it makes a connector."""

from __future__ import annotations

import pytest
from prefect.blocks.core import Block
from prefect.testing.standard_test_suites.blocks import BlockStandardTestSuite

from blocks.pagerduty import PagerDutyBlock
from tests.connectors.pagerduty.conftest import settings


class TestPagerDutyBlock(BlockStandardTestSuite):
    @pytest.fixture
    def block(self) -> type[Block]:
        return PagerDutyBlock

    def test_has_a_valid_image(self, block: type[Block]) -> None:
        """In place of the suite's own, which fetches the logo over the network."""
        assert str(block._logo_url).startswith("https://")


async def test_connector() -> None:
    """The block's settings are the connector's."""
    block = PagerDutyBlock.model_validate(settings(), from_attributes=True)
    pagerduty = block.connector("pagerduty/main")
    assert pagerduty.name == "pagerduty/main"
    await pagerduty.aclose()


def test_prefect_hides_every_secret() -> None:
    """Prefect encrypts and masks exactly the fields it finds to be secret."""
    fields = PagerDutyBlock.model_json_schema()["secret_fields"]
    assert {name.split(".")[0] for name in fields} == {
        "api_token",
        "routing_key",
        "routing_keys",
        "signing_secrets",
    }
