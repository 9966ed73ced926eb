"""The Prefect block: what Prefect asks of every block, and that it makes a connector."""

from __future__ import annotations

import pytest
from prefect.blocks.core import Block
from prefect.testing.standard_test_suites.blocks import BlockStandardTestSuite
from pydantic import ValidationError

from blocks.helpscout import HelpScoutBlock
from connectors.helpscout import HelpScout
from tests.connectors.helpscout.conftest import settings


class TestHelpScoutBlock(BlockStandardTestSuite):
    @pytest.fixture
    def block(self) -> type[Block]:
        return HelpScoutBlock

    def test_has_a_valid_image(self, block: type[Block]) -> None:
        """In place of the suite's own, which fetches the logo over the network."""
        assert str(block._logo_url).startswith("https://")


async def test_connector() -> None:
    """The block's settings are the connector's, each is described, and Prefect hides the secrets."""
    connector = HelpScoutBlock.model_validate(settings(), from_attributes=True).connector("helpscout/support")
    assert connector.name == "helpscout/support"
    assert isinstance(connector, HelpScout)
    await connector.aclose()
    schema = HelpScoutBlock.model_json_schema()
    assert schema["secret_fields"] == ["app_secret", "signing_secrets"]
    assert all(one.get("description") for one in schema["properties"].values())


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"base_url": "http://api.helpscout.net"}, "must be https"),
        ({"app_id": ""}, "at least 1 character"),
        ({"app_secret": " "}, "copy it from Your Profile"),
        ({"inbox_ids": [0]}, "greater than 0"),
        ({"inbox_ids": ["../x"]}, "valid integer"),
        ({"signing_secrets": ["short"]}, "under 16 bytes"),
        ({"signing_secrets": ["a" * 41]}, "make a shorter one"),
    ],
)
def test_a_mistake_is_named(wrong: dict[str, object], words: str) -> None:
    with pytest.raises(ValidationError, match=words):
        settings(**wrong)
