"""The Prefect block: what Prefect asks of every block, and that it makes a connector."""

from __future__ import annotations

import pytest
from prefect.blocks.core import Block
from prefect.testing.standard_test_suites.blocks import BlockStandardTestSuite
from pydantic import ValidationError

from blocks.opsgenie import OpsgenieBlock
from connectors.opsgenie import Opsgenie
from tests.connectors.opsgenie.conftest import settings


class TestOpsgenieBlock(BlockStandardTestSuite):
    @pytest.fixture
    def block(self) -> type[Block]:
        return OpsgenieBlock

    def test_has_a_valid_image(self, block: type[Block]) -> None:
        """In place of the suite's own, which fetches the logo over the network."""
        assert str(block._logo_url).startswith("https://")


async def test_connector() -> None:
    """The block's settings are the connector's, each is described, and Prefect hides the secrets."""
    connector = OpsgenieBlock.model_validate(settings(), from_attributes=True).connector("opsgenie/main")
    assert connector.name == "opsgenie/main"
    assert isinstance(connector, Opsgenie)
    await connector.aclose()
    schema = OpsgenieBlock.model_json_schema()
    assert schema["secret_fields"] == ["api_key", "signing_secrets"]
    assert all(one.get("description") for one in schema["properties"].values())


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"base_url": "http://api.opsgenie.com"}, "must be https"),
        ({"api_key": " "}, "copy it again"),
        ({"signing_secrets": ["short"]}, "under 16 bytes"),
        ({"signing_secrets": []}, "signing_secrets"),
        ({"responder": "Support"}, "match pattern"),
        ({"responder": "group:Support"}, "match pattern"),
        ({"responders": {"x": "team:../y"}}, "match pattern"),
        ({"responders": {" ": "team:y"}}, "needs a name"),
    ],
)
def test_a_mistake_is_named(wrong: dict[str, object], words: str) -> None:
    with pytest.raises(ValidationError, match=words):
        settings(**wrong)
