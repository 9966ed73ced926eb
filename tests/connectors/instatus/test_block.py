"""The Prefect block: what Prefect asks of every block, and that it makes a connector."""

from __future__ import annotations

import pytest
from prefect.blocks.core import Block
from prefect.testing.standard_test_suites.blocks import BlockStandardTestSuite

from blocks.instatus import InstatusBlock
from connectors.instatus import Instatus
from incidents.store.database import Database
from incidents.store.status_record import StoredStatusRecord
from tests.connectors.instatus.conftest import NAME, settings


class TestInstatusBlock(BlockStandardTestSuite):
    @pytest.fixture
    def block(self) -> type[Block]:
        return InstatusBlock

    def test_has_a_valid_image(self, block: type[Block]) -> None:
        """In place of the suite's own, which fetches the logo over the network."""
        assert str(block._logo_url).startswith("https://")


async def test_connector(database: Database) -> None:
    """The block's settings are the connector's, each is described, and Prefect hides the key."""
    block = InstatusBlock.model_validate(settings(), from_attributes=True)
    connector = block.connector_from(NAME, StoredStatusRecord(database, NAME))
    assert connector.name == NAME
    assert isinstance(connector, Instatus)
    await connector.aclose()
    schema = InstatusBlock.model_json_schema()
    assert schema["secret_fields"] == ["api_key"]
    assert all(one.get("description") for one in schema["properties"].values())
