"""The Prefect block: what Prefect asks of every block, and that it makes a connector."""

from __future__ import annotations

import pytest
from prefect.blocks.core import Block
from prefect.testing.standard_test_suites.blocks import BlockStandardTestSuite
from pydantic import ValidationError

from blocks.freshdesk import FreshdeskBlock
from connectors.freshdesk import Freshdesk
from tests.connectors.freshdesk.conftest import settings


class TestFreshdeskBlock(BlockStandardTestSuite):
    @pytest.fixture
    def block(self) -> type[Block]:
        return FreshdeskBlock

    def test_has_a_valid_image(self, block: type[Block]) -> None:
        """In place of the suite's own, which fetches the logo over the network."""
        assert str(block._logo_url).startswith("https://")


async def test_connector() -> None:
    """The block's settings are the connector's, each is described, and Prefect hides the secrets."""
    connector = FreshdeskBlock.model_validate(settings(), from_attributes=True).connector("freshdesk/support")
    assert connector.name == "freshdesk/support"
    assert isinstance(connector, Freshdesk)
    await connector.aclose()
    schema = FreshdeskBlock.model_json_schema()
    assert schema["secret_fields"] == ["api_key", "signing_secrets"]
    assert all(one.get("description") for one in schema["properties"].values())


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"base_url": "http://acme.freshdesk.com"}, "must be https"),
        ({"api_key": " "}, "copy it again"),
        ({"api_key": "a:b"}, "copy it again"),
        ({"signing_secrets": ["short"]}, "under 16 bytes"),
        ({"product_field": "../x"}, "match pattern"),
        ({"statuses": {7: "frozen"}}, "statuses"),
    ],
)
def test_a_mistake_is_named(wrong: dict[str, object], words: str) -> None:
    with pytest.raises(ValidationError, match=words):
        settings(**wrong)
