"""The Prefect block: what Prefect asks of every block, and that it makes a connector."""

from __future__ import annotations

import pytest
from prefect.blocks.core import Block
from prefect.testing.standard_test_suites.blocks import BlockStandardTestSuite
from pydantic import ValidationError

from blocks.hubspot import HubSpotBlock
from connectors.hubspot import HubSpot
from tests.connectors.hubspot.conftest import settings


class TestHubSpotBlock(BlockStandardTestSuite):
    @pytest.fixture
    def block(self) -> type[Block]:
        return HubSpotBlock

    def test_has_a_valid_image(self, block: type[Block]) -> None:
        """In place of the suite's own, which fetches the logo over the network."""
        assert str(block._logo_url).startswith("https://")


async def test_connector() -> None:
    """The block's settings are the connector's, each is described, and Prefect hides the secrets."""
    connector = HubSpotBlock.model_validate(settings(), from_attributes=True).connector("hubspot/support")
    assert connector.name == "hubspot/support"
    assert isinstance(connector, HubSpot)
    await connector.aclose()
    schema = HubSpotBlock.model_json_schema()
    assert schema["secret_fields"] == ["access_token", "signing_secrets"]
    assert all(one.get("description") for one in schema["properties"].values())


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"base_url": "http://api.hubapi.com"}, "must be https"),
        ({"app_url": "http://app.hubspot.com"}, "must be https"),
        ({"access_token": " "}, "copy it again"),
        ({"portal_id": 0}, "greater than 0"),
        ({"app_id": "mine"}, "valid integer"),
        ({"sender_user_id": None}, "valid integer"),
        ({"signing_secrets": ["short"]}, "under 16 bytes"),
        ({"signing_secrets": ["yyyyyyyy-yyyy-yyyy-yyyy-yyyyyyyyyyyy"]}, "published example"),
        ({"webhook_url": ""}, "HubSpot signs the address"),
        ({"webhook_url": "http://liaison.example/hooks"}, "https address"),
        ({"webhook_url": "https://liaison.example/hooks?a=1"}, "without a query"),
        ({"webhook_url": "https://liaison.example/a%20b"}, "percent codes"),
        ({"webhook_url": "https://me@liaison.example/hooks"}, "https address"),
        ({"waiting_stages": ["../x"]}, "match pattern"),
        ({"tags_property": "Tags"}, "match pattern"),
    ],
)
def test_a_mistake_is_named(wrong: dict[str, object], words: str) -> None:
    with pytest.raises(ValidationError, match=words):
        settings(**wrong)
