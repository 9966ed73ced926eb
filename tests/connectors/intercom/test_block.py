"""The Prefect block: what Prefect asks of every block, and that it makes a connector."""

from __future__ import annotations

import pytest
from prefect.blocks.core import Block
from prefect.testing.standard_test_suites.blocks import BlockStandardTestSuite
from pydantic import ValidationError

from blocks.intercom import IntercomBlock
from connectors.intercom import Intercom
from tests.connectors.intercom.conftest import settings


class TestIntercomBlock(BlockStandardTestSuite):
    @pytest.fixture
    def block(self) -> type[Block]:
        return IntercomBlock

    def test_has_a_valid_image(self, block: type[Block]) -> None:
        """In place of the suite's own, which fetches the logo over the network."""
        assert str(block._logo_url).startswith("https://")


async def test_connector() -> None:
    """The block's settings are the connector's, each is described, and Prefect hides the secrets."""
    connector = IntercomBlock.model_validate(settings(), from_attributes=True).connector("intercom/support")
    assert connector.name == "intercom/support"
    assert isinstance(connector, Intercom)
    await connector.aclose()
    schema = IntercomBlock.model_json_schema()
    assert schema["secret_fields"] == ["access_token", "signing_secrets"]
    assert all(one.get("description") for one in schema["properties"].values())


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"base_url": "http://api.intercom.io"}, "must be https"),
        ({"access_token": " "}, "copy it again"),
        ({"workspace_id": ""}, "match pattern"),
        ({"workspace_id": "../x"}, "match pattern"),
        ({"signing_secrets": ["short"]}, "under 16 bytes"),
        ({"snooze_hours": 0}, "greater than or equal to 1"),
    ],
)
def test_a_mistake_is_named(wrong: dict[str, object], words: str) -> None:
    with pytest.raises(ValidationError, match=words):
        settings(**wrong)
