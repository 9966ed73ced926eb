"""The Prefect block: what Prefect asks of every block, and that it makes a connector."""

from __future__ import annotations

import pytest
from prefect.blocks.core import Block
from prefect.testing.standard_test_suites.blocks import BlockStandardTestSuite
from pydantic import ValidationError

from blocks.front import FrontBlock
from connectors.front import Front
from tests.connectors.front.conftest import settings


class TestFrontBlock(BlockStandardTestSuite):
    @pytest.fixture
    def block(self) -> type[Block]:
        return FrontBlock

    def test_has_a_valid_image(self, block: type[Block]) -> None:
        """In place of the suite's own, which fetches the logo over the network."""
        assert str(block._logo_url).startswith("https://")


async def test_connector() -> None:
    """The block's settings are the connector's, each is described, and Prefect hides the secrets."""
    connector = FrontBlock.model_validate(settings(), from_attributes=True).connector("front/support")
    assert connector.name == "front/support"
    assert isinstance(connector, Front)
    await connector.aclose()
    schema = FrontBlock.model_json_schema()
    assert schema["secret_fields"] == ["api_token", "signing_secrets", "rule_secrets"]
    assert all(one.get("description") for one in schema["properties"].values())


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"base_url": "http://api2.frontapp.com"}, "must be https"),
        ({"api_token": " "}, "copy it again"),
        ({"company_id": "acme"}, "match pattern"),
        ({"teammate_id": "tea_../x"}, "match pattern"),
        ({"signing_secrets": ["short"]}, "under 16 bytes"),
        ({"rule_secrets": ["short"]}, "under 16 bytes"),
    ],
)
def test_a_mistake_is_named(wrong: dict[str, object], words: str) -> None:
    with pytest.raises(ValidationError, match=words):
        settings(**wrong)
