"""The Prefect block: what Prefect asks of every block, and that it makes a connector."""

from __future__ import annotations

import pytest
from prefect.blocks.core import Block
from prefect.testing.standard_test_suites.blocks import BlockStandardTestSuite
from pydantic import ValidationError

from blocks.mattermost import MattermostBlock
from connectors.mattermost import Mattermost
from tests.connectors.mattermost.conftest import settings


class TestMattermostBlock(BlockStandardTestSuite):
    @pytest.fixture
    def block(self) -> type[Block]:
        return MattermostBlock

    def test_has_a_valid_image(self, block: type[Block]) -> None:
        """In place of the suite's own, which fetches the logo over the network."""
        assert str(block._logo_url).startswith("https://")


async def test_connector() -> None:
    """The block's settings are the connector's, each is described, and Prefect hides the secrets."""
    connector = MattermostBlock.model_validate(settings(), from_attributes=True).connector(
        "mattermost/engineering"
    )
    assert connector.name == "mattermost/engineering"
    assert isinstance(connector, Mattermost)
    await connector.aclose()
    schema = MattermostBlock.model_json_schema()
    assert schema["secret_fields"] == ["bot_token", "signing_secrets"]
    assert all(one.get("description") for one in schema["properties"].values())


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"base_url": "http://chat.acme.example"}, "must be https"),
        ({"callback_url": "http://liaison.example.com/hooks/x"}, "must be https"),
        ({"signing_secrets": []}, "at least 1 item"),
        ({"signing_secrets": ["short"]}, "under 16 bytes"),
        ({"team": "https://chat.acme.example/engineering"}, "match pattern"),
        ({"channel": "town-square"}, "match pattern"),
        ({"invite": ["@anna"]}, "match pattern"),
    ],
)
def test_a_mistake_is_named(wrong: dict[str, object], words: str) -> None:
    with pytest.raises(ValidationError, match=words):
        settings(**wrong)
